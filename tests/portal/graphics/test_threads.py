"""Threads between two columns of points."""

import itertools

from portal.graphics.threads import ThreadEnd, ThreadLink, threads

LEFT = [ThreadEnd("suwon", "Suwon"), ThreadEnd("ansan", "Ansan")]
RIGHT = [ThreadEnd("almaty", "Almaty", "Kazakhstan"), ThreadEnd("osh", "Osh", "Kyrgyzstan")]


def test_points_are_apart_and_inside_and_headings_stand_above_their_groups():
    drawn = threads(LEFT, RIGHT, [], 400)
    for column in (drawn.left, drawn.right):
        ys = [placed.y for placed in column]
        assert ys == sorted(ys)
        assert min(b - a for a, b in itertools.pairwise(ys)) >= 22
        assert 0 < ys[0] < ys[-1] < drawn.height
    assert all(placed.heading_y < placed.y for placed in drawn.right)
    assert [placed.heading_y for placed in drawn.left] == [None, None]


def test_a_thread_runs_from_one_point_to_the_other():
    drawn = threads(LEFT, RIGHT, [ThreadLink("ansan", "almaty", "active", "Ansan – Almaty")], 400)
    [thread] = drawn.threads
    start, end = drawn.left[1].y, drawn.right[0].y
    assert thread.path.startswith(f"M{drawn.left_x:g},{start:g}C")
    assert thread.path.endswith(f" {drawn.right_x:g},{end:g}")
    assert thread.link.tone == "active"


def test_labels_fit_beside_the_columns():
    longest = [ThreadEnd("long", "Ministry of Health of Kazakhstan")]
    drawn = threads(LEFT, longest, [], 400)
    assert drawn.left_text_x > 0
    assert drawn.left_x < drawn.right_x < 400 - 180


def test_without_labels_the_drawing_has_the_given_height_and_no_headings():
    drawn = threads(LEFT, RIGHT, [], 340, 64, labelled=False)
    assert (drawn.width, drawn.height) == (340, 64)
    assert [placed.heading_y for placed in drawn.right] == [None, None]


def test_without_points_nothing_is_drawn():
    drawn = threads([], [], [], 400)
    assert (drawn.left, drawn.right, drawn.threads) == ([], [], [])
