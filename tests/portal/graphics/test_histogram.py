"""The histogram of the timeline: its lengths are proportional to its numbers."""

import itertools

import pytest

from portal.graphics.histogram import decades, histogram

YEARS = {1911: (1, 0), 1918: (1, 0), 1992: (6, 6), 1999: (0, 1), 2024: (17, 21)}
SIZES = pytest.mark.parametrize("size", [(860, 150), (348, 130)])


def test_decades_are_counted_and_none_is_left_out():
    found = decades(YEARS)
    assert [decade.first for decade in found] == list(range(1910, 2030, 10))
    assert {decade.first: decade.counts for decade in found if decade.total} == {
        1910: (2, 0),
        1990: (6, 7),
        2020: (17, 21),
    }
    assert (found[0].last, found[8].total) == (1919, 13)


def test_nothing_has_no_decade():
    assert decades({}) == []


@SIZES
def test_bars_have_the_numbers_of_their_years(size):
    bars = {bar.year: bar for decade in histogram(YEARS, *size).decades for bar in decade.bars}
    assert {year: bar.counts for year, bar in bars.items()} == YEARS


@SIZES
def test_heights_are_in_proportion_and_parts_stand_on_one_another(size):
    shape = histogram(YEARS, *size)
    unit = (shape.base - shape.ticks[-1][1]) / shape.ticks[-1][0]
    for decade in shape.decades:
        for bar in decade.bars:
            foot = shape.base
            for kind, y, height in bar.parts:
                assert height == pytest.approx(bar.counts[kind - 1] * unit, abs=0.1)
                assert y + height == pytest.approx(foot, abs=0.2)
                foot = y
            assert [kind for kind, _y, _height in bar.parts] == [n for n, count in enumerate(bar.counts, 1) if count]


@SIZES
def test_bars_stand_in_their_decades_and_the_decades_side_by_side(size):
    shape = histogram(YEARS, *size)
    for before, after in zip(shape.decades, shape.decades[1:], strict=False):
        assert before.x + before.width == pytest.approx(after.x, abs=0.2)
    assert shape.decades[0].x == pytest.approx(shape.left, abs=0.1)
    assert shape.decades[-1].x + shape.decades[-1].width == pytest.approx(shape.width, abs=1)
    for decade in shape.decades:
        for bar in decade.bars:
            assert decade.x <= bar.x < bar.x + bar.width <= decade.x + decade.width + 0.1


@SIZES
def test_names_of_decades_do_not_touch(size):
    shape = histogram(YEARS, *size)
    named = [decade for decade in shape.decades if decade.label]
    assert named[-1].label == "2020"
    assert all(after.x - before.x >= 30 for before, after in itertools.pairwise(named))


@pytest.mark.parametrize("highest", [1, 2, 3, 7, 38, 400])
def test_ticks_are_whole_and_reach_over_the_highest_bar(highest):
    shape = histogram({2000: (highest, 0)}, 348, 130)
    numbers = [number for number, _y in shape.ticks]
    assert numbers[0] == 0
    assert numbers == sorted(set(numbers))
    assert numbers[-1] >= highest
    assert all(isinstance(number, int) for number in numbers)
