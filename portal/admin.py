"""The admin of places, sources, former keys, links and removed records."""

import functools
import operator

from django.contrib import admin
from django.http import QueryDict
from django.utils.html import format_html, format_html_join, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

import portal.staff.accounts
import portal.staff.attachments
import portal.staff.corrections
import portal.staff.pictures
import portal.staff.revisions
import portal.staff.subscriptions  # noqa: F401 - registers itself
from portal.core.languages import language_name
from portal.curation.links import records_of
from portal.models import Alias, ExternalLink, FormerKey, Place, PlaceCitation, PlaceIdentifier, Source, Tombstone
from portal.staff.base import (
    CaseInsensitiveSearchMixin,
    CitationInline,
    ExternalIdentifierInline,
    FormFieldDefaults,
    MissingTranslationFilter,
    RecordAdmin,
    TranslatedChildAdmin,
    count_of,
    in_languages,
)
from portal.staff.citations import CitationLookupMixin
from portal.staff.duplicates import DuplicateWarningMixin
from portal.staff.history import ChildHistoryMixin
from portal.staff.import_export import ImportExportMixin
from portal.staff.pages import admin_address
from portal.staff.reference_import import ReferenceImportMixin
from portal.staff.reference_table import ReferenceTableMixin
from portal.staff.workflow import ChildModelAdmin, ReadOnly, WorkflowForm
from portal.tracking.history import is_history


class PlaceCitationInline(CitationInline):
    model = PlaceCitation


class PlaceIdentifierInline(ExternalIdentifierInline):
    model = PlaceIdentifier


class PlaceForm(WorkflowForm):
    """The form of a place, which has either one country or several."""

    def clean(self):
        found = super().clean()
        if found.get("country") and found.get("countries"):
            self.add_error("countries", _("A place has either one country or several that share it."))
        return found


