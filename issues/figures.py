"""Picks observations for pages: the latest values, and all values of an indicator as a table."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from issues.models import Observation
from portal.core.choices import PublicationStatus
from portal.models import Place, Source


def latest_observations(**which):
    """The newest observation of each indicator and place among those that `which` (lookups) names.

    Sources that give a value for the same newest year all stand.
    """
    newer = Observation.objects.filter(
        indicator=OuterRef("indicator"),
        place=OuterRef("place"),
        year__gt=OuterRef("year"),
        source__publication=PublicationStatus.PUBLISHED,
    )
    return (
        Observation.objects.published()
        .filter(~Exists(newer), **which)
        .select_related("indicator", "place", "source")
        .order_by("indicator__position", "place__key", "source__key")
    )


class Reading(NamedTuple):
    """An observation as charts and tables need it, lighter than a record: pages hold thousands."""

    place: Place
    source: Source
    year: int
    value: Decimal


def readings(observations):
    """The readings of a queryset of observations by indicator's primary key, in the order of place, source and year."""
    rows = list(
        observations.order_by("place__kind", "place__key", "source__key", "year").values_list(
            "indicator", "place", "source", "year", "value"
        )
    )
    places = Place.objects.in_bulk({row[1] for row in rows})
    sources = Source.objects.in_bulk({row[2] for row in rows})
    found = {}
    for indicator, place, source, year, value in rows:
        found.setdefault(indicator, []).append(Reading(places[place], sources[source], year, value))
    return found


def past_readings(indicator):
    """The readings of an indicator as it was on a day, in the same order."""
    found = [Reading(one.place, one.source, one.year, one.value) for one in indicator.observations.all()]
    return sorted(found, key=lambda one: (one.place.kind, one.place.key, one.source.key, one.year))


@dataclass(frozen=True)
class LatestRow:
    """The latest values of one indicator: by country in the order of the table's columns, and of other places."""

    indicator: object
    by_country: list
    others: list


def latest_rows(observations, countries):
    """Rows for a table with a column a country of `countries`."""
    rows = {}
    for observation in observations:
        rows.setdefault(observation.indicator, []).append(observation)
    return [
        LatestRow(
            indicator,
            [[o for o in found if o.place_id == country.pk] for country in countries],
            [o for o in found if o.place.kind not in {Place.Kind.COUNTRY, Place.Kind.WORLD}],
        )
        for indicator, found in rows.items()
    ]


@dataclass(frozen=True)
class PlaceColumn:
    """The values of one place: of all its sources, or of one where two of them give a value for the same year."""

    place: object
    sources: list
    apart: bool
    by_year: dict


def value_columns(observations):
    """Observations (ordered by place and source) as columns: sources that overlap in time stand apart."""
    by_place = {}
    for observation in observations:
        by_place.setdefault(observation.place, {}).setdefault(observation.source, {})[observation.year] = observation
    columns = []
    for place, by_source in by_place.items():
        years = [year for values in by_source.values() for year in values]
        if len(years) == len(set(years)):
            joined = {year: one for values in by_source.values() for year, one in values.items()}
            columns.append(PlaceColumn(place, list(by_source), False, joined))
        else:
            columns += [PlaceColumn(place, [source], True, values) for source, values in by_source.items()]
    return columns


def value_rows(columns):
    """Rows of (year, a cell per column), the newest year first. A cell is an observation or None: none is not zero."""
    years = sorted({year for column in columns for year in column.by_year}, reverse=True)
    return [(year, [column.by_year.get(year) for column in columns]) for year in years]
