"""Streams between columns of nodes (a Sankey diagram) from plain numbers. No database, no HTML, no words of its own.

Lengths are SVG user units, y runs downwards. The height of a node and the thickness of a ribbon are proportional to
their values on one scale; only what would be too thin to see is drawn at a least thickness.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from portal.graphics.charts import LINE, text_width, wrapped

NODE_WIDTH = 8.0
GAP = 5.0  # between nodes of a column, at least
THINNEST = 1.0  # of a ribbon or a node
BESIDE = 4.0  # between a node and its label
MARGIN = 2.0
LABEL_LINES = 3


@dataclass(frozen=True)
class Item:
    """A node to place. `count` stands behind its name; `url` and `title` are passed on to who draws."""

    key: str
    name: str
    count: str = ""
    tone: int = 0
    url: str = ""
    title: str = ""


@dataclass(frozen=True)
class Flow:
    """A stream of `value` from a node of one column to a node of the next one."""

    source: str
    target: str
    value: float
    tone: int = 0
    url: str = ""
    title: str = ""


@dataclass(frozen=True)
class SankeyNode:
    """A placed node: its box, its value, its label as rows of text with their baselines.

    The count ends the last row, which has no other words where name and count do not fit in one.
    """

    item: Item
    column: int
    value: float
    x: float
    y: float
    height: float
    rows: list[tuple[str, float]]
    text_x: float
    anchor: str

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True)
class Ribbon:
    """A placed stream: its outline, its thickness, and where it leaves its source and meets its target."""

    flow: Flow
    column: int
    path: str
    thickness: float
    leaves: float
    meets: float


@dataclass(frozen=True)
class Sankey:
    """A diagram, ready to draw. `scale` is the thickness of a value of 1."""

    width: float
    height: float
    scale: float
    nodes: list[SankeyNode]
    ribbons: list[Ribbon]
    node_width: float = NODE_WIDTH


@dataclass
class _Box:
    """A node while it is being placed."""

    item: Item
    value: float
    thicknesses: tuple[float, float]  # of all that comes in, of all that goes out
    height: float
    rows: list[str] = field(default_factory=list)
    y: float = 0.0

    @property
    def slot(self) -> float:
        """The height that it needs with its label."""
        return max(self.height, len(self.rows) * LINE)


def sankey(
    columns: Sequence[Sequence[Item]],
    flows: Sequence[Sequence[Flow]],
    *,
    width: float,
    height: float,
) -> Sankey:
    """Nodes in `columns` from left to right, in the order given, with `flows[i]` between columns i and i + 1.

    Nodes that nothing touches are left out. The diagram grows beyond `height` where labels need it. Labels of the first
    column stand outside. Raises ValueError when there is nothing to draw.
    """
    flows = [[flow for flow in step if flow.value > 0] for step in flows]
    values = _values(columns, flows)
    shown = [[item for item in column if values.get((i, item.key))] for i, column in enumerate(columns)]
    if not all(shown):
        raise ValueError("A diagram of streams needs a node in every column.")
    total = max(sum(values[i, item.key] for item in column) for i, column in enumerate(shown))
    most = max(map(len, shown))
    scale = max(height - 2 * MARGIN - GAP * (most - 1), height / 2) / total

    rooms, xs = _across(shown, width)
    boxes = [
        [_box(item, values[i, item.key], i, flows, scale, rooms[i]) for item in column]
        for i, column in enumerate(shown)
    ]
    needed = max(sum(box.slot for box in column) + GAP * (len(column) - 1) for column in boxes)
    height = round(max(height, needed + 2 * MARGIN), 1)
    for column in boxes:
        _stack(column, height)
    nodes = [_node(box, i, xs[i], outside=i == 0) for i, column in enumerate(boxes) for box in column]
    ribbons = [ribbon for i, step in enumerate(flows) for ribbon in _ribbons(i, step, boxes, xs, scale)]
    return Sankey(width, height, scale, nodes, ribbons)


def _values(columns: Sequence[Sequence[Item]], flows: Sequence[Sequence[Flow]]) -> dict[tuple[int, str], float]:
    """Return what passes through each node: the larger of what comes in and what goes out."""
    sums: dict[tuple[int, str], list[float]] = {}
    known = [{item.key for item in column} for column in columns]
    for i, step in enumerate(flows):
        for flow in step:
            if flow.source not in known[i] or flow.target not in known[i + 1]:
                raise ValueError(f"{flow.source} → {flow.target} has an end that is no node.")
            sums.setdefault((i, flow.source), [0.0, 0.0])[1] += flow.value
            sums.setdefault((i + 1, flow.target), [0.0, 0.0])[0] += flow.value
    return {node: max(both) for node, both in sums.items()}


def _thickness(flow: Flow, scale: float) -> float:
    return max(flow.value * scale, THINNEST)


def _box(item: Item, value: float, i: int, flows: Sequence[Sequence[Flow]], scale: float, room: float) -> _Box:
    came = sum(_thickness(flow, scale) for flow in (flows[i - 1] if i else []) if flow.target == item.key)
    went = sum(_thickness(flow, scale) for flow in (flows[i] if i < len(flows) else []) if flow.source == item.key)
    return _Box(item, value, (came, went), max(value * scale, came, went, THINNEST), _rows(item, room))


def _rows(item: Item, room: float) -> list[str]:
    """The rows of a label: with the count behind the name where the whole name leaves room for it, else below."""
    rows = wrapped(item.name, room - _count_width(item), LABEL_LINES)
    if " ".join(rows) == " ".join(item.name.split()) or not item.count:
        return rows
    rows = wrapped(item.name, room, LABEL_LINES)
    return rows if text_width(rows[-1]) + _count_width(item) <= room else [*rows, ""]


def _whole_width(item: Item) -> float:
    return text_width(item.name) + _count_width(item)


def _count_width(item: Item) -> float:
    return text_width(f" {item.count}") if item.count else 0.0


def _across(columns: Sequence[Sequence[Item]], width: float) -> tuple[list[float], list[float]]:
    """Return the room for labels beside each column, and the x of each column.

    The last column's labels stand at the right edge. What is left is shared so that labels over ribbons fit.
    """
    widest = [max(map(_whole_width, column)) for column in columns]
    last = min(widest[-1], width * 0.3) + BESIDE
    first = min(widest[0], width * 0.25) + BESIDE
    left, right = first + MARGIN, width - last - MARGIN - NODE_WIDTH
    steps = len(columns) - 1
    step = (right - left) / steps
    xs = [left + step * i for i in range(steps)] + [right]
    rooms = [b - a - NODE_WIDTH - 2 * BESIDE for a, b in pairwise(xs)] + [last - BESIDE]
    rooms[0] = first - BESIDE
    return rooms, [round(x, 1) for x in xs]


def _stack(column: list[_Box], height: float) -> None:
    """Place the boxes of a column below one another, with equal space between what each needs."""
    spare = height - 2 * MARGIN - sum(box.slot for box in column)
    between = spare / (len(column) - 1) if len(column) > 1 else 0.0
    y = MARGIN if len(column) > 1 else MARGIN + spare / 2
    for box in column:
        box.y = y + (box.slot - box.height) / 2
        y += box.slot + between


def _node(box: _Box, column: int, x: float, *, outside: bool) -> SankeyNode:
    middle = box.y + box.height / 2
    rows = [(words, round(middle + LINE * (row - len(box.rows) / 2 + 0.75), 1)) for row, words in enumerate(box.rows)]
    text_x = round(x - BESIDE if outside else x + NODE_WIDTH + BESIDE, 1)
    anchor = "end" if outside else "start"
    return SankeyNode(box.item, column, box.value, x, round(box.y, 1), round(box.height, 1), rows, text_x, anchor)


def _ribbons(
    i: int, step: Sequence[Flow], boxes: Sequence[Sequence[_Box]], xs: Sequence[float], scale: float
) -> list[Ribbon]:
    """Return the ribbons between column i and the next: at either end in the order of the nodes at the other."""
    sources = {box.item.key: (n, box) for n, box in enumerate(boxes[i])}
    targets = {box.item.key: (n, box) for n, box in enumerate(boxes[i + 1])}
    out = {key: box.y + (box.height - box.thicknesses[1]) / 2 for key, (_n, box) in sources.items()}
    into = {key: box.y + (box.height - box.thicknesses[0]) / 2 for key, (_n, box) in targets.items()}
    x0, x1 = xs[i] + NODE_WIDTH, xs[i + 1]
    meets = {}
    for flow in sorted(step, key=lambda flow: (targets[flow.target][0], sources[flow.source][0])):
        meets[flow.source, flow.target] = into[flow.target]
        into[flow.target] += _thickness(flow, scale)
    ribbons = []
    for flow in sorted(step, key=lambda flow: (sources[flow.source][0], targets[flow.target][0])):
        thickness = _thickness(flow, scale)
        y0, y1 = out[flow.source], meets[flow.source, flow.target]
        out[flow.source] += thickness
        ribbons.append(Ribbon(flow, i, _outline(x0, y0, x1, y1, thickness), thickness, y0, y1))
    return ribbons


def _outline(x0: float, y0: float, x1: float, y1: float, thickness: float) -> str:
    """Path data of a ribbon: two cubic curves with level ends."""
    middle = (x0 + x1) / 2

    def p(*numbers: float) -> str:
        return ",".join(f"{number:.1f}".removesuffix(".0") for number in numbers)

    return (
        f"M{p(x0, y0)}C{p(middle, y0)} {p(middle, y1)} {p(x1, y1)}v{p(thickness)}"
        f"C{p(middle, y1 + thickness)} {p(middle, y0 + thickness)} {p(x0, y0 + thickness)}z"
    )
