"""The timeline: events and agreements together, by decade."""

import functools
from collections import Counter
from dataclasses import dataclass

import django_tables2 as tables
from django.db.models import Count, Prefetch, Q, Value
from django.db.models.functions import Substr
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from issues.filters import EventCountryFacet
from issues.models import Event, Issue
from portal.core.choices import Area, PublicationStatus
from portal.facets.counting import QuerySetCounter
from portal.facets.filters import (
    DatedFilterSet,
    Facet,
    FacetView,
    GyeonggiFacet,
    PlaceFacet,
    names,
    places_but_countries,
    portal_countries,
)
from portal.generic.list import RecordListView
from portal.generic.tables import RecordTable
from portal.graphics.histogram import decades, histogram
from portal.models import Place
from projects.models import Agreement, AgreementParty

VISIBLE = PublicationStatus.PUBLISHED
WIDE, NARROW = (860, 150), (348, 130)
YEARS = ("year_from", "year_to")


# ── Filters ──────────────────────────────────────────────────────────────────────────────────────────────────────


class NullFacet(Facet):
    """A facet that only the other kind of record has: any chosen value excludes all records of this kind."""

    def __init__(self, **kwargs):
        super().__init__("pk", **kwargs)

    def filter(self, queryset, values):
        return queryset.none() if values else queryset

    def counts_from_queryset(self, queryset):
        return {}


def kinds():
    """Return the kinds of events, then the kinds of agreements, as choices."""
    return [*Event.Kind.choices, *Agreement.Kind.choices]


KIND = {"options": kinds, "label": _("Kind"), "limit": 5}
COUNTRY = {"options": portal_countries, "label": _("Country")}
ISSUE = {"options": names(Issue.objects.all()), "label": _("Issue"), "limit": 6}
AREA = {
    "options": Area,
    "label": _("Area of cooperation"),
    "limit": 6,
    "hint": _("Only agreements have an area of cooperation."),
}
PLACE = {
    "options": places_but_countries,
    "label": _("Place"),
    "limit": 6,
    "rare": True,
    "hint": _("Only events have places."),
}


class AgreementTimeline(DatedFilterSet):
    """The filters of the timeline, applied to agreements."""

    kind = Facet("kind", **KIND)
    country = Facet("parties__country__key", "parties__organisation__country__key", **COUNTRY)
    gyeonggi = GyeonggiFacet()
    issue = Facet("issues__key", "issues__parent__key", **ISSUE)
    area = Facet("areas__area", **AREA)
    place = NullFacet(**PLACE)

    class Meta:
        model = Agreement
        fields = []


class TimelineCounter(QuerySetCounter):
    """Counts events and agreements together. `matches` contains the events only."""

    def count_all(self):
        return super().count_all() + self.filterset.agreements.counter.count_all()

    def count(self):
        return self.filterset.qs.count()

    def facet_counts(self, name):
        return Counter(super().facet_counts(name)) + Counter(self.filterset.agreements.counter.facet_counts(name))


class TimelineFilter(DatedFilterSet):
    """The filters of the timeline, applied to events. It also combines both kinds: entries, counts, chips.

    `qs` holds keys of entries (`record`, `pk`, `date`, `key`), not records.
    """

    counter_class = TimelineCounter

    kind = Facet("kind", **KIND)
    country = EventCountryFacet("countries__key", **COUNTRY)
    gyeonggi = GyeonggiFacet()
    issue = Facet("issues__key", "issues__parent__key", **ISSUE)
    area = NullFacet(**AREA)
    place = PlaceFacet("places__key", **PLACE)

    class Meta:
        model = Event
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.agreements = AgreementTimeline(self.data if self.is_bound else None, Agreement.objects.published())
        for name, item in self.agreements.filters.items():
            if isinstance(item, Facet):
                item.choices = self.filters[name].choices  # so that they are queried once

    @property
    def qs(self):
        return self.entries()

    def entries(self, *without):
        """Return the keys of all entries that the filters let through, except the filters named in `without`."""
        events, agreements = (
            side.counter.matches_excluding(*without)
            .order_by()
            .annotate(record=Value(side._meta.model._meta.model_name))
            .values("record", "pk", "date", "key")
            for side in (self, self.agreements)
        )
        return events.union(agreements, all=True)

    @functools.cached_property
    def facets(self):
        """Return the facets, with `kind` split into the kinds of events and the kinds of agreements."""
        facets = []
        for facet in super().facets:
            if facet.name == "kind":
                for label, own in ((_("Events"), Event.Kind), (_("Agreements"), Agreement.Kind)):
                    options = [option for option in facet.options if option.value in own.values]
                    if self._is_shown(options):
                        facets.append(FacetView("kind", label, options, facet.limit, facet.rare))
            else:
                facets.append(facet)
        return facets

    @functools.cached_property
    def years(self):
        """Return a dict from year to (events, agreements), for years with any, ascending.

        The filters by year are ignored.
        """
        found = {}
        for number, side in enumerate((self, self.agreements)):
            rows = side.counter.matches_excluding(*YEARS).order_by().annotate(year=Substr("date", 1, 4))
            for year, count in rows.values_list("year").annotate(Count("pk")):
                found.setdefault(int(year), [0, 0])[number] = count
        return {year: tuple(found[year]) for year in sorted(found)}


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────────


