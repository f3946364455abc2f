"""Map geometry: projection, frames, paths, clusters, labels, classes, GeoJSON. Pure functions: no ORM, no HTML.

**Projection.** Albers' equal-area conic on a sphere, standard parallels 38° N and 52° N, central meridian 67° E. Areas
on the map are proportional to those on the ground, which a choropleth map needs. Between 34° N and 56° N lengths are
off by at most 1.4 %.

**Units.** Positions are (longitude, latitude) in degrees. The map is measured in *map units*: x to the right, y down.
One unit is 3.2 km in any direction. `FRAME`, the whole region, is 1000 units wide. A map unit takes `2 ** z / 4` pixels
at zoom z: the region is 250 px wide at zoom 0, and 1000 px at zoom 2.
"""

import bisect
import functools
import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
Line = Sequence[Point]

EARTH_KM = 6371.0
UNIT_KM = 3.2
_LON_0 = 67.0
_SOUTH, _NORTH = math.radians(38), math.radians(52)
_N = (math.sin(_SOUTH) + math.sin(_NORTH)) / 2
_C = math.cos(_SOUTH) ** 2 + 2 * _N * math.sin(_SOUTH)
_UNITS = EARTH_KM / UNIT_KM  # radius of the earth in map units
_RHO_0 = _UNITS * math.sqrt(_C - 2 * _N * math.sin(math.radians(45.5))) / _N
_X_0, _Y_0 = 505.0, 365.0  # the position of 67° E, 45.5° N
MAX_ZOOM = 4.5  # the outlines look coarse above this zoom

# The same for a script that projects by itself: x = x + r sin t, y = y − rho + r cos t, where
# r = units √(c − 2 n sin lat) / n and t = n (longitude − lon) in radians.
PROJECTION = {"lon": _LON_0, "n": _N, "c": _C, "units": _UNITS, "rho": _RHO_0, "x": _X_0, "y": _Y_0}


