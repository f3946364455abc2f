"""Charts and maps of indicators: which observations they show, in which colours, and a sentence that sums them up."""

import itertools
from collections import Counter
from dataclasses import dataclass, field, replace
from string import ascii_uppercase

from django.template.loader import render_to_string
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from issues.figures import (
    COUNTRY_ORDER,
    author_of,
    comparable_values,
    country_rank,
    readings,
    value_columns,
    value_rows,
    without_wholes,
)
from issues.models import Observation
from portal.core.formatting import large_number, name_list, number, quantities, quantity
from portal.core.languages import reader_html, text_and_language
from portal.core.urls import file_path, with_query
from portal.graphics.charts import (
    PHONE_WIDTH,
    BarChart,
    LineChart,
    Series,
    bar_chart,
    labels_fit,
    line_chart,
    small_multiples,
)
from portal.graphics.png import chart_card
from portal.graphics.svg_export import LegendEntry, Panel, picture_file, standalone_file
from portal.maps import geometry
from portal.maps.region import central_asia, draw
from portal.models import Place

# Each size is shown at its own width or wider, so that words have 12 CSS pixels or more: see static/css/charts.css.
WIDE, NARROW, SMALL = (660, 330), (PHONE_WIDTH, 290), (320, 210)
LARGE = (880, 400)  # the page of an indicator
CARD = (560, 232)  # the chart of a share image, shown at twice this size
TINY = (144, 104)  # small charts on one scale
FEW = 3  # values: so few show no trend, so they are bars instead of a line
# A country has the same colour in every chart. Other places get the first colours that no place of the chart has.
TONES = {key: number for number, key in enumerate(COUNTRY_ORDER, 1)} | {"world": 7}
OTHER_TONES = (1, 5, 3, 2, 4, 8, 6, 7)
PALE = 9
MOST_COLOURED = 7  # lines; more colours cannot be told apart
MOST_SERIES = 8
DWARFED = 10  # the world's values are not drawn if its maximum is over 10 times that of the other places


