"""Maps of the region as plain values (countries, marks, names), which components/map_drawing.html renders as SVG.

Each map is drawn twice: for a figure as narrow as a phone, and for a wider one. Marks that are too close in the narrow
drawing are apart in the wide one, and different names fit. CSS shows one of the two (static/css/map.css). The shapes
come from portal/maps/mapdata.json, which `write_map` writes.
"""

import functools
import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import get_language, gettext, ngettext, pgettext

from portal.core.formatting import number
from portal.facets.bitmaps import NONE, BitMap
from portal.maps import geometry
from portal.models import Place

# The two drawings: name, map units per pixel in the narrowest figure that shows the drawing, and least distance of
# marks in pixels, so that each mark is a target of 24 × 24 pixels.
DRAWINGS = (("coarse", 3.3, 24), ("fine", 1.84, 24))
# The drawings of the large map: each mark is a target of 44 × 44 pixels, except approximate ones, which have less room.
LARGE_DRAWINGS = (("coarse", 3.1, 44), ("fine", 1.25, 44))
MARK, COUNTED = 6, 12  # radius in pixels: of a plain mark, and least radius of a mark with a number
DIGITS = 11.5  # font size of that number in pixels
GAP = 3  # pixels between a mark and one that had to move
PLATE = (4.0, 1.5)  # pixels from the name of a mark to the edge of its plate, across and down
FULL = 100  # this many records have the largest mark, unless a place has more
# The box in map units around the former Aral Sea. A map that shows part of it explains the outlines of the sea.
ARAL = geometry.bounds(geometry.project(lon, lat) for lon in (58.2, 61.9) for lat in (43.4, 46.8))


@functools.cache
def shapes() -> dict:
    """Return portal/maps/mapdata.json, parsed.

    It has the paths, label points and boxes of the countries, the paths, label points and names of the provinces, and
    the label points of other names.
    """
    return json.loads((Path(__file__).parent / "mapdata.json").read_text("utf-8"))


def corners(key: str) -> list[geometry.Point]:
    """Return two opposite corners of the box around a country, in map units; [] for a country not on the map."""
    if key not in shapes()["countries"]:
        return []
    left, top, width, height = shapes()["countries"][key]["box"]
    return [(left, top), (left + width, top + height)]


def central_asia() -> list[Place]:
    """Return the published countries of Central Asia."""
    return list(Place.objects.published().filter(group=Place.Group.CENTRAL_ASIA))


def mark_of(place: Place, records: Iterable = ()) -> geometry.MapMark | None:
    """Return the mark of a place, or None if its position is not known."""
    if place.latitude is None:
        return None
    name, language = place.name_and_language()
    return geometry.MapMark(
        key=place.key,
        lon=float(place.longitude),
        lat=float(place.latitude),
        name=name,
        language=language,
        url=place.get_absolute_url(),
        kind=place.kind_beside_name,
        records=BitMap(records),
    )


def counted_projects(count: int) -> str:
    """Return "1 project", "2 projects" … in the language of the reader."""
    return ngettext("{n} project", "{n} projects", count).format(n=number(count))


def with_value(name: str, value: str) -> str:
    """Return "name: value" in the language of the reader."""
    return pgettext("place on a map", "{name}: {value}").format(name=name, value=value)


# ── What the template renders ────────────────────────────────────────────────────────────────────────────────
# Numbers are strings already: SVG needs a decimal point in every language.


@dataclass(frozen=True)
class MapLabel:
    """A name on the map: its rows as (text, baseline). Baselines and `dx` are pixels from the point of the item."""

    rows: list[tuple[str, str]]
    dx: str
    anchor: str
    language: str


@dataclass(frozen=True)
class MapItem:
    """An item at a point of the drawing: a mark, which may have a number and a name, or a name without a mark.

    `rows` are the rows of its name, which is in `words` too if the drawing has room for it. `plate` is the rectangle
    behind the name: x, y, width and height in pixels from the point of the item.
    """

    kind: str  # mark, province, country, water, neighbour
    x: str
    y: str
    radius: str
    words: MapLabel | None
    rows: list[str]
    language: str
    key: str = ""
    url: str = ""
    title: str = ""
    count: str = ""
    members: tuple[geometry.MapMark, ...] = ()
    plate: tuple[str, str, str, str] | None = None

    @property
    def several(self) -> bool:
        """Return True for several places that are drawn as one mark."""
        return len(self.members) > 1

    @property
    def approximate(self) -> bool:
        """Return True if only the country of the records is known."""
        return any(mark.approximate for mark in self.members)


