"""Layered layout of a directed graph: pure functions from numbers to numbers, the same every time.

Boxes stand in layers, every line leads from an earlier layer to a later one, and lines are drawn as curves that pass
between the boxes. After Sugiyama's scheme in five steps: turn round as few lines as needed to leave no loop, choose a
layer for each box, order the layers so that few lines cross, give positions, route the lines. Two things are this
module's own, and the reason why no library does the work (grandalf 0.8, of 2023 and still an alpha, has neither; it
drew the portal's issues in nine layers and 1,700 pixels, with 85 crossings where 47 will do):

- Lines that end at the same box join on the way (a *trunk*). Whichever line one follows forwards leads to one box only,
  and a picture of fifty links needs half of the lanes.
- The number of layers can be limited: boxes that follow one another then share a layer, as a *stack* with arrows
  between its neighbours. So nine steps fit on a page six boxes wide.

`along` is the direction of reading and `across` the other one, so that one layout serves pages and phones.
Vertices are 0 … n−1 and lines pairs of them, without duplicates and without a line from a vertex to itself.
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import accumulate, combinations, pairwise
from typing import Self

Line = tuple[int, int]
Point = tuple[float, float]  # along, across
Points = tuple[Point, ...]
Order = list[list[list[int]]]  # layer -> blocks; a block is a stack of boxes, a box or a bend
Segment = tuple[int, int, bool]  # from a vertex to one of the next layer, and whether it is drawn back
Neighbours = Mapping[int, Sequence[int]]  # vertex -> vertices of the layer before, or of the layer after

STARTS = 24  # orders from which crossings are reduced; the best result holds
ROUNDS = 160  # of moving boxes and lines to where they lie straight


@dataclass(frozen=True)
class Spacing:
    """What has to stay free, and how large the whole may become."""

    between: float = 14  # boxes of a layer
    in_stack: float = 24  # boxes of a layer with an arrow between them
    lane: float = 9  # two lines
    beside: float = 11  # a line and a box
    port: float = 10  # two lines that touch the same side of a box, where it has room
    corner: float = 7  # the first of them and the corner
    gap: float = 48  # two layers, at least
    most_gap: float = 96  # two layers, at most
    along: float = 0  # how long the whole should be, as far as gaps can make it so
    across: float = math.inf  # how far it may reach across, where that can be kept


@dataclass(frozen=True)
class Route:
    """How one line runs: a bend from its first point to the second, a straight part to the third, and so on in turn."""

    points: Points
    own: int  # so many of its first points lie where no other line runs
    back: bool  # drawn against the direction of reading
    stacked: bool  # an arrow inside a stack


@dataclass(frozen=True)
class LayoutBox:
    """Where a box stands: its first corner and its lengths."""

    along: float
    across: float
    length: float  # along
    breadth: float  # across


@dataclass(frozen=True)
class Layout:
    """Where everything stands, and the size of it all. `trunks` are the shared parts of the lines to a box."""

    boxes: tuple[LayoutBox, ...]
    routes: tuple[Route, ...]
    trunks: dict[int, tuple[Points, ...]]
    along: float
    across: float
    crossings: int


def order_layers(
    count: int,
    lines: Sequence[Line],
    *,
    most_layers: int | None = None,
    most_in_layer: int | None = None,
    breadths: Sequence[float] = (),
    most_across: float = math.inf,
) -> "Arrangement":
    """The order of `count` boxes: in at most so many layers, or with at most so many boxes in each.

    With `most_in_layer`, boxes that are `most_across` together, by their `breadths`, do not share a layer.
    """
    if not count:
        return Arrangement([], [], [], [], [], [], 0)
    back = feedback_arcs(count, lines)
    forward = list(dict.fromkeys(line[::-1] if line in back else line for line in lines))
    stacked: set[Line] = set()
    if most_in_layer:
        layers = narrow_layers(count, forward, most_in_layer, breadths or [0] * count, most_across)
    else:
        layers, stacked = few_layers(count, forward, most_layers or count)
    arrangement = Arrangement.of(layers, stacked, lines, back)
    fewest_crossings(arrangement)
    return arrangement


def lay_out(arrangement: "Arrangement", sizes: Sequence[tuple[float, float]], spacing: Spacing) -> Layout:
    """Boxes of such sizes (along, across), as long as the longest of their layer, and the lines between them."""
    if not sizes:
        return Layout((), (), {}, 0, 0, 0)
    frame = Frame(arrangement, sizes, spacing)
    return drawn(frame, positions(frame))


# ── Loops ────────────────────────────────────────────────────────────────────────────────────────────────────────


def feedback_arcs(count: int, lines: Sequence[Line]) -> set[Line]:
    """Lines that, turned round, leave no loop: few, and none of them turned round for nothing.

    By Eades, Lin and Smyth: take sources to the front and sinks to the end; where neither is left, the vertex with
    most lines out and fewest in goes to the front.
    """
    left = set(range(count))
    front: list[int] = []
    end: list[int] = []

    def degree(vertex: int, side: int) -> int:
        return sum(1 for line in lines if line[side] == vertex and line[1 - side] in left)

    while left:
        vertices = sorted(left)
        sink = next((v for v in vertices if not degree(v, 0)), None)
        if sink is not None:
            end.append(sink)
            left.remove(sink)
            continue
        best = next((v for v in vertices if not degree(v, 1)), None)
        if best is None:
            best = max(vertices, key=lambda v: (degree(v, 0) - degree(v, 1), -v))
        front.append(best)
        left.remove(best)
    place = {vertex: index for index, vertex in enumerate(front + end[::-1])}
    turned = [line for line in lines if place[line[0]] > place[line[1]]]
    kept = [line for line in lines if line not in set(turned)]
    back = set()
    for a, b in turned:
        if reaches(b, a, kept):
            back.add((a, b))
            kept.append((b, a))
        else:
            kept.append((a, b))
    return back


def reaches(start: int, goal: int, lines: Iterable[Line]) -> bool:
    """Whether `lines` lead from `start` to `goal`."""
    after = defaultdict(list)
    for a, b in lines:
        after[a].append(b)
    seen, ahead = {start}, [start]
    while ahead:
        vertex = ahead.pop()
        if vertex == goal:
            return True
        ahead += [v for v in after[vertex] if v not in seen]
        seen.update(after[vertex])
    return False


# ── Layers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def topological_order(count: int, lines: Sequence[Line]) -> list[int]:
    """The vertices, each after all that lead to it."""
    waiting = [0] * count
    after = defaultdict(list)
    for a, b in lines:
        waiting[b] += 1
        after[a].append(b)
    ready = [v for v in range(count) if not waiting[v]]
    order = []
    while ready:
        vertex = ready.pop(0)
        order.append(vertex)
        for b in after[vertex]:
            waiting[b] -= 1
            if not waiting[b]:
                ready.append(b)
    return order


def earliest(count: int, lines: Sequence[Line], stacked: Set[Line]) -> list[int]:
    """Return the earliest layer of each vertex; a line in `stacked` may stay in its layer."""
    before = defaultdict(list)
    for a, b in lines:
        before[b].append(a)
    layers = [0] * count
    for v in topological_order(count, lines):
        layers[v] = max((layers[u] + ((u, v) not in stacked) for u in before[v]), default=0)
    return layers


def few_layers(count: int, lines: Sequence[Line], most: int) -> tuple[list[int], set[Line]]:
    """A layer for each vertex, at most `most` of them if stacks can do it, and the lines inside stacks.

    A stack is a path: each box has one neighbour above and one below, and no other line joins boxes of one layer.
    """
    may_stack: set[Line] = set()
    while max(layers := earliest(count, lines, may_stack)) >= most:
        last = latest(count, lines, may_stack, max(layers))
        tight = [
            (a, b)
            for a, b in lines
            if (a, b) not in may_stack and layers[a] == last[a] and layers[b] == last[b] and layers[a] + 1 == layers[b]
        ]
        free = [(a, b) for a, b in tight if not any(a == c or b == d for c, d in may_stack)]
        if not free:
            break

        def left_after(line: Line) -> tuple[int, int]:
            trial = may_stack | {line}
            depth = earliest(count, lines, trial)
            deepest = max(depth)
            end = latest(count, lines, trial, deepest)
            return deepest, sum(depth[v] == end[v] for v in range(count))

        may_stack.add(min(free, key=lambda line: (left_after(line), line)))
    layers = shortest(count, lines, may_stack, layers)
    number = {layer: index for index, layer in enumerate(sorted(set(layers)))}  # one may have become empty
    layers = [number[layer] for layer in layers]
    return layers, {(a, b) for a, b in may_stack if layers[a] == layers[b]}


def latest(count: int, lines: Sequence[Line], stacked: Set[Line], deepest: int) -> list[int]:
    """Return the latest layer of each vertex, if the last one is `deepest`."""
    after = defaultdict(list)
    for a, b in lines:
        after[a].append(b)
    layers = [deepest] * count
    for v in reversed(topological_order(count, lines)):
        layers[v] = min((layers[w] - ((v, w) not in stacked) for w in after[v]), default=deepest)
    return layers


def shortest(count: int, lines: Sequence[Line], stacked: Set[Line], layers: Sequence[int]) -> list[int]:
    """Return `layers` with boxes moved to where lines are short and the layers evenly full."""
    layers = list(layers)
    deepest = max(layers)
    before, after = defaultdict(list), defaultdict(list)
    for a, b in lines:
        after[a].append(b)
        before[b].append(a)

    def cost() -> float:
        trunks = sum(layers[b] - min(layers[a] for a in before[b]) for b in range(count) if before[b])
        full = [0] * (deepest + 1)
        for layer in layers:
            full[layer] += 1
        reach = sum(layers[b] - layers[a] for a, b in lines)
        return trunks + 0.4 * reach + 0.5 * sum(n * n for n in full)

    def feasible(v: int) -> range:
        low = max((layers[u] + ((u, v) not in stacked) for u in before[v]), default=0)
        high = min((layers[w] - ((v, w) not in stacked) for w in after[v]), default=deepest)
        return range(low, high + 1)

    now = cost()
    for _round in range(30):
        moved = False
        groups = [[v] for v in range(count)] + stacks_of(count, {s for s in stacked if layers[s[0]] == layers[s[1]]})
        for group in groups:
            home = [layers[v] for v in group]
            best = (now, home)
            for target in range(deepest + 1):
                for v in group:
                    layers[v] = target
                if all(target in feasible(v) for v in group) and (new := cost()) < best[0] - 1e-9:
                    best = (new, [target] * len(group))
            for v, layer in zip(group, best[1], strict=True):
                layers[v] = layer
            moved |= best[1] != home
            now = best[0]
        if not moved:
            break
    return layers


def stacks_of(count: int, stacked: Set[Line]) -> list[list[int]]:
    """Return the paths that `stacked` lines make, as lists of vertices; boxes outside them are left out."""
    below = dict(stacked)
    tops = [v for v in range(count) if v in below and v not in below.values()]
    paths = []
    for top in tops:
        path = [top]
        while path[-1] in below:
            path.append(below[path[-1]])
        paths.append(path)
    return paths


def narrow_layers(
    count: int, lines: Sequence[Line], most: int, breadths: Sequence[float], most_across: float
) -> list[int]:
    """Return a layer for each vertex, with at most `most` in one and not too broad ones, so that trunks are short."""
    before, after = defaultdict(list), defaultdict(list)
    for a, b in lines:
        after[a].append(b)
        before[b].append(a)
    order = topological_order(count, lines)

    def cost(order: Sequence[int]) -> float:
        place = {v: i for i, v in enumerate(order)}
        return sum(place[v] - min(place[u] for u in before[v]) for v in order if before[v]) + 0.25 * sum(
            place[b] - place[a] for a, b in lines
        )

    now = cost(order)
    for _round in range(40):
        moved = False
        for v in range(count):
            rest = [u for u in order if u != v]
            place = {u: i for i, u in enumerate(rest)}
            low = max((place[u] + 1 for u in before[v]), default=0)
            high = min((place[w] for w in after[v]), default=len(rest))
            for at in range(low, high + 1):
                trial = rest[:at] + [v] + rest[at:]
                if (new := cost(trial)) < now - 1e-9:
                    order, now, moved = trial, new, True
        if not moved:
            break
    layers = [0] * count
    row: list[int] = []
    index = 0
    for v in order:
        broad = row and sum(breadths[u] for u in [*row, v]) > most_across
        if len(row) == most or broad or any(u in row for u in before[v]):
            row, index = [], index + 1
        row.append(v)
        layers[v] = index
    return layers


# ── Order ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Arrangement:
    """What stands in which layer: boxes (0 … n−1) and, after them, bends: where lines pass through a layer."""

    layer_of: list[int]
    order: Order
    chains: list[list[int]]  # line -> its vertices from start to end, bends included
    back: list[bool]
    stacked: list[bool]
    segments: list[Segment]  # each once
    crossings: int = 0

    @classmethod
    def of(cls, layers: Sequence[int], stacked: Set[Line], lines: Sequence[Line], back: Set[Line]) -> Self:
        """Return the boxes of each layer in no particular order, with bends where a line passes through a layer."""
        count = len(layers)
        layer_of = list(layers)
        blocks: Order = [[] for _ in range(max(layers) + 1)]
        paths = stacks_of(count, stacked)
        in_path = {v for path in paths for v in path}
        for block in [*paths, *([v] for v in range(count) if v not in in_path)]:
            blocks[layers[block[0]]].append(block)
        bends: dict[tuple, int] = {}
        chains, backs, in_stack = [], [], []
        for line in lines:
            turned = line in back
            a, b = line[::-1] if turned else line
            chain = [a]
            trunk = ("back", *line) if turned else ("to", b)
            for layer in range(layers[a] + 1, layers[b]):
                bend = bends.get((trunk, layer))
                if bend is None:
                    bend = bends[trunk, layer] = len(layer_of)
                    layer_of.append(layer)
                    blocks[layer].append([bend])
                chain.append(bend)
            chains.append([*chain, b])
            backs.append(turned)
            in_stack.append(layers[a] == layers[b])
        segments = list(
            dict.fromkeys(
                (u, v, turned)
                for chain, turned, inside in zip(chains, backs, in_stack, strict=True)
                if not inside
                for u, v in pairwise(chain)
            )
        )
        return cls(layer_of, blocks, chains, backs, in_stack, segments)


def fewest_crossings(plan: Arrangement) -> None:
    """Put the blocks of each layer into an order in which few lines cross."""
    first = plan.order
    chance = random.Random(1960)  # noqa: S311 (a fixed series of starts, so that a picture stays the same)
    for start in range(STARTS):
        order = [list(layer) for layer in first]
        if start:
            for layer in order:
                chance.shuffle(layer)
        by_neighbours(plan, order)
        crossed = sifting(plan, order)
        if not start or crossed < plan.crossings:
            plan.order, plan.crossings = order, crossed
        if not plan.crossings:
            break


def neighbours(plan: Arrangement) -> tuple[Neighbours, Neighbours]:
    """Return the neighbours of each vertex in the layer before and in the layer after."""
    before, after = defaultdict(list), defaultdict(list)
    for a, b, _back in plan.segments:
        after[a].append(b)
        before[b].append(a)
    return before, after


def places(layer: Sequence[Sequence[int]]) -> dict[int, int]:
    """Return the place of each vertex in a layer."""
    return {v: index for index, v in enumerate(v for block in layer for v in block)}


def by_neighbours(plan: Arrangement, order: Order, sweeps: int = 8) -> None:
    """Sort each layer by the mean place of its neighbours, forwards and backwards in turn."""
    before, after = neighbours(plan)
    for sweep in range(sweeps):
        forwards = sweep % 2 == 0
        for index in range(len(order)) if forwards else reversed(range(len(order))):
            fixed = index - 1 if forwards else index + 1
            if not 0 <= fixed < len(order):
                continue
            place = places(order[fixed])
            sides = before if forwards else after
            ends = [[place[w] for v in block for w in sides[v]] for block in order[index]]
            means = [sum(found) / len(found) if found else own for own, found in enumerate(ends)]
            order[index] = [order[index][own] for _mean, own in sorted((mean, own) for own, mean in enumerate(means))]


def crossings(plan: Arrangement, order: Order) -> int:
    """Return how many pairs of lines cross."""
    total = 0
    place: dict[int, int] = {}
    for layer in order:
        place |= places(layer)
    between = defaultdict(list)
    for a, b, _back in plan.segments:
        between[plan.layer_of[a]].append((place[a], place[b]))
    for found in between.values():
        total += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(found, 2))
    return total


def sifting(plan: Arrangement, order: Order, rounds: int = 12) -> int:
    """Move each block to where its lines cross the fewest others, and return how many crossings are left."""
    before, after = neighbours(plan)
    now = crossings(plan, order)
    for _round in range(rounds):
        start = now
        for index, layer in enumerate(order):
            fixed = [
                (sides, places(order[other]))
                for sides, other in ((before, index - 1), (after, index + 1))
                if 0 <= other < len(order)
            ]
            ends = {
                id(block): [[place[w] for v in block for w in sides[v]] for sides, place in fixed] for block in layer
            }
            for block in list(layer):
                others = [b for b in layer if b is not block]
                # What it costs to stand after the first, the second … of the others, against standing before them all.
                best, at, total = 0, 0, 0
                here = layer.index(block)
                at_home = 0
                for position, other in enumerate(others):
                    for mine, theirs in zip(ends[id(block)], ends[id(other)], strict=True):
                        for x in mine:
                            for y in theirs:
                                total += (x < y) - (x > y)
                    if total < best:
                        best, at = total, position + 1
                    if position + 1 == here:
                        at_home = total
                if best < at_home:
                    layer[:] = others[:at] + [block] + others[at:]
        now = crossings(plan, order)
        if now >= start:
            break
    return now


# ── Positions ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Frame:
    """An arrangement with the sizes of its boxes and what has to stay free."""

    plan: Arrangement
    sizes: Sequence[tuple[float, float]]
    spacing: Spacing

    def is_box(self, vertex: int) -> bool:
        return vertex < len(self.sizes)

    def half(self, vertex: int, otherwise: float) -> float:
        """Return half of the breadth of a box, or `otherwise` for a bend."""
        return self.sizes[vertex][1] / 2 if self.is_box(vertex) else otherwise


def positions(frame: Frame, rounds: int = ROUNDS) -> list[float]:
    """The middle of each vertex across the direction of reading: near its neighbours, and far enough from the next."""
    plan = frame.plan
    before, after = neighbours(plan)
    above = {b: a for layer in plan.order for block in layer for a, b in pairwise(block)}
    rows = [[v for block in layer for v in block] for layer in plan.order]
    apart = [[room(frame, above, a, b) for a, b in pairwise(row)] for row in rows]
    middle = [0.0] * len(plan.layer_of)
    for row, gaps in zip(rows, apart, strict=True):
        at = -sum(gaps) / 2
        for v, gap in zip(row, [*gaps, 0], strict=True):
            middle[v] = at
            at += gap
    stiff: dict[Line, float] = {
        (u, v): (1, 3, 9)[2 - frame.is_box(u) - frame.is_box(v)] for u, v, _back in plan.segments
    }
    bounds = [limits(frame, row, gaps) for row, gaps in zip(rows, apart, strict=True)]
    for turn in range(rounds):
        # At first springs that pull more the longer they are; then such that rather make one long step than many short.
        straight = turn > rounds / 4
        for index in range(len(rows)) if turn % 2 == 0 else reversed(range(len(rows))):
            wanted, weights = [], []
            for v in rows[index]:
                at = middle[v]
                top, bottom = 0.02 * at, 0.02
                for w, pull in [(u, stiff[u, v]) for u in before[v]] + [(w, stiff[v, w]) for w in after[v]]:
                    if straight:
                        pull /= max(abs(middle[w] - at), 1.5)
                    top += pull * middle[w]
                    bottom += pull
                wanted.append(top / bottom)
                weights.append(bottom)
            for v, at in zip(rows[index], spread(wanted, weights, apart[index], *bounds[index]), strict=True):
                middle[v] = at
    return middle


def limits(frame: Frame, row: Sequence[int], gaps: Sequence[float]) -> tuple[float, float]:
    """Return the least and the greatest place of the first vertex of a row that keep the row in the space across."""
    lane, across = frame.spacing.lane, frame.spacing.across
    ends = [(frame.half(v, lane / 2), off) for v, off in zip(row, accumulate(gaps, initial=0), strict=True)]
    low = max(half - off for half, off in ends) - across / 2
    high = across / 2 - max(half + off for half, off in ends)
    return (low, high) if low <= high else ((low + high) / 2,) * 2


def room(frame: Frame, above: Mapping[int, int], a: int, b: int) -> float:
    """Return how far the middles of two neighbours have to be apart."""
    spacing = frame.spacing
    halves = frame.half(a, 0) + frame.half(b, 0)
    if frame.is_box(a) and frame.is_box(b):
        return halves + (spacing.in_stack if above.get(b) == a else spacing.between)
    return halves + (spacing.beside if halves else spacing.lane)


def spread(
    wanted: Sequence[float],
    weights: Sequence[float],
    gaps: Sequence[float],
    low: float = -math.inf,
    high: float = math.inf,
) -> list[float]:
    """Return the places nearest to the wanted ones (least squares) that keep order, gaps and limits of the first."""
    shift = list(accumulate(gaps, initial=0))
    pools: list[tuple[float, float, int]] = []  # sum of weighted wants, sum of weights, how many
    for want, weight, off in zip(wanted, weights, shift, strict=True):
        pool = ((want - off) * weight, weight, 1)
        while pools and pools[-1][0] / pools[-1][1] > pool[0] / pool[1]:
            before = pools.pop()
            pool = (before[0] + pool[0], before[1] + pool[1], before[2] + pool[2])
        pools.append(pool)
    found = [min(max(total / weight, low), high) for total, weight, many in pools for _ in range(many)]
    return [at + off for at, off in zip(found, shift, strict=True)]


# ── Lines ────────────────────────────────────────────────────────────────────────────────────────────────────────


def drawn(frame: Frame, middle: list[float]) -> Layout:
    """Boxes and routes with their lengths, moved so that nothing lies before zero."""
    plan, sizes, spacing = frame.plan, frame.sizes, frame.spacing
    vertices = range(len(plan.layer_of))
    lowest = min(middle[v] - frame.half(v, spacing.lane / 2) for v in vertices)
    middle = [at - lowest for at in middle]
    length = [max(sizes[v][0] for block in layer for v in block if frame.is_box(v)) for layer in plan.order]
    free = (spacing.along - sum(length)) / max(len(length) - 1, 1)
    gap = min(max(free, spacing.gap), spacing.most_gap)
    start = list(accumulate((long + gap for long in length), initial=0))
    leaving, arriving = ports(frame, middle)

    def steps(u: int, v: int, back: bool) -> list[Point]:
        """Return the points that a line adds on its way from `u` to `v`."""
        layer = plan.layer_of[v]
        if frame.is_box(v):
            return [(start[layer], arriving[v, u, back])]
        return [(start[layer], middle[v]), (start[layer] + length[layer], middle[v])]

    shared = Counter(
        (u, v, back) for chain, back in zip(plan.chains, plan.back, strict=True) for u, v in pairwise(chain)
    )
    routes: list[Route] = []
    trunks: defaultdict[int, dict[Line, Points]] = defaultdict(dict)
    for chain, back, stacked in zip(plan.chains, plan.back, plan.stacked, strict=True):
        a, b = chain[0], chain[-1]
        layer = plan.layer_of[a]
        if stacked:
            x = start[layer] + length[layer] / 2 + (spacing.port if back else 0)
            points = [(x, middle[a] + frame.half(a, 0)), (x, middle[b] - frame.half(b, 0))]
            own = 2
        else:
            points = [(start[layer] + length[layer], leaving[a, chain[1], back])]
            own = 0
            for u, v in pairwise(chain):
                if shared[u, v, back] > 1:
                    own = own or len(points) - 1  # the bend where it joins belongs to the trunk
                    trunks[b][u, v] = (*points[-2:], *steps(u, v, back)[:1])
                points += steps(u, v, back)
            own = own or len(points)
        routes.append(Route(tuple(reversed(points) if back else points), own, back, stacked))
    boxes = tuple(
        LayoutBox(start[layer], middle[v] - across / 2, length[layer], across)
        for v, (layer, (_along, across)) in enumerate(zip(plan.layer_of, sizes, strict=False))
    )
    return Layout(
        boxes,
        tuple(routes),
        {b: tuple(parts.values()) for b, parts in trunks.items()},
        start[-1] - gap,
        max(middle[v] + frame.half(v, spacing.lane / 2) for v in vertices),
        plan.crossings,
    )


def ports(frame: Frame, middle: Sequence[float]) -> tuple[dict[Segment, float], dict[Segment, float]]:
    """Return where lines touch the sides of boxes: `leaving[box, next, back]` and `arriving[box, previous, back]`."""
    leaving: dict[Segment, float] = {}
    arriving: dict[Segment, float] = {}
    for side, found in ((0, leaving), (1, arriving)):
        touching = defaultdict(list)
        for segment in frame.plan.segments:
            if frame.is_box(segment[side]):
                touching[segment[side]].append((segment[1 - side], segment[2]))
        for v, others in touching.items():
            others.sort(key=lambda other: (middle[other[0]], other))
            free = frame.sizes[v][1] - 2 * frame.spacing.corner
            step = min(frame.spacing.port, free / max(len(others) - 1, 1))
            for index, other in enumerate(others):
                found[v, *other] = middle[v] + (index - (len(others) - 1) / 2) * step
    return leaving, arriving
