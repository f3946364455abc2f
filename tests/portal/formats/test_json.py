"""Records as JSON and GeoJSON."""

import json

import pytest

from portal.formats.fields import LANGUAGES
from portal.formats.json import json_text
from portal.formats.serialisers import SERIALISERS, RecordSelection, columns_in_language, flat_columns
from portal.maps.outlines import COUNTRY_POINTS
from portal.models import PlaceIdentifier
from tests.make import make_country, make_event, make_issue, make_place, make_project
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


def test_geojson_has_flat_properties_in_the_language_asked_for(client):
    full_project()
    found = json.loads(content(client.get("/ru/projects/?format=geojson&lang=ko")))
    [feature] = found["features"]
    flat = feature["properties"]
    assert found["name"] == "projects"
    assert (flat["type"], flat["key"], flat["title"], flat["status"]) == ("project", "trees", "나무", "완료")
    assert (flat["status_code"], flat["budget"], flat["currency"]) == ("closed", 5600000.5, "USD")
    # What has no Korean text is in English.
    assert (flat["countries"], flat["countries_code"]) == ("우즈베키스탄; Kazakhstan", "uz; kz")
    assert (flat["summary"], flat["sources_title"]) == ("Saxaul is planted on the dry bed.", "A paper")
    assert (flat["finance"], flat["precision"]) == (None, "point")
    assert not [name for name, value in flat.items() if isinstance(value, dict | list)]
    page = json.loads(content(client.get("/ru/projects.geojson")))
    assert page["features"][0]["properties"]["title"] == "Деревья"


def test_geojson_has_the_nested_json_if_it_is_asked_for(client):
    full_project()
    [item] = items(client.get("/en/projects.json"))
    [feature] = json.loads(content(client.get("/en/projects.geojson?full=1")))["features"]
    assert feature["properties"] == {"type": "project"} | item | {"precision": "point"}
    assert client.get("/en/projects.geojson?full=2").status_code == 400


def test_geojson_of_several_kinds_summarises_records(client):
    make_event(key="dam", date="2005-08", title_en="A dam", title_ko="둑").places.add(
        make_place(key="aral", kind="lake", latitude="45.00000", longitude="60.00000")
    )
    [feature] = json.loads(content(client.get("/ko/timeline.geojson")))["features"]
    stated = feature["properties"]
    assert stated.pop("changed")
    assert stated.pop("summary")
    assert stated == {
        "type": "event",
        "key": "dam",
        "url": "http://testserver/ko/timeline/dam/",
        "name": "둑",
        "date": "2005-08",
        "precision": "area",
    }


def test_record_without_places_is_in_its_countries(client):
    project = make_project(key="water")
    project.countries.add(make_country(key="uz"))
    project.countries.add(make_country(key="zz", name_en="A draft", publication="draft"))
    [feature] = json.loads(content(client.get("/en/projects.geojson")))["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": list(COUNTRY_POINTS["uz"])}
    assert feature["properties"]["precision"] == "country"


def test_province_has_its_outline_and_what_differs_from_it(client):
    region = make_place(key="ahal-region", kind="province", latitude="38.00000", longitude="58.00000")
    PlaceIdentifier.objects.create(place=region, scheme="iso3166-2", value="TM-A")
    found = json.loads(content(client.get("/en/places/ahal-region.geojson")))
    [feature] = found["features"]
    assert (feature["geometry"]["type"], feature["properties"]["precision"]) == ("MultiPolygon", "province")
    assert feature["properties"]["outline_note"] == "includes the city of Ashgabat (TM-S)"
    assert found["outlines"]["licence"] == "public domain (Natural Earth), CC0 1.0 (Who’s On First)"
    make_place(key="abai", kind="province", latitude="50.00000", longitude="80.00000")
    [other] = json.loads(content(client.get("/en/places/abai.geojson")))["features"]
    assert other["geometry"] == {"type": "Point", "coordinates": [80.0, 50.0]}
    assert (other["properties"]["precision"], other["properties"]["outline_note"]) == ("province", None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_flat_names_are_unique(language):
    for serialiser in SERIALISERS.values():
        cells = list(range(len(serialiser.column_headers)))
        flat = flat_columns(serialiser.column_headers, language)(cells)
        assert len(flat) == len(columns_in_language(serialiser.column_headers, language).headers)


def test_geojson_of_nowhere_has_no_box(client):
    make_project(key="nowhere")
    assert "bbox" not in json.loads(content(client.get("/en/projects/?format=geojson")))


def test_json_leaves_out_records_that_nobody_sees_any_more(monkeypatch):
    monkeypatch.setattr("portal.formats.serialisers.MIXED_CHUNK", 1)
    keys = {make_issue(key="aral").pk: "aral", make_issue(key="dust").pk: "dust"}
    pairs = [("issue", pk) for pk in (0, *keys, max(keys) + 1)]
    records = RecordSelection(pairs, label="all", title="All", about="", base="https://portal.example.org")
    assert [item["key"] for item in json.loads("".join(json_text(records)))["items"]] == ["aral", "dust"]
