"""Picks observations for pages: the latest values, and all values of an indicator as a table."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from issues.models import Observation
from portal.models import Place


def latest_observations(**which):
    """The newest observation of each indicator and place among those that `which` (lookups) names.

    Sources that give a value for the same newest year all stand.
    """
    newer = Observation.objects.filter(
        indicator=OuterRef("indicator"), place=OuterRef("place"), year__gt=OuterRef("year")
    )
    return (
        Observation.objects.filter(~Exists(newer), indicator__publication="published", **which)
        .select_related("indicator", "place", "source")
        .order_by("indicator__position", "place__key", "source__key")
    )


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
class Column:
    """A column of an indicator's table: a place, and the source too where a place has several."""

    place: object
    source: object
    several: bool


def value_table(observations):
    """All values of one indicator: columns, and rows of (year, a cell per column), the newest year first.

    A cell is an observation or None: no value is not zero.
    """
    pairs, cells = {}, {}
    for observation in observations:
        pair = (observation.place_id, observation.source_id)
        pairs.setdefault(pair, observation)
        cells.setdefault(observation.year, {})[pair] = observation
    by_place = {}
    for place, _source in pairs:
        by_place[place] = by_place.get(place, 0) + 1
    columns = [Column(o.place, o.source, by_place[o.place_id] > 1) for o in pairs.values()]
    rows = [(year, [cells[year].get(pair) for pair in pairs]) for year in sorted(cells, reverse=True)]
    return columns, rows
