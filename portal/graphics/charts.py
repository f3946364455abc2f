"""Shapes of charts from plain numbers. No database, no HTML, no words of its own: templates in templates/charts/ draw
what these functions return. Lengths are SVG user units, which are CSS pixels where a chart is shown at its own width;
y runs downwards. A missing value is None and never 0.
"""

import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

FONT = 12  # size of labels
PHONE_WIDTH = 328  # of a chart on a phone of 360 pixels: a wider drawing would shrink, and its words with it
LINE = 15  # height of a line of a label
DOT_LIMIT = 8  # a series of so few points shows each of them
BOLD = 1.1  # how much wider bold letters are
LABEL_SHARE = 0.29  # of a chart's width, for the names at the ends of its lines
LABEL_BAR = 12  # length of the bar in the colour of a line that stands before its name
LEADER_FROM = 8  # a name further than this from the end of its line is joined to it by a thin line
GAP_LIMIT = 10  # years: no line is drawn over a longer silence

Format = Callable[[float], str]
Scale = Callable[[float], float]  # from a year or a value to its place in the chart


def text_width(text: str, size: float = FONT) -> float:
    """About how wide `text` is in a sans-serif face of `size`: Hangul is square, Cyrillic wider than Latin."""
    width = 0.0
    for letter in text:
        if unicodedata.east_asian_width(letter) in "WF":
            width += 0.95
        elif letter in " .,:;'’|ilI()-":
            width += 0.32
        elif "\u0400" <= letter <= "\u04ff" or letter.isupper():
            width += 0.64
        else:
            width += 0.56
    return width * size


def wrapped(text: str, room: float, lines: int = 2) -> list[str]:
    """`text` broken at spaces into at most `lines` lines of `room` each; what does not fit ends in an ellipsis."""
    words = text.split()
    rows: list[str] = []
    while words and len(rows) < lines:
        row = words.pop(0)
        while words and text_width(f"{row} {words[0]}") <= room:
            row = f"{row} {words.pop(0)}"
        rows.append(row)
    if words:
        rows[-1] = f"{rows[-1]} {' '.join(words)}"
    return [shortened(row, room) for row in rows]


def shortened(text: str, room: float) -> str:
    """`text`, cut with an ellipsis where it is wider than `room`."""
    if text_width(text) <= room:
        return text
    while len(text) > 1 and text_width(f"{text}…") > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


# ── Scales ───────────────────────────────────────────────────────────────────────────────────────────────────────


