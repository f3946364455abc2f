"""The admin of organisations, projects, agreements and results."""

from django.contrib import admin
from django.db.models import Count
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from modeltranslation.admin import TranslationStackedInline

from portal.core.formatting import money
from portal.staff.base import (
    CitationInline,
    ExternalIdentifierInline,
    MissingTranslationFilter,
    RecordAdmin,
    RecordInline,
    TranslatedChildAdmin,
    count_of,
    in_languages,
)
from portal.staff.duplicates import DuplicateWarningMixin
from portal.staff.history import ChildHistoryMixin
from portal.staff.import_export import ImportExportMixin
from projects.iati.admin import state_of
from projects.iati.importing_admin import ImportFilter, imported_state
from projects.models import (
    Agreement,
    AgreementActivity,
    AgreementActivityCitation,
    AgreementArea,
    AgreementCitation,
    AgreementOutcome,
    AgreementOutcomeCitation,
    AgreementParty,
    Organisation,
    OrganisationCitation,
    OrganisationExternalIdentifier,
    OrganisationIdentifier,
    Participation,
    Project,
    ProjectArea,
    ProjectCitation,
    ProjectIssue,
    ProjectSdg,
    Result,
    ResultArea,
    ResultCitation,
    ResultFigure,
    RioMarker,
    Sector,
)

TITLE_NAMES = ("title_en", "title_ko", "title_ru", "key")
LOWEST_FIRST = _("Lower numbers come first; leave blank to put it last.")


class OrganisationCitationInline(CitationInline):
    model = OrganisationCitation


class OrganisationExternalIdentifierInline(ExternalIdentifierInline):
    model = OrganisationExternalIdentifier


class OrganisationIdentifierInline(RecordInline, admin.TabularInline):
    model = OrganisationIdentifier
    fields = ("ref",)
    help_texts = {"ref": _("As given by the organisation itself or by org-id.guide, for example KR-GOV-051.")}
    verbose_name = _("IATI identifier")
    verbose_name_plural = _("IATI identifiers")


