"""Pages of projects, agreements, results and organisations."""

from django.db.models import Exists, Max, Min, OuterRef, Prefetch
from django.utils import timezone
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from issues.models import Issue
from portal.citations.references import source_keys
from portal.core.choices import Area, PublicationStatus
from portal.core.database import IdList
from portal.core.languages import text_and_language
from portal.facets import registry
from portal.facets.bitmaps import NONE, BitMap, most_matching
from portal.generic.detail import RecordView, source_footnotes
from portal.generic.list import RecordListView
from portal.http.problems import ProblemDetail, one_of_sentence
from portal.models import Place
from projects import schema
from projects.budgets import CONVERTIBLE, asked_currency, currency_links, is_wrong_currency, sum_budgets
from projects.filters import (
    AgreementFilter,
    OrganisationFilter,
    ProjectFilter,
    ResultFilter,
    projects_of_countries,
)
from projects.formats import ConvertedBudgetField
from projects.models import (
    Agreement,
    AgreementActivity,
    AgreementOutcome,
    AgreementParty,
    ImportedActivity,
    ImportedFile,
    Organisation,
    Participation,
    Project,
    ProjectIssue,
    Result,
)
from projects.tables import AgreementTable, OrganisationTable, ProjectTable, ResultTable

VISIBLE = PublicationStatus.PUBLISHED


class ProjectList(RecordListView):
    """All projects."""

    queryset = Project.objects.all()
    filterset_class = ProjectFilter
    followed_as = "projects"
    table_class = ProjectTable
    results_template = "projects/includes/project_results.html"
    embed_height = 600
    title = _("Projects")
    lead = _(
        "What Korea and Gyeonggi Province are doing with Central Asia. Each project is listed with its participants, "
        "funding as far as known, the issues it addresses, and its sources."
    )
    see_also = ((_("Results and lessons"), "results"),)
    default_sort = "-start"
    parameters = ("currency",)

    @staticmethod
    def count_words(count):
        return ngettext("%(count)s project", "%(count)s projects", count) % {"count": count}

    @property
    def currency(self):
        """The currency that budgets are converted into; "" if they are shown as stated."""
        return asked_currency(self.request.GET)

    @property
    def unfiltered_query(self):
        return super().unfiltered_query | ({"currency": self.currency.lower()} if self.currency else {})

    def canonical_query(self, context):
        return {name: value for name, value in super().canonical_query(context).items() if name != "currency"}

    def get_table_kwargs(self):
        return super().get_table_kwargs() | {"currency": self.currency}

    def get_records(self):
        if is_wrong_currency(self.request.GET):
            raise ProblemDetail(400, one_of_sentence("currency", [code.lower() for code in CONVERTIBLE]))
        records = super().get_records()
        if self.currency:
            records.serialiser = records.serialiser.extended(ConvertedBudgetField(self.currency))
        return records

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        query = {name: values for name, values in self.request.GET.lists() if name not in {"currency", "page"}}
        if is_wrong_currency(self.request.GET):
            words = pgettext("value of a filter", "{label} (ignored): {problem}")
            problem = gettext("“%(value)s” is not available.") % {"value": self.request.GET["currency"][:40]}
            context["problems"] = [*context["problems"], words.format(label=gettext("Currency"), problem=problem)]
        return context | {
            "results_note": "projects/includes/budget_sum.html",
            "is_sorted_as_stated": self.currency and context["sort"].lstrip("-") == "budget",
            "budgets": sum_budgets(self.filterset.found, self.currency),
            "currency_links": currency_links(self.request.path, query, self.currency),
            "chosen_currency": self.currency.lower(),
        }


