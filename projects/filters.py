"""Filters of projects, agreements, results and organisations. All lists of the portal share these parameter names."""

import functools
from collections import Counter, defaultdict
from typing import ClassVar

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from issues.models import Issue
from portal.core.choices import Area, Confidence, Currency, Goal, Level, PublicationStatus
from portal.core.sdg import sort_key
from portal.facets import registry
from portal.facets.bitmaps import BitMap, FacetSource, union
from portal.facets.filters import (
    DatedFilterSet,
    Facet,
    GyeonggiFacet,
    IndexedFilterSet,
    LazyChoiceFacet,
    PlaceFacet,
    RecordFilterSet,
    YearFacet,
    YearFilter,
    has_value,
    names,
    places_but_countries,
    portal_countries,
    rows_at,
)
from portal.models import Place
from projects.models import (
    Agreement,
    EndAgainstPlan,
    Organisation,
    Participation,
    Project,
    ProjectSdg,
    Result,
    RioMarker,
    Sector,
    StatusNow,
)
from projects.models.project_status import COLUMNS, ids_by_status_on, status_on


def sectors():
    return [(sector.code, str(sector)) for sector in Sector.objects.all()]


def goals_and_targets():
    """Return pairs of value and label: all goals, and the targets that some project has."""
    targets = ProjectSdg.objects.filter(code__contains=".").values_list("code", flat=True).distinct()
    return [(goal.value, f"{goal.value} {goal.label}") for goal in Goal] + [
        (code, code) for code in sorted(targets, key=sort_key)
    ]


class ParticipationFacet(Facet):
    """A facet of participating organisations or of their roles.

    If both are chosen, one row must fulfil both: `koica` and `funding` means funding by KOICA. `other` is the name of
    the other filter, `column` is the lookup from the row to the other filter's value.
    """

    def __init__(self, path, *, other, column, **kwargs):
        super().__init__(path, **kwargs)
        self.depends_on, self.column = (other,), column

    @property
    def other_values(self):
        """Return the chosen values of the other filter."""
        return self.parent.valid_data.get(*self.depends_on, [])

    def conditions(self):
        return super().conditions() | ({f"{self.column}__in": self.other_values} if self.other_values else {})

    def index_sources(self, model):
        """Return the sources of single values and of pairs of a value and a value of the other filter."""
        [path] = self.paths
        return [self.index_source(model, path), self.index_source(model, path, self.column)]

    def ids_for_value(self, bitmaps, value):
        if not self.other_values:
            return super().ids_for_value(bitmaps, value)
        return union([bitmaps[value, other] for other in self.other_values])


class IssueFacet(Facet):
    """A facet of issues; an issue includes its sub-issues.

    The index also has pairs of an issue and its significance for a project.
    """

    def index_sources(self, model):
        return [*super().index_sources(model), self.index_source(model, self.paths[0], "significance")]


class SdgFacet(Facet):
    """A facet of goals and their targets. A target is counted only if it is chosen."""

    def is_counted(self, value):
        return "." not in value or value in self.parent.valid_data.get("sdg", [])


class WorkFacet(Facet):
    """A facet of the work of organisations: of the published projects in which they take part.

    The chosen values of all these facets must be of one and the same project, and in it of the same organisation:
    `works_in=kg&issue=desertification&role=funding` finds those that funded a project on desertification in Kyrgyzstan.
    So a facet depends on all others. `of_projects` is the name of the same facet in the list of projects, whose facet
    index is used.
    """

    depends_on = ("works_in", "issue", "area", "role")

    def __init__(self, path, *, of_projects, **kwargs):
        super().__init__(path, **kwargs)
        self.of_projects = of_projects

    def filter(self, queryset, values):
        return queryset.filter(key__in=self._work()) if values else queryset

    def counts_from_queryset(self, queryset):
        work, keys = self._work(without=self), set(queryset.values_list("key", flat=True))
        projects = [ids for key, ids in work.items() if key in keys]
        return {
            value: sum(not ids.isdisjoint(found) for ids in projects)
            for value, _label in self.choices
            if (found := self._ids([value]))
        }

    def _ids(self, values):
        """Return the ids of the projects that have one of the values."""
        bitmaps = self.parent.facets_of_projects[self.of_projects]
        return ProjectFilter.base_filters[self.of_projects].ids_for_values(bitmaps, values)

    def _work(self, without=None):
        """Return the projects with the chosen values, as bitmaps by the key of each organisation that has some.

        The values of the facet `without` are left out.
        """
        chosen = {item: values for item, values in self.parent.chosen_work.items() if item is not without}
        roles = next((values for item, values in chosen.items() if isinstance(item, RoleFacet)), [])
        with_values = [item._ids(values) for item, values in chosen.items() if not isinstance(item, RoleFacet)]
        found = defaultdict(list)
        for value, ids in self.parent.facets_of_projects["organisation"].items():
            key, role = value if isinstance(value, tuple) else (value, None)
            if role in roles if roles else role is None:
                found[key].append(ids)
        work = {key: BitMap.intersection(union(ids), *with_values) for key, ids in found.items()}
        return {key: ids for key, ids in work.items() if ids}


