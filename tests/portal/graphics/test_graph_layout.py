"""Graph layouts: complete, without overlaps, always in reading direction, and deterministic."""

import random
from itertools import combinations

import pytest

from portal.graphics.graph_layout import Spacing, feedback_arcs, lay_out, order_layers, reaches, spread

SPACING = Spacing()
# A: a path. B: a diamond with a shortcut. C: two separate parts. D: cycles.
GRAPHS = {
    "path": (4, [(0, 1), (1, 2), (2, 3)]),
    "diamond": (4, [(0, 1), (0, 2), (1, 3), (2, 3), (0, 3)]),
    "two parts": (5, [(0, 1), (2, 3), (2, 4)]),
    "circle": (3, [(0, 1), (1, 2), (2, 0)]),
    "there and back": (2, [(0, 1), (1, 0)]),
    "two circles": (5, [(0, 1), (1, 0), (1, 2), (2, 3), (3, 4), (4, 2)]),
    "alone": (2, []),
}
LIMITS = ({}, {"most_layers": 3}, {"most_in_layer": 2}, {"most_in_layer": 1})


def any_graph(seed):
    """A strategy for boxes and lines between them, with cycles."""
    chance = random.Random(seed)
    count = chance.randint(2, 24)
    pairs = [(a, b) for a in range(count) for b in range(count) if a != b]
    return count, chance.sample(pairs, min(len(pairs), chance.randint(0, 2 * count)))


EVERY = pytest.mark.parametrize(
    ("count", "lines"), [*GRAPHS.values(), *map(any_graph, range(12))], ids=[*GRAPHS, *map(str, range(12))]
)
LIMITED = pytest.mark.parametrize("limits", LIMITS, ids=str)


def sizes_of(count):
    return [(100 + 10 * (number % 3), 30 + 8 * (number % 4)) for number in range(count)]


def laid_out(count, lines, limits, spacing=SPACING):
    return lay_out(order_layers(count, lines, **limits), sizes_of(count), spacing)


def overlap(one, other, room=0):
    return (
        one.along < other.along + other.length + room
        and other.along < one.along + one.length + room
        and one.across < other.across + other.breadth + room
        and other.across < one.across + one.breadth + room
    )


# ── Loops ────────────────────────────────────────────────────────────────────────────────────────────────────


@EVERY
def test_without_the_lines_that_run_back_nothing_goes_round(count, lines):
    back = feedback_arcs(count, lines)
    forward = [line for line in lines if line not in back]
    assert [line for line in forward if reaches(line[1], line[0], forward)] == []


@EVERY
def test_only_lines_of_a_circle_run_back(count, lines):
    assert [line for line in feedback_arcs(count, lines) if not reaches(line[1], line[0], lines)] == []


@pytest.mark.parametrize(("graph", "many"), [("path", 0), ("diamond", 0), ("circle", 1), ("two circles", 2)])
def test_as_few_lines_as_possible_run_back(graph, many):
    assert len(feedback_arcs(*GRAPHS[graph])) == many


# ── Boxes ────────────────────────────────────────────────────────────────────────────────────────────────────


@EVERY
@LIMITED
def test_boxes_keep_apart(count, lines, limits):
    boxes = laid_out(count, lines, limits).boxes
    assert len(boxes) == count
    assert [(a, b) for a, b in combinations(boxes, 2) if overlap(a, b, room=SPACING.between - 0.001)] == []


@EVERY
@LIMITED
def test_everything_lies_within_the_size(count, lines, limits):
    layout = laid_out(count, lines, limits)
    for box in layout.boxes:
        assert 0 <= box.along <= box.along + box.length <= layout.along + 0.001
        assert -0.001 <= box.across <= box.across + box.breadth <= layout.across + 0.001
    for along, across in (point for route in layout.routes for point in route.points):
        assert 0 <= along <= layout.along
        assert -0.001 <= across <= layout.across + 0.001


def test_boxes_are_as_large_as_asked_and_as_long_as_the_longest_of_their_layer():
    boxes = laid_out(*GRAPHS["diamond"], {}).boxes
    assert [box.breadth for box in boxes] == [across for _along, across in sizes_of(4)]
    assert [box.length for box in boxes] == [100, 120, 120, 100]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_so_many_boxes_stand_in_a_layer_at_most(most):
    count, lines = any_graph(3)
    layers = order_layers(count, lines, most_in_layer=most).layer_of[:count]
    assert max(layers.count(layer) for layer in layers) <= most


def test_boxes_that_are_broad_together_do_not_share_a_layer():
    breadths = [100, 150, 100, 100]
    layers = order_layers(4, [], most_in_layer=2, breadths=breadths, most_across=220).layer_of
    assert layers == [0, 1, 2, 2]
    assert order_layers(4, [], most_in_layer=2, breadths=breadths).layer_of == [0, 0, 1, 1]


