"""Draws causes and effects as a graph: which issues it has, how names fit their boxes, and where lines run.

`draw` is a pure function: names and pairs of numbers in, lengths and SVG paths out. `drawn_once` caches its result by
all its arguments, so that a picture is laid out once for each set of names and links. Colours are CSS classes, and the
texts are in the templates (templates/issues/includes/causes_*.html).
"""

import hashlib
import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import caches
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.languages import text_and_language
from portal.graphics.charts import shortened, text_width
from portal.graphics.graph_layout import Points, Spacing, lay_out, order_layers
from portal.graphics.svg_export import LegendEntry, Panel, picture_file

TONES = 4  # colours in static/css/issues.css: one for each main issue and its sub-issues; 0 is for other issues
MOST_LINES = 3  # maximum number of lines of a name
BOLD = 1.07  # width of bold letters, relative to regular ones
EDGE = 2  # margin around the picture, so that no stroke is cut
TIP, TIP_HALF = 7, 3  # length of an arrowhead, and half its width
KEPT = 7 * 24 * 3600  # cache timeout in seconds


# ── The shape of a picture ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Shape:
    """The measures of a picture in SVG user units, and whether it reads from top to bottom (`downwards`)."""

    spacing: Spacing
    font: float
    line: float  # distance between the lines of a name
    room: float  # a wider name is broken into several lines
    most_room: float  # a line that is still wider is cut with an ellipsis
    least: float  # minimum width of a box
    inset: tuple[float, float]  # horizontal and vertical padding of a box
    downwards: bool = False
    most_layers: int | None = None
    most_in_layer: int | None = None
    most_across: float = math.inf  # maximum total width of the names in one row


WIDE = Shape(
    Spacing(along=1140, gap=40, most_gap=100),
    font=13,
    line=16,
    room=124,
    most_room=220,
    least=116,
    inset=(10, 9),
    most_layers=6,
)
NARROW = Shape(
    Spacing(between=12, lane=8, beside=9, port=10, gap=34, most_gap=34, across=352),
    font=12,
    line=14.5,
    room=106,
    most_room=200,
    least=84,
    inset=(8, 7),
    downwards=True,
    most_in_layer=2,
    most_across=230,
)
# For the graph on the page of one issue, which has few issues and is as wide as a column of text.
NEAR_WIDE = Shape(
    Spacing(along=716, gap=60, most_gap=130, between=10),
    font=13,
    line=16,
    room=150,
    most_room=220,
    least=130,
    inset=(10, 8),
)
NEAR_NARROW = NARROW


@dataclass(frozen=True)
class CauseNode:
    """A box and the lines of its name."""

    x: float
    y: float
    width: float
    height: float
    rows: tuple[tuple[str, float, float], ...]  # text, x, y of its baseline


@dataclass(frozen=True)
class Edge:
    """A line from a cause to an effect.

    `own` is the part of `path` that no other line shares, `tip` is the arrowhead. `back` is True if the line runs
    against the reading direction.
    """

    path: str
    own: str
    tip: str
    back: bool


@dataclass(frozen=True)
class CauseGraph:
    """The laid out picture.

    `nodes` and `edges` are in the order of the arguments of `draw`. `trunks` are the paths that several edges to one
    node share.
    """

    width: float
    height: float
    nodes: tuple[CauseNode, ...]
    edges: tuple[Edge, ...]
    trunks: tuple[tuple[int, str], ...]  # index of the node, path
    crossings: int