class RoleFacet(WorkFacet):
    """A facet of the roles of organisations in published projects."""

    def counts_from_queryset(self, queryset):
        work, keys = self._work(without=self), set(queryset.values_list("key", flat=True))
        counts = Counter()
        for value, ids in self.parent.facets_of_projects["organisation"].items():
            if isinstance(value, tuple):
                key, role = value
                counts[role] += key in keys and key in work and not ids.isdisjoint(work[key])
        return counts


class StatusNowFacet(Facet):
    """A facet of the statuses that readers see today.

    They depend on the day, so the index has the ids by the stored values that they are made from, as pairs of a column
    and a value. The statuses of today are derived from these.
    """

    @property
    def today(self):
        # Not cached: pages share the filters of the class, which live as long as the process.
        return timezone.localdate()

    def filter(self, queryset, values):
        return queryset.with_status_on(values, self.today) if values else queryset

    def counts_from_queryset(self, queryset):
        found = Counter(status_on(*row, self.today).value for row in queryset.order_by().values_list(*COLUMNS))
        return dict(found)

    def index_sources(self, model):
        # Each column has its own `where`, so that it is read by its own query.
        return [FacetSource(model, "pk", (column,), ((f"{column}__isnull", False),)) for column in COLUMNS]

    def build_bitmaps(self, found):
        columns = zip(COLUMNS, found, strict=True)
        return {(column, value): ids for column, by_value in columns for value, ids in by_value.items()}

    def ids_for_value(self, bitmaps, value):
        return self._ids_today(bitmaps)[value]

    def counts_from_index(self, bitmaps, ids):
        return {value.value: ids.intersection_cardinality(found) for value, found in self._ids_today(bitmaps).items()}

    def _ids_today(self, bitmaps):
        """Return the ids by status of today, which are derived once for each state of the index and each day."""
        (day, found), today = bitmaps.derived, self.today
        if day != today:
            found = ids_by_status_on(bitmaps, today)
            bitmaps.derived = today, found
        return found


class ProjectCountryFacet(Facet):
    """The countries that projects concern. Korea has the projects in which its organisations take part.

    Korea is a partner, not a recipient, so projects do not name it. The index has its projects under the pair of key
    and group, and under the plain key of each country the projects that name it. Coverage counts the latter.
    """

    participants = "participations__organisation__country__key"
    participants_where: ClassVar[dict] = {
        "organisation__publication": PublicationStatus.PUBLISHED,
        "organisation__country__group": Place.Group.KOREA,
    }

    def filter(self, queryset, values):
        if not values:
            return queryset
        return queryset.filter(
            has_value(queryset.model, self.paths[0], values)
            | has_value(queryset.model, self.participants, values, self.participants_where)
        )

    def counts_from_queryset(self, queryset):
        queryset = queryset.order_by()
        where = {f"participations__{name}": value for name, value in self.participants_where.items()}
        pairs = set(queryset.values_list("pk", self.paths[0])) | set(
            queryset.filter(**where).values_list("pk", self.participants)
        )
        return Counter(value for _pk, value in pairs if value)

    def index_sources(self, model):
        rows, owner, column = rows_at(model, self.participants)
        where = tuple(self.participants_where.items())
        return [
            *super().index_sources(model),
            FacetSource(rows, owner, (column, "organisation__country__group"), where),
        ]

    def ids_for_value(self, bitmaps, value):
        return union([bitmaps[value], bitmaps[value, Place.Group.KOREA.value]])

    def counts_from_index(self, bitmaps, ids):
        values = {value[0] if isinstance(value, tuple) else value for value in bitmaps}
        return {value: ids.intersection_cardinality(self.ids_for_value(bitmaps, value)) for value in values}


