"""Entries by year as a strip of bars, and the same numbers by decade. Pure: numbers in, lengths out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.graphics.charts import FONT, text_width

TOP = 8  # over the highest tick
FOOT = 20  # for the decades’ names
SIDE = 6  # between the ticks’ numbers and the bars
ROUND = [digit * 10**power for power in range(9) for digit in (1, 2, 5)]


@dataclass(frozen=True)
class HistogramBar:
    """One year: where its bar stands, and its stacked parts from the base upwards as (kind from 1, y, height)."""

    year: int
    counts: tuple[int, ...]
    x: float
    width: float
    parts: tuple[tuple[int, float, float], ...]


@dataclass(frozen=True)
class Decade:
    """Ten years and how much there is of each kind."""

    first: int
    counts: tuple[int, ...]
    x: float = 0
    width: float = 0
    label: str = ""
    bars: tuple[HistogramBar, ...] = ()

    @property
    def last(self) -> int:
        return self.first + 9

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Histogram:
    """A drawn strip. `ticks` are pairs of a number and its y."""

    width: float
    height: float
    left: float
    base: float
    decades: tuple[Decade, ...]
    ticks: tuple[tuple[int, float], ...]


def decades(years: Mapping[int, tuple[int, ...]]) -> list[Decade]:
    """All decades from the first year to the last, empty ones too."""
    if not years:
        return []
    kinds = len(next(iter(years.values())))
    return [
        Decade(
            first,
            tuple(
                sum(years[year][kind] for year in range(first, first + 10) if year in years) for kind in range(kinds)
            ),
        )
        for first in range(min(years) // 10 * 10, max(years) + 1, 10)
    ]


def histogram(years: Mapping[int, tuple[int, ...]], width: float, height: float) -> Histogram:
    """The strip of such a size. Needs at least one year."""
    highest = max(map(sum, years.values()))
    steps = whole_steps(highest)
    left = max(text_width(str(step)) for step in steps) + SIDE
    base = height - FOOT
    scale = (base - TOP) / steps[-1]
    found = decades(years)
    year_width = (width - left) / (10 * len(found))
    # Every decade is named if there is room, else every second, third … , counted from the last.
    room = text_width("0000") + FONT / 2
    every = next(n for n in range(1, len(found) + 2) if n * 10 * year_width >= room or n > len(found))
    drawn = []
    for number, decade in enumerate(found):
        x = left + number * 10 * year_width
        bars = tuple(
            bar(year, years[year], x + (year - decade.first) * year_width, year_width, base, scale)
            for year in range(decade.first, decade.first + 10)
            if year in years
        )
        named = (len(found) - 1 - number) % every == 0
        label = str(decade.first) if named else ""
        drawn.append(Decade(decade.first, decade.counts, round(x, 1), round(10 * year_width, 1), label, bars))
    return Histogram(
        width, height, left, base, tuple(drawn), tuple((step, round(base - step * scale, 1)) for step in steps)
    )


def whole_steps(highest: int) -> list[int]:
    """Round whole numbers from zero to `highest` or above it, three steps at most: entries have no halves."""
    step = next(round_number for round_number in ROUND if round_number * 3 >= highest)
    return list(range(0, highest + step, step))


def bar(year: int, counts: Sequence[int], x: float, room: float, base: float, scale: float) -> HistogramBar:
    """Return the bar of one year, a little narrower than its room."""
    width = room * 0.8
    parts, top = [], base
    for kind, count in enumerate(counts, 1):
        top -= count * scale
        if count:
            parts.append((kind, round(top, 1), round(count * scale, 1)))
    return HistogramBar(year, tuple(counts), round(x + (room - width) / 2, 1), round(width, 1), tuple(parts))