def draw(names: Sequence[str], bold: Sequence[bool], lines: Sequence[tuple[int, int]], shape: Shape) -> CauseGraph:
    """Return the picture of issues with these names, and with lines between them.

    `bold` says for each name whether it is bold. `lines` are pairs (cause, effect) of indexes of names.
    """
    weights = [BOLD if heavy else 1 for heavy in bold]
    labels = [name_rows(name, shape, weight) for name, weight in zip(names, weights, strict=True)]
    plan = order_layers(
        len(names),
        lines,
        most_layers=shape.most_layers,
        most_in_layer=shape.most_in_layer,
        breadths=[width for _rows, width in labels],
        most_across=shape.most_across,
    )
    if not shape.downwards:
        # The boxes of a column are as wide as its widest name, so the other names may need fewer lines.
        widest = dict.fromkeys(plan.layer_of, 0.0)
        for (_rows, width), layer in zip(labels, plan.layer_of, strict=False):
            widest[layer] = max(widest[layer], width)
        labels = [
            name_rows(name, shape, weight, max(shape.room, widest[layer]))
            for name, weight, layer in zip(names, weights, plan.layer_of, strict=False)
        ]
    out, into = Counter(a for a, _b in lines), Counter(b for _a, b in lines)
    sizes = []
    for number, (rows, width) in enumerate(labels):
        width = max(width + 2 * shape.inset[0], shape.least)
        height = len(rows) * shape.line + 2 * shape.inset[1]
        # Lines that meet at a box need a distance of 7 units, so that the reader can distinguish them.
        touching = 2 * shape.spacing.corner + 7 * (max(out[number], into[number]) - 1)
        sizes.append((height, max(width, touching)) if shape.downwards else (width, max(height, touching)))
    layout = lay_out(plan, sizes, shape.spacing)
    width, height = turned((layout.along, layout.across), shape)
    return CauseGraph(
        rounded(width + 2 * EDGE),
        rounded(height + 2 * EDGE),
        tuple(node(box, rows, shape) for box, (rows, _width) in zip(layout.boxes, labels, strict=True)),
        tuple(edge(route, shape) for route in layout.routes),
        tuple((number, trunk(parts, shape)) for number, parts in sorted(layout.trunks.items())),
        layout.crossings,
    )


def name_rows(name: str, shape: Shape, weight: float = 1, room: float = 0) -> tuple[list[str], float]:
    """Return the lines of a name, and the width of the widest one.

    The name has as few lines as fit the width, at most three, of similar length. A name that does not fit in three
    lines makes its box wider. Lines wider than `shape.most_room` end in an ellipsis.
    """

    def width(row):
        return text_width(row, shape.font) * weight

    words = name.split() or [""]
    best = None
    for count in range(1, min(MOST_LINES, len(words)) + 1):
        for cuts in itertools.combinations(range(1, len(words)), count - 1):
            rows = [" ".join(words[a:b]) for a, b in itertools.pairwise((0, *cuts, len(words)))]
            widest = max(map(width, rows))
            if best is None or widest < best[1]:
                best = rows, widest
        if best[1] <= max(room, shape.room):
            break
    rows, widest = best
    if widest > shape.most_room:
        rows = [shortened(row, shape.most_room * 12 / shape.font / weight) for row in rows]
        widest = max(map(width, rows))
    return rows, widest


def node(box, rows, shape):
    x, y = turned((box.along, box.across), shape)
    width, height = turned((box.length, box.breadth), shape)
    # The baseline is about a third of the font size (0.35) below the middle of the letters.
    top = y + EDGE + (height - len(rows) * shape.line) / 2 + shape.line / 2 + shape.font * 0.35
    return CauseNode(
        rounded(x + EDGE),
        rounded(y + EDGE),
        rounded(width),
        rounded(height),
        tuple(
            (row, rounded(x + EDGE + shape.inset[0]), rounded(top + number * shape.line))
            for number, row in enumerate(rows)
        ),
    )


def edge(route, shape):
    points = [turned(point, shape) for point in route.points]
    (_x0, y0), (x, y) = points[-2:]
    if route.stacked:
        direction = (0, 1 if y > y0 else -1)
    else:
        direction = turned((-1 if route.back else 1, 0), shape)
    return Edge(
        path_of(points, shape, route.stacked),
        path_of(points[: route.own], shape, route.stacked),
        tip((x, y), direction),
        route.back,
    )