@dataclass
class IndicatorFigure:
    """A line chart of one indicator with its title, links, sources, table and sentence.

    It needs at least one observation. `sizes` are (width, height) for a wide page and for a phone, or one size for
    both. `focus` is a place that is emphasised. With `worded`, the wide chart has a text for each year; a page with the
    table of the values needs none. `left_out` are observations that are not drawn; `note` says so.
    """

    indicator: object
    observations: list
    sizes: tuple = (WIDE, NARROW)
    query: dict = field(default_factory=dict)
    focus: object = None
    moments: tuple = ()
    left_out: list = field(default_factory=list)
    worded: bool = False

    @property
    def id(self):
        """Return the HTML id of the figure."""
        return f"chart-{self.indicator.key}"

    @property
    def title(self):
        return reader_html(self.indicator, "name")

    @property
    def unit(self):
        return reader_html(self.indicator, "unit")

    @property
    def licence(self):
        return reader_html(self.indicator, "licence")

    @property
    def url(self):
        return self.indicator.get_absolute_url()

    @property
    def csv_url(self):
        return with_query(file_path(self.url, "csv"), self.query)

    @property
    def picture_url(self):
        """Return the URL of the page with what its picture shows (`picture_links`)."""
        return with_query(self.url, self.query)

    @property
    def multiples_url(self):
        """Return the URL of the page with the query of the small charts (`picture_links`)."""
        return with_query(self.url, self.query | {"part": "each"})

    @cached_property
    def sources(self):
        """Return the sources of the values without duplicates."""
        return list(dict.fromkeys(observation.source for observation in self.observations))

    @property
    def note(self):
        """Return a sentence that says what is not drawn, and why; empty if everything is drawn."""
        if not self.left_out:
            return ""
        newest = max(self.left_out, key=lambda one: one.year)
        return _("Not shown because it would flatten the other lines: {place} ({value} in {year}).").format(
            place=text_and_language(newest.place, "name")[0],
            value=quantity(newest.value, text_and_language(self.indicator, "unit_symbol")[0], rounded=True),
            year=newest.year,
        )

    @cached_property
    def value_columns(self):
        return value_columns(self.observations)

    @cached_property
    def series(self) -> list[Series]:
        """Return a series for each place, or for each source of a place if its sources overlap in time.

        The first `MOST_COLOURED` have a colour. The first sources of all places go before the second ones.
        """
        tones = place_tones(list(dict.fromkeys(column.place for column in self.value_columns)))
        found, seen = [], set()
        for column in self.value_columns:
            name = text_and_language(column.place, "name")[0]
            found.append(
                Series(
                    f"{name} ({short_source(column.sources[0])})" if column.apart else name,
                    [(year, float(one.value)) for year, one in column.by_year.items()],
                    PALE if self.focus and not keeps_colour(column.place, self.focus) else tones[column.place],
                    dashed=column.place in seen,
                    heavy=column.place.group == Place.Group.KOREA,
                )
            )
            seen.add(column.place)
        coloured = [one for one in sorted(found, key=lambda one: one.dashed) if one.tone != PALE][:MOST_COLOURED]
        return [one if one in coloured else replace(one, tone=PALE) for one in found]

    @property
    def columns(self):
        """Return the column headings of the table of values."""
        return [one.name for one in self.series]

    @property
    def rows(self):
        """Return the rows of the table: the year, and a reading or None for each series."""
        return value_rows(self.value_columns)

    def chart(self, width, height, *, worded=False) -> LineChart:
        """Return the chart in a size. If the names of the series do not fit, letters replace them (see `key`)."""
        series = self.series
        if not labels_fit([one.name for one in series], width):
            series = [replace(one, name=letter) for letter, one in self.lettered]
        return line_chart(
            series, width=width, height=height, format_value=axis_number, moments=self.moments, worded=worded
        )

    @property
    def lettered(self):
        """Return pairs of letter and series."""
        return list(zip(ascii_uppercase, self.series, strict=False))

    @property
    def key(self):
        """Return the pairs of letter and series if the phone chart needs letters; else an empty list.

        `key_always` is True if the wide chart needs letters too.
        """
        return [] if labels_fit([one.name for one in self.series], self.sizes[-1][0]) else self.lettered

    @property
    def key_always(self):
        return not labels_fit([one.name for one in self.series], self.sizes[0][0])

    @cached_property
    def wide(self) -> LineChart:
        return self.chart(*self.sizes[0], worded=self.worded)

    @cached_property
    def narrow(self) -> LineChart | None:
        """Return the chart for a phone; None if there is one size for both."""
        return self.chart(*self.sizes[1]) if len(self.sizes) > 1 else None

    @property
    def latest_words(self):
        """Return the values of the latest year as words, as the readout shows them. The figure must be `worded`."""
        return self.wide.years[-1].text

    @property
    def is_few(self):
        """Return True if a line would show nothing: there are at most `FEW` values, or all are of one year."""
        return len(self.observations) <= FEW or len({one.year for one in self.observations}) == 1

    @cached_property
    def bars(self) -> BarChart:
        """Return a bar for each value, with its place and year. For figures that are `is_few`."""
        items, tones = [], []
        for one in self.series:
            for year, value in sorted(one.points):
                items.append((f"{one.name}, {year}", value, ""))
                tones.append(one.tone)
        return bar_chart(items, width=PHONE_WIDTH, format_value=axis_number, missing="", tones=tones)

    @cached_property
    def multiples(self):
        """Return a small chart for each series as (id, name, chart, sentence), all with the same axes.

        Return an empty list if there are fewer than three series, or too few values for lines.
        """
        if len(self.series) < 3 or self.is_few:
            return []
        symbol = text_and_language(self.indicator, "unit_symbol")[0]
        charts = small_multiples(self.series, width=TINY[0], height=TINY[1], format_value=axis_number)
        return [
            (
                f"{self.id}-{number}",
                one.name,
                chart,
                change.words(symbol) if (change := SeriesChange.of(one.name, column)) else "",
            )
            for number, ((one, chart), column) in enumerate(zip(charts, self.value_columns, strict=True), 1)
        ]

    @cached_property
    def sentence(self) -> str:
        """Return a sentence that says what the chart shows, computed from its values."""
        symbol = text_and_language(self.indicator, "unit_symbol")[0]
        if self.focus:
            return self.sentence_of_focus(symbol)
        peers = without_wholes(self.value_columns)
        if len(peers) <= 2:
            return " ".join(
                sentence_of(one.name, column, symbol)
                for one, column in zip(self.series, self.value_columns, strict=True)
            )
        changes = [
            change
            for one, column in zip(self.series, self.value_columns, strict=True)
            if column in peers and (change := SeriesChange.of(one.name, column))
        ]
        most = max(changes, key=lambda change: change.size, default=None)
        return " ".join(filter(None, [most.words(symbol) if most else "", highest_and_lowest(peers, symbol)]))

    def sentence_of_focus(self, symbol) -> str:
        """Return how the place in focus changed, and the range of Central Asian countries in its latest year.

        The range is left out if fewer than two countries have a value of the same author for that year. Return "" if
        the place has no values.
        """
        own = next((column for column in self.value_columns if column.place == self.focus), None)
        if own is None:
            return ""
        year = max(year for year, _value in own.own_points)
        sentences = [sentence_of(text_and_language(self.focus, "name")[0], own, symbol)]
        region = [
            float(column.by_year[year].value)
            for column in self.value_columns
            if column.place.group == Place.Group.CENTRAL_ASIA
            and year in column.by_year
            and author_of(column.by_year[year].source) == author_of(own.by_year[year].source)
        ]
        if len(region) > 1:
            low, high = quantities([min(region), max(region)], symbol)
            sentences.append(
                _("In {year}, values in the countries of Central Asia ranged from {low} to {high}.").format(
                    year=year, low=low, high=high
                )
            )
        # A unit may be an abbreviation that ends with a full stop.
        return " ".join(sentences).replace("..", ".")


