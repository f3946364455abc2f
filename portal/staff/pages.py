"""The URLs of the pages of the admin, and the summary of its pages that confirm a deletion."""

from django.apps import apps
from django.contrib.admin.utils import unquote
from django.http import Http404
from django.urls import path, reverse
from django.utils.text import capfirst


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
    """Leave out of the summary of a deletion the rows of many-to-many fields, which have no name for readers."""

    def get_deleted_objects(self, objs, request):
        to_delete, counts, *others = super().get_deleted_objects(objs, request)
        between = [model._meta for model in apps.get_models(include_auto_created=True) if model._meta.auto_created]
        for opts in between:
            counts.pop(opts.verbose_name_plural, None)
        return [_without(to_delete, tuple(f"{capfirst(opts.verbose_name)}: " for opts in between)), counts, *others]


def _without(rows, beginnings):
    """Return the nested lists of texts without those that begin so."""
    kept = [row if isinstance(row, str) else _without(row, beginnings) for row in rows]
    return [row for row in kept if row and not (isinstance(row, str) and row.startswith(beginnings))]
