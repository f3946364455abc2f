"""Key figures of a country: the newest value, its rank among the five countries, Korea's value, and its course."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString

from issues.charts import SeriesChange
from issues.figures import Reading, author_of, readings
from issues.models import Indicator, Observation
from portal.core.formatting import quantity, quantity_html
from portal.core.languages import reader_html, text_and_language
from portal.graphics.charts import spark
from portal.models import Place
from portal.views.country.overview import YearlyValue

SPARK = (96, 24)  # width and height in pixels


@dataclass(frozen=True)
class CountryFigure:
    """A key figure of a country. Without a value in the portal, `newest` is None.

    `rank` is the place among `ranked` countries of Central Asia, the highest value first: those with a value of the
    same author and year. It is None if the country is the only one. `points` are the values of that author by year.
    """

    indicator: Indicator
    newest: Reading | None = None
    rank: int | None = None
    ranked: int = 0
    korea: Reading | None = None
    points: Sequence[tuple[int, float]] = ()

    @property
    def value(self) -> SafeString | str:
        """Return the value with its unit as HTML."""
        return quantity_html(self.newest.value, *text_and_language(self.indicator, "unit_symbol"), rounded=True)

    @property
    def unit(self) -> str:
        """Return the name of the unit; "" if it stands beside the value already."""
        same = text_and_language(self.indicator, "unit") == text_and_language(self.indicator, "unit_symbol")
        return "" if same else reader_html(self.indicator, "unit") or ""

    @property
    def value_of_korea(self) -> str:
        return quantity(self.korea.value, text_and_language(self.indicator, "unit_symbol")[0], rounded=True)

    @property
    def spark(self) -> list[str]:
        """Return the line of the values as SVG paths; [] if there are fewer than three."""
        return spark(self.points, *SPARK) if len(self.points) > 2 else []

    @property
    def change(self) -> str:
        """Return a sentence on the change from the first to the newest value; "" without a line."""
        if not self.spark:
            return ""
        name = text_and_language(self.newest.place, "name")[0]
        symbol = text_and_language(self.indicator, "unit_symbol")[0]
        return SeriesChange(name, min(self.points), max(self.points)).words(symbol)

    @property
    def yearly_value(self) -> YearlyValue | None:
        """Return the value as the sentences of the overview need it; None if it is not known."""
        if self.newest is None:
            return None
        symbol = text_and_language(self.indicator, "unit_symbol")[0]
        return YearlyValue(
            quantity(abs(self.newest.value), symbol, rounded=True), self.newest.year, self.newest.value < 0
        )


def country_figures(indicators: Iterable[Indicator], country: Place) -> list[CountryFigure]:
    """Return the figure of each indicator for a country. Three queries."""
    indicators = list(indicators)
    shown = Observation.objects.published().filter(indicator__in=indicators, place__group__in=Place.Group.values)
    found = readings(shown) if indicators else {}
    return [country_figure(indicator, found.get(indicator.pk, []), country) for indicator in indicators]


def country_figure(indicator: Indicator, found: Sequence[Reading], country: Place) -> CountryFigure:
    """Return the figure of an indicator for a country from the readings of all countries of the portal.

    Of several sources for one year, the main source of the indicator comes first, then the order of keys.
    """
    by_place: dict[Place, dict[int, Reading]] = {}
    for one in sorted(found, key=lambda one: (one.source.pk != indicator.source_id, one.source.key)):
        by_place.setdefault(one.place, {}).setdefault(one.year, one)
    own = by_place.get(country)
    if not own:
        return CountryFigure(indicator)
    newest = own[max(own)]
    author = author_of(newest.source)
    peers = {
        place: values[newest.year].value
        for place, values in by_place.items()
        if place.group == Place.Group.CENTRAL_ASIA
        and newest.year in values
        and author_of(values[newest.year].source) == author
    }
    return CountryFigure(
        indicator,
        newest,
        rank_of(newest.value, peers.values()) if country in peers and len(peers) > 1 else None,
        len(peers),
        beside(by_place, newest),
        [(year, float(one.value)) for year, one in sorted(own.items()) if author_of(one.source) == author],
    )


def rank_of(value: Decimal, values: Iterable[Decimal]) -> int:
    """Return the place of a value among values, the highest first. Equal values share a place."""
    return 1 + sum(other > value for other in values)


def beside(by_place: Mapping[Place, Mapping[int, Reading]], newest: Reading) -> Reading | None:
    """Return Korea's value of the same year, else its newest one; None if it has none or is the country itself."""
    for place, values in by_place.items():
        if place.group == Place.Group.KOREA and place != newest.place:
            return values.get(newest.year) or values[max(values)]
    return None
