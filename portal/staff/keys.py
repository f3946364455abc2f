"""The page that changes the key of a record."""

from django import forms
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.messages import SUCCESS
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from portal.curation.keys import change_key, key_problem
from portal.staff.change_reason import readers_see
from portal.staff.pages import admin_address, admin_path
from portal.tracking.history import change_reason


class KeyForm(forms.Form):
    """The new key of a record, and why it changes, if readers see the record."""

    key = forms.SlugField(label=gettext_lazy("New key"), max_length=60)
    why = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=500,
        help_text=gettext_lazy("In one sentence, for readers; it appears on the page of changes."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    def __init__(self, *args, record, **kwargs):
        super().__init__(*args, initial={"key": record.key}, **kwargs)
        self.record = record
        if not readers_see(record):
            del self.fields["why"]

    def clean_key(self):
        key = self.cleaned_data["key"]
        problem = _("This is its key already.") if key == self.record.key else ""
        if problem := problem or key_problem(type(self.record), key, self.record):
            raise ValidationError(problem)
        return key


class KeyMixin:
    """The change of the key of a record, by those who may change the record."""

    def get_urls(self):
        return [admin_path(self, "<path:object_id>/key/", self.key_view, "key"), *super().get_urls()]

    def may_change_key(self, request, record):
        return self.may_change_whole(request, record) and not record.has_fixed_key

    def key_view(self, request, object_id):
        """Ask for the new key. A POST stores it and leads to the form of the record."""
        record = self.get_object(request, unquote(object_id))
        if record is None:
            raise Http404
        if not self.may_change_key(request, record):
            raise PermissionDenied
        form = KeyForm(request.POST or None, record=record)
        if form.is_valid():
            try:
                with change_reason(form.cleaned_data.get("why", "")):
                    changed = change_key(record, form.cleaned_data["key"])
            except ValidationError as error:
                form.add_error("key", [message for messages in error.message_dict.values() for message in messages])
            else:
                message = [{"changed": {"fields": ["key"]}}]
                LogEntry.objects.log_actions(request.user.pk, [changed], CHANGE, message, single_object=True)
                self.message_user(request, self._said(changed, record.key), SUCCESS)
                return HttpResponseRedirect(admin_address(self.model, "change", record.pk))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": pgettext("desk", "Change the key"),
            "record": record,
            "record_url": admin_address(self.model, "change", record.pk),
            "form": form,
        }
        return TemplateResponse(request, "admin/change_key.html", context)

    @staticmethod
    def _said(record, old):
        if record.was_public:
            return _("The key is now “{key}”. The address with “{old}” leads to it.").format(key=record.key, old=old)
        return _("The key is now “{key}”.").format(key=record.key)