@dataclass(frozen=True)
class BoundingBox:
    """A rectangle: left, top (or south), width, height. The caller chooses the unit."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def center(self) -> Point:
        return self.left + self.width / 2, self.top + self.height / 2

    def holds(self, point: Point) -> bool:
        """Return True if the point is inside or on the edge."""
        x, y = point
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    def contains(self, other: "BoundingBox") -> bool:
        """Return True if the other box is inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def meets(self, other: "BoundingBox") -> bool:
        """Return True if the boxes overlap by more than an edge."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def grown(self, by: float) -> "BoundingBox":
        """Return the box with `by` added on each side."""
        return BoundingBox(self.left - by, self.top - by, self.width + 2 * by, self.height + 2 * by)


# The whole region: all five countries and about 60 km around them.
FRAME = BoundingBox(0.0, 0.0, 1000.0, 740.0)


# ── Projection ───────────────────────────────────────────────────────────────────────────────────────────────


def project(lon: float, lat: float) -> Point:
    """Return the map units of a longitude and latitude in degrees."""
    rho = _UNITS * math.sqrt(max(0.0, _C - 2 * _N * math.sin(math.radians(lat)))) / _N
    theta = _N * math.radians(lon - _LON_0)
    return _X_0 + rho * math.sin(theta), _Y_0 - _RHO_0 + rho * math.cos(theta)


def unproject(x: float, y: float) -> Point:
    """Return longitude and latitude in degrees of a point in map units."""
    east, south = x - _X_0, y - _Y_0 + _RHO_0
    rho, theta = math.hypot(east, south), math.atan2(east, south)
    sine = (_C - (rho * _N / _UNITS) ** 2) / (2 * _N)
    return _LON_0 + math.degrees(theta / _N), math.degrees(math.asin(max(-1.0, min(1.0, sine))))


def pixels_per_unit(zoom: float) -> float:
    """Return the number of pixels per map unit at a zoom."""
    return 2.0**zoom / 4


# ── Bounds and frames ────────────────────────────────────────────────────────────────────────────────────────


def bounds(points: Iterable[Point]) -> BoundingBox | None:
    """Return the smallest box around the points, or None without points."""
    points = list(points)
    if not points:
        return None
    xs, ys = [x for x, _y in points], [y for _x, y in points]
    return BoundingBox(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def degrees_around(box: BoundingBox) -> tuple[float, float, float, float]:
    """Return west, south, east, north in degrees around a box in map units.

    The edge of the box is sampled at nine points per side, because its sides are curves in degrees.
    """
    steps = [i / 8 for i in range(9)]
    edge = [(box.left + t * box.width, y) for t in steps for y in (box.top, box.bottom)]
    edge += [(x, box.top + t * box.height) for t in steps for x in (box.left, box.right)]
    corners = [unproject(x, y) for x, y in edge]
    lons, lats = [lon for lon, _lat in corners], [lat for _lon, lat in corners]
    return min(lons), min(lats), max(lons), max(lats)


def frame_around(
    points: Iterable[Point], *, margin: float = 0.14, smallest: float = 220.0, whole: BoundingBox = FRAME
) -> BoundingBox:
    """Return the part of the map that shows `points` and some land around them.

    It is in map units and has the proportions of `whole`. `margin` is the share of the frame's width that stays free on
    each side. The frame is at least `smallest` units wide and does not extend beyond `whole`. Without points it is
    `whole`.
    """
    box = bounds(points)
    if box is None:
        return whole
    ratio = whole.width / whole.height
    width = max(box.width, box.height * ratio, 1e-9) / (1 - 2 * margin)
    width = min(max(width, smallest), whole.width)
    height = width / ratio
    x, y = box.center
    left = min(max(x - width / 2, whole.left), whole.right - width)
    top = min(max(y - height / 2, whole.top), whole.bottom - height)
    return BoundingBox(left, top, width, height)


# ── Paths ────────────────────────────────────────────────────────────────────────────────────────────────────


def short(value: float, decimals: int = 1) -> str:
    """Return a coordinate as a string that is as short as possible: 12.0 → 12, −0.5 → -.5."""
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text in {"-0", ""}:
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def path(lines: Iterable[Line], *, closed: bool, decimals: int = 1) -> str:
    """Return the `d` of an SVG path through lines of (x, y), in relative steps. Rounding errors do not add up.

    Points that are equal after rounding are written once. A line with too few points left is omitted.
    """
    scale = 10**decimals
    pieces = []
    for line in lines:
        points: list[tuple[int, int]] = []
        for x, y in line:
            rounded = (round(x * scale), round(y * scale))
            if not points or points[-1] != rounded:
                points.append(rounded)
        if closed and len(points) > 1 and points[0] == points[-1]:
            points.pop()
        if len(points) < (3 if closed else 2):
            continue
        steps = _pair(points[0], scale, decimals)
        for (x0, y0), (x, y) in itertools.pairwise(points):
            steps += _pair((x - x0, y - y0), scale, decimals)
        pieces.append(f"M{_joined(steps[:2])}l{_joined(steps[2:])}{'z' if closed else ''}")
    return "".join(pieces)


def _pair(point: tuple[int, int], scale: int, decimals: int) -> list[str]:
    return [short(value / scale, decimals) for value in point]


def _joined(numbers: list[str]) -> str:
    """Return the numbers as one string, with a space only if neither a minus sign nor a second point separates them."""
    text = numbers[0]
    for before, number in itertools.pairwise(numbers):
        parted = number.startswith("-") or (number.startswith(".") and "." in before)
        text += number if parted else f" {number}"
    return text


def simplify(line: Line, tolerance: float) -> list[Point]:
    """Return the line without the points nearer than `tolerance` to the rest of it (Douglas and Peucker).

    Its ends are kept. A closed line (a ring) is split at the point farthest from its start, so that it stays a ring.
    """
    points = list(line)
    if len(points) < 3:
        return points
    if points[0] == points[-1]:
        far = max(range(len(points)), key=lambda i: math.dist(points[i], points[0]))
        if far in (0, len(points) - 1):
            return points[:1]
        return simplify(points[: far + 1], tolerance)[:-1] + simplify(points[far:], tolerance)
    keep = {0, len(points) - 1}
    parts = [(0, len(points) - 1)]
    while parts:
        first, last = parts.pop()
        middle, most = -1, tolerance
        for i in range(first + 1, last):
            distance = distance_to_segment(points[i], points[first], points[last])
            if distance > most:
                middle, most = i, distance
        if middle > 0:
            keep.add(middle)
            parts += [(first, middle), (middle, last)]
    return [points[i] for i in sorted(keep)]


def distance_to_segment(point: Point, start: Point, end: Point) -> float:
    """Return the distance of a point from the line segment between two others."""
    (x, y), (x1, y1), (x2, y2) = point, start, end
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    t = max(0.0, min(1.0, ((x - x1) * dx + (y - y1) * dy) / length)) if length else 0.0
    return math.hypot(x - x1 - t * dx, y - y1 - t * dy)


def area(ring: Line) -> float:
    """Return the area of a ring, in square units.

    It is positive if the ring is clockwise on the screen (y down), or counterclockwise in degrees (latitude up).
    """
    points = list(ring)
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True)) / 2


def is_inside(point: Point, rings: Iterable[Line]) -> bool:
    """Return True if a point is inside a polygon that is given by its rings, including holes (even-odd rule)."""
    x, y = point
    inside = False
    for ring in rings:
        for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
                inside = not inside
    return inside


def label_points(
    rings: Sequence[Line], *, most: int = 1, within: BoundingBox | None = None, wide: float = 2.5, steps: int = 40
) -> list[Point]:
    """Return up to `most` points in a polygon with room for a name, those with most room first.

    The name is `wide` times as wide as high. The points are apart from each other, so that a name can use another one
    if the first is taken. `within` limits the points and their room to a box. `steps` is the number of grid cells per
    side that are tried. Coordinates are rounded to integers.
    """
    box = bounds(point for ring in rings for point in ring)
    if box is None:
        return []
    squeezed = [[(x / wide, y) for x, y in [*ring, ring[0]]] for ring in rings]
    segments = [pair for ring in squeezed for pair in itertools.pairwise(ring)]
    found = []
    for i in range(1, steps):
        for j in range(1, steps):
            x, y = box.left + box.width * i / steps, box.top + box.height * j / steps
            room = math.inf
            if within is not None:
                room = min((x - within.left) / wide, (within.right - x) / wide, y - within.top, within.bottom - y)
            if room > 0 and is_inside((x, y), rings):
                room = min(room, min(distance_to_segment((x / wide, y), a, b) for a, b in segments))
                found.append((room, x, y))
    found.sort(key=lambda one: (-round(one[0], 6), math.dist(one[1:], box.center), one[1:]))
    chosen: list[tuple[float, float, float]] = []
    for room, x, y in found:
        apart = all(math.hypot((x - x1) / wide, y - y1) >= 0.6 * found[0][0] for _room, x1, y1 in chosen)
        if len(chosen) < most and apart and room >= 0.3 * found[0][0]:
            chosen.append((room, x, y))
    return [(float(round(x)), float(round(y))) for _room, x, y in chosen]


# ── Marks ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class MapMark:
    """A mark at a position. `records` are what is counted there, such as the primary keys of projects."""

    key: str
    lon: float
    lat: float
    name: str
    language: str = ""
    url: str = ""
    kind: str = ""
    records: Collection = frozenset()
    approximate: bool = False  # the position only says in which country: the drawing may move the mark

    @property
    def at(self) -> Point:
        """Return the position in map units."""
        return project(self.lon, self.lat)


def clusters(points: Sequence[tuple[float, float, float]], distance: float) -> list[list[int]]:
    """Return groups of points (x, y, weight). The first points of any two groups are at least `distance` apart.

    The heaviest point of a neighbourhood is the leader of its group, and the cluster is drawn there: at a real place.
    Each other point joins its nearest leader. A grid with cells of size `distance` finds the leaders nearby, so the
    time grows about linearly with the number of points. Groups are lists of indexes, the leader first; the group with
    the heaviest leader comes first.
    """
    groups: dict[int, list[int]] = {}
    cells: dict[tuple[int, int], list[int]] = {}
    size = max(distance, 1e-9)
    for index in sorted(range(len(points)), key=lambda i: (-points[i][2], i)):
        x, y, _weight = points[index]
        column, row = math.floor(x / size), math.floor(y / size)
        near = [
            (apart, leader)
            for i in (column - 1, column, column + 1)
            for j in (row - 1, row, row + 1)
            for leader in cells.get((i, j), ())
            if (apart := math.dist(points[leader][:2], (x, y))) < distance
        ]
        if near:
            groups[min(near)[1]].append(index)
        else:
            groups[index] = [index]
            cells.setdefault((column, row), []).append(index)
    return list(groups.values())


def radius(count: float, *, largest: float = 100, least: float = 8.0, most: float = 24.0) -> float:
    """Return the radius in pixels of a mark for `count` records.

    The area of the mark is proportional to `count`, up to the radius `most` for `largest`. The radius is at least
    `least`.
    """
    return max(least, most * math.sqrt(max(count, 0) / largest))


@dataclass(frozen=True)
class NamePlacement:
    """A name to be placed on a map: beside a mark with a radius, or over a point if the radius is 0. In pixels.

    `steps` lead from its point to other points where it may be placed.
    """

    x: float
    y: float
    width: float
    radius: float = 0.0
    rows: int = 1
    line: float = 15.0  # height of a row
    steps: tuple[Point, ...] = ()
    pad: Point = (0.0, 0.0)  # from the text to the edge of its plate, across and down

    @property
    def height(self) -> float:
        return self.rows * self.line

    @property
    def baseline(self) -> float:
        """Return the distance from the middle of the whole name down to the baseline of the first row."""
        return 0.82 * self.line - self.height / 2


@dataclass(frozen=True)
class Spot:
    """The place of a name: offset in pixels from its point to the baseline of the first row."""

    dx: float
    dy: float
    anchor: str  # start, middle or end, as in SVG's text-anchor


def free_spot(
    wanted: Sequence[Point],
    radius: float,
    taken: Collection[tuple[float, float, float]],
    paper: BoundingBox,
    step: float = 6.0,
) -> Point:
    """Return the centre of a circle that meets none of the `taken` circles (x, y, radius), as near as possible.

    The first of the `wanted` centres that is free wins. Otherwise the search goes outwards from the first of them in
    circles `step` apart. The circle stays on the paper. If no centre is free, the first wanted one is returned.
    """
    x, y = wanted[0]
    inner = paper.grown(-radius)
    rings = range(1, math.ceil(math.hypot(paper.width, paper.height) / step))
    around = (
        (x + i * step * math.cos(turn * math.pi / 8), y + i * step * math.sin(turn * math.pi / 8))
        for i in rings
        for turn in range(16)
    )
    for point in itertools.chain(wanted, around):
        if inner.holds(point) and all(math.dist(point, (x, y)) >= radius + other for x, y, other in taken):
            return point
    return wanted[0]


def set_names(names: Sequence[NamePlacement], paper: BoundingBox) -> list[Spot | None]:
    """Return a place for each name without overlap with a mark, another name or the edge; None if there is no room.

    Names include their plates. Earlier names are placed first. `paper` is the drawing, in pixels. A name beside a mark
    tries right, left, below, above, the four diagonals, and then above and below from one side of the mark. A name over
    a point tries the point and its `steps`, then the same half a row below and above.
    """
    grid = BoxGrid()
    for i, name in enumerate(names):
        if name.radius:
            side = 2 * name.radius
            grid.add(BoundingBox(name.x - name.radius, name.y - name.radius, side, side), i)
    found: list[Spot | None] = []
    for i, name in enumerate(names):
        for place in _places(name):
            box = extent(name, place)
            if paper.contains(box) and grid.is_free(box, i):
                grid.add(box)
                found.append(place)
                break
        else:
            found.append(None)
    return found


class BoxGrid:
    """Boxes by the square cells that they touch, so that a box is compared only with those near it."""

    SIZE = 48.0  # of a cell, in pixels: the width of a short name

    def __init__(self) -> None:
        # Edges instead of BoundingBox, whose right and bottom are calculated at each look.
        self.cells: dict[tuple[int, int], list[tuple[float, float, float, float, int | None]]] = {}

    def add(self, box: BoundingBox, owner: int | None = None) -> None:
        """Add a box. `owner` is what it belongs to, as `is_free` needs it."""
        left, top, right, bottom = box.left, box.top, box.right, box.bottom
        for cell in self._cells(left, top, right, bottom):
            self.cells.setdefault(cell, []).append((left, top, right, bottom, owner))

    def is_free(self, box: BoundingBox, owner: int) -> bool:
        """Return True if the box overlaps no other one by more than an edge. Boxes of the same owner do not count."""
        left, top, right, bottom = box.left, box.top, box.right, box.bottom
        for cell in self._cells(left, top, right, bottom):
            for x0, y0, x1, y1, other in self.cells.get(cell, ()):
                if left < x1 and x0 < right and top < y1 and y0 < bottom and other != owner:
                    return False
        return True

    def _cells(self, left: float, top: float, right: float, bottom: float) -> Iterator[tuple[int, int]]:
        columns = range(int(left // self.SIZE), int(right // self.SIZE) + 1)
        return itertools.product(columns, range(int(top // self.SIZE), int(bottom // self.SIZE) + 1))


def _places(name: NamePlacement) -> Iterator[Spot]:
    base = name.baseline
    if not name.radius:
        for lift in (0, 0.5, -0.5):
            for across, down in ((0, 0), *name.steps):
                yield Spot(across, base + down + lift * name.line, "middle")
        return
    across, down = name.pad
    side, under = name.radius + (1 + across if across else 4), name.radius + 1 + name.height / 2 + down
    yield Spot(side, base, "start")
    yield Spot(-side, base, "end")
    yield Spot(0, base + under, "middle")
    yield Spot(0, base - under, "middle")
    for lift in (-0.7 * name.line, 0.7 * name.line):
        beside = side if across else 0.8 * side  # a plate must not cover the mark
        yield Spot(beside, base + lift, "start")
        yield Spot(-beside, base + lift, "end")
    for lift in (-under, under):
        yield Spot(-name.radius, base + lift, "start")
        yield Spot(name.radius, base + lift, "end")


def extent(name: NamePlacement, place: Spot) -> BoundingBox:
    """Return the box of a name at its place, with its plate."""
    across, down = name.pad
    start = {"start": 0.0, "middle": -name.width / 2, "end": -name.width}[place.anchor]
    height = name.height - 0.15 * name.line  # letters do not fill the height of their row
    left, top = name.x + place.dx + start, name.y + place.dy - name.baseline - height / 2
    return BoundingBox(left - across, top - down, name.width + 2 * across, height + 2 * down)


@functools.lru_cache(maxsize=2_000)  # the names of places return on many maps
def text_width(text: str, size: float = 12.0) -> float:
    """Return the approximate width in pixels of a text in a semi-bold system font of `size` pixels.

    Hangul is wide, Latin is narrow.
    """
    return sum(_letter_width(letter) for letter in text) * size


def _letter_width(letter: str) -> float:
    """Return the width of a letter as a share of the font size."""
    if ord(letter) >= 0x1100:
        return 1.0
    if letter in " .,il'’-":
        return 0.3
    if letter in "mwMWмшщжюыфМШЩЖЮЫФ":
        return 0.92
    return 0.7 if letter.isupper() else 0.62


# ── Classes of a choropleth map ──────────────────────────────────────────────────────────────────────────────


def class_breaks(values: Iterable[float], most: int = 5) -> list[float]:
    """Return round limits of at most `most` equally wide classes that contain all values.

    A limit is the first value of the class above it, except the last limit, which is the end of the last class. If all
    values are equal, there is one class. Without values, the list is empty.
    """
    values = list(values)
    if not values:
        return []
    low, high = min(values), max(values)
    if low == high:
        low, high = (low, high + 1) if low == 0 else sorted((low - abs(low) / 2, low + abs(low) / 2))
        most = 1
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    for step in (m * p for p in (power, power * 10) for m in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if step >= raw * (1 - 1e-9) and last - first <= most:
            return [round(i * step, 10) for i in range(first, max(last, first + 1) + 1)]
    step = power * 100  # one class for values around zero that no round limits fit, such as −1 and 1
    return [round(-step, 10), round(step, 10)]


def class_of(value: float, breaks: Sequence[float]) -> int:
    """Return the number of the class of a value, from 1."""
    return max(1, min(bisect.bisect_right(breaks, value), len(breaks) - 1))


def count_limits(largest: int, most: int = 5) -> list[int]:
    """Return the first numbers of at most `most` classes of counts from 1 to `largest`, each class wider than the last.

    Counts of places are unequal: most are small. The limits are taken from 1, 2, 5, 10, 20, 50 …
    """
    series = [step * 10**power for power in range(len(str(largest))) for step in (1, 2, 5)]
    reached = [limit for limit in series if limit <= largest]
    return reached[:: math.ceil(len(reached) / most)] if reached else []


# ── GeoJSON ──────────────────────────────────────────────────────────────────────────────────────────────────


def feature(key: str, lon: float | None, lat: float | None, properties: dict) -> dict:
    """Return a GeoJSON feature at a point (WGS 84, five decimals), with no geometry if its position is unknown."""
    geometry = None
    if lon is not None and lat is not None:
        geometry = {"type": "Point", "coordinates": [round(float(lon), 5), round(float(lat), 5)]}
    return {"type": "Feature", "id": key, "geometry": geometry, "properties": properties}


def feature_collection(features: Iterable[dict], **members) -> dict:
    """Return a GeoJSON FeatureCollection. `members` are foreign members, which a client may ignore."""
    return {"type": "FeatureCollection", "features": list(features), **members}
