"""The admin of issues, indicators, events and terms."""

from django import forms
from django.contrib import admin, messages
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from modeltranslation.admin import TranslationStackedInline

from issues.grid_admin import ObservationGridMixin
from issues.key_figures import contradiction_message, contradictions, with_observations
from issues.models import (
    AreaReport,
    ComparisonExample,
    Event,
    EventCitation,
    Indicator,
    Issue,
    IssueCitation,
    IssueFeature,
    IssueInCountry,
    IssueLink,
    IssueLinkCitation,
    IssueMotif,
    IssueSdg,
    KeyFigure,
    KeyFigureCitation,
    Observation,
    PageIndicator,
    Term,
    TermCitation,
)
from issues.models.issue import Section
from portal.core.choices import Area
from portal.core.formatting import number, quantity_html
from portal.staff.base import (
    CaseInsensitiveSearchMixin,
    CitationInline,
    FormFieldDefaults,
    MissingTranslationFilter,
    RecordAdmin,
    RecordInline,
    TranslatedChildAdmin,
    count_of,
    in_languages,
)
from portal.staff.guide import guide_link
from portal.staff.history import ChildHistoryMixin
from portal.staff.import_export import ImportExportMixin
from portal.staff.workflow import ChildModelAdmin

MARKS_HELP = _("After each claim, put its source key in square brackets: … by 60 per cent [micklin-2016].")
SOURCES_GUIDE = lazy(guide_link, str)("sources")
FIGURE_HELP = {
    "label": _("What was counted or measured."),
    "value": _("As the source gives it. Empty, where the figure is one of an indicator."),
    "year": _("Empty where the source states none; readers are told so. Of an indicator: empty for the latest year."),
}
ISSUE_NAMES = ("name_en", "name_ko", "name_ru", "key")


class IssueInCountryInline(RecordInline, TranslationStackedInline):
    model = IssueInCountry
    autocomplete_fields = ("country",)
    fieldsets = ((None, {"fields": (("country", "position"), in_languages("note"))}),)
    help_texts = {
        "note": _("What the issue means there, in a sentence."),
        "position": _("Lower numbers come first; leave blank to put it last."),
    }
    verbose_name = _("country")
    verbose_name_plural = pgettext_lazy("desk", "countries")


class KeyFigureInline(RecordInline, TranslationStackedInline):
    model = KeyFigure
    show_change_link = True  # sources are edited on the page of the key figure
    autocomplete_fields = ("indicator", "place")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    in_languages("label"),
                    ("indicator", "place", "year", "position"),
                    ("value", *in_languages("unit"), "other_definition"),
                )
            },
        ),
    )
    help_texts = FIGURE_HELP | {"position": _("Lower numbers come first; leave blank to put it last.")}


class IssueSdgInline(RecordInline, admin.TabularInline):
    model = IssueSdg
    fields = ("code",)
    help_texts = {"code": _("A goal such as 6, or a target such as 6.4 or 3.c.")}
    verbose_name = _("goal or target")
    verbose_name_plural = pgettext_lazy("desk", "Sustainable Development Goals")


class IssueCitationInline(CitationInline):
    model = IssueCitation


