"""What the API has: each kind of record with its filters and its orders, those of the list that readers see."""

import functools
from dataclasses import dataclass, field

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from issues.filters import EventFilter, ObservationFilter
from issues.models import Indicator, Observation
from issues.views import Glossary, IndicatorList, IssueList
from portal.filters import AskedFacet, Facet, RecordFilterSet, names
from portal.formats.serialisers import SERIALISERS
from portal.models import Place
from portal.views import SourceList
from projects.views import AgreementList, OrganisationList, ProjectList


class PlaceFilter(RecordFilterSet):
    """Places, countries among them, by what they are and where they lie."""

    kind = Facet("kind", options=Place.Kind, label=_("Kind"))
    country = Facet("country__key", options=names(Place.objects.filter(kind=Place.Kind.COUNTRY)), label=_("Country"))

    class Meta:
        model = Place
        fields = []


class CountryFilter(RecordFilterSet):
    """Countries by how they take part in the portal."""

    group = Facet("group", options=Place.Group, label=_("Group"))

    class Meta:
        model = Place
        fields = []


class ValueFilter(ObservationFilter):
    """Values by indicator, place, source and year."""

    indicator = Facet("indicator__key", options=names(Indicator.objects.all()), label=_("Indicator"))
    source = AskedFacet("source__key", label=_("Source"))

    class Meta:
        model = Observation
        fields = []


@dataclass(frozen=True)
class Resource:
    """Records of a kind at an address of the API.

    `view` is the list that readers see: its filters, its columns to sort by, its order. Where there is none, `filters`
    and `orders` (by the value of `sort`, the first one unasked) stand for it. `only` narrows the kind.
    """

    path: str
    kind: str
    words: str
    view: type | None = None
    filters: type | None = None
    orders: dict | None = None
    only: Q = field(default_factory=Q)
    unasked: str = ""  # the value of `sort` where none is given and the order is not that of the model

    @property
    def serialiser(self):
        return SERIALISERS[self.kind]

    @property
    def filterset_class(self):
        return self.filters or self.view.filterset_class

    @property
    def has_keys(self):
        """Whether one of the records has an address."""
        return "key" in self.serialiser.by_name

    def records(self):
        """The records that readers may see."""
        return self.serialiser.model.objects.published().filter(self.only)

    @functools.cached_property
    def sorts(self):
        """The values that `sort` may have."""
        if self.orders is not None:
            return list(self.orders)
        columns = self.view.table_class.base_columns.items()
        return [sign + name for name, column in columns if column.orderable is not False for sign in ("", "-")]

    def sorted(self, records, sort):
        """The records in the order of the list, or in one that was asked for."""
        if self.orders is not None:
            return records.order_by(*self.orders[sort or self.sorts[0]])
        view = self.view()
        view.object_list = records
        table = self.view.table_class(view.get_table_data(), order_by=sort or self.unasked or None)
        return table.data.data


BY_NAME = {"key": ["key"], "-key": ["-key"]}
BY_DATE = {
    "-date": [F("date").desc(nulls_last=True), "key"],
    "date": [F("date").asc(nulls_last=True), "key"],
}

RESOURCES = (
    Resource("issues", "issue", "Environmental issues, told by the DPSIR frame", IssueList),
    Resource("projects", "project", "Cooperation projects, in the vocabulary of IATI", ProjectList),
    Resource("organisations", "organisation", "Organisations that take part", OrganisationList),
    Resource("agreements", "agreement", "Agreements: dated acts between parties", AgreementList),
    Resource(
        "countries",
        "place",
        "Countries",
        filters=CountryFilter,
        orders=BY_NAME,
        only=Q(kind=Place.Kind.COUNTRY),
    ),
    Resource("places", "place", "Places of every kind, countries among them", filters=PlaceFilter, orders=BY_NAME),
    Resource("indicators", "indicator", "Indicators: what is measured year by year", IndicatorList),
    Resource(
        "observations",
        "observation",
        "Observations: the value of an indicator for a place and a year, as one source gives it",
        filters=ValueFilter,
        orders={"indicator": ["indicator__position", "indicator__key", "place__key", "year", "source__key"]}
        | {"year": ["year", "indicator__key", "place__key", "source__key"]}
        | {"-year": ["-year", "indicator__key", "place__key", "source__key"]},
    ),
    Resource("events", "event", "Events: dated milestones", filters=EventFilter, orders=BY_DATE),
    Resource("sources", "source", "Sources: what was read", SourceList),
    Resource("terms", "term", "Terms of the glossary", Glossary, unasked=Glossary.default_sort),
)
