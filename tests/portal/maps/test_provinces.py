"""Which province a position lies in."""

import json

import pytest
from django.conf import settings
from django.utils.translation import override

from portal.maps import geometry
from portal.maps.provinces import outlines, province_at, province_name, province_of
from portal.maps.region import shapes
from portal.models import Place
from tests.make import make_country, make_place
from tests.maps import NUKUS


def test_each_province_has_an_outline_a_shape_and_a_country():
    assert len(outlines()) == 53
    assert {(one.key, one.country) for one in outlines()} == {
        (key, shape["country"]) for key, shape in shapes()["provinces"].items()
    }


@pytest.mark.parametrize(
    ("country", "lon", "lat", "province"),
    [
        ("uz", 59.6022, 42.4647, "uz-karakalpakstan"),  # Nukus
        ("uz", 69.25, 41.3, "uz-tashkent-city"),
        ("uz", 69.58, 41.47, "uz-tashkent-region"),  # Chirchiq, around the city
        ("kz", 76.9, 43.24, "kz-almaty-city"),
        ("kg", 72.79, 40.52, "kg-osh"),
        ("tj", 71.55, 37.49, "tj-gorno-badakhshan"),
        ("tm", 52.99, 40.02, "tm-balkan"),  # at the coast
    ],
)
def test_positions_lie_in_their_province(country, lon, lat, province):
    assert province_at(country, lon, lat) == province


def test_position_just_outside_the_simplified_outline_is_in_the_nearest_province():
    # 6 km south of the border of Khatlon with Afghanistan.
    inside = province_at("tj", 68.6, 37.2)
    assert inside == "tj-khatlon"
    [khatlon] = [one for one in outlines() if one.key == "tj-khatlon"]
    lon, lat = 68.6, 37.2
    while geometry.is_inside(geometry.project(lon, lat), khatlon.rings):
        lat -= 0.005
    assert province_at("tj", lon, lat - 0.05) == "tj-khatlon"
    assert province_at("tj", lon, lat - 0.5) == ""


def test_position_is_never_in_a_province_of_another_country():
    assert province_at("kz", 69.25, 41.3) == ""  # Tashkent, 20 km from the border
    assert province_at("kr", 69.25, 41.3) == ""


@pytest.mark.django_db
def test_only_places_with_one_country_lie_in_a_province():
    uz = make_country(key="uz")
    assert province_of(make_place(country=uz, **NUKUS)) == "uz-karakalpakstan"
    assert province_of(make_place(country=uz)) == ""
    assert province_of(make_place(**NUKUS)) == ""
    assert province_of(make_place(country=uz, kind=Place.Kind.RIVER, **NUKUS)) == ""
    assert province_of(make_place(country=uz, kind=Place.Kind.PROVINCE, **NUKUS)) == "uz-karakalpakstan"


@pytest.mark.parametrize(
    ("language", "name"), [("en", "Sughd Region"), ("ko", "수그드주"), ("ru", "Согдийская область")]
)
def test_provinces_have_names_in_three_languages(language, name):
    with override(language):
        assert province_name("tj-sughd") == name


def test_provinces_cover_their_countries_on_the_map():
    """Both layers come from the same lines, so no gap shows between the provinces and the border."""
    for key, country in shapes()["countries"].items():
        left, top, width, height = country["box"]
        box = geometry.BoundingBox(left, top, width, height).grown(2)
        for province in shapes()["provinces"].values():
            if province["country"] == key:
                assert all(box.holds(tuple(point)) for point in province["labels"])


@pytest.mark.usefixtures("content")
@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_province_has_one_name_on_the_map_and_in_lists(language):
    found = {}
    with override(language):
        for place in Place.objects.published().filter(kind=Place.Kind.PROVINCE).select_related("country"):
            key = province_of(place)
            if key:
                found[key] = (province_name(key), getattr(place, f"name_{language}"))
    assert len(found) == 46
    assert {key: names for key, names in found.items() if names[0] != names[1]} == {}


def test_layer_and_drawing_have_the_same_names():
    names = [f"name_{language}" for language in ("en", "ko", "ru")]
    layer = json.loads((settings.BASE_DIR / "static" / "geo" / "provinces.geojson").read_text("utf-8"))["features"]
    assert {one["id"]: [one["properties"][name] for name in names] for one in layer} == {
        key: [shape[name] for name in names] for key, shape in shapes()["provinces"].items()
    }