@dataclass(frozen=True)
class MapDrawing:
    """One of the two drawings of a map (see DRAWINGS)."""

    size: str
    scale: str
    items: list[MapItem]


@dataclass(frozen=True)
class Country:
    """The shape of a country, with its link, title and CSS class."""

    key: str
    path: str
    url: str
    title: str
    tone: str


@dataclass(frozen=True)
class ShadedProvince:
    """The shape of a province, shaded by its number of projects, with its link, title and CSS class."""

    key: str
    name: str
    count: int
    url: str
    title: str
    tone: str

    @property
    def path(self) -> str:
        return shapes()["provinces"][self.key]["path"]


@dataclass
class Map:
    """All values that components/map_drawing.html needs."""

    id: str
    label: str
    frame: geometry.BoundingBox
    countries: list[Country]
    drawings: list[MapDrawing]
    provinces: list[ShadedProvince] = ()
    borders: str = ""  # path of the borders of the countries over the provinces
    hatched: bool = False
    is_large: bool = False  # marks have larger targets, and a list beside the map is in step with them
    width: int = field(init=False, default=round(geometry.FRAME.width))
    height: int = field(init=False, default=round(geometry.FRAME.height))

    @property
    def transform(self) -> str:
        """Return the SVG transform that scales `frame` to the size of the drawing."""
        scale = geometry.FRAME.width / self.frame.width
        left, top = self.frame.left * scale, self.frame.top * scale
        size = geometry.short(scale, 4)
        return f"matrix({size} 0 0 {size} {geometry.short(-left, 2)} {geometry.short(-top, 2)})"

    @property
    def base(self) -> dict[str, str]:
        """Return the position and size of the picture of the waters (static/geo/base.svg).

        The picture is enlarged by its width and height, not by a transform, so that its lines keep their width.
        """
        scale = geometry.FRAME.width / self.frame.width
        sides = {
            "x": -self.frame.left,
            "y": -self.frame.top,
            "width": geometry.FRAME.width,
            "height": geometry.FRAME.height,
        }
        return {name: geometry.short(value * scale, 2) for name, value in sides.items()}

    @property
    def shows_aral(self) -> bool:
        """Return True if the frame shows part of the Aral Sea, whose outlines need an explanation."""
        return self.frame.meets(ARAL)


# ── Drawing ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class LabelCandidate:
    """An item whose name is not placed yet: its position in pixels, and all its texts."""

    kind: str
    x: float
    y: float
    rows: list[str]
    language: str = ""
    key: str = ""
    radius: float = 0
    size: float = 12  # font size, in pixels
    url: str = ""
    title: str = ""
    count: str = ""
    members: tuple[geometry.MapMark, ...] = ()
    steps: tuple[geometry.Point, ...] = ()  # from its point to other points where the name may be placed, in pixels

    @property
    def name(self) -> geometry.NamePlacement:
        width = max(geometry.text_width(row, self.size) for row in self.rows)
        pad = PLATE if self.kind == "mark" else (0.0, 0.0)
        return geometry.NamePlacement(self.x, self.y, width, self.radius, len(self.rows), steps=self.steps, pad=pad)


@dataclass(frozen=True)
class View:
    """The part of the map that is shown (`frame`, in map units), and its scale (`zoom`, in pixels per map unit)."""

    frame: geometry.BoundingBox
    zoom: float

    def pixels(self, point: geometry.Point) -> geometry.Point:
        """Return the position in the drawing, in pixels, of a point of the map."""
        return (point[0] - self.frame.left) * self.zoom, (point[1] - self.frame.top) * self.zoom

    def degrees(self, point: geometry.Point) -> geometry.Point:
        """Return longitude and latitude of a point of the drawing."""
        return geometry.unproject(point[0] / self.zoom + self.frame.left, point[1] / self.zoom + self.frame.top)

    def points(self, candidates: list[geometry.Point]) -> tuple[float, float, tuple[geometry.Point, ...]]:
        """Return x, y and steps, in pixels, of the points where a name may be placed.

        x and y are those of the first candidate inside the frame. The steps lead from it to the others inside the
        frame. If the frame contains none of them, all candidates are used.
        """
        inside = [point for point in candidates if self.frame.holds(point)] or candidates
        (x, y), *others = (self.pixels(point) for point in inside)
        return x, y, tuple((other_x - x, other_y - y) for other_x, other_y in others)