@admin.register(Organisation)
class OrganisationAdmin(DuplicateWarningMixin, RecordAdmin):
    counted = ("citations", "participations")
    list_display = ("name", "publication", "acronym", "kind", "country", "participations_count", "citations_count")
    list_filter = ("publication", "kind", ("country", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("country",)
    search_fields = (*Organisation.search_fields, "key")
    search_help_text = _("Search by name in any language, acronym, or key.")
    prepopulated_fields = {"key": ("name_en",)}
    autocomplete_fields = ("country", "seat")
    inlines = (OrganisationExternalIdentifierInline, OrganisationIdentifierInline, OrganisationCitationInline)
    fieldsets = (
        (None, {"fields": (in_languages("name"), "acronym", ("key", "publication"))}),
        (pgettext_lazy("desk", "Kind of organisation"), {"fields": (("kind", "country"), "seat", "url")}),
    )
    help_texts = {
        "name": _(
            "In full; add the country where other countries have one of the same name: Ministry of Energy of "
            "Uzbekistan."
        ),
        "acronym": _("As the organisation itself writes it: KOICA."),
        "url": _("The organisation’s official website."),
    }

    @admin.display(description=_("participations"), ordering="participations_count")
    def participations_count(self, organisation):
        return organisation.participations_count


@admin.register(Sector)
class SectorAdmin(ChildHistoryMixin, ImportExportMixin, TranslatedChildAdmin):
    list_display = ("code", "name", "project_count")
    list_filter = (MissingTranslationFilter,)
    search_fields = ("code", "name_en", "name_ko", "name_ru")
    search_help_text = _("Search by code or by name in any language.")
    fields = ("code", in_languages("name"))
    help_texts = {
        "code": _("As in the OECD DAC list of purpose codes."),
        "name": _("As in the OECD DAC list of purpose codes."),
    }

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(project_count=Count("projects"))

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "code"] if obj and "code" not in fields else fields

    @admin.display(description=_("projects"), ordering="project_count")
    def project_count(self, sector):
        return sector.project_count


class ParticipationInline(RecordInline, admin.TabularInline):
    model = Participation
    autocomplete_fields = ("organisation",)
    fields = ("organisation", "role")
    help_texts = {"role": _("Partner, where no source states a formal role.")}
    verbose_name = _("organisation")
    verbose_name_plural = _("organisations")


class ProjectIssueInline(RecordInline, TranslationStackedInline):
    model = ProjectIssue
    autocomplete_fields = ("issue",)
    fieldsets = ((None, {"fields": (("issue", "significance"), in_languages("rationale"))}),)
    help_texts = {
        "significance": _(
            "Principal: the project would not exist without this objective. Significant: an important but not "
            "decisive objective."
        ),
        "rationale": _("Why the project addresses this issue, in one sentence."),
    }
    verbose_name = _("issue")
    verbose_name_plural = _("issues")


class ProjectAreaInline(RecordInline, admin.TabularInline):
    model = ProjectArea
    fields = ("area",)
    verbose_name = pgettext_lazy("desk", "area")
    verbose_name_plural = _("areas of cooperation")


class ProjectSdgInline(RecordInline, admin.TabularInline):
    model = ProjectSdg
    fields = ("code",)
    help_texts = {"code": _("A goal such as 6, or a target such as 6.4 or 3.c.")}
    verbose_name = _("goal or target")
    verbose_name_plural = pgettext_lazy("desk", "Sustainable Development Goals")


class RioMarkerInline(RecordInline, admin.TabularInline):
    model = RioMarker
    fields = ("marker", "significance")
    help_texts = {"significance": _("Only where a source supports it: no marker means not known, 0 means not an aim.")}


class ProjectCitationInline(CitationInline):
    model = ProjectCitation


@admin.register(Project)
class ProjectAdmin(DuplicateWarningMixin, RecordAdmin):
    list_display = ("title", "publication", "start", "status", "in_countries", "money", "citations_count")
    list_filter = (
        "publication",
        "status",
        "level",
        "finance",
        "confidence",
        ("countries", admin.RelatedOnlyFieldListFilter),
        ("issues", admin.RelatedOnlyFieldListFilter),
        ImportFilter,
    )
    search_fields = (*Project.search_fields, "key", "start", "end", "iati_identifier")
    search_help_text = _("Search by title in any language, key, IATI identifier, or date such as 2021-07.")
    prepopulated_fields = {"key": ("title_en",)}
    autocomplete_fields = ("countries", "places", "sectors")
    inlines = (
        ProjectIssueInline,
        ParticipationInline,
        ProjectAreaInline,
        ProjectSdgInline,
        RioMarkerInline,
        ProjectCitationInline,
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    in_languages("title"),
                    "title_original",
                    ("key", "publication"),
                    ("status", "status_as_of", "level"),
                )
            },
        ),
        (pgettext_lazy("desk", "Summary"), {"fields": (in_languages("summary"),)}),
        (pgettext_lazy("desk", "Activities"), {"fields": (in_languages("activities"),)}),
        (pgettext_lazy("desk", "Results"), {"fields": (in_languages("results"), "looked_on")}),
        (pgettext_lazy("desk", "Evidence"), {"fields": ("confidence", in_languages("evidence"))}),
        (pgettext_lazy("desk", "Note"), {"fields": (in_languages("note"),)}),
        (_("Dates and funding"), {"fields": (("start", "end"), ("budget", "currency", "finance"))}),
        (_("Location and sectors"), {"fields": ("countries", "places", "sectors")}),
        ("IATI", {"fields": ("iati_identifier", "imported_from", "iati_state")}),
    )
    help_texts = {
        "title": _("A plain title that says what is done and where."),
        "status": _("What the newest source states. Completed only if a source reports completion."),
        "status_as_of": _("The date of the newest source that states the status. Empty if no source has a date."),
        "finance": _("Leave blank if no source states it."),
        "title_original": _("The partners’ own title, if it is not in English."),
        "level": _("Who leads it on the Korean side. Empty where no Korean body leads."),
        "currency": _("Currency of the budget, as given in the source."),
        "summary": _("Who does what, where and why, in two or three sentences."),
        "activities": _("What is done: built, planted, taught, studied."),
        "results": _("What has been achieved, with the date of the report. Plans are not results."),
        "countries": _("Central Asian countries only. Korea is implied."),
        "places": _("Provinces, cities, lakes… named in the sources."),
        "sectors": _("By the OECD’s purpose codes."),
    }

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("countries")

    def get_readonly_fields(self, request, obj=None):
        return [*super().get_readonly_fields(request, obj), "imported_from", "iati_state"]

    @admin.display(description=_("imported"))
    def imported_from(self, project):
        return imported_state(project) if project.pk else "—"

    @admin.display(description=_("IATI reporting status"))
    def iati_state(self, project):
        return state_of(project) if project.pk else "—"

    @admin.display(description=pgettext_lazy("desk", "countries"))
    def in_countries(self, project):
        return ", ".join(str(country) for country in project.countries.all())

    @admin.display(description=_("budget"), ordering="budget")
    def money(self, project):
        return money(project.budget, project.currency)


