"""The resources of the API: each kind of record, with the filters and sort orders of its list on the site."""

import functools
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet
from django_tables2 import Table

from issues.filters import EventFilter, IndicatorFilter, IssueFilter, ObservationFilter, TermFilter
from issues.models import Event, Indicator, Issue, Observation, Term
from issues.tables import IndicatorTable, IssueTable, TermTable
from portal.facets.filters import Facet, IndexedFilterSet, LazyChoiceFacet, RecordFilterSet, SourceFilter, names
from portal.formats.fields import ReadContext
from portal.formats.serialisers import SERIALISERS
from portal.generic.tables import SourceTable
from portal.models import Place, Source
from projects.filters import AgreementFilter, OrganisationFilter, ProjectFilter, ResultFilter
from projects.models import Agreement, Organisation, Project, Result
from projects.tables import AgreementTable, OrganisationTable, ProjectTable, ResultTable


class PlaceFilter(RecordFilterSet):
    """Filters places, including countries, by kind and country."""

    kind = Facet("kind", options=Place.Kind, label=_("Kind"))
    country = Facet(
        "country__key",
        "countries__key",
        options=names(Place.objects.filter(kind=Place.Kind.COUNTRY)),
        label=_("Country"),
    )

    class Meta:
        model = Place
        fields = []


class CountryFilter(RecordFilterSet):
    """Filters countries by their group, which is their role in the portal."""

    group = Facet("group", options=Place.Group, label=_("Group"))

    class Meta:
        model = Place
        fields = []


class ValueFilter(ObservationFilter):
    """Filters observations by indicator, place, source and year."""

    indicator = Facet("indicator__key", options=names(Indicator.objects.all()), label=_("Indicator"))
    source = LazyChoiceFacet("source__key", label=_("Source"))

    class Meta:
        model = Observation
        fields = []


@dataclass(frozen=True)
class Resource:
    """The records of one kind, at one path of the API.

    `queryset` has the records, published or not. They are sorted by the columns of `table_class`, as in the list on the
    site. Without a table, `orders` maps each value of `sort` to fields; the first is the default. `default_sort` is the
    value of `sort` if none is given and the order is not that of the queryset.
    """

    path: str
    words: str
    queryset: QuerySet = field(repr=False)  # repr() of a queryset would query
    filterset_class: type[FilterSet]
    table_class: type[Table] | None = None
    orders: dict | None = None
    default_sort: str = ""

    @property
    def kind(self):
        """The name of the model."""
        return self.queryset.model._meta.model_name

    @property
    def serialiser(self):
        return SERIALISERS[self.kind]

    @property
    def has_keys(self):
        """True if single records have URLs."""
        return "key" in self.serialiser.by_name

    def records(self):
        """Return the records that readers may see."""
        return self.queryset.published()

    @property
    def has_changes(self):
        """True if each record has the time of its last change."""
        return "changed" in self.serialiser.by_name

    @functools.cached_property
    def sorts(self):
        """The allowed values of `sort`."""
        if self.orders is not None:
            own = list(self.orders)
        else:
            columns = self.table_class.base_columns.items()
            own = [sign + name for name, column in columns if column.orderable is not False for sign in ("", "-")]
        return [*own, *(CHANGED if self.has_changes else ())]

    def page(self, filters, sort, offset, limit, changed_from=None):
        """Return how many records match `filters` (a QueryDict), and the primary keys of a page of them.

        `changed_from` is the moment from which on they have changed.

        Raise ProblemDetail with status 400 if a filter is invalid.
        """
        filterset = self.filterset_class(filters, self.records())
        filterset.raise_for_errors()
        found = filterset.qs
        if changed_from:
            found = found.filter(updated_at__gte=changed_from)
        count = found.count() if changed_from else filterset.counter.count()  # which may count in memory
        rows, end = self.sorted(found, sort).prefetch_related(None), min(offset + limit, count)
        pks = None
        if isinstance(filterset, IndexedFilterSet) and not changed_from:
            pks = filterset.scanned_ids(rows, offset, end)
        return count, list(rows.values_list("pk", flat=True)[offset : offset + limit]) if pks is None else pks

    def items(self, pks, language=None, fields=None):
        """Return these records as JSON objects, with texts in one language or, if it is None, in all."""
        reading = ReadContext(settings.PUBLIC_URL, language or "en", language)
        return list(map(self.serialiser.data_of(reading, fields), self.serialiser.rows(pks, reading, fields)))

    def sorted(self, records, sort):
        """Return the records in the order of `sort`, or in the default order if it is None."""
        if sort in CHANGED:
            return records.order_by(*CHANGED[sort])
        if self.orders is not None:
            return records.order_by(*self.orders[sort or self.sorts[0]])
        rows = records.for_list() if hasattr(records, "for_list") else records
        return self.table_class(rows, order_by=sort or self.default_sort or None).data.data


# The orders that all records have: harvesters read the newest changes first, or go on from the last one that they know.
CHANGED = {"changed": ["updated_at", "key"], "-changed": ["-updated_at", "key"]}
BY_NAME = {"key": ["key"], "-key": ["-key"]}
BY_DATE = {
    "-date": [F("date").desc(nulls_last=True), "key"],
    "date": [F("date").asc(nulls_last=True), "key"],
}

RESOURCES = (
    Resource("issues", "Environmental issues, told by the DPSIR frame", Issue.objects.all(), IssueFilter, IssueTable),
    Resource(
        "projects",
        "Cooperation projects, in the vocabulary of IATI",
        Project.objects.all(),
        ProjectFilter,
        ProjectTable,
    ),
    Resource(
        "organisations",
        "Organisations that take part",
        Organisation.objects.all(),
        OrganisationFilter,
        OrganisationTable,
    ),
    Resource(
        "agreements",
        "Agreements: dated acts between parties",
        Agreement.objects.all(),
        AgreementFilter,
        AgreementTable,
    ),
    Resource(
        "results",
        "Results, lessons and evaluations: what came of projects",
        Result.objects.all(),
        ResultFilter,
        ResultTable,
        default_sort="-kind",
    ),
    Resource("countries", "Countries", Place.objects.filter(kind=Place.Kind.COUNTRY), CountryFilter, orders=BY_NAME),
    Resource("places", "Places of every kind, countries among them", Place.objects.all(), PlaceFilter, orders=BY_NAME),
    Resource(
        "indicators",
        "Indicators: what is measured year by year",
        Indicator.objects.all(),
        IndicatorFilter,
        IndicatorTable,
    ),
    Resource(
        "observations",
        "Observations: the value of an indicator for a place and a year, as one source gives it",
        Observation.objects.all(),
        ValueFilter,
        orders={"indicator": ["indicator__position", "indicator__key", "place__key", "year", "source__key"]}
        | {"year": ["year", "indicator__key", "place__key", "source__key"]}
        | {"-year": ["-year", "indicator__key", "place__key", "source__key"]},
    ),
    Resource("events", "Events: dated milestones", Event.objects.all(), EventFilter, orders=BY_DATE),
    Resource("sources", "Sources: what was read", Source.objects.all(), SourceFilter, SourceTable),
    Resource("terms", "Terms of the glossary", Term.objects.all(), TermFilter, TermTable, default_sort="term"),
)
