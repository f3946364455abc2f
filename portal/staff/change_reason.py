"""The reason of a change: a field of the form that the history stores, and that readers see beside the change."""

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from portal.core.choices import PublicationStatus


def readers_see(record):
    """Return True if the record is published."""
    return record.publication == PublicationStatus.PUBLISHED


class ChangeReasonForm(forms.ModelForm):
    """A form that asks for the reason of the change. It is required if readers see the change."""

    why = forms.CharField(label=_("Why"), required=False, max_length=500, widget=AdminTextInputWidget)
    admin = None  # the ModelAdmin of the form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen_before = self.admin.readers_see_change(self.instance, {})
        self.fields["why"].help_text = (
            _("In one sentence, for readers; it appears on the page of changes.")
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
            self.add_error(
                "why", _("Your changes are visible to readers. State the reason in one sentence; it is published too.")
            )
        return cleaned