@admin.register(Issue)
class IssueAdmin(RecordAdmin):
    counted = ("citations", "project_links")
    list_display = ("name", "publication", "parent", "citations_count", "project_links_count", "updated_at")
    list_filter = ("publication", ("parent", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("parent",)
    search_fields = ISSUE_NAMES
    prepopulated_fields = {"key": ("name_en",)}
    autocomplete_fields = ("parent", "places")
    inlines = (KeyFigureInline, IssueInCountryInline, IssueSdgInline, IssueCitationInline)
    fieldsets = (
        (None, {"fields": (in_languages("name"), ("key", "publication"), ("parent", "position"))}),
        (pgettext_lazy("desk", "Summary"), {"fields": (in_languages("summary"),)}),
        *(
            (
                section.label,
                {
                    "fields": (in_languages(section.value),),
                    "description": format_lazy("{} {} {}", section.question, MARKS_HELP, SOURCES_GUIDE),
                },
            )
            for section in Section
        ),
        (_("Where it occurs"), {"fields": ("places",)}),
    )
    help_texts = {
        "parent": _("Leave blank for a top-level issue."),
        "position": _("Position in lists: lower numbers come first."),
        "places": _("Lakes, rivers, provinces… Countries have their own rows below."),
    }

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        form.instance.cite_marks()

    @admin.display(description=_("projects"), ordering="project_links_count")
    def project_links_count(self, issue):
        return issue.project_links_count


class KeyFigureCitationInline(CitationInline):
    model = KeyFigureCitation


@admin.register(KeyFigure)
class KeyFigureAdmin(ChildHistoryMixin, ImportExportMixin, TranslatedChildAdmin):
    owners = ("issue",)
    list_display = ("label", "issue", "value_and_unit", "year", "citations_count")
    list_filter = (("issue", admin.RelatedOnlyFieldListFilter), MissingTranslationFilter)
    list_select_related = ("issue",)
    search_fields = (*in_languages("label"), *(f"issue__{name}" for name in ISSUE_NAMES))
    search_help_text = _("Search by the label or the issue’s name, in any language.")
    ordering = ("issue__position", "issue__key", "position")
    autocomplete_fields = ("issue", "indicator", "place")
    inlines = (KeyFigureCitationInline,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *(("issue", "position"), in_languages("label")),
                    ("indicator", "place", "year"),
                    *(("value", *in_languages("unit"), "other_definition"), "headline"),
                )
            },
        ),
    )
    help_texts = FIGURE_HELP | {"position": _("Position among the issue’s figures: lower numbers come first.")}

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(citations_count=count_of(self.opts.get_field("citations")))

    def get_changelist_instance(self, request):
        changelist = super().get_changelist_instance(request)
        with_observations(changelist.result_list)
        return changelist

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        for figure, observation in contradictions(form.instance.issue):
            if figure == form.instance:
                messages.warning(request, contradiction_message(figure, observation))

    @admin.display(description=_("value"), ordering="value")
    def value_and_unit(self, figure):
        if figure.stated_value is None:
            return _("no published value")
        return quantity_html(figure.stated_value, *figure.stated_unit)

    @admin.display(description=pgettext_lazy("desk", "sources"), ordering="citations_count")
    def citations_count(self, figure):
        return figure.citations_count


class IssueLinkCitationInline(CitationInline):
    model = IssueLinkCitation


@admin.register(IssueLink)
class IssueLinkAdmin(ChildHistoryMixin, ImportExportMixin, TranslatedChildAdmin):
    owners = ("cause", "effect")
    list_display = ("cause", "effect", "mechanism", "citations_count")
    list_display_links = ("cause", "effect")
    list_filter = (
        ("cause", admin.RelatedOnlyFieldListFilter),
        ("effect", admin.RelatedOnlyFieldListFilter),
        MissingTranslationFilter,
    )
    list_select_related = ("cause", "effect")
    search_fields = (
        *(f"cause__{name}" for name in ISSUE_NAMES),
        *(f"effect__{name}" for name in ISSUE_NAMES),
        *in_languages("mechanism"),
    )
    search_help_text = _("Search by either issue’s name or by the mechanism, in any language.")
    ordering = ("cause__position", "cause__key", "effect__position", "effect__key")
    autocomplete_fields = ("cause", "effect")
    inlines = (IssueLinkCitationInline,)
    fieldsets = (
        (None, {"fields": (("cause", "effect"),)}),
        (_("Mechanism"), {"fields": (in_languages("mechanism"),)}),
    )
    help_texts = {"mechanism": _("How one issue causes or worsens the other, in one sentence.")}

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(citations_count=count_of(self.opts.get_field("citations")))

    @admin.display(description=pgettext_lazy("desk", "sources"), ordering="citations_count")
    def citations_count(self, link):
        return link.citations_count