def keeps_colour(place, focus):
    """Return True if `place` keeps its colour beside the place in focus: the focus, Korea, a region or the world."""
    return place == focus or place.group == Place.Group.KOREA or place.kind in Place.WIDER_THAN_A_COUNTRY


@dataclass(frozen=True)
class SeriesChange:
    """The first and the last value of a series by one author, each as (year, value)."""

    name: str
    first: tuple[int, float]
    last: tuple[int, float]

    @classmethod
    def of(cls, name, column):
        """Return the change of a column of values, or None if it has only one."""
        points = column.own_points
        first, last = min(points), max(points)
        return cls(name, first, last) if first != last else None

    @property
    def size(self):
        """Return the absolute change relative to the first value; relative to 1 if the first value is 0."""
        return abs(self.last[1] - self.first[1]) / (abs(self.first[1]) or 1)

    def words(self, unit):
        """Return the change as a sentence."""
        if self.last[1] > self.first[1]:
            sentence = _("{place}: up from {first} ({first_year}) to {last} ({last_year}).")
        elif self.last[1] < self.first[1]:
            sentence = _("{place}: down from {first} ({first_year}) to {last} ({last_year}).")
        else:
            sentence = _("{place}: {last} in both {first_year} and {last_year}.")
        first, last = quantities([self.first[1], self.last[1]], unit)
        return sentence.format(
            place=self.name, first=first, first_year=self.first[0], last=last, last_year=self.last[0]
        )


def sentence_of(name, column, unit) -> str:
    """Return a sentence about the change of a column of values, or about its value if it has only one."""
    if change := SeriesChange.of(name, column):
        return change.words(unit)
    [(year, value)] = column.own_points
    return _("{place}: {value} in {year}.").format(place=name, value=quantity(value, unit, rounded=True), year=year)


# Years: `highest_and_lowest` compares values at most this far apart in time.
PATIENCE = 5


def highest_and_lowest(columns, unit) -> str:
    """Return a sentence that names the places with the highest and the lowest value; "" if nothing can be compared.

    Only values of one author are compared (see `comparable_values`), by the first rule that applies:

    - in the latest year that all share, if it is at most `PATIENCE` years before the latest value;
    - in the latest year, among the places with a value for it, if these are at least three;
    - by the latest value of each place, with its year, if these years are at most `PATIENCE` apart.
    """
    by_place = comparable_values(columns)
    if len(by_place) < 2:
        return ""
    latest = max(map(max, by_place.values()))
    shared = max(set.intersection(*map(set, by_place.values())), default=0)
    year = shared if shared >= latest - PATIENCE else latest
    found = [(place, values[year]) for place, values in by_place.items() if year in values]
    total = len({column.place for column in columns})
    if len(found) == total:
        return extremes(found, unit, year, "latest" if year == latest else "shared")
    if len(found) > 2:
        return extremes(found, unit, year, "some")
    last = {place: max(values) for place, values in by_place.items()}
    if len(last) < total or max(last.values()) - min(last.values()) > PATIENCE:
        return ""
    return extremes_of_years([(place, values[last[place]], last[place]) for place, values in by_place.items()], unit)