class AgreementPartyInline(RecordInline, admin.TabularInline):
    model = AgreementParty
    autocomplete_fields = ("country", "organisation")
    fields = ("country", "organisation")
    help_texts = {
        "country": _("Either a country or an organisation."),
        "organisation": _("Either a country or an organisation."),
    }


class AgreementAreaInline(RecordInline, admin.TabularInline):
    model = AgreementArea
    fields = ("area",)
    verbose_name = pgettext_lazy("desk", "area")
    verbose_name_plural = _("areas of cooperation")


class AgreementOutcomeInline(RecordInline, TranslationStackedInline):
    model = AgreementOutcome
    show_change_link = True  # sources are edited on the page of the outcome
    autocomplete_fields = ("project",)
    fieldsets = ((None, {"fields": (("project", "position"), in_languages("how"))}),)
    help_texts = {"position": LOWEST_FIRST}
    verbose_name = _("outcome")
    verbose_name_plural = pgettext_lazy("desk", "outcomes")


class AgreementActivityInline(RecordInline, TranslationStackedInline):
    model = AgreementActivity
    show_change_link = True  # sources are edited on the page of the activity
    fieldsets = ((None, {"fields": ("date", in_languages("text"))}),)
    verbose_name = _("activity")
    verbose_name_plural = pgettext_lazy("desk", "activities")


class AgreementCitationInline(CitationInline):
    model = AgreementCitation


