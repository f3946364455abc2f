"""Geometry of charts: scales, lines with gaps, labels that do not touch, bars and shares."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.graphics import charts
from portal.graphics.charts import (
    Series,
    bar_chart,
    line_chart,
    nice_ticks,
    resolve_overlaps,
    share_chart,
    small_multiples,
    split_at_gaps,
    wrapped,
)

VALUES = st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: round(value, 3))


def bold_width(words):
    return charts.text_width(words) * charts.BOLD


def text(value):
    return f"{value:g}"


def chart(*series, width=720, height=340):
    return line_chart(series, width=width, height=height, format_value=text)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 100, [0, 20, 40, 60, 80, 100]),
        (3030, 68000, [0, 20000, 40000, 60000, 80000]),
        (-29.35, -26.1, [-30, -29, -28, -27, -26]),
        (0, 0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
    ],
)
def test_ticks_are_round_and_hold_the_values(low, high, expected):
    assert nice_ticks(low, high) == expected


@given(VALUES, VALUES)
def test_ticks_always_hold_the_values(a, b):
    low, high = sorted((a, b))
    ticks = nice_ticks(low, high)
    slack = (ticks[1] - ticks[0]) * 1e-6
    assert ticks[0] - slack <= low <= high <= ticks[-1] + slack
    assert 2 <= len(ticks) <= 12


def test_value_ticks_begin_at_zero_where_values_come_near_it():
    assert charts.value_ticks([10, 90])[0] == 0
    assert charts.value_ticks([340.1, 342.9])[0] > 300
    assert charts.value_ticks([-5, -90])[-1] == 0


def test_year_ticks_leave_room_for_their_words():
    assert charts.year_ticks(1960, 2018, 600) == [
        1960,
        1965,
        1970,
        1975,
        1980,
        1985,
        1990,
        1995,
        2000,
        2005,
        2010,
        2015,
    ]
    assert charts.year_ticks(1960, 2018, 200) == [1960, 1980, 2000]
    assert charts.year_ticks(2021, 2021, 200) == [2021]


def test_a_missing_year_breaks_the_line_and_is_no_zero():
    assert split_at_gaps([(2000, 1), (2001, 2), (2004, 3), (2005, 4)]) == [
        [(2000, 1), (2001, 2)],
        [(2004, 3), (2005, 4)],
    ]
    drawn = chart(Series("Aral Sea", [(2000, 1), (2001, 2), (2004, 3), (2005, 4)])).lines[0]
    assert len(drawn.paths) == 2


def test_a_series_of_every_fifth_year_has_no_gaps():
    assert len(split_at_gaps([(1990, 1), (1995, 2), (2000, 3)])) == 1


def test_nothing_is_joined_over_half_a_century():
    drawn = chart(Series("Aral Sea", [(1960, 68000), (2010, 14280)])).lines[0]
    assert drawn.paths == []
    assert len(drawn.dots) == 2


@pytest.mark.parametrize(("step", "pieces"), [(10, 1), (11, 3)])
def test_years_more_than_ten_apart_are_not_joined(step, pieces):
    assert len(split_at_gaps([(1980 + step * n, n) for n in range(3)])) == pieces


def test_few_values_are_dots_and_many_are_a_line():
    few = chart(Series("a", [(2000, 1), (2001, 2), (2002, 3)])).lines[0]
    many = chart(Series("a", [(year, year) for year in range(1990, 2020)])).lines[0]
    assert (len(few.dots), len(many.dots)) == (3, 0)


@given(st.lists(st.tuples(st.floats(0, 300), st.integers(1, 3)), min_size=1, max_size=8))
def test_labels_never_touch_and_stay_inside(wanted):
    wanted.sort()
    heights = [lines * charts.LINE for _middle, lines in wanted]
    placed = resolve_overlaps([middle for middle, _lines in wanted], heights, 0, 400)
    for (a, height_a), (b, height_b) in pairwise(zip(placed, heights, strict=True)):
        assert b - a >= (height_a + height_b) / 2 - 1e-6
    assert placed[0] - heights[0] / 2 >= -1e-6
    assert placed[-1] + heights[-1] / 2 <= 400 + 1e-6


@given(st.lists(st.lists(st.tuples(st.integers(1960, 2025), VALUES), min_size=1, max_size=30), min_size=1, max_size=7))
def test_everything_drawn_lies_inside_the_chart(all_points):
    drawn = chart(*(Series(f"Place {n}", list(dict(points).items())) for n, points in enumerate(all_points)), width=344)
    for line in drawn.lines:
        for x, y in line.dots:
            assert 0 <= x <= drawn.width
            assert drawn.top - 0.2 <= y <= drawn.bottom + 0.2
    for label in drawn.labels:
        for row, y in label.rows:
            assert 0 < y < drawn.height
            assert label.x + charts.text_width(row) <= drawn.width + 1
    assert sum(len(year.values) for year in drawn.years) == sum(len(dict(points)) for points in all_points)


@given(st.lists(st.lists(st.tuples(st.integers(1960, 2025), VALUES), min_size=1, max_size=9), min_size=1, max_size=9))
def test_names_at_the_ends_of_lines_never_overlap(all_points):
    names = ["Republic of Korea and more words", "Kazakhstan"]
    drawn = chart(*(Series(names[n % 2], list(dict(points).items())) for n, points in enumerate(all_points)))
    rows = sorted(y for label in drawn.labels for _row, y in label.rows)
    assert len(rows) > len(all_points) / 2
    assert all(below - above >= charts.LINE - 0.2 for above, below in pairwise(rows))


def test_a_name_stands_behind_a_bar_of_its_colour():
    [label] = chart(Series("Kazakhstan", [(2000, 1), (2001, 2)], tone=3)).labels
    line_end = chart(Series("Kazakhstan", [(2000, 1), (2001, 2)], tone=3)).right
    assert (label.tone, label.leader) == (3, None)
    assert line_end < label.bar[0] < label.bar[0] + charts.LABEL_BAR < label.x


@pytest.mark.parametrize(("value", "moved", "joined"), [(47, 6, False), (49, 12, True)])
def test_a_thin_line_joins_a_name_that_moved_by_more_than_8_pixels(value, moved, joined):
    ends = [("a", 50), ("b", value), ("top", 100)]
    drawn = chart(*(Series(name, [(2000, 0), (2001, end)]) for name, end in ends))
    label = next(label for label in drawn.labels if label.rows[0][0] == "b")
    line_end = drawn.bottom - (drawn.bottom - drawn.top) * value / 100
    assert round(label.bar[1] - line_end) == moved
    assert bool(label.leader) == joined


def test_bands_of_years_stand_side_by_side_from_edge_to_edge():
    drawn = chart(Series("a", [(2000, 1), (2001, 2), (2005, 3)]))
    edges = [(year.left, year.width) for year in drawn.years]
    assert edges[0][0] == round(drawn.left)
    for (x, width), (next_x, _width) in pairwise(edges):
        assert x + width == next_x


def test_texts_of_marked_years_do_not_touch_each_other_or_the_plot():
    years = [*range(1986, 1996), *range(2010, 2026)]
    drawn = line_chart(
        [Series("a", [(1960, 1), (2025, 2)])],
        width=480,
        height=340,
        format_value=text,
        moments=[(year, str(number)) for number, year in enumerate(years, 1)],
    )
    boxes = [(one.y, one.x - half, one.x + half) for one in drawn.moments for half in [bold_width(one.text) / 2]]
    assert len(boxes) == len(years)
    assert [(a, b) for a, b in combinations(boxes, 2) if a[0] == b[0] and b[1] - a[2] < 4] == []
    assert max(y for y, _left, _right in boxes) < drawn.top


def test_zero_is_marked_where_values_lie_on_both_sides():
    assert chart(Series("a", [(2000, -1), (2001, 1)])).zero is not None
    both_above = chart(Series("a", [(2000, 1), (2001, 2)]))
    assert (both_above.zero, both_above.from_zero) == (None, True)


def test_an_axis_away_from_zero_says_so():
    assert not chart(Series("a", [(2000, 341), (2001, 342)])).from_zero


def test_a_chart_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="at least one value"):
        chart(Series("a", []))


def test_names_wrap_at_spaces_and_end_in_an_ellipsis():
    assert wrapped("North (Small) Aral Sea", 90) == ["North (Small)", "Aral Sea"]
    assert wrapped("투르크메니스탄", 40)[0].endswith("…")


def test_small_multiples_share_their_axes():
    found = small_multiples(
        [Series("a", [(2000, 1)]), Series("b", [(2010, 90)]), Series("none", [])],
        width=160,
        height=120,
        format_value=text,
    )
    assert [one.name for one, _chart in found] == ["a", "b"]
    assert found[0][1].y_ticks == found[1][1].y_ticks
    assert found[0][1].x_ticks == found[1][1].x_ticks
    assert small_multiples([Series("none", [])], width=160, height=120, format_value=text) == []


def test_bars_keep_zero_apart_from_missing():
    drawn = bar_chart(
        [("Kazakhstan", 10, "/kz"), ("Tajikistan", 0, ""), ("Turkmenistan", None, "")],
        width=400,
        format_value=text,
        missing="no data",
    )
    assert [(bar.text, bar.missing, bar.width > 0) for bar in drawn.bars] == [
        ("10", False, True),
        ("0", False, False),
        ("no data", True, False),
    ]


def test_bars_below_zero_run_the_other_way():
    below, above = bar_chart(
        [("a", -5, ""), ("b", 5, "")], width=400, format_value=text, missing="no data", tones=[2, 3]
    ).bars
    assert below.x + below.width == pytest.approx(above.x, abs=0.2)
    assert below.width == pytest.approx(above.width, abs=0.2)
    assert (below.tone, above.tone) == (2, 3)


def test_shares_add_up_to_the_whole_bar():
    drawn = share_chart(
        [("uz", [("water", 1, 3), ("waste", 2, 1), ("none", 3, 0)]), ("tm", [])], width=400, format_value=text
    )
    full, empty = drawn.rows
    assert [share.width / sum(one.width for one in full.shares) for share in full.shares] == pytest.approx(
        [0.75, 0.25], abs=0.001
    )
    assert full.shares[-1].x + full.shares[-1].width == pytest.approx(400, abs=0.2)
    assert (empty.total, empty.shares) == (0, [])


# ── Sparks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_spark_fills_its_size_and_breaks_at_gaps():
    assert charts.spark([(2000, 1), (2001, 3), (2002, 2)], 96, 24) == ["M1,23L48,1L95,12"]
    assert charts.spark([(2000, 5), (2001, 5)], 96, 24) == ["M1,23L95,23"]
    assert charts.spark([(2000, 0), (2001, 1), (2009, 2), (2010, 2)], 102, 22) == ["M1,21L11,11", "M91,1L101,1"]