def extremes(found, unit, year, basis) -> str:
    """Return a sentence on the highest and the lowest of `found`, pairs of a place and its value in `year`.

    Return "" for a single place.
    `basis` says why it is this year: "latest", or "shared" if some places have a later value. It is "some" if other
    places have no value that can be compared.
    """
    if len(found) < 2:
        return ""
    high, low = (end(value for _place, value in found) for end in (max, min))
    if high == low:
        return _("In {year}, the value was {value} in all {n} places with comparable data.").format(
            year=year, n=len(found), value=quantity(high, unit, rounded=True)
        )
    sentence = {
        "latest": _("Highest in {year}: {highest} ({high}). Lowest: {lowest} ({low})."),
        "shared": _(
            "Highest in {year}, the latest year with data for all: {highest} ({high}). Lowest: {lowest} ({low})."
        ),
        "some": _(
            "Highest in {year}, of the {n} places with comparable data: {highest} ({high}). Lowest: {lowest} ({low})."
        ),
    }[basis]
    highest, lowest = (
        name_list([text_and_language(place, "name")[0] for place, value in found if value == extreme])
        for extreme in (high, low)
    )
    high, low = quantities([high, low], unit)
    return sentence.format(year=year, n=len(found), highest=highest, high=high, lowest=lowest, low=low)


def extremes_of_years(found, unit) -> str:
    """Return a sentence on the highest and the lowest of `found`: triples of a place, its latest value and the year."""
    (highest, high, high_year), (lowest, low, low_year) = (end(found, key=lambda one: one[1]) for end in (max, min))
    high, low = quantities([high, low], unit)
    return _(
        "Highest in the latest data: {highest} ({high}, {high_year}). Lowest: {lowest} ({low}, {low_year})."
    ).format(
        highest=text_and_language(highest, "name")[0],
        high=high,
        high_year=high_year,
        lowest=text_and_language(lowest, "name")[0],
        low=low,
        low_year=low_year,
    )


def axis_number(value: float) -> str:
    """Return the label of a number on an axis, in the reader's number format."""
    return large_number(round(value, 6))


def place_tones(places) -> dict:
    """Return a colour number for each place, in the order of `places`. A country always has the same colour.

    Other places get the first colours that no country of `places` has, and `PALE` when there are no more.
    """
    taken = {TONES[place.key] for place in places if place.key in TONES}
    free = iter([tone for tone in OTHER_TONES if tone not in taken])
    return {place: TONES.get(place.key) or next(free, PALE) for place in places}


def short_source(source) -> str:
    """Return a short name of a source, to distinguish two series of one place."""
    who = (source.author_name or source.publisher_name).split(",")[0]
    return f"{who} {source.date.year}" if source.date else who


def figures_for(indicators, most, focus=None, **which):
    """Return small charts of the first `most` indicators that have values for more than two years.

    With `focus`, the years are those of that place. The lookups `which` restrict the observations.
    """
    by_indicator = readings(Observation.objects.published().filter(indicator__in=indicators, **which))
    figures = []
    for indicator in indicators:
        found = by_indicator.get(indicator.pk, [])
        if len({one.year for one in found if focus is None or one.place == focus}) > 2:
            figures.append(IndicatorFigure(indicator, found, (SMALL,), focus=focus))
        if len(figures) == most:
            break
    return figures


def chartable(observations):
    """Return the observations to draw where the reader chose no places, and those that are left out.

    The first `MOST_SERIES` places are drawn. The
    world is left out if its maximum is more than `DWARFED` times that of the other places, because their lines would
    all lie at the bottom of the chart.
    """
    places = list(dict.fromkeys(observation.place for observation in observations))
    places = sorted(places, key=lambda place: country_rank(place.key))[:MOST_SERIES]
    shown = [observation for observation in observations if observation.place in places]
    world = [one for one in shown if one.place.kind in Place.WIDER_THAN_A_COUNTRY]
    others = [one for one in shown if one.place.kind not in Place.WIDER_THAN_A_COUNTRY]
    if world and others and max(one.value for one in world) > DWARFED * max(one.value for one in others):
        return others, world
    return shown, []


def source_line(sources, licence) -> str:
    """Return the line below a picture that names its sources and its licence."""
    names = "; ".join(source.name_and_language()[0] for source in sources)
    return _("Source: {sources}. Licence: {licence}.").format(sources=names, licence=licence)


