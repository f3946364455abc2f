"""The URLs of the pages of the admin, and the summary of its pages that confirm a deletion."""

from collections import defaultdict

from django.contrib.admin.utils import NestedObjects, unquote
from django.db import router
from django.db.models import prefetch_related_objects
from django.http import Http404
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst

from portal.models.record import ThroughModel, words_of


def admin_address(model, page, *args):
    """Return the URL of a page of a model's admin."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def admin_path(model_admin, route, view, page):
    """Return the pattern of one more page of a model's admin. `admin_address` finds it by the name `page`."""
    name = f"{model_admin.opts.app_label}_{model_admin.opts.model_name}_{page}"
    return path(route, model_admin.admin_site.admin_view(view), name=name)


def posted_object(model_admin, request, object_id):
    """Return the object of a POST; None for another method. Raise Http404 if there is no such object."""
    if request.method != "POST":
        return None
    if (obj := model_admin.get_object(request, unquote(object_id))) is None:
        raise Http404
    return obj


class DeletionSummaryMixin:
    """The summary of a deletion: Django's, with names of rows, and without rows of many-to-many fields.

    It replaces Django's method, so it stands last among the bases of an admin.
    """

    def get_deleted_objects(self, objs, request):
        """Return what Django's method does: nested texts, counts by kind, missing permissions and protected objects.

        A row is named by its values, except for the objects that are deleted: a citation by its source, and by its
        record if the source is deleted. One query for each relation, not for each row.
        """
        objs = list(objs)
        collector = NestedObjects(using=router.db_for_write(self.model), origin=objs)
        collector.collect(objs)
        shown = {model: rows for model, rows in collector.model_objs.items() if not model._meta.auto_created}
        deleted = {obj for rows in shown.values() for obj in rows}
        _load_relations([*deleted, *collector.protected])
        perms_needed = {
            model._meta.verbose_name
            for model, rows in shown.items()
            if self.admin_site.is_registered(model)
            and not all(self.admin_site.get_model_admin(model).has_delete_permission(request, row) for row in rows)
        }

        def line(obj):
            words = obj
            if type(obj).__str__ is ThroughModel.__str__:
                words = words_of(obj, obj.named_by or obj.key_fields(), deleted) or obj
            kind = capfirst(obj._meta.verbose_name)
            if not self.admin_site.is_registered(type(obj)):
                return f"{kind}: {words}"
            return format_html('{}: <a href="{}">{}</a>', kind, admin_address(type(obj), "change", obj.pk), words)

        collector.edges = {
            parent: [child for child in children if not child._meta.auto_created]
            for parent, children in collector.edges.items()
        }
        counts = {model._meta.verbose_name_plural: len(rows) for model, rows in shown.items()}
        return collector.nested(line), counts, perms_needed, sorted(map(line, collector.protected))


def _load_relations(objs):
    """Load the relations that name rows of through tables."""
    rows = defaultdict(list)
    for obj in objs:
        if isinstance(obj, ThroughModel):
            rows[type(obj)].append(obj)
    for model, found in rows.items():
        fields = [name for name in model.named_by or model.key_fields() if model._meta.get_field(name).is_relation]
        prefetch_related_objects(found, *fields)
