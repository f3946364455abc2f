"""Records that readers never saw, in the admin: their authors delete them, many at once, and anyone copies a record."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import ProtectedError, UniqueConstraint
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext, override, pgettext
from django.utils.translation import gettext_lazy as _

from portal.core.choices import PublicationStatus
from portal.core.database import lock_rows
from portal.curation.keys import key_problem
from portal.staff.bulk import confirmation_page, is_confirmed, report_unchanged
from portal.staff.pages import admin_address, admin_path
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import change_reason, child_models, creator_id

# Columns of a record that its copy does not have.
OWN = {"id", "key", "publication", "publish_at", "published_at", "version", "created_at", "updated_at"}


class CopyForm(forms.Form):
    """The key of a copy."""

    key = forms.SlugField(label=_("Key of the copy"), max_length=60)

    def __init__(self, *args, model, **kwargs):
        super().__init__(*args, **kwargs)
        self.model = model

    def clean_key(self):
        if problem := key_problem(self.model, self.cleaned_data["key"]):
            raise forms.ValidationError(problem)
        return self.cleaned_data["key"]


class DraftsMixin:
    """The deletion of records that readers never saw, and copies of records."""

    # ── Deletion ─────────────────────────────────────────────────────────────────────────────────────────────

    def has_delete_permission(self, request, obj=None):
        """Return True for those with the permission to delete, and for authors of drafts that readers never saw."""
        return super().has_delete_permission(request, obj) or (obj is not None and self._is_own_draft(request, obj))

    def _is_own_draft(self, request, obj):
        return (
            obj.publication in {PublicationStatus.DRAFT, PublicationStatus.SET_ASIDE}
            and not obj.was_public
            and "change" in self.actions_of(request)
            and creator_id(obj) == request.user.pk
        )

    def get_deleted_objects(self, objs, request):
        """Return Django's lists. Rows of one's own drafts need no permission of their own."""
        to_delete, counts, needed, protected = super().get_deleted_objects(objs, request)
        if all(self._is_own_draft(request, obj) for obj in objs):
            needed = needed - {part.model._meta.verbose_name for part in child_models(self.model)}
        return to_delete, counts, needed, protected

    @admin.action(description=_("Delete selected %(verbose_name_plural)s that readers never saw"), permissions=["move"])
    def delete_unseen(self, request, queryset):
        """Delete the selected records that readers never saw, after a confirmation; name those that stay."""
        if not is_confirmed(request, queryset):
            count = queryset.count()
            words = ngettext("Delete {count} record?", "Delete {count} records?", count).format(count=count)
            return confirmation_page(self, request, queryset, words, pgettext("desk", "Delete"))
        listed = list(queryset)
        lock_rows(listed)
        stored = self.model.objects.in_bulk([record.pk for record in listed])
        deleted, reasons = [], {}
        with change_reason(ChangeReason.DELETED):
            for record in stored.values():
                name = LogEntry(object_id=record.pk, object_repr=str(record)[:200])
                if reason := self._delete_unseen(request, record):
                    reasons[record] = reason
                else:
                    deleted.append(name)
        self._log_deletions(request, deleted)
        if deleted:
            words = ngettext("{count} record was deleted.", "{count} records were deleted.", len(deleted))
            self.message_user(request, words.format(count=len(deleted)), messages.SUCCESS)
        report_unchanged(self, request, reasons)
        return None

    def _delete_unseen(self, request, record):
        """Delete a record and return "", or return the reason why it stays."""
        if record.was_public or record.publication == PublicationStatus.SCHEDULED:
            return gettext("Readers saw it, or will see it: delete it from its form.")
        if not self.has_delete_permission(request, record):
            return gettext("Only its author or an administrator deletes it.")
        try:
            with transaction.atomic():
                record.delete()
        except ProtectedError as error:
            names = ", ".join(sorted(map(str, error.protected_objects))[:3])
            return gettext("Other records refer to it: {names}").format(names=names)
        return ""

    def _log_deletions(self, request, entries):
        content_type = ContentType.objects.get_for_model(self.model)
        for entry in entries:
            entry.user, entry.content_type, entry.action_flag = request.user, content_type, DELETION
        LogEntry.objects.bulk_create(entries)

    # ── Copies ───────────────────────────────────────────────────────────────────────────────────────────────

    def get_urls(self):
        return [admin_path(self, "<path:object_id>/copy/", self.copy_view, "copy"), *super().get_urls()]

    def copy_view(self, request, object_id):
        """Ask for the key of a copy. A POST creates the copy, as a draft, and leads to its form."""
        record = self.get_object(request, unquote(object_id))
        if record is None:
            raise Http404
        if not (self.has_add_permission(request) and self.has_view_permission(request, record)):
            raise PermissionDenied
        form = CopyForm(request.POST or None, model=self.model, initial={"key": f"{record.key[:58]}-2"})
        if form.is_valid():
            made = copy_record(record, form.cleaned_data["key"])
            LogEntry.objects.log_actions(request.user.pk, [made], ADDITION, [{"added": {}}], single_object=True)
            self.message_user(request, gettext("The copy is a draft. Change what differs."), messages.SUCCESS)
            return HttpResponseRedirect(admin_address(self.model, "change", made.pk))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Copy a record"),
            "record": record,
            "record_url": admin_address(self.model, "change", record.pk),
            "form": form,
        }
        return TemplateResponse(request, "admin/copy.html", context)


def copy_record(record, key):
    """Return a stored draft with the texts, relations and rows of a record.

    Values and rows that must be unique, such as identifiers, are left out, and rows with pages of their own too.
    """
    model = type(record)
    with override("en"):  # the field without a language suffix is English
        made = model(key=key)
        for field in model._meta.concrete_fields:
            if field.name not in OWN and not field.unique:
                setattr(made, field.attname, getattr(record, field.attname))
        made.save()
        for relation in model._meta.many_to_many:
            if relation.remote_field.through._meta.auto_created:
                getattr(made, relation.name).set(getattr(record, relation.name).all())
        for part in child_models(model):
            if model not in part.owners or part.apart or part.model._meta.auto_created or _is_unique_alone(part):
                continue
            for name in part.of:
                for row in part.model._base_manager.filter(**{name: record.pk}).order_by("pk"):
                    row.pk, row._state.adding = None, True
                    setattr(row, name, made)
                    row.save()
    return made


def _is_unique_alone(part):
    """Return True if a constraint forbids rows with the same values for two records."""
    constraints = (one for one in part.model._meta.constraints if isinstance(one, UniqueConstraint))
    return any(not set(part.of) & set(constraint.fields) for constraint in constraints)
