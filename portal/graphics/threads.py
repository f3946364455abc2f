"""Threads between two columns of named points, from plain numbers. No database, no HTML, no words of its own.

Lengths are SVG user units, y runs downwards. The points of each column are spread evenly over the height.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.graphics.charts import text_width

ROW = 22.0  # least distance of two points of a column
TOP = 12.0
BESIDE = 8.0  # between a point and its label
SLACK = 1.06  # fonts of readers are up to so much wider than `text_width` says
FONT = 13.0
GROUP_GAP = 0.7  # room above a group of points, in rows


@dataclass(frozen=True)
class ThreadEnd:
    """A point to place. `group` is the heading above it; points of one group follow each other."""

    key: str
    name: str
    group: str = ""
    url: str = ""


@dataclass(frozen=True)
class ThreadLink:
    """A thread from a point of the left column to one of the right column. `tone` and `title` are passed on."""

    left: str
    right: str
    tone: str = ""
    title: str = ""


@dataclass(frozen=True)
class PlacedEnd:
    """A placed point, and the y of the heading of its group if it is the first of the group."""

    end: ThreadEnd
    y: float
    heading_y: float | None = None


@dataclass(frozen=True)
class Thread:
    """A placed thread: its curve."""

    link: ThreadLink
    path: str


@dataclass(frozen=True)
class Threads:
    """The drawing: the placed points of both columns, x of the columns and of their labels, and the threads."""

    width: float
    height: float
    left: list[PlacedEnd]
    right: list[PlacedEnd]
    left_x: float
    right_x: float
    threads: list[Thread]

    @property
    def left_text_x(self) -> float:
        return self.left_x - BESIDE

    @property
    def right_text_x(self) -> float:
        return self.right_x + BESIDE


def threads(
    left: Sequence[ThreadEnd],
    right: Sequence[ThreadEnd],
    links: Sequence[ThreadLink],
    width: float,
    height: float = 0,
    labelled: bool = True,
) -> Threads:
    """Return the drawing of `links` between the points of both columns.

    With labels, the drawing is as high as its rows need, and the columns leave room for the longest label. Without
    labels it has the given height.
    """
    left_x: float
    right_x: float
    if labelled:
        height = max(height, TOP * 2 + ROW * max(_rows(left), _rows(right)))
        left_x = round(max((text_width(end.name, FONT) for end in left), default=0) * SLACK + BESIDE)
        right_x = round(width - max((text_width(end.name, FONT) for end in right), default=0) * SLACK - BESIDE)
    else:
        left_x, right_x = TOP / 2, width - TOP / 2
    placed_left, placed_right = _placed(left, height, labelled), _placed(right, height, labelled)
    at_left, at_right = ({one.end.key: one.y for one in side} for side in (placed_left, placed_right))
    middle = round((left_x + right_x) / 2, 1)
    drawn = [
        Thread(link, f"M{left_x:g},{start:g}C{middle:g},{start:g} {middle:g},{end:g} {right_x:g},{end:g}")
        for link in links
        for start, end in [(at_left[link.left], at_right[link.right])]
    ]
    return Threads(width, round(height, 1), placed_left, placed_right, left_x, right_x, drawn)


def _rows(ends: Sequence[ThreadEnd]) -> float:
    """Return how many rows the points need, with their headings."""
    return len(ends) + (1 + GROUP_GAP) * len({end.group for end in ends if end.group})


def _placed(ends: Sequence[ThreadEnd], height: float, labelled: bool) -> list[PlacedEnd]:
    """Return the points at even distances, with room for a heading above each group if they are labelled."""
    rows = _rows(ends) if labelled else len(ends)
    if not ends:
        return []
    step, at, group, placed = (height - 2 * TOP) / rows, 0.0, "", []
    for end in ends:
        heading = None
        if labelled and end.group and end.group != group:
            heading = round(TOP + step * (at + GROUP_GAP + 0.5), 1)
            at += 1 + GROUP_GAP
        group = end.group
        placed.append(PlacedEnd(end, round(TOP + step * (at + 0.5), 1), heading))
        at += 1
    return placed
