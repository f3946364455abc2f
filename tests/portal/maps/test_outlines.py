"""Outlines of countries and provinces as GeoJSON."""

import pytest

from portal.maps import geometry
from portal.maps.geometry import area
from portal.maps.outlines import COUNTRY_POINTS, area_outlines, by_right_hand, segment_meets_box


def test_outlines_are_those_of_the_five_countries_and_their_provinces():
    codes = set(area_outlines())
    assert {code for code in codes if len(code) == 2} == {"KG", "KZ", "TJ", "TM", "UZ"}
    assert len(codes) == 5 + 53
    assert area_outlines()["TM-A"].note == "includes the city of Ashgabat (TM-S)"
    assert area_outlines()["UZ-QR"].note == ""


def test_rings_are_closed_and_follow_the_right_hand_rule():
    for outline in area_outlines().values():
        assert outline.geometry["type"] == "MultiPolygon"
        for polygon in outline.geometry["coordinates"]:
            assert [ring[0] == ring[-1] and len(ring) > 3 for ring in polygon] == [True] * len(polygon)
            assert [area(ring) > 0 for ring in polygon] == [True, *[False] * (len(polygon) - 1)]


def test_ring_is_turned_only_if_it_has_to_be():
    square, hole = [[0, 0], [2, 0], [2, 2], [0, 0]], [[1, 0], [1, 1], [2, 1], [1, 0]]
    assert by_right_hand([square, hole]) == [square, hole]
    assert by_right_hand([square[::-1], hole[::-1]]) == [square, hole]
    assert area(square) == 2


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((0.5, 0.5), (0.6, 0.6), True),  # inside
        ((-1, 0.5), (2, 0.5), True),  # through
        ((-1, -1), (2, 2), True),
        ((-1, 0), (0, 2), False),  # past a corner
        ((2, 0), (2, 1), False),
        ((-1, 1), (2, 1), True),  # along an edge
        ((0, 2), (0, 3), False),
    ],
)
def test_segment_meets_a_box(start, end, expected):
    assert segment_meets_box(start, end, (0, 0, 1, 1)) is expected
    assert segment_meets_box(end, start, (0, 0, 1, 1)) is expected


def test_outline_meets_a_box_inside_of_it_and_around_it():
    uz = area_outlines()["UZ"]
    assert uz.meets(66.9, 39.6, 67.0, 39.7)
    assert uz.meets(0, 0, 90, 90)
    assert not uz.meets(60, 50, 61, 51)


@pytest.mark.parametrize("key", ["kg", "kz", "tj", "tm", "uz"])
def test_point_of_a_country_is_in_its_outline(key):
    rings = [ring for polygon in area_outlines()[key.upper()].geometry["coordinates"] for ring in polygon]
    assert geometry.is_inside(COUNTRY_POINTS[key], rings)