def trunk(parts: Sequence[Points], shape):
    """Return the path of the parts that lines share.

    Each part is straight from its first to its second point and bends to its other points.
    """
    paths = []
    for a, b, *rest in parts:
        points = [turned(point, shape) for point in (a, b)]
        paths.append(path_of([points[0]], shape) + f"L{at(points[1])}")
        for point in rest:
            paths.append(bend(points[1], turned(point, shape), shape))
    return "".join(paths)


def path_of(points, shape, stacked=False):
    """Return the path through `points`. Bends and straight parts alternate, beginning with a bend.

    If the line is `stacked` (between two boxes of one layer), all parts are straight.
    """
    path = f"M{at(points[0])}"
    for number, (a, b) in enumerate(itertools.pairwise(points)):
        path += f"L{at(b)}" if stacked or number % 2 else bend(a, b, shape)
    return path


def bend(a, b, shape):
    """Return a curve that starts and ends in the reading direction."""
    if shape.downwards:
        middle = (a[1] + b[1]) / 2
        return f"C{at((a[0], middle))} {at((b[0], middle))} {at(b)}"
    middle = (a[0] + b[0]) / 2
    return f"C{at((middle, a[1]))} {at((middle, b[1]))} {at(b)}"


def tip(point, direction):
    """Return the path of an arrowhead that ends at `point`. All have the same form, so the page compresses well."""
    dx, dy = direction
    across = TIP_HALF if dx else 0, TIP_HALF if dy else 0
    return f"M{at(point)}l{-dx * TIP - across[1]},{-dy * TIP - across[0]}l{2 * across[1]},{2 * across[0]}z"


def turned(pair, shape):
    """Convert (along, across) to (x, y)."""
    return pair[::-1] if shape.downwards else pair


def at(point):
    """Return a point as text for a path. Whole pixels are precise enough and take half of the bytes."""
    return f"{round(point[0] + EDGE)},{round(point[1] + EDGE)}"


def rounded(number: float) -> float | int:
    """Return a length rounded to one decimal place; an int if it is a whole number."""
    number = round(number, 1)
    return int(number) if number == int(number) else number


# ── The issues in it ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Linked:
    """A link between two issues of a picture, with the values that templates need to draw it."""

    cause: object
    effect: object
    link: object
    keys: Sequence[str]  # keys of its sources
    tone: int = 0

    @property
    def id(self):
        """Return the HTML id of the link in the list."""
        return f"link-{self.cause.key}--{self.effect.key}"

    @property
    def words(self):
        """Return the mechanism for a tooltip, and the code of its language."""
        return text_and_language(self.link, "mechanism")