@admin.register(Place)
class PlaceAdmin(DuplicateWarningMixin, RecordAdmin):
    list_display = ("name", "publication", "kind", "country", "group", "citations_count", "updated_at")
    list_filter = (
        "publication",
        "kind",
        "group",
        ("country", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("country",)
    search_fields = (*Place.search_fields, "key")
    prepopulated_fields = {"key": ("name_en",)}
    form = PlaceForm
    autocomplete_fields = ("country", "countries", "part_of")
    inlines = (PlaceIdentifierInline, PlaceCitationInline)
    fieldsets = (
        (None, {"fields": (in_languages("name"), ("key", "publication"), ("kind", "group"))}),
        (_("Location"), {"fields": (("country", "part_of"), "countries", ("latitude", "longitude"))}),
    )
    help_texts = {
        "name": _("As on maps in that language: Nukus, Samarkand Region."),
        "country": _("Empty for a country, and for a place that several countries share."),
        "latitude": _("In degrees: 45.0 is 45° north, −45.0 is 45° south."),
        "longitude": _("In degrees: 60.0 is 60° east, −60.0 is 60° west."),
    }


@admin.register(Source)
class SourceAdmin(DuplicateWarningMixin, ReferenceImportMixin, ReferenceTableMixin, CitationLookupMixin, RecordAdmin):
    counted = ()
    list_display = ("title", "publication", "publisher", "date", "key", "cited")
    list_filter = ("publication", "kind", "language")
    search_fields = (*Source.search_fields, "key", "date", "url", "doi")
    search_help_text = _("Search by title, author, publisher, key, date such as 2021-07, URL or DOI.")
    prepopulated_fields = {"key": ("title",)}
    fieldsets = (
        (None, {"fields": ("title", "title_original", ("key", "publication"))}),
        (
            _("Who published it, and when"),
            {
                "fields": (
                    ("author", "author_original"),
                    ("publisher", "publisher_original"),
                    ("date", "kind", "language"),
                )
            },
        ),
        (_("Where to find it"), {"fields": ("url", "doi", "edition")}),
        (pgettext_lazy("desk", "Licence"), {"fields": (in_languages("licence"),)}),
        (pgettext_lazy("desk", "Note"), {"fields": ("note",)}),
    )
    help_texts = {
        "title": _("In square brackets where it is your own description, because the source’s own title is not given."),
        "doi": _("From “10.” onwards, without the URL prefix."),
        "title_original": _("Only if the original is not in English. Readers see it before the English title."),
        "author": _("Persons, or the issuing body. Leave blank if none is named."),
        "publisher": _("The journal, ministry, agency or paper."),
        "author_original": _("As the source writes it. Empty if it is the same."),
        "publisher_original": _("As the source writes it. Empty if it is the same."),
        "language": _("Language of the text, as an ISO 639 code: en, ko, ru, kk, ky, tg, tk, uz…"),
        "url": _("The page that was read."),
        "licence": _("As the publisher states it."),
        "note": _("How much was read, and any caveats."),
    }

    def get_queryset(self, request):
        # Every foreign key to a source is a kind of citation, also one without a reverse accessor. The loop finds those
        # of other apps too, so this module does not import them.
        ways = (field for field in self.opts.get_fields(include_hidden=True) if field.one_to_many)
        counts = [count_of(way) for way in ways if not is_history(way.related_model)]
        return super().get_queryset(request).annotate(cited=functools.reduce(operator.add, counts))

    @admin.display(description=_("cited"), ordering="cited")
    def cited(self, source):
        return source.cited


@admin.register(Alias)
class AliasAdmin(
    ChildHistoryMixin,
    ImportExportMixin,
    ChildModelAdmin,
    CaseInsensitiveSearchMixin,
    FormFieldDefaults,
    admin.ModelAdmin,
):
    """The aliases of all records. The page of a record leads to its own."""

    list_display = ("text", "language_name", "key", "kind", "period")
    list_filter = ("kind", "language", "period")
    search_fields = ("text", "key")
    search_help_text = _("Words of the name, or the key of what it names.")
    fields = (("kind", "key"), ("text", "language"), "period")
    help_texts = {
        "key": _("The key of the record, or of the area: aral-sea, koica, water-resources."),
        "text": _("One name, as people write it in that language. The search folds apostrophes and accents itself."),
        "language": _("As its BCP 47 code: uz, uz-Cyrl, kaa, kk, kk-Latn, ky, tg, tk, en, ko, ru. Empty: unknown."),
        "period": _("Only where the record’s own name is of another time: a renamed city, a ministry since reformed."),
    }

    def get_changeform_initial_data(self, request):
        """Return Django’s initial data, and the kind and key of the record whose names the list showed."""
        shown = QueryDict(request.GET.get("_changelist_filters", ""))
        record = {"kind": shown.get("kind__exact"), "key": shown.get("key")}
        return {name: value for name, value in record.items() if value} | super().get_changeform_initial_data(request)

    @admin.display(description=Alias._meta.get_field("language").verbose_name, ordering="language")
    def language_name(self, alias):
        return language_name(alias.language)


@admin.register(FormerKey)
class FormerKeyAdmin(CaseInsensitiveSearchMixin, ImportExportMixin, FormFieldDefaults, admin.ModelAdmin):
    list_display = ("key", "now", "kind")
    list_filter = ("kind",)
    search_fields = ("key", "now")
    search_help_text = _("A former or current key.")
    fields = ("kind", "key", "now")
    help_texts = {
        "key": _("Key still used by links on other sites."),
        "now": _("Key of the record to redirect to."),
    }


@admin.register(ExternalLink)
class ExternalLinkAdmin(ReadOnly, CaseInsensitiveSearchMixin, admin.ModelAdmin):
    """The results of `check_links`, read-only. Editors correct a link in the records that contain it."""

    list_display = ("where_to", "used_by", "outcome", "good_on", "checked_on")
    list_display_links = None
    list_filter = ("state",)
    search_fields = ("address", "moved_to")
    search_help_text = _("A part of an address.")
    ordering = ("address",)
    list_per_page = 50
    readonly_fields = (
        *("where_to", "state", "outcome", "status", "moved_to"),
        *("checked_on", "good_on", "failures", "failed_on", "used_by"),
    )
    fields = readonly_fields

    def get_changelist_instance(self, request):
        changelist = super().get_changelist_instance(request)
        self._give_records(changelist.result_list)
        return changelist

    def get_object(self, request, object_id, from_field=None):
        link = super().get_object(request, object_id, from_field)
        if link is not None:
            self._give_records([link])
        return link

    @staticmethod
    def _give_records(found):
        records = records_of([link.pk for link in found])
        for link in found:
            link.records = records.get(link.pk, [])

    @admin.display(description=pgettext_lazy("desk", "address"), ordering="address")
    def where_to(self, link):
        shown = format_html('<a class="long-address" href="{0}" rel="noreferrer">{0}</a>', link.address)
        if not link.moved_to:
            return shown
        return format_html('{0}<br>→ <a class="long-address" href="{1}" rel="noreferrer">{1}</a>', shown, link.moved_to)

    @admin.display(description=_("last checked"), ordering="checked_at")
    def checked_on(self, link):
        return localtime(link.checked_at).date() if link.checked_at else "–"

    @admin.display(description=_("last working"), ordering="good_at")
    def good_on(self, link):
        return localtime(link.good_at).date() if link.good_at else "–"

    @admin.display(description=_("records"))
    def used_by(self, link):
        named = ((admin_address(type(record), "change", record.pk), record) for record in link.records)
        return format_html_join(mark_safe("<br>"), '<a href="{}">{}</a>', named)


@admin.register(Tombstone)
class TombstoneAdmin(ImportExportMixin, TranslatedChildAdmin):
    list_display = ("key", "kind", "reason", "successor", "date")
    list_filter = ("kind", "reason", MissingTranslationFilter)
    search_fields = ("key", "successor")
    search_help_text = _("The key of the removed record, or of the one that readers are led to.")
    fields = (("kind", "key"), ("reason", "date"), in_languages("note"), "successor")
    help_texts = {
        "key": _("The key that the record had."),
        "note": _("Additional information for readers, in one sentence."),
        "successor": _("A published record of the same kind. If blank, readers are sent to the list."),
    }