def projects_of_countries(keys):
    """Return the published projects that the list shows for each country, as bitmaps by key. The index is read once."""
    facet, bitmaps = ProjectFilter.base_filters["country"], registry.facet_index(Project).facets["country"]
    return {key: facet.ids_for_value(bitmaps, key) for key in keys}


def projects_with_status(*groups):
    """Return a bitmap for each of the groups of statuses (codes of StatusNow).

    It has the published projects of which readers see one of these statuses today. The index is read once.
    """
    index = registry.facet_index(Project)
    return [registry.ids_with(index, Project, "status_now", statuses) for statuses in groups]


class ProjectFilter(IndexedFilterSet):
    """Filter projects by country, issue, area and more."""

    country = ProjectCountryFacet("countries__key", options=portal_countries, label=_("Country"))
    gyeonggi = GyeonggiFacet()
    issue = IssueFacet(
        "issues__key", "issues__parent__key", options=names(Issue.objects.all()), label=_("Issue"), limit=6
    )
    area = Facet("areas__area", options=Area, label=_("Area of cooperation"), limit=6)
    level = Facet("level", options=Level, label=_("Lead (Korean side)"))
    status_now = StatusNowFacet("status", options=StatusNow, label=_("Status today"))
    status = Facet("status", options=Project.Status, label=_("Status in the newest source"), rare=True)
    finance = Facet("finance", options=Project.Finance, label=_("Funding type"), rare=True)
    organisation = ParticipationFacet(
        "participations__organisation__key",
        other="role",
        column="role",
        options=names(Organisation.objects.all()),
        label=_("Organisation"),
        rare=True,
    )
    role = ParticipationFacet(
        "participations__role",
        other="organisation",
        column="organisation__key",
        where={"organisation__publication": PublicationStatus.PUBLISHED},
        options=Participation.Role,
        label=_("Role"),
        rare=True,
    )
    organisation_kind = Facet(
        "participations__organisation__kind",
        options=Organisation.Kind,
        label=_("Kind of organisation"),
        where={"organisation__publication": PublicationStatus.PUBLISHED},
        rare=True,
    )
    sector = Facet("sectors__code", options=sectors, label=_("Sector (OECD DAC)"), limit=6, rare=True)
    marker = Facet(
        "rio_markers__marker",
        options=RioMarker.Marker,
        label=_("Rio marker"),
        where={"significance__gt": 0},
        rare=True,
    )
    sdg = SdgFacet("sdgs__goal", "sdgs__code", options=goals_and_targets, label=_("SDG"), limit=6, rare=True)
    place = PlaceFacet("places__key", options=places_but_countries, label=_("Place"), limit=6, rare=True)
    confidence = Facet("confidence", options=Confidence, label=_("Confidence"), rare=True)
    source = LazyChoiceFacet("citations__source__key", label=_("Source"))
    year_from = YearFilter(_("Active from"), "running_from")
    year_to = YearFilter(_("Active until"), "running_to")
    started_from = YearFilter(_("Start year from"), "starting_from")
    started_to = YearFilter(_("Start year to"), "starting_to")

    # Each has its own `where`, so that it is read by its own query. A query for several columns returns a row for each
    # combination of their values.
    index_only_facets = {
        "started": YearFacet("start", options=(), label=_("Start date"), where={"start__isnull": False}),
        "currency": Facet("currency", options=Currency, label=_("currency"), where={"budget__isnull": False}),
        "results": Facet("publication", options=(), label=_("Results"), where={"results_en__gt": ""}),
    }

    class Meta:
        model = Project
        fields = []

    def running_from(self, queryset, name, year):
        return queryset.running_in(year, None)

    def running_to(self, queryset, name, year):
        return queryset.running_in(None, year)

    def starting_from(self, queryset, name, year):
        return queryset.filter(start__gte=f"{year:04}")

    def starting_to(self, queryset, name, year):
        return queryset.filter(start__lt=f"{year + 1:04}")