def draw(
    *,
    id: str,
    label: str,
    countries: Iterable[Place],
    marks: list[geometry.MapMark] = (),
    frame: geometry.BoundingBox = geometry.FRAME,
    tones: dict[str, str] | None = None,
    figures: dict[str, str] | None = None,
    badges: dict[str, int] | None = None,
    counted: bool = False,
    cluster_url: Callable[[list[geometry.MapMark]], str] = lambda marks: "",
    hatched: bool = False,
    sizes: Iterable[tuple[str, float, float]] = DRAWINGS,
    provinces: list[ShadedProvince] = (),
) -> Map:
    """Return a map of `marks` over the countries, or over `provinces`.

    `countries` are the places that may be linked and named. `tones` maps the key of a country to the CSS class of its
    shape, `figures` to a second line of its name, and `badges` to a number in a circle. `frame` is the part of the map
    that is shown, in map units. If `counted`, each mark shows the number of its records, and its size depends on it.
    `cluster_url` returns the URL of several marks that are drawn as one. `sizes` are DRAWINGS or LARGE_DRAWINGS.
    """
    tones, figures, badges = tones or {}, figures or {}, badges or {}
    known = {place.key: place for place in countries}
    shown = []
    for key, shape in () if provinces else shapes()["countries"].items():
        url, title = "", ""
        if key in known:
            url, title = known[key].get_absolute_url(), known[key].name_and_language()[0]
            said = figures.get(key) or (counted_projects(badges[key]) if key in badges else "")
            title = with_value(title, said) if said else title
        shown.append(Country(key, shape["path"], url, title, tones.get(key, "")))
    drawings = []
    for size, scale, apart in sizes:
        view = View(frame, geometry.FRAME.width / frame.width / scale)
        paper = geometry.BoundingBox(0, 0, geometry.FRAME.width / scale, geometry.FRAME.height / scale)
        marked = mark_drafts(marks, view, apart, paper, counted, cluster_url)
        drafts = [
            *marked,
            *province_drafts(provinces, view, marked),
            *drafts_of_names(known, view, figures, badges, without={mark.key for mark in marks if mark.approximate}),
        ]
        drawings.append(MapDrawing(size, geometry.short(scale, 2), _set(drafts, paper, scale)))
    return Map(
        id=id,
        label=label,
        frame=frame,
        countries=shown,
        drawings=drawings,
        provinces=provinces,
        borders=shapes()["borders"] if provinces else "",
        hatched=hatched,
        is_large=sizes is LARGE_DRAWINGS,
    )


def counted_radius(count: int, counts: Iterable[int]) -> float:
    """Return the radius in pixels of a mark with the number `count`, which fits into it.

    `counts` are the numbers of all marks.
    """
    return geometry.radius(count, largest=max(FULL, *counts), least=max(COUNTED, digit_radius(count)))


def digit_radius(count: int) -> float:
    """Return the radius in pixels of a circle that a number fits into."""
    return geometry.text_width(number(count), DIGITS) / 2 + 4


