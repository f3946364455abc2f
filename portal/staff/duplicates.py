"""The warning that a record may already exist: while its name is typed, and once before it is saved."""

import copy

from django import forms
from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.curation.similarity import compared_columns, find_similar
from portal.staff.pages import admin_address, admin_path

ANOTHER, KNOWN = "_another", "_look_alike"  # "it is another record", and the ids of the candidates that the form showed


class DuplicateWarningMixin:
    """The warning about likely duplicates, for the admin of records that are easily entered twice."""

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        return type(form)(form.__name__, (DuplicateCheckForm, form), {})

    def get_urls(self):
        view = require_POST(self.possible_duplicates_view)
        return [admin_path(self, "look-alikes/", view, "possible_duplicates"), *super().get_urls()]

    def possible_duplicates_view(self, request):
        """Return the records similar to the one that is being typed, as an HTML fragment for the form."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        sent = {column: request.POST.get(column, "") for column in compared_columns(self.model)}
        pk = request.POST.get("pk", "")
        record = self.model(pk=int(pk) if pk.isdecimal() else None, **sent)
        return render(request, "admin/possible_duplicates.html", self.shown(find_similar(record)))

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context |= self.shown(getattr(context["adminform"].form, "possible_duplicates", ()))
        context["possible_duplicates_url"] = admin_address(self.model, "possible_duplicates")
        context["possible_duplicates_columns"] = " ".join(compared_columns(self.model))
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def shown(self, found):
        """Return the template context for these matches."""
        return {"possible_duplicates": [(one, admin_address(self.model, "change", one.record.pk)) for one in found]}


class DuplicateCheckForm(forms.ModelForm):
    """The form of a record. It is invalid until the editor says that the candidates are other records."""

    possible_duplicates = ()

    def clean(self):
        cleaned = super().clean()
        compared = [column for column in compared_columns(self._meta.model) if column in self.fields]
        if self.instance.pk is None or set(compared) & set(self.changed_data):
            record = copy.copy(self.instance)
            for column in compared:
                setattr(record, column, cleaned.get(column) or "")
            self.possible_duplicates = find_similar(record)
        known = self.data.getlist(KNOWN) if ANOTHER in self.data else []
        if not {str(one.record.pk) for one in self.possible_duplicates} <= set(known):
            self.add_error(None, _("This record may already exist. Check the listed records: is it one of them?"))
        return cleaned