class AgreementFilter(DatedFilterSet):
    """Filter agreements by country, kind, issue and more."""

    country = Facet(
        "parties__country__key",
        "parties__organisation__country__key",
        options=portal_countries,
        label=_("Country"),
    )
    gyeonggi = GyeonggiFacet()
    kind = Facet("kind", options=Agreement.Kind, label=_("Kind"))
    issue = Facet("issues__key", "issues__parent__key", options=names(Issue.objects.all()), label=_("Issue"), limit=6)
    area = Facet("areas__area", options=Area, label=_("Area of cooperation"), limit=6)
    level = Facet("level", options=Level, label=_("Lead (Korean side)"))
    organisation = Facet(
        "parties__organisation__key", options=names(Organisation.objects.all()), label=_("Organisation"), rare=True
    )
    confidence = Facet("confidence", options=Confidence, label=_("Confidence"), rare=True)

    class Meta:
        model = Agreement
        fields = []


class InheritedFacet(Facet):
    """A facet of results. A result without a project has its own values; any other has those of its project.

    Both models have the values at the same paths. The values of an unpublished project do not count.
    """

    def filter(self, queryset, values):
        if not values:
            return queryset
        own, inherited = Q(), Q()
        for path in self.paths:
            own |= has_value(queryset.model, path, values)
            inherited |= has_value(Project, path, values)
        projects = Project.objects.published().filter(pk=OuterRef("project")).filter(inherited)
        return queryset.filter(own | Q(Exists(projects)))

    def counts_from_queryset(self, queryset):
        pairs = set()
        of_projects = queryset.order_by().filter(project__publication=PublicationStatus.PUBLISHED)
        for path in self.paths:
            pairs.update(queryset.order_by().values_list("pk", path))
            pairs.update(of_projects.values_list("pk", f"project__{path}"))
        return Counter(value for _pk, value in pairs if value)


class EndAgainstPlanFacet(Facet):
    """How the actual end of a project compares with the planned one, where sources give both."""

    def __init__(self):
        super().__init__("actual_end", options=EndAgainstPlan, label=_("End against the plan"))

    def filter(self, queryset, values):
        found = Q(pk__in=[])
        for value in values:
            found |= EndAgainstPlan(value).condition
        return queryset.filter(found) if values else queryset

    def counts_from_queryset(self, queryset):
        rows = queryset.order_by().values_list("planned_end", "actual_end")
        return dict(Counter(found.value for row in rows if (found := EndAgainstPlan.of(*row))))


class ResultFilter(RecordFilterSet):
    """Filter results, lessons and evaluations by kind, issue, area, country and delay."""

    kind = Facet("kind", options=Result.Kind, label=_("Kind"))
    issue = InheritedFacet(
        "issues__key", "issues__parent__key", options=names(Issue.objects.all()), label=_("Issue"), limit=6
    )
    area = InheritedFacet("areas__area", options=Area, label=_("Area of cooperation"), limit=6)
    country = InheritedFacet("countries__key", options=portal_countries, label=_("Country"))
    gyeonggi = GyeonggiFacet()
    end_against_plan = EndAgainstPlanFacet()

    class Meta:
        model = Result
        fields = []


class OrganisationFilter(RecordFilterSet):
    """Filter organisations by country, kind and the projects in which they take part."""

    country = Facet("country__key", options=names(Place.objects.filter(kind=Place.Kind.COUNTRY)), label=_("Country"))
    gyeonggi = GyeonggiFacet()
    kind = Facet("kind", options=Organisation.Kind, label=_("Kind"), limit=9)
    works_in = WorkFacet(
        "projects__countries__key",
        of_projects="country",
        options=names(Place.objects.filter(group=Place.Group.CENTRAL_ASIA)),
        label=_("Works in"),
        hint=_("The choices of “Works in”, issue, area and role apply to one and the same project."),
    )
    issue = WorkFacet(
        "projects__issues__key",
        of_projects="issue",
        options=names(Issue.objects.all()),
        label=_("Issue"),
        limit=6,
    )
    area = WorkFacet("projects__areas__area", of_projects="area", options=Area, label=_("Area of cooperation"), limit=6)
    role = RoleFacet(
        "participations__role", of_projects="role", options=Participation.Role, label=_("Role in projects")
    )

    class Meta:
        model = Organisation
        fields = []

    @functools.cached_property
    def facets_of_projects(self):
        """The bitmaps of published projects, by facet and value."""
        return registry.facet_index(Project).facets

    @functools.cached_property
    def chosen_work(self):
        """The chosen values by facet, of the facets of the work of organisations."""
        return {
            item: self.valid_data[name]
            for name, item in self.facet_filters.items()
            if isinstance(item, WorkFacet) and name in self.valid_data
        }