class ProjectPage(RecordView):
    """The page of one project."""

    model = Project
    subject_type = "Project"
    embed_height = 440
    list_title, list_url = _("Projects"), "projects"

    def schema_objects(self, tell, context):
        return [schema.project(tell, self.object)]

    def share_countries(self, context):
        return self.object.countries.all()

    def share_places(self, context):
        return self.object.places.all() if self.snapshot_date is None else []

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .prefetch_related(
                Prefetch("countries", Place.objects.published().in_order_of("name")),
                Prefetch("places", Place.objects.published().in_order_of("name")),
                "areas",
                "sectors",
                "sdgs",
                "rio_markers",
                Prefetch(
                    "participations",
                    Participation.objects.filter(organisation__publication=VISIBLE).select_related("organisation"),
                ),
                Prefetch(
                    "issue_links", ProjectIssue.objects.filter(issue__publication=VISIBLE).select_related("issue")
                ),
            )
        )

    def get_context_data(self, **kwargs):
        project = self.object
        roles = {}
        for part in project.participations.all():
            roles.setdefault(part.role, []).append(part.organisation)
        context = super().get_context_data(**kwargs)
        shown = [row for name in ("results", "led_by") for row, _keys in context.get(name, ())]
        has_results = bool(project.results_en or context.get("results"))
        return context | {
            "roles": [(role, roles[role]) for role in Participation.Role if role in roles],
            "lead": [(role, roles[role][0]) for role in Participation.Role.leading() if role in roles][:1],
            "has_results": has_results,
            # Results are records of their own, which the page of a past day does not show.
            "lacks_results": not has_results and self.snapshot_date is None,
            "notes": source_footnotes(project, shown),
        }

    def related_context(self, project):
        led_by = agreements_behind(project)
        return {
            "results": [(result, source_keys(result)) for result in results_of(project)],
            "led_by": [(outcome, source_keys(outcome)) for outcome in led_by],
            "related": similar_projects(project, led_by),
            "imported": imported_of(project),
        }


def results_of(project):
    """Return the published results of a project with figures and sources: results, then lessons, then evaluations."""
    found = Result.objects.published().filter(project=project).order_by("key")
    kinds = list(Result.Kind)
    return sorted(found.prefetch_related("figures", "citations__source"), key=lambda one: kinds.index(one.kind))


def agreements_behind(project):
    """Return the outcomes that lead to a project from published agreements, with the agreements and sources."""
    outcomes = AgreementOutcome.objects.filter(project=project, agreement__publication=VISIBLE)
    return list(
        outcomes.select_related("agreement")
        .prefetch_related("citations__source")
        .order_by("agreement__date", "agreement__key")
    )


def imported_of(project):
    """Return the imported activity of a project with the rows that the page shows; None if it was not imported.

    Its attribute `others` is a list of the related activities: kind, identifier, and the published project if there is
    one.
    """
    imported = (
        ImportedActivity.objects.filter(project=project)
        .defer("original", "values")
        .prefetch_related(
            "source",  # not joined: few projects are imported, and without a row there are no further queries
            Prefetch("file", ImportedFile.objects.defer("original", "mapping")),
            "transactionsums",
            "budgetlines",
            "reportedresults",
            "reporteddocuments",
            "relatedactivitys",
        )
        .first()
    )
    if imported is None:
        return None
    related = imported.relatedactivitys.all()
    here = Project.objects.published().filter(iati_identifier__in=[row.identifier for row in related])
    by_identifier = {other.iati_identifier: other for other in here}
    imported.others = [
        {
            "kind": row.get_kind_display() or _("Related"),
            "identifier": row.identifier,
            "project": by_identifier.get(row.identifier),
        }
        for row in related
    ]
    return imported


def similar_projects(project, led_by=(), limit=3):
    """Return pairs of another published project and the reasons why it is similar, the most similar first.

    Only links that editors made count: the agreements that led to both, the issues that both address (with their
    sub-issues) and the places of both (with their parts). A project with more of these in common comes first.
    `led_by` are the outcomes that lead to the project, with their agreements.
    """
    facets = registry.facet_index(Project).facets
    agreements = {outcome.agreement_id: (outcome.agreement, BitMap()) for outcome in led_by}
    if agreements:
        led_to = AgreementOutcome.objects.filter(agreement__in=agreements).values_list("agreement", "project")
        for agreement, other in led_to:
            agreements[agreement][1].add(other)
    issues = [link.issue for link in project.issue_links.all()]
    shared = (
        (_("The same agreement: {names}"), list(agreements.values())),
        (_("The same issues: {names}"), [(issue, facets["issue"][issue.key]) for issue in issues]),
        (_("The same places: {names}"), [(place, facets["place"][place.key]) for place in project.places.all()]),
    )
    best = most_matching([ids - BitMap([project.pk]) for _reason, links in shared for _record, ids in links], limit)
    found = registry.in_bulk_ordered(Project.objects.published().for_list(), best)
    return [
        (
            other,
            [
                reason.format(names=", ".join(names))
                for reason, links in shared
                if (names := [record.name_and_language()[0] for record, ids in links if other.pk in ids])
            ],
        )
        for other in found
    ]


