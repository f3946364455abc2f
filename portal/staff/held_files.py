"""The base of the admin of uploaded files: the form with its checks, and who may show a file to readers."""

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portal.core.database import lock_rows
from portal.models import workflow
from portal.models.held_file import stored_bytes
from portal.staff.base import MissingTranslationFilter, TranslatedChildAdmin
from portal.staff.change_reason import readers_see
from portal.staff.history import ChildHistoryMixin


def may_show(user, record):
    """Return True if the user may show a file on a record: an editor on a draft, a reviewer on any record."""
    return workflow.can_edit(workflow.allowed_actions(user, type(record)), record.publication)


class HeldFileForm(forms.ModelForm):
    """The form of an uploaded file: the file, the one record that it belongs to, and what readers must be told of it.

    Readers see a file only when it is complete. Anybody who may edit a draft may show a file on it; on a public record,
    only a reviewer may.
    """

    upload = forms.FileField(label=pgettext_lazy("desk", "File"), required=False)
    user = None  # the ModelAdmin sets it
    encoded = None

    def clean_upload(self):
        """Check the file, and keep what is to be stored of it in `encoded`. The name that it was given is not used."""
        if (upload := self.cleaned_data["upload"]) is None:
            if self.instance.pk is None:
                raise ValidationError(_("Choose a file."))
            return None
        self.encoded = self.encode(upload)
        if stored_bytes() - (self.instance.size or 0) + self.encoded.size > settings.MOST_STORED_BYTES:
            raise ValidationError(
                _(
                    "The portal’s space for files is used up: {megabytes} MB. Ask an administrator to remove files "
                    "or to allow more."
                ).format(megabytes=settings.MOST_STORED_BYTES // 1_000_000)
            )
        return upload

    def encode(self, upload):
        """Return what is to be stored of an upload. Raise ValidationError if the portal does not take it."""
        raise NotImplementedError

    def value(self, name):
        """Return the new value of a column, or the stored one if the form has no field for it."""
        return self.cleaned_data.get(name) if name in self.fields else getattr(self.instance, name)

    def clean(self):
        cleaned = super().clean()
        records = [record for owner in self._meta.model.OWNERS if (record := self.value(owner)) is not None]
        if len(records) == 1 and self.value("is_shown"):  # a constraint refuses any other number
            self._check_rights(records[0])
            self._check_completeness()
        return cleaned

    def _check_rights(self, record):
        lock_rows([record])
        stored = type(record)._base_manager.get(pk=record.pk)
        if {"is_shown", *self._meta.model.OWNERS} & set(self.changed_data) and not may_show(self.user, stored):
            self._refuse("is_shown", gettext("This record is public: only a reviewer may show a file on it."))

    def _check_completeness(self):
        for name in self._meta.model.REQUIRED:
            if not self.value(name):
                self._refuse(name, gettext("Readers need this before the file is shown."))
        if not (self.value("author") or self.value("url")):
            self._refuse("author", gettext("Give the author, or the address of the original."))

    def _refuse(self, name, message):
        """Add an error to a field. If the form does not have the field, name the column in an error of the form."""
        if name in self.fields:
            if name not in self.errors:
                self.add_error(name, message)
        else:
            label = self._meta.model._meta.get_field(name).verbose_name
            self.add_error(None, f"{label}: {message}")

    def save(self, commit=True):
        if self.encoded is not None:
            self.instance.set_files(self.encoded)
        return super().save(commit)


class HeldFileAdmin(ChildHistoryMixin, TranslatedChildAdmin):
    """The admin of uploaded files. Editors work on those that readers do not see, and on those of drafts."""

    list_filter = ("is_shown", "licence", MissingTranslationFilter)
    folds_empty_parts = False  # most of its fields are optional only until readers see the file

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.user = request.user
        return form

    def get_fieldsets(self, request, obj=None):
        """Return the fieldsets; without the file for those who may only translate the texts."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.may_change_whole(request, obj):
            return fieldsets
        return [
            (title, options | {"fields": tuple(field for field in options["fields"] if field != "upload")})
            for title, options in fieldsets
        ]

    def get_changeform_initial_data(self, request):
        """Return Django’s initial data, and the record whose files the list showed."""
        shown = QueryDict(request.GET.get("_changelist_filters", ""))
        record = {owner: shown[f"{owner}__exact"] for owner in self.model.OWNERS if f"{owner}__exact" in shown}
        return record | super().get_changeform_initial_data(request)

    def _owners(self, obj):
        return [obj.record]

    def _owners_are_open(self, request, obj):
        return not obj.is_shown or may_show(request.user, obj.record)

    def may_revert(self, request, obj):
        """Return True if the user may revert the file to a state in which readers perhaps see it."""
        return super().may_revert(request, obj) and may_show(request.user, obj.record)

    def readers_see_change(self, obj, cleaned):
        stored = type(obj)._base_manager.filter(pk=obj.pk).select_related(*self.model.OWNERS).first()
        records = [cleaned.get(owner) for owner in self.model.OWNERS] if cleaned.get("is_shown") else []
        if stored is not None and stored.is_shown:
            records.append(stored.record)
        return any(readers_see(record) for record in records if record is not None)

    @admin.display(description=_("shown to readers"), ordering="is_shown")
    def shown(self, row):
        return pgettext("desk", "Yes") if row.is_shown else "–"

    @admin.display(description=_("record"))
    def of_record(self, row):
        return str(row.record)
