"""Where records are, as geometries of GeoJSON."""

import pytest

from portal.formats.locations import BoundingBoxOfAll, Precision, location, positions_of, precision_of
from portal.maps.outlines import COUNTRY_POINTS
from portal.models import Place


def test_least_precise_place_decides_the_precision():
    found = location([(60.0, 40.0, "site"), (70.0, 45.0, "province"), (60.0, 40.0, "lake")])
    assert found.geometry == {"type": "MultiPoint", "coordinates": [(60.0, 40.0), (70.0, 45.0)]}
    assert found.stated == {"precision": "province"}


def test_countries_stand_in_for_places():
    found = location([], ["uz", "nowhere", "kz"])
    assert found.geometry == {"type": "MultiPoint", "coordinates": [COUNTRY_POINTS["uz"], COUNTRY_POINTS["kz"]]}
    assert found.stated == {"precision": "country"}
    assert location([(60.0, 40.0, "site")], ["uz"]).stated == {"precision": "point"}


def test_nothing_known_is_no_geometry():
    found = location([], ["nowhere"])
    assert (found.geometry, found.stated) == (None, {"precision": None})


@pytest.mark.parametrize("kind", Place.Kind.values)
def test_each_kind_of_place_has_a_precision(kind):
    assert (precision_of(kind) == Precision.POINT) == (kind in {"site", "city"})
    assert (precision_of(kind) == Precision.COUNTRY) == (kind == "country")


def test_box_holds_all_positions_at_any_depth():
    around = BoundingBoxOfAll()
    assert around.box is None
    around.add(None)
    around.add({"type": "Point", "coordinates": [60, 40]})
    around.add({"type": "MultiPolygon", "coordinates": [[[[50, 41], [51, 30], [50, 41]]]]})
    assert around.box == [50, 30, 60, 41]
    assert sorted(positions_of({"type": "MultiPoint", "coordinates": [(1, 2), (3, 4)]})) == [(1, 2), (3, 4)]