class AgreementList(RecordListView):
    """All agreements."""

    queryset = Agreement.objects.all()
    filterset_class = AgreementFilter
    followed_as = "agreements"
    embed_height = 520
    table_class = AgreementTable
    title = _("Agreements")
    lead = _(
        "Treaties, memoranda, summits, sister-city ties and other dated agreements between Korea, its provinces and "
        "cities, and the five countries of Central Asia."
    )
    see_also = ((_("Ledger of ties"), "ledger"),)
    default_sort = "-date"

    @staticmethod
    def count_words(count):
        return ngettext("%(count)s agreement", "%(count)s agreements", count) % {"count": count}


class AgreementPage(RecordView):
    """The page of one agreement."""

    model = Agreement
    list_title, list_url = _("Agreements"), "agreements"

    def schema_objects(self, tell, context):
        return [schema.agreement(tell, self.object)]

    def share_countries(self, context):
        return [party.country for party in self.object.parties.all() if party.country]

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .prefetch_related(
                "areas",
                Prefetch("issues", Issue.objects.published().without_sections()),
                Prefetch("parties", AgreementParty.objects.published()),
                Prefetch(
                    "outcomes",
                    AgreementOutcome.objects.filter(project__publication=VISIBLE)
                    .select_related("project")
                    .prefetch_related("citations__source"),
                ),
                Prefetch("activities", AgreementActivity.objects.prefetch_related("citations__source")),
            )
        )

    def get_context_data(self, **kwargs):
        agreement = self.object
        parties, outcomes = agreement.parties.all(), agreement.outcomes.all()
        activities = sorted(agreement.activities.all(), key=lambda activity: activity.date, reverse=True)
        today = self.snapshot_date or timezone.localdate()
        last, state = agreement.last_activity_on(today), agreement.state_on(today)
        return super().get_context_data(**kwargs) | {
            "parties": [party.who for party in parties],
            "outcomes": [(outcome, source_keys(outcome)) for outcome in outcomes],
            "activities": [(activity, source_keys(activity)) for activity in activities],
            "last_activity": last,
            "state": state,
            "state_in_words": state.in_words(last and last.date),
            "notes": source_footnotes(agreement, [*outcomes, *activities]),
        }

    def related_context(self, agreement):
        return later_activity(agreement)


def later_activity(agreement, limit=6):
    """Return published projects and agreements of the same month or later between the same parties, the first ones.

    They share with the agreement at least one Korean and one Central Asian organisation. Countries do not count: every
    record has them. Projects that the agreement led to, as a source states, are left out.
    """
    korean, central_asian = (
        [
            party.organisation
            for party in agreement.parties.all()
            if party.organisation and party.organisation.country and party.organisation.country.group == group
        ]
        for group in (Place.Group.KOREA, Place.Group.CENTRAL_ASIA)
    )
    taking_part = registry.facet_index(Project).facets["organisation"]
    korean_projects, their_projects = (
        NONE.union(*(taking_part[one.key] for one in side)) for side in (korean, central_asian)
    )
    explicit = BitMap(outcome.project_id for outcome in agreement.outcomes.all())
    among = (korean_projects & their_projects) - explicit
    month = agreement.date[:7]
    projects = Project.objects.published().filter(start__gte=month).order_by("start", "key")
    found = projects.for_list().in_bulk(registry.first_ids(projects, among, limit))
    parties = AgreementParty.objects.filter(agreement=OuterRef("pk"))
    agreements = Agreement.objects.published().filter(
        *(Exists(parties.filter(organisation__in=side)) for side in (korean, central_asian)), date__gte=month
    )
    return {
        "later_projects": sorted(found.values(), key=lambda project: (project.start, project.key)),
        "later_agreements": agreements.exclude(pk=agreement.pk).order_by("date", "key")[:limit],
    }


class ResultList(RecordListView):
    """All results, lessons and evaluations."""

    queryset = Result.objects.order_by("kind", "key")  # as `-kind` sorts: evaluations, lessons, results
    filterset_class = ResultFilter
    followed_as = "results"
    table_class = ResultTable
    title = _("Results and lessons")
    lead = _(
        "What came of projects, as sources state it: results with their figures, lessons that were drawn, and "
        "evaluations by others."
    )
    default_sort = "-kind"

    @staticmethod
    def count_words(count):
        return ngettext("%(count)s result or lesson", "%(count)s results and lessons", count) % {"count": count}