@admin.register(Indicator)
class IndicatorAdmin(ObservationGridMixin, RecordAdmin):
    counted = ("observations",)
    list_display = ("name", "publication", "unit", "direction", "sdg_indicator", "observations_count", "updated_at")
    list_filter = (
        "publication",
        "direction",
        ("issues", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = (*Indicator.search_fields, "key", "sdg_indicator")
    prepopulated_fields = {"key": ("name_en",)}
    autocomplete_fields = ("issues", "source")
    fieldsets = (
        (None, {"fields": (in_languages("name"), ("key", "publication"))}),
        (_("Definition"), {"fields": (in_languages("definition"),)}),
        (
            _("Unit and direction"),
            {
                "fields": (
                    *(in_languages("unit"), in_languages("unit_symbol"), ("direction", "sdg_indicator")),
                    ("lowest", "highest"),
                )
            },
        ),
        (_("Who measured, and under which licence"), {"fields": ("source", in_languages("licence"))}),
        (_("Classification"), {"fields": ("issues", "position")}),
        (pgettext_lazy("desk", "Note"), {"fields": (in_languages("note"),)}),
    )
    help_texts = {
        "name": _("What is measured, phrased as a heading: Surface area of the Aral Sea."),
        "sdg_indicator": _("For example 6.4.2, if it is an SDG indicator."),
        "issues": _("Issues that the indicator sheds light on."),
        "position": _("Position in lists: lower numbers come first."),
        "direction": _("How readers should interpret a rising line."),
        "definition": _("What exactly is measured, and how."),
        "source": _("Source of most of its values. Each observation names its own source."),
        "licence": _("Licence under which the main source releases the values."),
        "note": _("Breaks in the series, estimates, values that should not be compared."),
    }

    @admin.display(description=_("observations"), ordering="observations_count")
    def observations_count(self, indicator):
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:issues_indicator_grid", args=[indicator.pk]),
            number(indicator.observations_count),
        )


@admin.register(Observation)
class ObservationAdmin(
    ChildHistoryMixin,
    ChildModelAdmin,
    CaseInsensitiveSearchMixin,
    ImportExportMixin,
    FormFieldDefaults,
    admin.ModelAdmin,
):
    owners = ("indicator",)
    list_display = ("indicator", "place", "year", "plain_value", "source")
    list_display_links = ("plain_value",)
    list_filter = (
        ("indicator", admin.RelatedOnlyFieldListFilter),
        ("place", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("indicator", "place", "source")
    search_fields = (
        *(f"indicator__{name}" for name in (*Indicator.search_fields, "key")),
        *(f"place__{name}" for name in ("name_en", "name_ko", "name_ru", "key")),
        "source__key",
        "year",
    )
    search_help_text = _("Search by indicator or place name in any language, source key, or year.")
    autocomplete_fields = ("indicator", "place", "source")
    fields = (("indicator", "place"), ("year", "value"), "source")
    help_texts = {
        "year": _("Year the value refers to, not the year of publication."),
        "value": _("In the indicator’s unit, as the source gives it."),
        "source": _("Source that gives this value."),
    }

    @admin.display(description=_("value"), ordering="value")
    def plain_value(self, observation):
        return number(observation.value)


class EventCitationInline(CitationInline):
    model = EventCitation


@admin.register(Event)
class EventAdmin(RecordAdmin):
    list_display = ("date", "title", "publication", "kind", "citations_count", "updated_at")
    list_display_links = ("title",)
    list_filter = (
        "publication",
        "kind",
        ("countries", admin.RelatedOnlyFieldListFilter),
        ("issues", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = (*Event.search_fields, "key", "date")
    search_help_text = _("Search by title in any language, key, or date such as 2021-07.")
    prepopulated_fields = {"key": ("title_en",)}
    autocomplete_fields = ("countries", "issues", "places")
    inlines = (EventCitationInline,)
    fieldsets = (
        (None, {"fields": (*in_languages("title"), ("key", "publication"), ("date", "kind"))}),
        (_("Text"), {"fields": (in_languages("text"),)}),
        (_("Related records"), {"fields": ("countries", "places", "issues")}),
    )
    help_texts = {
        "title": _("What happened, in a few words: Kapchagay Dam on the Ili."),
        "text": _("What happened, in two or three sentences."),
        "places": _("Lakes, rivers, provinces… Countries go above."),
    }


class TermCitationInline(CitationInline):
    model = TermCitation


@admin.register(Term)
class TermAdmin(RecordAdmin):
    list_display = ("term", "publication", "definition", "citations_count", "updated_at")
    list_filter = ("publication",)
    search_fields = (*Term.search_fields, "key")
    prepopulated_fields = {"key": ("term_en",)}
    inlines = (TermCitationInline,)
    fieldsets = (
        (None, {"fields": (in_languages("term"), ("key", "publication"))}),
        (_("Definition"), {"fields": (in_languages("definition"),)}),
    )
    help_texts = {
        "term": _("As it would appear in a sentence, with its acronym or other name in brackets: Saxaul (Haloxylon)."),
        "definition": _("What the term means here, in plain words."),
    }


# ── What pages show ──────────────────────────────────────────────────────────────────────────────────────────────


@admin.register(PageIndicator)
class PageIndicatorAdmin(CaseInsensitiveSearchMixin, FormFieldDefaults, admin.ModelAdmin):
    list_display = ("indicator", "page", "position")
    list_editable = ("position",)
    list_filter = ("page",)
    list_select_related = ("indicator",)
    search_fields = tuple(f"indicator__{name}" for name in (*Indicator.search_fields, "key"))
    search_help_text = _("Words of the indicator’s name in any language, or its key.")
    autocomplete_fields = ("indicator",)
    fields = ("page", "indicator", "position")
    help_texts = {
        "page": _(
            "The page of a country draws the first six that have values for it; without any it has no charts. "
            "A comparison draws up to four, these before all others."
        ),
        "indicator": _("Readers see it only while it is published."),
        "position": _("Position on the page: lower numbers come first."),
    }

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("indicator")


@admin.register(IssueFeature)
class IssueFeatureAdmin(CaseInsensitiveSearchMixin, FormFieldDefaults, admin.ModelAdmin):
    list_display = ("part", "issue")
    list_select_related = ("issue",)
    search_fields = tuple(f"issue__{name}" for name in ISSUE_NAMES)
    search_help_text = _("Words of the issue’s name in any language, or its key.")
    autocomplete_fields = ("issue",)
    fields = ("part", "issue")
    help_texts = {
        "part": _("It was made for its subject. The home page shows its picture too, as long as an issue has it."),
        "issue": _("The issue whose page shows this part."),
    }


@admin.register(IssueMotif)
class IssueMotifAdmin(CaseInsensitiveSearchMixin, FormFieldDefaults, admin.ModelAdmin):
    list_display = ("issue", "shape", "indicator", "place")
    list_filter = ("shape",)
    list_select_related = ("issue", "indicator", "place")
    search_fields = tuple(f"issue__{name}" for name in ISSUE_NAMES)
    search_help_text = _("Words of the issue’s name in any language, or its key.")
    autocomplete_fields = ("issue", "indicator", "place")
    fields = ("issue", "shape", "indicator", "place")
    help_texts = {
        "issue": _("The picture stands at the head of its page, and on its card on the home page."),
        "shape": _("What is drawn of the values. A picture needs at least three years, squares one."),
        "indicator": _("Its published values are drawn. Leave it empty for the outlines of the Aral Sea."),
        "place": _("The place whose values are drawn. Leave it empty for the outlines of the Aral Sea."),
    }


@admin.register(AreaReport)
class AreaReportAdmin(TranslatedChildAdmin):
    list_display = ("source", "sentence", "words")
    list_filter = (MissingTranslationFilter,)
    list_select_related = ("source",)
    search_fields = (*(f"source__{name}" for name in ("title", "title_original", "key")), *in_languages("sentence"))
    search_help_text = _("Words of the source’s title, its key, or words of the sentence.")
    autocomplete_fields = ("source",)
    fields = ("source", in_languages("sentence"), "areas", "words")
    help_texts = {
        "source": _("The report itself. Of several the newest is shown; one that is not published is not."),
        "sentence": _("Which report it is, and that the areas which it names are marked."),
        "areas": _("Those that the report names for cooperation. The table of gaps marks them."),
        "words": _(
            "What the report names beside the areas, with commas between: K-pop. Each gets a line of its own, with the "
            "number of projects that have the word in their title or summary."
        ),
    }

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name != "areas":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return forms.MultipleChoiceField(
            label=capfirst(db_field.verbose_name),
            choices=Area.choices,
            widget=forms.CheckboxSelectMultiple,
            required=False,
            help_text=self.help_texts["areas"],
        )


@admin.register(ComparisonExample)
class ComparisonExampleAdmin(TranslatedChildAdmin):
    list_display = ("title", "kind", "keys", "position")
    list_filter = ("kind", MissingTranslationFilter)
    search_fields = (*in_languages("title"), "keys")
    search_help_text = _("Words of the title in any language, or a key.")
    fields = (in_languages("title"), "kind", "keys", "position")
    help_texts = {
        "title": _("What a reader finds out: The two countries around the Aral Sea."),
        "keys": _(
            "Keys of two to four records, separated by spaces: kz uz. Readers see the example while all are published."
        ),
        "position": _("Position on the page: lower numbers come first."),
    }