def drawing_of(figure) -> str:
    """Return the markup of the chart alone: bars if it has few values, else lines."""
    if figure.is_few:
        return render_to_string("charts/bar.html", {"chart": figure.bars})
    return render_to_string("charts/line.html", {"chart": figure.wide, "bare": True})


def chart_file(request, figure):
    """Return the chart as an SVG file response."""
    indicator = figure.indicator
    return picture_file(
        request,
        indicator.key,
        [Panel(drawing_of(figure))],
        title=text_and_language(indicator, "name")[0],
        unit=text_and_language(indicator, "unit")[0],
        sentence=figure.sentence,
        source=f"{figure.note} {source_line(figure.sources, text_and_language(indicator, 'licence')[0])}".strip(),
        key=[LegendEntry(f"{letter} {one.name}", f"swatch tone-{one.tone}") for letter, one in figure.key]
        if figure.key_always and not figure.is_few
        else (),
        width=figure.sizes[0][0],
    )


def card_image(indicator) -> bytes:
    """Return the share image of an indicator that has values, as PNG, in the reader's language.

    It has the chart of its page, at a size that can still be read beside a link.
    """
    drawn, _left_out = chartable(readings(Observation.objects.shown_of(indicator))[indicator.pk])
    figure = IndicatorFigure(indicator, drawn, (CARD,))
    return chart_card(
        text_and_language(indicator, "name")[0],
        text_and_language(indicator, "unit")[0],
        standalone_file(drawing_of(figure)),
        source_line(figure.sources, text_and_language(indicator, "licence")[0]),
        get_language(),
    )


def multiples_file(request, figure):
    """Return the small charts as one SVG file response."""
    indicator = figure.indicator
    return picture_file(
        request,
        f"{indicator.key}-each",
        [
            Panel(render_to_string("charts/line.html", {"chart": chart, "bare": True}), heading=name, note=sentence)
            for _id, name, chart, sentence in figure.multiples
        ],
        title=text_and_language(indicator, "name")[0],
        unit=text_and_language(indicator, "unit")[0],
        sentence=_("Small charts, same scale"),
        source=source_line(figure.sources, text_and_language(indicator, "licence")[0]),
        columns=4,
    )


# ── Maps ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class LegendClass:
    """A class of values in the legend of a map: its CSS class and its label."""

    tone: str
    words: str


@dataclass(frozen=True)
class MapRow:
    """A row of the table beside a shaded map.

    It has a country, the observations of all sources for the year, and the CSS class of its colour.
    """

    country: object
    observations: list
    tone: str


FEWEST = 3  # countries that need a value for a year; a map with fewer would show too little


def common_years(years_by_country: dict[str, set[int]]) -> list[int]:
    """Return the years for which at least three countries have values, the latest first."""
    counts: dict[int, int] = {}
    for years in years_by_country.values():
        for year in years:
            counts[year] = counts.get(year, 0) + 1
    return sorted((year for year, count in counts.items() if count >= FEWEST), reverse=True)


def has_map(indicator) -> bool:
    """Return whether `value_map` has a map of the indicator. One query."""
    years_of: dict[str, set[int]] = {}
    for key, year in (
        indicator.observations.published()
        .filter(place__group=Place.Group.CENTRAL_ASIA)
        .order_by()
        .values_list("place__key", "year")
    ):
        years_of.setdefault(key, set()).add(year)
    return bool(common_years(years_of))


def best_year(years_by_country: dict[str, set[int]], years: list[int], patience: int = 10) -> int:
    """Return the latest year that all countries share and that is in `years`.

    Return the latest of `years` if there is no shared year, or if it is more than `patience` years older. `years` must
    have the latest first.
    """
    shared = set.intersection(*years_by_country.values()) & set(years)
    return max(shared) if shared and max(shared) >= years[0] - patience else years[0]


