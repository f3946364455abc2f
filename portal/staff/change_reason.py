"""Why a record is changed: a note in its form, which history keeps and readers see beside the change."""

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from portal.core.choices import Publication
from portal.tracking.change_reasons import Reason
from portal.tracking.history import because


def readers_see(record):
    """Whether a stored record is one that readers see now."""
    return record.publication == Publication.PUBLISHED


class ChangeReasonForm(forms.ModelForm):
    """The form of a record, or of rows with a page of their own. Where readers see what it changes, it asks why."""

    why = forms.CharField(label=_("Why"), required=False, max_length=500, widget=AdminTextInputWidget)
    admin = None  # the one whose form it is

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen_before = self.admin.readers_see_change(self.instance, {})
        self.fields["why"].help_text = (
            _("In a sentence, for readers: it stands on the page of what changed.")
            if self.seen_before
            else _("In a sentence, for other editors. You may leave it out: readers do not see this yet.")
        )

    @cached_property
    def changed_data(self):
        return [name for name in super().changed_data if name != "why"]

    def clean(self):
        cleaned = super().clean()
        seen = self.seen_before or self.admin.readers_see_change(self.instance, cleaned)
        if seen and "why" not in self.errors and not cleaned.get("why"):
            self.add_error("why", _("Readers see what you change. Say in a sentence why: they see that too."))
        return cleaned


class ChangeReasonMixin:
    """For the admin of a record, or of rows that belong to records: what a form changes is one act with its note."""

    def readers_see_change(self, obj, cleaned):
        """Whether readers see what a form of `obj` changes, or what it is `cleaned` to."""
        return obj.pk is not None and readers_see(obj)

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        if not self.is_explained(request, obj):
            return form
        return type(form)(form.__name__, (ChangeReasonForm, form), {"admin": self})

    def is_explained(self, request, obj):
        """Whether the form has a note: it changes something, and a new record explains itself."""
        return obj is not None and self.has_change_permission(request, obj)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        with because(" ".join(request.POST.get("why", "").split())):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_model(self, request, obj):
        with because(Reason.DELETED):
            super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        with because(Reason.DELETED):
            super().delete_queryset(request, queryset)


class ChildChangeReasonMixin(ChangeReasonMixin):
    """For the admin of rows: readers see them where they see the records that the rows belong to (`owners`)."""

    change_form_template = "admin/row_form.html"

    def readers_see_change(self, obj, cleaned):
        named = [cleaned.get(name) for name in self.owners]
        stored = [getattr(obj, name) for name in self.owners] if obj.pk is not None else []
        return any(readers_see(owner) for owner in [*named, *stored] if owner is not None)

    def is_explained(self, request, obj):
        return self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
