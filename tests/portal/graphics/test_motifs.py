"""Small pictures of values: bars from zero, stripes in classes, steps of sums, squares that fill their place."""

import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.graphics import motifs

VALUES = st.floats(-1e4, 1e4, allow_nan=False)
YEARS = st.dictionaries(st.integers(1950, 2025), VALUES, min_size=3, max_size=70).map(lambda years: list(years.items()))


def test_bars_stand_on_zero_and_a_missing_year_has_none():
    [(name, path)] = motifs.bars([(2000, 10), (2001, -5), (2003, 5)], 40, 30)
    assert name == "motif-shape"
    assert path == "M0,20v-20h7.5v20zM10,20v10h7.5v-10zM30,20v-10h7.5v10z"


def test_stripes_have_classes_from_cold_to_warm():
    assert [motifs.stripe_class(value, 2) for value in (-2, -1.6, -0.01, 0, 0.4, 1.99, 2)] == [1, 1, 4, 5, 5, 8, 8]
    assert motifs.stripes([(2000, -2), (2001, 2), (2002, -2)], 30, 8) == [
        ("stripe-1", "M0,0h10v8h-10zM20,0h10v8h-10z"),
        ("stripe-8", "M10,0h10v8h-10z"),
    ]


def test_steps_add_the_values_up():
    [(_name, path)] = motifs.steps([(2000, -1), (2001, -3)], 20, 100)
    assert path == "M0,100V23.75h10V95h10V100z"


def test_line_breaks_where_years_are_missing():
    [(name, path)] = motifs.line([(2000, 0), (2001, 1), (2009, 2), (2010, 2)], 102, 22)
    assert (name, path) == ("motif-line", "M1,21L11,11M91,1L101,1")


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (200, 6), (20, 2)])
def test_squares_are_as_many_as_asked_and_fill_the_place(count, rows):
    [(_name, path)] = motifs.squares(count, 320, 64)
    corners = re.findall(r"M([\d.]+),([\d.]+)", path)
    assert len(set(corners)) == count
    assert len({y for _x, y in corners}) == rows
    side = float(re.search(r"h([\d.]+)", path)[1])
    assert max(float(x) for x, _y in corners) + side <= 320
    assert max(float(y) for _x, y in corners) + side <= 64


def test_no_squares_are_no_picture():
    assert motifs.squares(0, 320, 64) == []


def test_longest_run_has_no_gap():
    assert motifs.longest_run([(2005, 1), (2001, 1), (2000, 1), (2004, 1), (2010, 1)]) == [(2004, 1), (2005, 1)]


@given(YEARS)
def test_every_picture_is_small(points):
    for draw in (motifs.bars, motifs.stripes, motifs.steps, motifs.line):
        paths = draw(points, 320, 160)
        assert len(paths) <= motifs.STRIPE_CLASSES
        assert len(zlib.compress(str(paths).encode())) < 3_000