def mark_drafts(
    marks: list[geometry.MapMark],
    view: View,
    apart: float,
    paper: geometry.BoundingBox,
    counted: bool = False,
    cluster_url: Callable[[list[geometry.MapMark]], str] = lambda marks: "",
) -> list[LabelCandidate]:
    """Return the marks of a view: approximate ones first, then clusters, the one with the fullest place first.

    Marks nearer than `apart` pixels are merged into one. If `counted`, `apart` is at least the diameter of the widest
    number, so that no mark hides the number of another. An approximate mark is not merged: it is at a free point of its
    country, or at the nearest one. It is left out if the middle of its country is outside of the view.
    """
    exact = [mark for mark in marks if not mark.approximate]
    points = [(*view.pixels(mark.at), len(mark.records)) for mark in exact]
    if counted and exact:
        apart = max(apart, 2 * digit_radius(max(len(mark.records) for mark in exact)))
    groups = geometry.clusters(points, apart)
    counts = [len(NONE.union(*(exact[i].records for i in group))) for group in groups]
    found = [
        draft_of_mark(
            tuple(exact[i] for i in group),
            points[group[0]][:2],
            count if counted else 0,
            counted_radius(count, counts) if counted and count else MARK,
            cluster_url,
        )
        for group, count in zip(groups, counts, strict=True)
    ]
    moved, taken = [], [(draft.x, draft.y, max(draft.radius, COUNTED) + GAP) for draft in found]
    for mark in (mark for mark in marks if mark.approximate and view.frame.holds(mark.at)):
        radius = counted_radius(len(mark.records), [*counts, len(mark.records)])
        inside = [point for point in shapes()["countries"][mark.key]["labels"] if view.frame.holds(point)]
        x, y = geometry.free_spot([view.pixels(point) for point in (mark.at, *inside)], radius, taken, paper)
        taken.append((x, y, radius + GAP))
        moved.append(draft_of_mark((mark,), (x, y), len(mark.records), radius))
    return [*moved, *found]


def draft_of_mark(
    members: tuple[geometry.MapMark, ...],
    point: geometry.Point,
    count: int,
    radius: float,
    cluster_url: Callable[[list[geometry.MapMark]], str] = lambda marks: "",
) -> LabelCandidate:
    """Return the draft of a mark for one or several places at a point in pixels; `count` is 0 without a number."""
    lead, rows = members[0], [members[0].name]
    if len(members) > 1:
        rows.append(ngettext("+ {n} place", "+ {n} places", len(members) - 1).format(n=number(len(members) - 1)))
    title = " ".join(rows)
    return LabelCandidate(
        kind="mark",
        x=point[0],
        y=point[1],
        rows=rows,
        language=lead.language,
        key=lead.key,
        radius=radius,
        url=(len(members) > 1 and cluster_url(list(members))) or lead.url,
        title=with_value(title, counted_projects(count)) if count else title,
        count=number(count) if count else "",
        members=members,
    )


def province_drafts(
    provinces: Iterable[ShadedProvince], view: View, marks: list[LabelCandidate]
) -> Iterator[LabelCandidate]:
    """Yield the numbers of the provinces, the largest first, at points where they do not meet a mark or each other.

    A number that finds no such point is left out: the list beside the map has it.
    """
    taken = [(mark.x, mark.y, mark.radius) for mark in marks]
    for province in sorted(provinces, key=lambda province: -province.count):
        radius = digit_radius(province.count)
        points = [view.pixels(point) for point in shapes()["provinces"][province.key]["labels"]]
        free = (p for p in points if all(geometry.math.dist(p, (x, y)) >= r + radius for x, y, r in taken))
        if province.count and (point := next(free, None)):
            taken.append((*point, radius))
            yield LabelCandidate(
                kind="province",
                x=point[0],
                y=point[1],
                rows=[province.name],
                key=province.key,
                radius=radius,
                size=11,
                count=number(province.count),
            )


def drafts_of_names(
    countries: dict[str, Place],
    view: View,
    figures: dict[str, str] | None = None,
    badges: dict[str, int] | None = None,
    without: Collection[str] = (),
) -> Iterator[LabelCandidate]:
    """Yield names without marks in the order in which they are placed: countries, neighbours, waters.

    `without` are the keys of countries that have a mark with their name.
    """
    figures, badges = figures or {}, badges or {}
    for key, shape in shapes()["countries"].items():
        if key in countries and key not in without:
            name, language = countries[key].name_and_language()
            count = badges.get(key, 0)
            x, y, steps = view.points(shape["labels"])
            yield LabelCandidate(
                kind="mark" if count else "country",
                x=x,
                y=y,
                rows=[name, figures[key]] if key in figures else [name],
                language=language,
                key=key,
                radius=counted_radius(count, badges.values()) if count else 0,
                url=countries[key].get_absolute_url(),
                title=with_value(name, counted_projects(count)) if count else "",
                count=number(count) if count else "",
                steps=steps,
            )
    language = get_language() or "en"
    for named in shapes()["names"]:
        x, y, steps = view.points(named["labels"])
        name = named[f"name_{language}"]
        yield LabelCandidate(kind=named["kind"], x=x, y=y, rows=[name], language=language, size=11, steps=steps)