def nice_step(span: float, count: int) -> float:
    """The round step (1, 2, 2.5 or 5 times a power of ten) that divides `span` into about `count` parts."""
    rough = span / max(count, 1)
    power = 10 ** math.floor(math.log10(rough))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= rough * 0.999999)


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, about `count` steps apart."""
    if low == high:
        low, high = (low - abs(low) * 0.1, high + abs(high) * 0.1) if low else (0, 1)
    step = nice_step(high - low, count)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, last + 1)]


def value_ticks(values: Sequence[float], count: int = 5) -> list[float]:
    """Ticks for an axis of `values`: from zero where the values come near it, else round about them."""
    low, high = min(values), max(values)
    if 0 <= low <= 0.5 * high or high == low == 0:
        low = 0
    elif 0.5 * low <= high <= 0:
        high = 0
    return nice_ticks(low, high, count)


def year_ticks(first: int, last: int, room: float) -> list[int]:
    """Round years from `first` to `last` whose labels do not touch within `room`."""
    most = max(int(room // 44), 1)
    span = max(last - first, 1)
    step = next((step for step in (1, 2, 5, 10, 20, 25, 50, 100) if span / step <= most), 100)
    ticks = [year for year in range(first - first % step, last + 1, step) if year >= first]
    return ticks or [first]


# ── Lines ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Series:
    """Values by year under one name.

    `tone` is the number of its colour. `dashed` tells a second source apart. `heavy` draws a thicker line.
    """

    name: str
    points: Sequence[tuple[int, float]]
    tone: int = 1
    dashed: bool = False
    heavy: bool = False


@dataclass(frozen=True)
class Tick:
    """A mark on an axis and its words."""

    at: float
    text: str


@dataclass(frozen=True)
class Label:
    """Words beside the end of a line: rows of text with their baselines, and a leader where they had to move.

    `bar` are x and y of the left end of a bar of the line's colour, LABEL_BAR long, which stands before the words.
    """

    rows: list[tuple[str, float]]
    x: float
    tone: int
    bar: tuple[float, float]
    leader: tuple[float, float, float, float] | None


@dataclass(frozen=True)
class Line:
    """A series as it is drawn: path data of each unbroken run, and the dots to show."""

    name: str
    tone: int
    dashed: bool
    heavy: bool
    paths: list[str]
    dots: list[tuple[float, float]]


class Year(NamedTuple):
    """All values of one year: where it stands, the band of the chart that is theirs, pairs of series name and value.

    `text` says them, unless the chart was to be without words. A tuple, which templates unpack much faster.
    """

    year: int
    x: float
    left: float
    width: float
    values: list[tuple[str, float]]
    text: str


@dataclass(frozen=True)
class Moment:
    """A year marked across the plot, with its number at `y` above it."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class LineChart:
    """A line chart, ready to draw. `top`, `bottom`, `left` and `right` are the edges of the plot."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    zero: float | None
    from_zero: bool
    lines: list[Line]
    labels: list[Label]
    years: list[Year]
    moments: list[Moment]

    @property
    def tick_x(self) -> float:
        """Where the words of the value axis end."""
        return round(self.left - 6, 1)

    @property
    def tick_y(self) -> float:
        """The baseline of the words of the year axis."""
        return self.height - 6


def split_at_gaps(points: Sequence[tuple[int, float]]) -> list[list[tuple[int, float]]]:
    """`points` broken where years are missing: where a step is longer than the series' usual one.

    A series of every fifth year has steps of five and no gaps; one of single years has a gap wherever a year lacks.
    Over more than GAP_LIMIT years nothing is joined.
    """
    points = sorted(points)
    steps = sorted(b[0] - a[0] for a, b in pairwise(points))
    usual = steps[len(steps) // 2] if steps else 1
    found: list[list[tuple[int, float]]] = []
    for point in points:
        if found and point[0] - found[-1][-1][0] <= min(usual * 1.5, GAP_LIMIT):
            found[-1].append(point)
        else:
            found.append([point])
    return found


def labels_fit(names: Sequence[str], width: float, lines: int = 2) -> bool:
    """Whether every one of `names` can stand whole beside the end of its line in a chart of `width`."""
    room = width * LABEL_SHARE
    return all(" ".join(wrapped(name, room, lines)) == " ".join(name.split()) for name in names)


def resolve_overlaps(wanted: Sequence[float], heights: Sequence[float], top: float, bottom: float) -> list[float]:
    """Middles for boxes of `heights` near the `wanted` ones so that none touch and all lie between `top` and `bottom`.

    `wanted` is in ascending order. The boxes must fit: their heights together are at most `bottom - top`.
    """
    placed: list[float] = []
    edge = top
    for middle, height in zip(wanted, heights, strict=True):
        placed.append(max(middle, edge + height / 2))
        edge = placed[-1] + height / 2
    edge = bottom
    for index in range(len(placed) - 1, -1, -1):
        placed[index] = min(placed[index], edge - heights[index] / 2)
        edge = placed[index] - heights[index] / 2
    return placed


def line_chart(
    series: Sequence[Series],
    *,
    width: float,
    height: float,
    format_value: Format,
    ticks: Sequence[float] | None = None,
    years: tuple[int, int] | None = None,
    labelled: bool = True,
    moments: Sequence[tuple[int, str]] = (),
    worded: bool = True,
) -> LineChart:
    """Lines of `series` by year, each labelled at its end.

    `ticks` and `years` fix the axes where several charts share them. `moments` are years to mark, in order, each with a
    short text. A chart that is `worded` says the values of each year. Raises ValueError when no series has a point.
    """
    series = [one for one in series if one.points]
    if not series:
        raise ValueError("A line chart needs at least one value.")
    values = [value for one in series for _year, value in one.points]
    ticks = list(ticks or value_ticks(values))
    first, last = years or (
        min(year for one in series for year, _value in one.points),
        max(year for one in series for year, _value in one.points),
    )
    tick_texts = [format_value(tick) for tick in ticks]
    label_room = 0.0
    names: list[list[str]] = [[] for _one in series]
    if labelled:
        most = width * LABEL_SHARE
        names = [wrapped(one.name, most) for one in series]
        label_room = max(text_width(row) for rows in names for row in rows) * BOLD + LABEL_BAR + 12
    left = round(max(text_width(text) for text in tick_texts) + 12, 1)
    right = width - max(label_room, 18)

    def x(year: float) -> float:
        return round(left + 6 + (right - left - 6) * ((year - first) / (last - first) if last > first else 0.5), 1)

    moments = [(year, words) for year, words in moments if first <= year <= last]
    rows_above = _rows_of_moments(moments, x)
    top, needed = 12.0 + LINE * max((row + 1 for row in rows_above), default=0), sum(len(rows) * LINE for rows in names)
    height = max(height, needed + top + 28)
    bottom = height - 26

    def y(value: float) -> float:
        return round(bottom - (bottom - top) * (value - ticks[0]) / (ticks[-1] - ticks[0]), 1)

    lines = []
    for one in series:
        pieces = split_at_gaps(one.points)
        few = len(one.points) <= DOT_LIMIT
        lines.append(
            Line(
                one.name,
                one.tone,
                one.dashed,
                one.heavy,
                [
                    "M" + "L".join(f"{x(year)},{y(value)}" for year, value in piece)
                    for piece in pieces
                    if len(piece) > 1
                ],
                [(x(year), y(value)) for piece in pieces if few or len(piece) == 1 for year, value in piece],
            )
        )
    return LineChart(
        width,
        height,
        left,
        right,
        top,
        bottom,
        [Tick(x(year), str(year)) for year in year_ticks(first, last, right - left)],
        [Tick(y(tick), text) for tick, text in zip(ticks, tick_texts, strict=True)],
        y(0) if ticks[0] < 0 < ticks[-1] else None,
        ticks[0] <= 0 <= ticks[-1],
        lines,
        _end_labels(series, names, x, y, right, top, bottom) if labelled else [],
        _years(series, x, left, right, format_value if worded else None),
        [Moment(x(year), 6 + LINE * (row + 1), words) for (year, words), row in zip(moments, rows_above, strict=True)],
    )


def spark(points: Sequence[tuple[int, float]], width: float, height: float) -> list[str]:
    """Return the line of `points` (year, value) without axes as path data, broken at gaps. It fills the size."""
    years, values = [year for year, _value in points], [value for _year, value in points]
    first, span = min(years), max(years) - min(years) or 1
    low, range_ = min(values), max(values) - min(values) or 1
    return [
        "M"
        + "L".join(
            f"{round((width - 2) * (year - first) / span + 1, 1):g},"
            f"{round(height - 1 - (height - 2) * (value - low) / range_, 1):g}"
            for year, value in piece
        )
        for piece in split_at_gaps(points)
        if len(piece) > 1
    ]


def _end_labels(
    series: Sequence[Series],
    names: Sequence[Sequence[str]],
    x: Scale,
    y: Scale,
    right: float,
    top: float,
    bottom: float,
) -> list[Label]:
    """Return the names of the series at the right edge, each beside its last point, moved apart where they touch."""
    ends = [max(one.points) for one in series]
    order = sorted(range(len(series)), key=lambda index: (y(ends[index][1]), index))
    heights = [len(names[index]) * LINE for index in order]
    middles = resolve_overlaps([y(ends[index][1]) for index in order], heights, top - 6, bottom + 6)
    labels = []
    for index, middle, height in zip(order, middles, heights, strict=True):
        year, value = ends[index]
        start = (x(year) + 3, y(value))
        moved = abs(middle - start[1]) > LEADER_FROM or right - start[0] > LEADER_FROM
        rows = [
            (row, round(middle - height / 2 + LINE * (number + 0.75), 1)) for number, row in enumerate(names[index])
        ]
        bar = (round(right + 5, 1), round(middle, 1))
        leader = (*start, *bar) if moved else None
        labels.append(Label(rows, round(bar[0] + LABEL_BAR + 4, 1), series[index].tone, bar, leader))
    return labels


def _rows_of_moments(moments: Sequence[tuple[int, str]], x: Scale) -> list[int]:
    """Return the row above the plot for the text of each marked year: the first one where it touches no other text."""
    free: list[float] = []  # where the text of each row ends
    found = []
    for year, words in moments:
        half = text_width(words) * BOLD / 2 + 3
        row = next((row for row, end in enumerate(free) if end <= x(year) - half), len(free))
        free[row : row + 1] = [x(year) + half]
        found.append(row)
    return found


def _years(series: Sequence[Series], x: Scale, left: float, right: float, format_value: Format | None) -> list[Year]:
    """Return the bands of the years that have values, side by side from edge to edge.

    Only a pointer meets them, so their edges are whole pixels; a page with two charts is 350 bytes lighter.
    """
    every = sorted({year for one in series for year, _value in one.points})
    edges = [round(left), *(round((x(a) + x(b)) / 2) for a, b in pairwise(every)), round(right)]
    by_year: dict[int, list[tuple[str, float]]] = {year: [] for year in every}
    for one in series:
        for year, value in sorted(one.points):
            by_year[year].append((one.name, value))
    return [
        Year(
            year,
            round(x(year)),
            edges[index],
            edges[index + 1] - edges[index],
            by_year[year],
            f"{year}: {'; '.join(f'{name} {format_value(value)}' for name, value in by_year[year])}"
            if format_value
            else "",
        )
        for index, year in enumerate(every)
    ]


def small_multiples(
    series: Sequence[Series], *, width: float, height: float, format_value: Format
) -> list[tuple[Series, LineChart]]:
    """One small chart a series, all with the same axes, so that they can be compared."""
    series = [one for one in series if one.points]
    values = [value for one in series for _year, value in one.points]
    if not values:
        return []
    every = [year for one in series for year, _value in one.points]
    ticks, years = value_ticks(values, 3), (min(every), max(every))
    return [
        (
            one,
            line_chart(
                [one],
                width=width,
                height=height,
                format_value=format_value,
                ticks=ticks,
                years=years,
                labelled=False,
                worded=False,
            ),
        )
        for one in series
    ]


# ── Bars ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Bar:
    """One bar: its rows of words with their baselines, its box, and where the words of its value stand.

    `missing` bars have no box: nobody said that the value is 0.
    """

    rows: list[tuple[str, float]]
    y: float
    x: float
    width: float
    text: str
    text_x: float
    text_y: float
    missing: bool
    url: str
    tone: int


@dataclass(frozen=True)
class BarChart:
    """A chart of horizontal bars, ready to draw; `zero` is where they begin."""

    width: float
    height: float
    label_room: float
    zero: float
    bar_height: float
    bars: list[Bar]

    @property
    def label_end(self) -> float:
        """Where the names of the bars end."""
        return round(self.label_room - 8, 1)


def bar_chart(
    items: Sequence[tuple[str, float | None, str]],
    *,
    width: float,
    format_value: Format,
    missing: str,
    tones: Sequence[int] = (),
) -> BarChart:
    """Horizontal bars of `items`: name, value or None, address or ''. `missing` are the words where a value lacks."""
    known = [value for _name, value, _url in items if value is not None]
    low, high = min([0, *known]), max([0, *known])
    texts = [missing if value is None else format_value(value) for _name, value, _url in items]
    names = [wrapped(name, width * 0.38) for name, _value, _url in items]
    label_room = max((text_width(row) for rows in names for row in rows), default=0) + 10
    value_room = max((text_width(text) for text in texts), default=0) + 8
    room = width - label_room - value_room - (value_room if low < 0 else 0)
    zero = label_room + (value_room if low < 0 else 0) + (room * -low / (high - low) if high > low else 0)
    scale = room / (high - low) if high > low else 0
    bars, y, bar_height = [], 4.0, 16.0
    for index, ((_name, value, url), rows, text) in enumerate(zip(items, names, texts, strict=True)):
        height = max(bar_height, len(rows) * LINE)
        middle = y + height / 2
        length = abs(value or 0) * scale
        start = zero - length if value is not None and value < 0 else zero
        bars.append(
            Bar(
                [(row, round(middle + LINE * (n - len(rows) / 2 + 0.75), 1)) for n, row in enumerate(rows)],
                round(middle - bar_height / 2, 1),
                round(start, 1),
                round(length, 1),
                text,
                round(start - text_width(text) - 4 if value is not None and value < 0 else start + length + 5, 1),
                round(middle + LINE * 0.25, 1),
                value is None,
                url,
                tones[index] if tones else 1,
            )
        )
        y += height + 8
    return BarChart(width, y, round(label_room, 1), round(zero, 1), bar_height, bars)


# ── Shares ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Share:
    """A part of a stacked bar: its box, its value, and words where they fit in."""

    name: str
    tone: int
    x: float
    width: float
    value: float
    text: str

    @property
    def middle(self) -> float:
        """Where its words stand."""
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class ShareRow:
    """A stacked bar that adds up to the whole; without parts where nothing is known."""

    name: str
    baseline: float
    y: float
    total: float
    shares: list[Share]


@dataclass(frozen=True)
class ShareChart:
    """Stacked bars of shares, ready to draw."""

    width: float
    height: float
    left: float
    bar_height: float
    rows: list[ShareRow]


def share_chart(
    items: Sequence[tuple[str, Sequence[tuple[str, int, float]]]], *, width: float, format_value: Format
) -> ShareChart:
    """Bars of equal length, each divided by its parts: `items` are a name and its parts (name, tone, value ≥ 0)."""
    left = max((min(text_width(name), width * 0.3) for name, _parts in items), default=0) + 10
    room, bar_height = width - left, 20.0
    rows = []
    for index, (name, parts) in enumerate(items):
        y = 2 + index * (bar_height + 8)
        total = sum(value for _name, _tone, value in parts)
        shares, start = [], left
        for part, tone, value in parts:
            if not value:
                continue
            length = room * value / total
            text = format_value(value)
            shares.append(
                Share(
                    part,
                    tone,
                    round(start, 1),
                    round(length, 1),
                    value,
                    text if text_width(text) + 6 < length else "",
                )
            )
            start += length
        rows.append(ShareRow(shortened(name, left - 8), y + 14.5, y, total, shares))
    return ShareChart(width, len(items) * (bar_height + 8) + 2, round(left, 1), bar_height, rows)
