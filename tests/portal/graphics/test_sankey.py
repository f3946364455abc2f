"""Sankey diagrams: values add up, nothing overlaps, and the result is deterministic."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.graphics.charts import LINE, text_width
from portal.graphics.sankey import THINNEST, Flow, Item, sankey

COLUMNS = [
    [Item("national", "National", "3"), Item("provincial", "Provincial", "1")],
    [Item("water", "Water resources", "2"), Item("forestry", "Forestry", "2"), Item("air", "Air quality", "1")],
    [Item("uz", "Uzbekistan", "3"), Item("kz", "Kazakhstan", "1")],
]
FLOWS = [
    [Flow("national", "water", 2.0), Flow("national", "forestry", 1.0), Flow("provincial", "forestry", 0.995)]
    + [Flow("provincial", "air", 0.005)],
    [Flow("water", "uz", 1.5), Flow("water", "kz", 0.5), Flow("forestry", "uz", 1.995), Flow("air", "uz", 0.005)],
]
SIZES = [{"width": 720, "height": 520}, {"width": 480, "height": 560}]
every_size = pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])


def draw(**size):
    return sankey(COLUMNS, FLOWS, **size)


def nodes_of(drawing, column):
    return [node for node in drawing.nodes if node.column == column]


def label_boxes(drawing):
    """Return the box of each label: left, right, top, bottom."""
    boxes = []
    for node in drawing.nodes:
        rows = [words for words, _y in node.rows]
        rows[-1] = f"{rows[-1]} {node.item.count}".strip()
        wide = max(map(text_width, rows))
        left = node.text_x if node.anchor == "start" else node.text_x - wide
        top = node.rows[0][1] - 0.75 * LINE
        boxes.append((left, left + wide, top, top + LINE * len(rows)))
    return boxes


def overlap(a, b, slack=0.2):
    return a[0] < b[1] - slack and b[0] < a[1] - slack and a[2] < b[3] - slack and b[2] < a[3] - slack


@every_size
def test_as_much_leaves_a_node_as_comes_in(size):
    drawing = draw(**size)
    for node in nodes_of(drawing, 1):
        came = sum(r.flow.value for r in drawing.ribbons if r.column == 0 and r.flow.target == node.item.key)
        went = sum(r.flow.value for r in drawing.ribbons if r.column == 1 and r.flow.source == node.item.key)
        assert came == pytest.approx(went) == pytest.approx(node.value)
    totals = [sum(node.value for node in nodes_of(drawing, column)) for column in range(3)]
    assert totals == [pytest.approx(4.0)] * 3


@every_size
def test_heights_are_in_proportion_where_they_can_be_seen(size):
    drawing = draw(**size)
    for ribbon in drawing.ribbons:
        assert ribbon.thickness == pytest.approx(max(ribbon.flow.value * drawing.scale, THINNEST))
    for node in drawing.nodes:
        assert node.height == pytest.approx(node.value * drawing.scale, abs=4 * THINNEST)


@every_size
def test_a_thin_stream_can_be_seen(size):
    drawing = draw(**size)
    [thin] = [ribbon for ribbon in drawing.ribbons if ribbon.flow.target == "air"]
    assert thin.flow.value * drawing.scale < THINNEST == thin.thickness


@every_size
def test_nodes_of_a_column_stand_apart_in_the_order_given(size):
    drawing = draw(**size)
    for column, items in enumerate(COLUMNS):
        nodes = nodes_of(drawing, column)
        assert [node.item for node in nodes] == items
        assert all(above.bottom < below.y for above, below in pairwise(nodes))
        assert nodes[0].y >= 0
        assert nodes[-1].bottom <= drawing.height


@every_size
def test_ribbons_lie_side_by_side_within_their_nodes(size):
    drawing = draw(**size)
    for node in drawing.nodes:
        ends = [
            sorted(
                (r.leaves, r.leaves + r.thickness)
                for r in drawing.ribbons
                if (r.column, r.flow.source) == (node.column, node.item.key)
            ),
            sorted(
                (r.meets, r.meets + r.thickness)
                for r in drawing.ribbons
                if (r.column + 1, r.flow.target) == (node.column, node.item.key)
            ),
        ]
        for side in ends:
            assert all(end <= start + 1e-6 for (_, end), (start, _) in pairwise(side))
            if side:
                assert side[0][0] >= node.y - 0.1
                assert side[-1][1] <= node.bottom + 0.1


@every_size
def test_ribbons_begin_and_end_at_their_nodes(size):
    drawing = draw(**size)
    at = {(node.column, node.item.key): node.x for node in drawing.nodes}
    for ribbon in drawing.ribbons:
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", ribbon.path)]
        assert numbers[0] == pytest.approx(at[ribbon.column, ribbon.flow.source] + drawing.node_width)
        assert numbers[6] == pytest.approx(at[ribbon.column + 1, ribbon.flow.target])
        assert ribbon.path.count("C") == 2


@every_size
def test_labels_never_collide_and_lie_within_the_drawing(size):
    drawing = draw(**size)
    boxes = label_boxes(drawing)
    for number, box in enumerate(boxes):
        assert box[0] >= 0
        assert box[1] <= drawing.width + 0.2
        assert not any(overlap(box, other) for other in boxes[number + 1 :])
        for node in drawing.nodes:
            assert not overlap(box, (node.x, node.x + drawing.node_width, node.y, node.bottom))


@every_size
def test_drawing_is_the_same_each_time(size):
    assert draw(**size) == draw(**size)


def test_order_of_flows_does_not_matter():
    turned = sankey(COLUMNS, [list(reversed(step)) for step in FLOWS], width=720, height=520)
    assert turned == draw(width=720, height=520)


def test_node_without_a_stream_is_left_out():
    columns = [*COLUMNS[:2], [*COLUMNS[2], Item("tm", "Turkmenistan", "0")]]
    drawing = sankey(columns, [FLOWS[0], [*FLOWS[1], Flow("air", "tm", 0)]], width=720, height=520)
    assert [node.item.key for node in nodes_of(drawing, 2)] == ["uz", "kz"]
    assert len(drawing.ribbons) == 8


def test_nothing_to_draw_is_an_error():
    with pytest.raises(ValueError, match="a node in every column"):
        sankey(COLUMNS, [[], []], width=720, height=520)


def test_stream_to_nowhere_is_an_error():
    with pytest.raises(ValueError, match="no node"):
        sankey(COLUMNS, [[Flow("national", "sea", 1.0)], []], width=720, height=520)


def test_long_name_has_its_count_below():
    item = Item("one", "Предотвращение опустынивания", "8")
    columns = [[Item("a", "Provincial", "8")], [item], [Item("uz", "Узбекистан", "8")]]
    flows = [[Flow("a", "one", 8.0)], [Flow("one", "uz", 8.0)]]
    drawing = sankey(columns, flows, width=480, height=300)
    [node] = nodes_of(drawing, 1)
    assert " ".join(words for words, _y in node.rows).strip() == item.name
    assert not any(
        overlap(a, b) for number, a in enumerate(label_boxes(drawing)) for b in label_boxes(drawing)[:number]
    )


names = st.lists(
    st.sampled_from(["Water", "수자원", "Лесное хозяйство", "IT", "Desertification prevention"]), min_size=1
)


@settings(deadline=None)  # a slow machine is not a failure
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20), st.integers(0, 4)), min_size=1, max_size=120),
    st.sampled_from(SIZES),
    names,
)
def test_any_projects_are_drawn_without_loss_or_overlap(projects, size, names):
    sizes = (6, 21, 5)
    columns = [[Item(str(key), names[key % len(names)], str(key)) for key in range(number)] for number in sizes]
    flows = [{}, {}]
    for project in projects:
        for step in (0, 1):
            ends = (str(project[step]), str(project[step + 1]))
            flows[step][ends] = flows[step].get(ends, 0) + 1
    drawing = sankey(columns, [[Flow(*ends, n) for ends, n in step.items()] for step in flows], **size)
    for column in range(3):
        nodes = nodes_of(drawing, column)
        assert sum(node.value for node in nodes) == pytest.approx(len(projects))
        assert all(above.bottom <= below.y + 0.2 for above, below in pairwise(nodes))
        assert nodes[-1].bottom <= drawing.height + 0.2
    boxes = label_boxes(drawing)
    assert not any(overlap(a, b) for number, a in enumerate(boxes) for b in boxes[:number])
