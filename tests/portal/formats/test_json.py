"""Records as JSON and GeoJSON."""

import json

import pytest

from tests.make import make_place, make_project
from tests.portal.formats.files import content, full_project, items

pytestmark = pytest.mark.django_db


def test_json_in_one_language_falls_back_to_english(client):
    full_project()
    [project] = items(client.get("/en/projects/?format=json&lang=ko"))
    assert (project["title"], project["summary"]) == ("나무", "Saxaul is planted on the dry bed.")
    assert project["status"]["name"] == "완료"


def test_geojson_puts_longitude_first_and_null_where_no_place_is_known(client):
    full_project()
    many = make_project(key="many", start="2019")
    # One by one: add() of several stores them in the order of a set.
    many.places.add(make_place(key="a", latitude="40.00000", longitude="60.00000"))
    many.places.add(make_place(key="b", latitude="45.00000", longitude="70.00000"))
    many.places.add(make_place(key="c"))
    make_project(key="nowhere", start="2018")
    found = json.loads(content(client.get("/en/projects/?format=geojson")))
    assert [(feature["id"], feature["geometry"]) for feature in found["features"]] == [
        ("trees", {"type": "Point", "coordinates": [59.61, 42.46]}),
        ("many", {"type": "MultiPoint", "coordinates": [[60.0, 40.0], [70.0, 45.0]]}),
        ("nowhere", None),
    ]
    assert found["bbox"] == [59.61, 40.0, 70.0, 45.0]
    assert found["about"]["count"] == 3


def test_geojson_of_nowhere_has_no_box(client):
    make_project(key="nowhere")
    assert "bbox" not in json.loads(content(client.get("/en/projects/?format=geojson")))