@admin.register(Agreement)
class AgreementAdmin(RecordAdmin):
    list_display = ("date", "title", "publication", "kind", "between", "citations_count")
    list_display_links = ("title",)
    list_filter = (
        "publication",
        "kind",
        "level",
        "confidence",
        ("issues", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = (*Agreement.search_fields, "key", "date")
    search_help_text = _("Search by title in any language, key, or date such as 2021-07.")
    prepopulated_fields = {"key": ("title_en",)}
    autocomplete_fields = ("issues",)
    inlines = (
        AgreementPartyInline,
        AgreementAreaInline,
        AgreementOutcomeInline,
        AgreementActivityInline,
        AgreementCitationInline,
    )
    fieldsets = (
        (None, {"fields": (*in_languages("title"), ("key", "publication"), ("date", "kind", "level"))}),
        (pgettext_lazy("desk", "Summary"), {"fields": (in_languages("summary"),)}),
        (pgettext_lazy("desk", "Evidence"), {"fields": ("confidence", in_languages("evidence"))}),
        (pgettext_lazy("desk", "Note"), {"fields": (in_languages("note"),)}),
        (_("Subject"), {"fields": ("issues",)}),
        (
            pgettext_lazy("desk", "What came of it"),
            {"fields": (("ended", "looked_on"), in_languages("outcome_note"))},
        ),
    )
    help_texts = {
        "title": _("What it is and between whom: Grant aid agreement, Korea–Uzbekistan."),
        "issues": _("Issues named in its text or its sources."),
        "date": _("Date of signature or of the event: YYYY-MM-DD, YYYY-MM or YYYY, as precisely as known."),
        "level": _("Lead on the Korean side."),
        "summary": _("What the parties agreed, in two or three sentences."),
    }

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("parties__country", "parties__organisation")

    @admin.display(description=pgettext_lazy("desk", "parties"))
    def between(self, agreement):
        return ", ".join(str(party.who) for party in agreement.parties.all())


class AgreementRowAdmin(ChildHistoryMixin, ImportExportMixin, TranslatedChildAdmin):
    """The admin of a row of an agreement that has sources of its own."""

    owners = ("agreement",)

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(citations_count=count_of(self.opts.get_field("citations")))

    @admin.display(description=pgettext_lazy("desk", "sources"), ordering="citations_count")
    def citations_count(self, row):
        return row.citations_count


class AgreementOutcomeCitationInline(CitationInline):
    model = AgreementOutcomeCitation


@admin.register(AgreementOutcome)
class AgreementOutcomeAdmin(AgreementRowAdmin):
    list_display = ("agreement", "project", "how", "citations_count")
    list_display_links = ("agreement", "project")
    list_filter = (MissingTranslationFilter,)
    list_select_related = ("agreement", "project")
    search_fields = (
        *(f"agreement__{name}" for name in TITLE_NAMES),
        *(f"project__{name}" for name in TITLE_NAMES),
        *in_languages("how"),
    )
    search_help_text = _("Search by the agreement’s or the project’s title, or by the sentence, in any language.")
    ordering = ("-agreement__date", "agreement__key", "position")
    autocomplete_fields = ("agreement", "project")
    inlines = (AgreementOutcomeCitationInline,)
    fieldsets = ((None, {"fields": (("agreement", "position"), "project", in_languages("how"))}),)
    help_texts = {
        "project": _("Only where a source states that the agreement led to it."),
        "position": LOWEST_FIRST,
    }


class AgreementActivityCitationInline(CitationInline):
    model = AgreementActivityCitation


@admin.register(AgreementActivity)
class AgreementActivityAdmin(AgreementRowAdmin):
    list_display = ("date", "agreement", "text", "citations_count")
    list_display_links = ("date", "agreement")
    list_filter = (MissingTranslationFilter,)
    list_select_related = ("agreement",)
    search_fields = (*(f"agreement__{name}" for name in TITLE_NAMES), *in_languages("text"), "date")
    search_help_text = _("Search by the agreement’s title or the text in any language, or by date such as 2021-07.")
    ordering = ("-date", "agreement__key")
    autocomplete_fields = ("agreement",)
    inlines = (AgreementActivityCitationInline,)
    fieldsets = ((None, {"fields": (("agreement", "date"), in_languages("text"))}),)


class ResultAreaInline(RecordInline, admin.TabularInline):
    model = ResultArea
    fields = ("area",)
    verbose_name = pgettext_lazy("desk", "area")
    verbose_name_plural = _("areas of cooperation")


class ResultFigureInline(RecordInline, TranslationStackedInline):
    model = ResultFigure
    fieldsets = ((None, {"fields": (in_languages("label"), ("value", *in_languages("unit"), "year", "position"))}),)
    help_texts = {
        "label": _("What was counted or measured."),
        "value": _("As the source gives it, without conversion."),
        "position": LOWEST_FIRST,
    }
    verbose_name = _("figure")
    verbose_name_plural = pgettext_lazy("desk", "figures")


class ResultCitationInline(CitationInline):
    model = ResultCitation


@admin.register(Result)
class ResultAdmin(RecordAdmin):
    list_display = ("__str__", "publication", "kind", "project", "citations_count", "updated_at")
    list_filter = (
        "publication",
        "kind",
        ("countries", admin.RelatedOnlyFieldListFilter),
        ("issues", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("project",)
    search_fields = (*Result.search_fields, "key", *(f"project__{name}" for name in TITLE_NAMES))
    search_help_text = _("Search by the text or the project’s title in any language, or by key.")
    autocomplete_fields = ("project", "countries", "issues")
    inlines = (ResultFigureInline, ResultAreaInline, ResultCitationInline)
    fieldsets = (
        (None, {"fields": (("key", "publication"), ("kind", "project"))}),
        (_("Text"), {"fields": (in_languages("text"),)}),
        (_("Planned and actual end"), {"fields": (("planned_end", "actual_end"),)}),
        (_("Subject of a result without a project"), {"fields": ("countries", "issues")}),
    )
    help_texts = {
        "kind": _(
            "Result: what was done or changed. Lesson: what a source draws from it. "
            "Evaluation: a judgement by an audit, a review or a study."
        ),
        "countries": _("Leave blank for a result of a project: those of the project apply."),
        "issues": _("Leave blank for a result of a project: those of the project apply."),
    }
