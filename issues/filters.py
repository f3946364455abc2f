"""Filters of issues, indicators, events and the glossary. All lists of the portal share these parameter names."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from issues.models import Event, Indicator, Issue, Observation, Term
from portal.core.choices import Goal, PublicationStatus
from portal.facets.filters import (
    DatedFilterSet,
    Facet,
    GyeonggiFacet,
    PlaceFacet,
    RecordFilterSet,
    YearFilter,
    has_value,
    names,
    places_but_countries,
    portal_countries,
)
from portal.models import Place


def goals():
    """Return the Sustainable Development Goals as pairs of number, and number with name."""
    return [(goal.value, f"{goal.value} {goal.label}") for goal in Goal]


def measured_places():
    """Return the places that have values of some indicator, as pairs of key and name."""
    return names(Place.objects.filter(observations__isnull=False).distinct())()


class IssueFilter(RecordFilterSet):
    """Filter issues by country and goal."""

    country = Facet("countries__key", options=portal_countries, label=_("Country"))
    sdg = Facet("sdgs__goal", options=goals, label=_("SDG"), limit=6)

    class Meta:
        model = Issue
        fields = []


class IndicatorFilter(RecordFilterSet):
    """Filter indicators by issue and by the places that have values."""

    issue = Facet("issues__key", "issues__parent__key", options=names(Issue.objects.all()), label=_("Issue"))
    place = Facet(
        "observations__place__key",
        options=measured_places,
        label=_("Place with data"),
        where={"source__publication": PublicationStatus.PUBLISHED},
        shows_empty=False,
    )

    class Meta:
        model = Indicator
        fields = []


class EventCountryFacet(Facet):
    """The countries of events. Korea also has all events of kind RELATIONS, which are those between it and the region.

    Such an event names only the country of Central Asia.
    """

    @staticmethod
    def korea():
        """Return the keys of the published countries of the group KOREA. One query."""
        return list(Place.objects.published().filter(group=Place.Group.KOREA).values_list("key", flat=True))

    def _has_korea(self, model, keys):
        return has_value(model, self.paths[0], keys) | Q(kind=Event.Kind.RELATIONS)

    def filter(self, queryset, values):
        if not values:
            return queryset
        condition = has_value(queryset.model, self.paths[0], values)
        if korea := [key for key in self.korea() if key in values]:
            condition |= self._has_korea(queryset.model, korea)
        return queryset.filter(condition)

    def counts_from_queryset(self, queryset):
        counts = super().counts_from_queryset(queryset)
        korea = {key: queryset.filter(self._has_korea(queryset.model, [key])).count() for key in self.korea()}
        return counts | {key: count for key, count in korea.items() if count}


class EventFilter(DatedFilterSet):
    """Filter events by country, issue, kind, place and year."""

    kind = Facet("kind", options=Event.Kind, label=_("Kind"))
    country = EventCountryFacet("countries__key", options=portal_countries, label=_("Country"))
    gyeonggi = GyeonggiFacet()
    issue = Facet("issues__key", "issues__parent__key", options=names(Issue.objects.all()), label=_("Issue"), limit=6)
    place = PlaceFacet(
        "places__key",
        options=places_but_countries,
        label=_("Place"),
        limit=6,
        rare=True,
    )

    class Meta:
        model = Event
        fields = []


class TermFilter(RecordFilterSet):
    """Filter terms by words."""

    class Meta:
        model = Term
        fields = []


class ObservationFilter(RecordFilterSet):
    """Filter the values of one indicator by place and year, for its chart and table."""

    q = None
    place = Facet("place__key", options=measured_places, label=_("Place"), limit=99, shows_empty=False)
    year_from = YearFilter(_("From year"), "measured_from")
    year_to = YearFilter(_("To year"), "measured_to")

    class Meta:
        model = Observation
        fields = []

    def measured_from(self, queryset, name, year):
        return queryset.filter(year__gte=year)

    def measured_to(self, queryset, name, year):
        return queryset.filter(year__lte=year)