class TimelineTable(RecordTable):
    """The table of entries, which is sorted by date."""

    date = tables.Column(verbose_name=_("Date"))

    class Meta(RecordTable.Meta):
        fields = ("date",)

    def order_date(self, entries, is_descending):
        sign = "-" if is_descending else ""
        return entries.order_by(f"{sign}date", f"{sign}record", "key"), True


class Timeline(RecordListView):
    """The timeline page: events and agreements by decade. What is both is shown once, as the agreement."""

    queryset = Event.objects.all()
    filterset_class = TimelineFilter
    followed_as = "timeline"
    table_class = TimelineTable
    template_name = "portal/timeline.html"
    results_template = "portal/includes/timeline.html"
    title = _("Timeline")
    lead = _(
        "What happened to the region’s environment, what was decided, and how Korea and Central Asia came closer: "
        "events and agreements in one timeline."
    )
    default_sort = "date"
    kinds = ("event", "agreement")

    @staticmethod
    def count_words(count):
        return ngettext("%(count)s entry", "%(count)s entries", count) % {"count": count}

    def get_queryset(self):
        return super().get_queryset().without_agreements()

    def get_table_kwargs(self):
        return super().get_table_kwargs() | {"order_by": self.default_sort}

    def keys_of(self, rows):
        return [(row["record"], row["pk"]) for row in rows]

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        entries = entries_of([row.record for row in context["table"].page.object_list])
        shown = {entry.record.date.decade for entry in entries}
        return context | {
            "entries": entries,
            "density": TimelineHistogram(self.filterset, self.request, shown) if entries else None,
        }


@dataclass(frozen=True)
class TimelineEntry:
    """One entry of the timeline: an event or an agreement."""

    kind: str
    record: Event | Agreement

    @property
    def words(self):
        """Return the name of the column with the text of the entry."""
        return {"event": "text", "agreement": "summary"}[self.kind]

    @property
    def who(self):
        """Return the countries of an event, or the parties of an agreement."""
        if self.kind == "event":
            return self.record.countries.all()
        return [party.who for party in self.record.parties.all()]


def entries_of(keys):
    """Return the entries of a page of keys, in their order, with the related records that the page shows."""
    countries = Prefetch("countries", Place.objects.published().in_order_of("name"))
    issues = Prefetch("issues", Issue.objects.published().without_sections())
    visible = Q(country__publication=VISIBLE) | Q(organisation__publication=VISIBLE)
    parties = Prefetch("parties", AgreementParty.objects.filter(visible).select_related("country", "organisation"))
    wanted = {kind: [key["pk"] for key in keys if key["record"] == kind] for kind in ("event", "agreement")}
    found = {
        "event": Event.objects.with_outlook().prefetch_related(countries, issues).in_bulk(wanted["event"]),
        "agreement": Agreement.objects.with_outlook()
        .prefetch_related(parties, issues, "areas")
        .in_bulk(wanted["agreement"]),
    }
    return [TimelineEntry(key["record"], found[key["record"]][key["pk"]]) for key in keys]


class TimelineHistogram:
    """The histogram above the timeline, and its numbers as a table. Each decade links to its entries."""

    def __init__(self, filterset, request, shown):
        self.years = filterset.years
        self.request, self.shown = request, shown
        self.chosen = [filterset.valid_data.get(name) for name in YEARS]
        self.wide, self.narrow = (histogram(self.years, *size) for size in (WIDE, NARROW))

    @property
    def first(self):
        return min(self.years)

    @property
    def last(self):
        return max(self.years)

    @property
    def total(self):
        return sum(map(sum, self.years.values()))

    @property
    def fullest(self):
        """Return the year with the most entries (the first of several), and their number."""
        year = max(self.years, key=lambda year: (sum(self.years[year]), -year))
        return year, sum(self.years[year])

    @property
    def rows(self):
        """Return each decade with its URL."""
        return [(decade, self.address(decade)) for decade in decades(self.years)]

    @property
    def pictures(self):
        """Return the histogram for wide pages and for phones: CSS class, histogram, and its decades.

        Each decade is (decade, URL, whether the chosen years overlap it).
        """
        return [
            (name, shape, [(decade, self.address(decade), self.is_chosen(decade)) for decade in shape.decades])
            for name, shape in (("chart-wide", self.wide), ("chart-narrow", self.narrow))
        ]

    def is_chosen(self, decade):
        """Return True if the chosen years overlap the decade. Without chosen years, no decade is highlighted."""
        low, high = self.chosen
        return bool(low or high) and (low or 0) <= decade.last and decade.first <= (high or 9999)

    def address(self, decade):
        """Return the URL of a decade: an anchor if this page shows it, otherwise the timeline filtered by its years."""
        if decade.first in self.shown:
            return f"#decade-{decade.first}"
        query = {name: values for name, values in self.request.GET.lists() if name not in {*YEARS, "page"}} | {
            "year_from": decade.first,
            "year_to": decade.last,
        }
        return f"{self.request.path}?{urlencode(query, doseq=True)}"
