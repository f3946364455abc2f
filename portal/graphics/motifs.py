"""Small pictures without words, made of yearly values. No database, no HTML: pairs of a CSS class and SVG path data.

A picture fills `width` and `height`, in SVG user units; y runs downwards. It has no axes, so its caption states the
years.
"""

import math
from collections.abc import Callable, Sequence

from portal.graphics.charts import spark

Points = Sequence[tuple[int, float]]  # year and value
Paths = list[tuple[str, str]]  # CSS class and path data

STRIPE_CLASSES = 8  # from the coldest to the warmest; half of them for values below zero
BAR_SHARE = 0.75  # of the room of a year
GAP_SHARE = 0.18  # of the side of a square, between two squares


def bars(points: Points, width: float, height: float) -> Paths:
    """Return a bar for each year, from zero. A year without a value has no bar."""
    step, x = _years(points, width)
    top, bottom = max(0.0, *(value for _year, value in points)), min(0.0, *(value for _year, value in points))
    scale = height / ((top - bottom) or 1)
    wide = step * BAR_SHARE
    drawn = (
        f"M{x(year):.4g},{scale * top:.4g}v{-scale * value:.4g}h{wide:.3g}v{scale * value:.4g}z"
        for year, value in sorted(points)
    )
    return [("motif-shape", "".join(drawn))]


def stripes(points: Points, width: float, height: float) -> Paths:
    """Return a stripe for each year, as high as the picture, in the classes of `stripe_class`, the coldest first."""
    step, x = _years(points, width)
    most = max(abs(value) for _year, value in points)
    found: dict[int, str] = {}
    for year, value in sorted(points):
        number = stripe_class(value, most)
        found[number] = f"{found.get(number, '')}M{x(year):.4g},0h{step:.3g}v{height:g}h{-step:.3g}z"
    return [(f"stripe-{number}", path) for number, path in sorted(found.items())]


def stripe_class(value: float, most: float) -> int:
    """Return the class of a value from -most to most: 1 to STRIPE_CLASSES, in classes of one width."""
    share = (value / (most or 1) + 1) / 2
    return min(int(share * STRIPE_CLASSES) + 1, STRIPE_CLASSES)


def steps(points: Points, width: float, height: float) -> Paths:
    """Return the sum of all values so far as steps, filled to the bottom. `points` must have no missing years."""
    step, _x = _years(points, width)
    total, sums = 0.0, []
    for _year, value in sorted(points):
        total += value
        sums.append(total)
    top, low = max(0.0, *sums), min(0.0, *sums)
    scale = 0.95 * height / ((top - low) or 1)  # the lowest step keeps some height
    path = "".join(f"V{scale * (top - level):.4g}h{step:.4g}" for level in sums)
    return [("motif-shape", f"M0,{height:g}{path}V{height:g}z")]


def line(points: Points, width: float, height: float) -> Paths:
    """Return a line that is broken where years are missing."""
    return [("motif-line", "".join(spark(points, width, height)))]


def squares(count: int, width: float, height: float) -> Paths:
    """Return `count` equal squares in columns from the left, as large as the picture allows."""
    if count < 1:
        return []
    rows = max(range(1, count + 1), key=lambda number: min(height / number, width / math.ceil(count / number)))
    room = min(height / rows, width / math.ceil(count / rows))
    side = room * (1 - GAP_SHARE)
    places = (divmod(number, rows) for number in range(count))
    drawn = (f"M{column * room:.4g},{row * room:.4g}h{side:.3g}v{side:.3g}h{-side:.3g}z" for column, row in places)
    return [("motif-squares", "".join(drawn))]


def longest_run(points: Points) -> Points:
    """Return the longest run of years without a gap; of several, the latest."""
    runs: list[list[tuple[int, float]]] = []
    for year, value in sorted(points):
        if not runs or year != runs[-1][-1][0] + 1:
            runs.append([])
        runs[-1].append((year, value))
    return max(runs, key=lambda run: (len(run), run[-1][0]), default=[])


def _years(points: Points, width: float) -> tuple[float, Callable[[int], float]]:
    """Return the width of a year, and the function from a year to its left edge."""
    first, last = min(points)[0], max(points)[0]
    step = width / (last - first + 1)
    return step, lambda year: (year - first) * step