class CausesFigure:
    """Issues and the links between them, drawn for wide pages and for phones, and as a list.

    `links` are IssueLink records; both ends must be among `issues`. Issues without a link are in `loose` and are not
    drawn.
    """

    def __init__(self, issues, links, *, mains=(), shapes=(WIDE, NARROW), focus=None):
        by_pk = {issue.pk: issue for issue in issues}
        ends = {pk for link in links for pk in (link.cause_id, link.effect_id)}
        self.issues = [issue for issue in issues if issue.pk in ends]
        self.loose = [issue for issue in issues if issue.pk not in ends]
        self.focus = focus
        tones = main_tones(mains)
        self.mains = [(main, tones[main.pk]) for main in mains if any(main_pk(i) == main.pk for i in self.issues)]
        self.tone_of = {issue.pk: tones.get(main_pk(issue), 0) for issue in self.issues}
        self.links = [
            Linked(
                by_pk[link.cause_id],
                by_pk[link.effect_id],
                link,
                [citation.source.key for citation in link.citations.all()],
                self.tone_of[link.effect_id],
            )
            for link in links
        ]
        self.wide, self.narrow = (self.view(shape) for shape in shapes)

    @property
    def picture_url(self):
        """Return the URL of the page of the issue in focus with the query of this picture (`picture_links`)."""
        return f"{self.focus.get_absolute_url()}?part=causes"

    def view(self, shape):
        """Return the context of the picture in one shape: its drawing, nodes and trunks.

        `nodes` has (issue, box, tone, is bold, outgoing links with their edges) for each issue. `trunks` has (issue,
        path, tone).
        """
        place = {issue.pk: number for number, issue in enumerate(self.issues)}
        drawing = drawn_once(
            tuple(str(issue) for issue in self.issues),
            tuple(self.heavy(issue) for issue in self.issues),
            tuple((place[link.cause.pk], place[link.effect.pk]) for link in self.links),
            shape,
        )
        leaving = {issue.pk: [] for issue in self.issues}
        for link, edge in zip(self.links, drawing.edges, strict=True):
            leaving[link.cause.pk].append((link, edge))
        return {
            "drawing": drawing,
            "nodes": [
                (issue, node, self.tone_of[issue.pk], self.heavy(issue), leaving[issue.pk])
                for issue, node in zip(self.issues, drawing.nodes, strict=True)
            ],
            "trunks": [
                (self.issues[number], path, self.tone_of[self.issues[number].pk]) for number, path in drawing.trunks
            ],
        }

    def heavy(self, issue):
        """Return True if the name of the issue is bold: it is the focus, or a main issue if there is no focus."""
        return issue.pk == self.focus.pk if self.focus else issue.parent_id is None

    @property
    def has_back(self):
        """Return True if a line runs against the reading direction, because the causes form a cycle."""
        return any(edge.back for edge in self.wide["drawing"].edges)

    @property
    def by_effect(self):
        """Return the list of links: pairs of an issue that has causes here and the links to it."""
        return [
            (issue, found)
            for issue in self.issues
            if (found := [link for link in self.links if link.effect.pk == issue.pk])
        ]

    @property
    def most_caused(self):
        """Return the issues with the most causes here, and the number of these causes."""
        return most(self.issues, Counter(link.effect.pk for link in self.links))

    @property
    def most_causing(self):
        """Return the issues with the most effects here, and the number of these effects."""
        return most(self.issues, Counter(link.cause.pk for link in self.links))


def most(issues, counts):
    """Return the issues with the highest count, in their order, and that count."""
    highest = max(counts.values(), default=0)
    return [issue for issue in issues if counts[issue.pk] == highest], highest


def main_pk(issue):
    """Return the primary key of the parent, or of the issue itself if it is a main issue."""
    return issue.parent_id or issue.pk


def main_tones(mains):
    """Return the colour number of each main issue, from 1 to `TONES`, by primary key."""
    return {main.pk: number % TONES + 1 for number, main in enumerate(mains)}


def drawn_once(names, bold, lines, shape):
    """Return the result of `draw`, cached by its arguments for `KEPT` seconds."""
    told = repr((names, bold, lines, shape))
    key = f"causes:{hashlib.sha256(told.encode()).hexdigest()}"
    return caches["local"].get_or_set(key, lambda: draw(names, bold, lines, shape), KEPT)


def causes_file(request, figure, name, title):
    """Return the wide picture of causes and effects as an SVG file response."""
    picture = figure.wide
    return picture_file(
        request,
        name,
        [Panel(render_to_string("issues/includes/causes_graph.html", {"picture": picture, "size": "chart-wide"}))],
        title=title,
        sentence=ngettext(
            "%(count)s cause-and-effect link, read from left to right.",
            "%(count)s cause-and-effect links, read from left to right.",
            len(figure.links),
        )
        % {"count": len(figure.links)},
        source=_("From the portal’s own records: CC BY 4.0."),
        key=[
            LegendEntry(main.name_and_language()[0], f"swatch graph-swatch group-{tone}") for main, tone in figure.mains
        ],
        width=picture["drawing"].width,
    )
