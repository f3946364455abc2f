"""Selects observations for pages: the latest values, and all values of an indicator as a table."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q

from issues.models import Observation
from portal.core.choices import PublicationStatus
from portal.models import Place, Source


def latest_observations(until: int | None = None, **which):
    """Return a queryset of the newest observation of each indicator and place, of no later year than `until`.

    If several sources give a value for the newest year, all of these are returned. The lookups `which` restrict the
    result. They do not change which year is the newest.
    """
    by_then = Q() if until is None else Q(year__lte=until)
    newer = Observation.objects.filter(
        by_then,
        indicator=OuterRef("indicator"),
        place=OuterRef("place"),
        year__gt=OuterRef("year"),
        source__publication=PublicationStatus.PUBLISHED,
    )
    return (
        Observation.objects.published()
        .filter(by_then, ~Exists(newer), **which)
        .select_related("indicator", "place", "source")
        .order_by("indicator__position", "indicator__key", "place__key", "source__key")
    )


# The countries in charts and in the tables of their values have one order, and so each has its colour.
COUNTRY_ORDER = ("kz", "kg", "tj", "tm", "uz", "kr")


def country_rank(key) -> int:
    """Return the position of a place in charts: that of a country, or the one behind all countries."""
    return COUNTRY_ORDER.index(key) if key in COUNTRY_ORDER else len(COUNTRY_ORDER)


class Reading(NamedTuple):
    """An observation for charts and tables. It is lighter than a model instance, because a page can hold thousands."""

    place: Place
    source: Source
    year: int
    value: Decimal


def readings(observations):
    """Return lists of `Reading` by primary key of the indicator, ordered by place, source and year. Three queries."""
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
    """Return the readings of an indicator as it was on an earlier day, in the order of `readings`."""
    found = [Reading(one.place, one.source, one.year, one.value) for one in indicator.observations.all()]
    return sorted(found, key=lambda one: (one.place.kind, one.place.key, one.source.key, one.year))


@dataclass(frozen=True)
class LatestRow:
    """The latest observations of one indicator.

    `by_country` has a list of observations for each country, in the order of the table's columns. `others` has those of
    places that are neither a country nor wider than one.
    """

    indicator: object
    by_country: list
    others: list


def latest_rows(observations, countries):
    """Return a `LatestRow` for each indicator in `observations`, for a table with a column for each of `countries`."""
    rows = {}
    for observation in observations:
        rows.setdefault(observation.indicator, []).append(observation)
    return [
        LatestRow(
            indicator,
            [[o for o in found if o.place_id == country.pk] for country in countries],
            [o for o in found if o.place.kind not in Place.IN_NO_COUNTRY],
        )
        for indicator, found in rows.items()
    ]


@dataclass(frozen=True)
class PlaceColumn:
    """A column of values by year for one place.

    It joins all sources of the place. If two sources give a value for the same year, each source has a column of its
    own, and `apart` is True.
    """

    place: object
    sources: list
    apart: bool
    by_year: dict

    @property
    def own_points(self):
        """Return the values of one author as pairs of year and value, so that the first and the last are comparable.

        The author is the one with most values; of several, the one with the latest value.
        """
        by_author = {}
        for year, one in self.by_year.items():
            by_author.setdefault(author_of(one.source), []).append((year, float(one.value)))
        return max(by_author.values(), key=lambda points: (len(points), max(points)))


def value_columns(observations):
    """Return a `PlaceColumn` for each place, or for each source of a place if its sources overlap in time.

    `observations` must be ordered by place and source. Countries come first, in the order of `COUNTRY_ORDER`.
    """
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
    return sorted(columns, key=lambda column: country_rank(column.place.key))


def author_of(source):
    """Return who stands behind a source. The editions of a yearbook have one author."""
    return source.author or source.publisher


def without_wholes(columns):
    """Return the columns without those wider than a country and those that contain another place of `columns`.

    The value of a whole includes those of its parts, so it must not be ranked with them.
    """
    containing = {pk for column in columns for pk in (column.place.part_of_id, column.place.country_id)}
    wider = Place.WIDER_THAN_A_COUNTRY
    return [column for column in columns if column.place.kind not in wider and column.place.pk not in containing]


def comparable_values(columns):
    """Return values by year for each place, all of one author, because authors may define and measure differently.

    The author is the one with values for most places; of several, the one with the latest value. Places without a
    value of this author are left out.
    """
    by_author = {}
    for column in columns:
        for year, one in column.by_year.items():
            by_author.setdefault(author_of(one.source), {}).setdefault(column.place, {})[year] = one.value
    return max(by_author.values(), key=lambda by_place: (len(by_place), max(map(max, by_place.values()))), default={})


def value_rows(columns):
    """Return rows of (year, cells), the newest year first, with one cell for each column.

    A cell is an observation, or None if there is no value. No value does not mean zero.
    """
    years = sorted({year for column in columns for year in column.by_year}, reverse=True)
    return [(year, [column.by_year.get(year) for column in columns]) for year in years]