def _set(drafts, paper, scale):
    """Return the drafts as MapItems, each with its name if there is room for it.

    Drafts outside `paper` are left out, and names without a mark or a number for which there is no room.
    """
    items = []
    for draft, place in zip(drafts, geometry.set_names([draft.name for draft in drafts], paper), strict=True):
        if not paper.holds((draft.x, draft.y)) or (place is None and draft.kind not in {"mark", "province"}):
            continue
        x, y, words, plate = draft.x, draft.y, None, None
        if place is not None:
            name, dx, dy = draft.name, place.dx, place.dy
            if any(name.pad):
                box = geometry.extent(name, place)
                sides = (box.left - x, box.top - y, box.width, box.height)
                plate = tuple(geometry.short(side) for side in sides)
            if not draft.radius:  # pixel offsets do not scale, so x and y are those of the name itself
                x, y, dx, dy = x + dx, y + dy - name.baseline, 0, name.baseline
            rows = [(row, geometry.short(dy + i * name.line)) for i, row in enumerate(draft.rows)]
            words = MapLabel(rows, geometry.short(dx), place.anchor, draft.language)
        items.append(
            MapItem(
                kind=draft.kind,
                x=geometry.short(x * scale),
                y=geometry.short(y * scale),
                radius=geometry.short(draft.radius),
                words=words,
                rows=draft.rows,
                language=draft.language,
                key=draft.key,
                url=draft.url,
                title=draft.title,
                count=draft.count,
                members=draft.members,
                plate=plate,
            )
        )
    return sorted(items, key=lambda item: item.approximate)  # above the targets of the others


# ── A map with its list ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class ListedPlace:
    """A row of the list beside a map."""

    place: object
    kind: str
    count: int | None
    missing: str = ""  # why the map does not show the place


def region_map(
    *,
    id,
    label,
    places=(),
    shaded=(),
    badges=(),
    counted=False,
    whole=False,
    listed=True,
    note="",
    explore=None,
    countries=None,
    title="",
    folded=False,
):
    """Return the context of a map of the region and the list of its marks; without `map` if there is nothing to mark.

    - `id` is the id of the figure in its page, `label` the accessible name of the map.
    - `places`: places to mark. Those that the map cannot show are listed with the reason. If the map is `counted`, each
      place has `project_ids`, the primary keys of its projects.
    - `shaded`: countries to highlight. `badges`: countries with `project_count`, which is shown in a circle.
    - `whole`: True shows the whole region; otherwise the map zooms to the places and shaded countries.
    - `listed`: False if the page has the same list beside the map.
    - `note`: a sentence under the map.
    - `explore`: the query string of a link to the interactive map, or None for no link.
    - `countries`: the countries to name and link; a query finds them if this is None.
    - `title`: a heading above the map.
    - `folded`: True folds the list, for pages on which other parts follow.
    """
    marks, entries = [], []
    for place in places:
        records = getattr(place, "project_ids", ())
        mark = mark_of(place, records)
        shown = mark is not None and geometry.FRAME.holds(mark.at)
        if shown:
            marks.append(mark)
        entries.append(
            ListedPlace(
                place,
                place.kind_beside_name,
                len(records) if counted else None,
                "" if shown else gettext("position not known") if mark is None else gettext("outside this map"),
            )
        )
    badges = [place for place in badges if place.key in shapes()["countries"]]
    entries += [ListedPlace(place, "", place.project_count) for place in badges]
    tones = {place.key: "map-shaded" for place in shaded if place.key in shapes()["countries"]}
    context = {
        "id": id,
        "entries": entries if listed else [],
        "with_numbers": counted or badges,
        "note": note,
        "explore": explore,
        "title": title,
        "folded": folded,
    }
    if not marks and not tones and not badges:
        return context
    points = [mark.at for mark in marks] + [corner for key in tones for corner in corners(key)]
    return context | {
        "map": draw(
            id=id,
            label=label,
            countries=central_asia() if countries is None else countries,
            marks=marks,
            frame=geometry.FRAME if whole else geometry.frame_around(points),
            tones=tones,
            badges={place.key: place.project_count for place in badges},
            counted=counted,
            cluster_url=lambda marks: f"#{id}-list" if listed else "",
        ),
    }