class ResultPage(RecordView):
    """The page of one result, lesson or evaluation."""

    model = Result
    list_title, list_url = _("Results and lessons"), "results"

    def schema_objects(self, tell, context):
        return [schema.result(tell, self.object, context["countries"], context["issues"])]

    def share_countries(self, context):
        return context["countries"]

    def get_queryset(self):
        return super().get_queryset().with_subject().prefetch_related("figures")

    def get_context_data(self, **kwargs):
        result = self.object
        subject = result.subject  # in a past version, its related records are not prefetched
        return super().get_context_data(**kwargs) | {
            "is_shortened": result.name_and_language()[0] != text_and_language(result, "text")[0],
            "countries": [place for place in subject.countries.all() if place.publication == VISIBLE],
            "issues": [issue for issue in subject.issues.all() if issue.publication == VISIBLE],
            "areas": subject.areas.all(),
            "notes": source_footnotes(result),
        }


class OrganisationList(RecordListView):
    """All organisations."""

    queryset = Organisation.objects.all()
    filterset_class = OrganisationFilter
    followed_as = "organisations"
    table_class = OrganisationTable
    title = _("Organisations")
    lead = _("Governments, agencies, provinces, cities, universities, companies and associations that take part.")
    default_sort = "-project_count"

    @staticmethod
    def count_words(count):
        return ngettext("%(count)s organisation", "%(count)s organisations", count) % {"count": count}


class OrganisationPage(RecordView):
    """The page of one organisation: what it does, where, on what and with whom."""

    model = Organisation
    subject_type = "Organization"
    list_title, list_url = _("Organisations"), "organisations"
    preview_limit = 5  # maximum number of projects, agreements, issues and areas; the lists have all

    def schema_objects(self, tell, context):
        return [schema.organisation(tell, self.object)]

    def share_countries(self, context):
        return [self.object.country] if self.object.country else []

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .prefetch_related(
                *(Prefetch(name, Place.objects.published()) for name in ("country", "seat")), "external_identifiers"
            )
        )

    def get_context_data(self, **kwargs):
        return super().get_context_data(**kwargs) | {"notes": source_footnotes(self.object)}

    def related_context(self, organisation):
        facets = registry.facet_index(Project).facets
        taking_part = facets["organisation"]
        ids = taking_part[organisation.key]
        in_role = {role: taking_part[organisation.key, role.value] for role in Participation.Role}
        newest = Project.objects.published().latest_first().for_list()
        countries = Place.objects.published().countries_of_central_asia()
        of_countries = projects_of_countries([place.key for place in countries])
        issues = Issue.objects.published().without_sections()
        agreements = Agreement.objects.published().filter(parties__organisation=organisation)
        return {
            "project_count": len(ids),
            "projects": [
                (project, [role.label for role, found in in_role.items() if project.pk in found])
                for project in registry.first_records(newest, ids, self.preview_limit)
            ],
            "by_role": [(role, len(found)) for role, found in in_role.items() if found],
            "years": years_of(ids),
            "by_country": most_frequent((place, len(ids & of_countries[place.key])) for place in countries),
            "by_issue": most_frequent(
                ((one, len(ids & facets["issue"][one.key])) for one in issues), self.preview_limit
            ),
            "by_area": most_frequent(
                ((area, len(ids & facets["area"][area.value])) for area in Area), self.preview_limit
            ),
            "partners": partners_of(organisation),
            "agreement_count": agreements.count(),
            "agreements": agreements.for_list()[: self.preview_limit],
        }


def most_frequent(counts, limit=None):
    """Return those of the pairs of something and its number that have a number, the highest first."""
    return sorted((pair for pair in counts if pair[1]), key=lambda pair: -pair[1])[:limit]


def years_of(ids):
    """Return the first and the last year that the starts and ends of projects name; None if they name none."""
    found = Project.objects.filter(pk__in_ids=IdList(ids)).aggregate(Min("start"), Min("end"), Max("start"), Max("end"))
    years = [date.year for date in found.values() if date]
    return (min(years), max(years)) if years else None


def partners_of(organisation, limit=8):
    """Return pairs of another published organisation and the number of projects of both, the most frequent first."""
    taking_part = registry.facet_index(Project).facets["organisation"]
    ids = taking_part[organisation.key]
    shared = {
        key: number
        for key, found in taking_part.items()
        if isinstance(key, str) and key != organisation.key and (number := len(ids & found))
    }
    others = Organisation.objects.published().filter(key__in=shared)
    return most_frequent(((other, shared[other.key]) for other in others), limit)