def test_path_folds_into_the_layers_that_there_are():
    lines = [(n, n + 1) for n in range(8)]
    plan = order_layers(9, lines, most_layers=3)
    assert len(plan.order) == 3
    assert sum(plan.stacked) == 6


def test_space_across_is_kept_where_it_can_be():
    fan = [(0, n) for n in range(1, 8)]
    free = laid_out(8, fan, {"most_in_layer": 2})
    tight = laid_out(8, fan, {"most_in_layer": 2}, Spacing(across=140))
    assert tight.across < free.across
    assert [(a, b) for a, b in combinations(tight.boxes, 2) if overlap(a, b)] == []


def test_gaps_make_the_whole_as_long_as_asked():
    layout = laid_out(*GRAPHS["path"], {}, Spacing(along=700, most_gap=200))
    assert layout.along == pytest.approx(700)


# ── Lines ────────────────────────────────────────────────────────────────────────────────────────────────────


@EVERY
@LIMITED
def test_every_line_is_drawn_once_from_its_start_to_its_end(count, lines, limits):
    layout = laid_out(count, lines, limits)
    assert len(layout.routes) == len(lines)
    for (a, b), route in zip(lines, layout.routes, strict=True):
        start, end = layout.boxes[a], layout.boxes[b]
        if route.stacked:
            assert start.along == end.along
            assert {route.points[0][1], route.points[-1][1]} <= {
                start.across,
                start.across + start.breadth,
                end.across,
                end.across + end.breadth,
            }
        else:
            forwards = (start.along + start.length, end.along)
            backwards = (start.along, end.along + end.length)
            ends = (route.points[0][0], route.points[-1][0])
            assert ends == pytest.approx(backwards if route.back else forwards)
            assert start.across < route.points[0][1] < start.across + start.breadth
            assert end.across < route.points[-1][1] < end.across + end.breadth


@EVERY
@LIMITED
def test_lines_run_in_one_direction_but_for_those_that_run_back(count, lines, limits):
    layout = laid_out(count, lines, limits)
    back = feedback_arcs(count, lines)
    for line, route in zip(lines, layout.routes, strict=True):
        assert route.back == (line in back)
        way = [across if route.stacked else along for along, across in route.points]
        assert way == sorted(way, reverse=route.back)


@EVERY
@LIMITED
def test_lines_pass_beside_boxes(count, lines, limits):
    layout = laid_out(count, lines, limits)
    for route in layout.routes:
        # Between boxes a line is straight, so it must not touch them there.
        for a, b in zip(route.points[1::2], route.points[2::2], strict=False):
            assert a[1] == b[1]
            low, high = sorted((a[0], b[0]))
            for box in layout.boxes:
                if box.along < high and low < box.along + box.length:
                    assert not box.across - SPACING.beside + 0.001 < a[1] < box.across + box.breadth


def test_arrow_in_a_stack_has_no_box_on_its_way():
    layout = laid_out(9, [(n, n + 1) for n in range(8)], {"most_layers": 3})
    for (a, b), route in zip([(n, n + 1) for n in range(8)], layout.routes, strict=True):
        if route.stacked:
            assert layout.boxes[a].across < layout.boxes[b].across
            low, high = route.points[0][1], route.points[1][1]
            between = [box for box in layout.boxes if box.along == layout.boxes[a].along and low < box.across < high]
            assert between == []


def test_lines_to_one_box_join_and_keep_a_part_of_their_own():
    layout = laid_out(5, [(0, 2), (1, 2), (2, 3), (3, 4), (0, 4), (1, 4)], {})
    assert set(layout.trunks) == {4}
    for route in layout.routes[-2:]:
        assert 2 <= route.own < len(route.points)
    assert all(route.own == len(route.points) for route in layout.routes[:4])


def test_lines_that_need_not_cross_do_not():
    assert order_layers(6, [(0, 5), (1, 4), (2, 3)]).crossings == 0
    assert order_layers(4, [(0, 2), (0, 3), (1, 2), (1, 3)]).crossings == 1


@EVERY
@LIMITED
def test_same_graph_is_laid_out_the_same(count, lines, limits):
    assert laid_out(count, lines, limits) == laid_out(count, lines, limits)


def test_nothing_is_laid_out_as_nothing():
    layout = lay_out(order_layers(0, []), [], SPACING)
    assert (layout.boxes, layout.routes, layout.trunks) == ((), (), {})


@pytest.mark.parametrize(
    ("wanted", "gaps", "limits", "found"),
    [
        ([0, 10], [5], (), [0, 10]),  # as preferred
        ([0, 0], [10], (), [-5, 5]),  # separated, by the smallest distance
        ([10, 0], [4], (), [3, 7]),
        ([0, 10], [5], (2, 9), [2, 10]),
        ([0, 10], [5], (-9, -1), [-1, 4]),
    ],
)
def test_spread_is_near_what_is_wanted(wanted, gaps, limits, found):
    assert spread(wanted, [1] * len(wanted), gaps, *limits) == pytest.approx(found)
