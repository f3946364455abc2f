"""The admin of reports by readers, of the public log of corrections, and of the details of the portal."""

from django.contrib import admin
from django.http import Http404
from django.urls import resolve
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import get_language_from_path, override, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from portal.models import Correction, PortalDetails, ReaderReport
from portal.staff.base import (
    CaseInsensitiveSearchMixin,
    FormFieldDefaults,
    MissingTranslationFilter,
    TranslatedChildAdmin,
    in_languages,
)
from portal.staff.history import HistoryMixin
from portal.staff.pages import admin_address


def record_at(address):
    """Return the kind and key of the record whose page has this path; of any other page, PAGE and an empty key."""
    path, _hash, anchor = address.partition("#")
    try:
        with override(get_language_from_path(path)):  # a path with the prefix of another language resolves to nothing
            match = resolve(path)
    except Http404:
        return Correction.Kind.PAGE, ""
    if match.url_name == "glossary" and anchor:
        return Correction.Kind.TERM, anchor
    view_class = getattr(match.func, "view_class", None)
    model = getattr(match.func, "view_initkwargs", {}).get("model") or getattr(view_class, "model", None)
    kind = model._meta.model_name if model is not None and "key" in match.kwargs else ""
    return (kind, match.kwargs["key"]) if kind in Correction.Kind.values else (Correction.Kind.PAGE, "")


@admin.register(ReaderReport)
class ReaderReportAdmin(CaseInsensitiveSearchMixin, FormFieldDefaults, admin.ModelAdmin):
    """The queue of reports. Editors read what readers wrote and set the state; they change no word of it."""

    list_display = ("number", "state", "day", "begins", "page", "closed_on")
    list_filter = ("state",)
    date_hierarchy = "day"
    search_fields = ("message", "address", "note")
    search_help_text = _("Words of the report or of the note, or a part of the page’s address.")
    fieldsets = (
        (None, {"fields": ("day", "page", "message", "source", "answer_to")}),
        (pgettext_lazy("desk", "Work"), {"fields": ("state", "closed_on", "note", "log_entry")}),
    )
    readonly_fields = ("day", "page", "message", "source", "answer_to", "closed_on", "log_entry")
    help_texts = {
        "state": _("Corrected and declined close the report. The reader’s e-mail address is erased 12 months later."),
        "note": _("For editors only: what you checked, and why you declined."),
    }

    def has_add_permission(self, request):
        return False

    def save_model(self, request, obj, form, change):
        obj.update_closing_date()
        super().save_model(request, obj, form, change)

    @admin.display(description=_("number"), ordering="pk")
    def number(self, report):
        return report.pk

    @admin.display(description=_("page"), ordering="address")
    def page(self, report):
        if not report.address:
            return _("Message without a page")
        return format_html('<a href="{0}">{0}</a>', report.address)

    @admin.display(description=_("what is wrong"))
    def begins(self, report):
        return report.message[:80] + ("…" if len(report.message) > 80 else "")

    @admin.display(description=_("source that says otherwise"))
    def source(self, report):
        if not report.url:
            return "–"
        return format_html('<a class="long-address" href="{0}" rel="noreferrer nofollow">{0}</a>', report.url)

    @admin.display(description=_("e-mail address"))
    def answer_to(self, report):
        return format_html('<a href="mailto:{0}">{0}</a>', report.email) if report.email else "–"

    @admin.display(description=_("public log"))
    def log_entry(self, report):
        kind, key = record_at(report.address)
        query = urlencode({"kind": kind, "key": key, "reported_on": report.day.isoformat()})
        url = f"{admin_address(Correction, 'add')}?{query}"
        return format_html('<a href="{}">{}</a>', url, _("Write an entry in your own words"))


class SeenAtOnceMixin(HistoryMixin):
    """The history of rows that readers see as soon as they are stored. Each change needs its reason."""

    def readers_see_change(self, obj, cleaned):
        return True


@admin.register(Correction)
class CorrectionAdmin(SeenAtOnceMixin, TranslatedChildAdmin):
    """The public log of corrections."""

    list_display = ("corrected_on", "kind", "key", "what", "reported_on")
    list_filter = ("kind", "corrected_on", MissingTranslationFilter)
    search_fields = ("key", *in_languages("what"), *in_languages("why"))
    search_help_text = _("The key of a record, or words of the entry.")
    fields = (("kind", "key"), in_languages("what"), in_languages("why"), ("reported_on", "corrected_on"))
    help_texts = {
        "key": _("The key of the corrected record. Empty for another page."),
        "what": _("In your own words, never in the reader’s: what the page said, and what it says now."),
        "why": _("The source or the reason. No names of readers."),
        "reported_on": _("Empty if an editor found the mistake."),
    }


@admin.register(PortalDetails)
class PortalDetailsAdmin(SeenAtOnceMixin, TranslatedChildAdmin):
    """The details of the portal: one row."""

    list_display = ("__str__", "publisher", "email")
    search_fields = in_languages("publisher")
    fields = (in_languages("publisher"), "email", in_languages("office"), in_languages("rules"))
    help_texts = {
        "publisher": _(
            "The body that answers for the portal, by its registered name. Readers see it on the page About."
        ),
        "email": _("The public address of the editors. Readers and programs see it."),
        "office": _("The postal address, one line under the other."),
        "rules": _("What the editors add to the rules on the page About: plain paragraphs."),
    }

    def has_add_permission(self, request):
        return super().has_add_permission(request) and not PortalDetails.objects.exists()

    def has_delete_permission(self, request, obj=None):
        return False