def value_map(indicator, year=None):
    """Return the template context of a map of countries shaded by an indicator's values for one year.

    The context includes the sentence, the legend and the rows of the table. `year` is the text that the reader entered;
    without it, the map shows `best_year`. If there is no map for `year`, `problem` says so and the map shows
    `best_year`. Return None if no year has values for at least three countries.
    """
    countries = sorted(central_asia(), key=lambda place: place.name_and_language()[0])
    by_pk = {place.pk: place for place in countries}
    observations = list(
        indicator.observations.published().filter(place__in=countries).select_related("source").order_by("source__key")
    )
    years_of: dict[str, set[int]] = {}
    for observation in observations:
        years_of.setdefault(by_pk[observation.place_id].key, set()).add(observation.year)
    years = common_years(years_of)
    if not years:
        return None
    usual = best_year(years_of, years)
    asked = str(year or "").strip()
    chosen = int(asked) if asked.isdecimal() and int(asked) in years else usual
    problem = ""
    if asked and str(chosen) != asked:
        problem = _("There is no map for the year “{asked}”: this one shows {year}.").format(
            asked=asked[:20], year=chosen
        )
    of_country = {}
    for observation in observations:
        if observation.year == chosen:
            of_country.setdefault(observation.place_id, []).append(observation)
    # If there are several sources, the map uses the value of the main source. The table shows all values.
    for found in of_country.values():
        found.sort(key=lambda observation: observation.source_id != indicator.source_id)
    values = {by_pk[pk].key: float(found[0].value) for pk, found in of_country.items()}
    breaks = geometry.class_breaks([value for value in values.values() if value != 0] or [0])
    tones = {place.key: "map-class-none" for place in countries}
    tones |= {
        key: f"map-class-{geometry.class_of(value, breaks)}" if value else "map-class-zero"
        for key, value in values.items()
    }
    unit, unit_language = text_and_language(indicator, "unit_symbol")
    figures = {
        place.key: number(of_country[place.pk][0].value) if place.pk in of_country else _("no data")
        for place in countries
    }
    name = text_and_language(indicator, "name")[0]
    drawn = draw(
        id="map",
        label=_("{indicator} by country, {year}").format(indicator=name, year=chosen),
        marks=[],
        countries=countries,
        tones=tones,
        figures=figures,
        hatched=True,
    )
    return {
        "map": drawn,
        "indicator": indicator,
        "year": chosen,
        "years": years,
        "problem": problem,
        "unit": unit,
        "unit_language": "" if unit_language == get_language() else unit_language,
        "rows": [MapRow(place, of_country.get(place.pk, []), tones[place.key]) for place in countries],
        "classes": legend(breaks, tones.values()),
        "sentence": sentence(countries, of_country, chosen, unit),
        "several": any(len(found) > 1 for found in of_country.values()),
        "sources": list(dict.fromkeys(observation.source for found in of_country.values() for observation in found)),
    }


def legend(breaks, tones) -> list[LegendClass]:
    """Return the classes of a shaded map with their labels. "Zero" and "no data" are included only if they occur."""
    tones = set(tones)
    pairs = list(itertools.pairwise(breaks))
    classes = []
    if "map-class-zero" in tones:
        classes.append(LegendClass("map-class-zero", _("zero")))
    for i, (low, high) in enumerate(pairs, start=1):
        words = _("{low} to {high}") if i == len(pairs) else _("{low} to under {high}")
        classes.append(LegendClass(f"map-class-{i}", words.format(low=large_number(low), high=large_number(high))))
    if "map-class-none" in tones:
        classes.append(LegendClass("map-class-none", _("no data")))
    return classes


def sentence(countries, of_country, year, unit) -> str:
    """Return a sentence that names the countries with the highest and the lowest value on a shaded map.

    It compares the values of the author that has one for most countries.
    """
    shown = {place: of_country[place.pk][0] for place in countries if place.pk in of_country}
    author = Counter(author_of(one.source) for one in shown.values()).most_common(1)[0][0]
    found = [(place, one.value) for place, one in shown.items() if author_of(one.source) == author]
    return extremes(found, unit, year, "latest" if len(found) == len(countries) else "some")


def map_file(request, indicator, found):
    """Return the map of `value_map` as an SVG file response; None if there is no map."""
    if found is None:
        return None
    drawn = found["map"]
    return picture_file(
        request,
        f"{indicator.key}-{found['year']}",
        [Panel(render_to_string("components/map_drawing.html", {"map": drawn}))],
        title=f"{text_and_language(indicator, 'name')[0]}, {found['year']}",
        unit=text_and_language(indicator, "unit")[0],
        sentence=found["sentence"],
        source=f"{source_line(found['sources'], text_and_language(indicator, 'licence')[0])} "
        f"{_('Made with Natural Earth.')}",
        key=[
            LegendEntry(
                one.words, f"map-shape {one.tone}", f"url(#{drawn.id}-hatch)" if one.tone == "map-class-none" else ""
            )
            for one in found["classes"]
        ],
    )
