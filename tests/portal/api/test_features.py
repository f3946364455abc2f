"""`/ogc/`: OGC API – Features, as programs ask for it, and read by GDAL."""

import json
import shutil
import subprocess

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from geojson_validator import validate_structure

from portal.models import PlaceIdentifier
from tests.make import UNPUBLISHED, make_country, make_event, make_issue, make_place, make_project

pytestmark = pytest.mark.django_db

ROOT = "/ogc"
ITEMS = {name: f"{ROOT}/collections/{name}/items" for name in ("places", "projects", "issues", "events")}


def asked(client, path, **query):
    response = client.get(path, query)
    assert response.status_code == 200, response.content
    return response.json()


def keys(client, name, **query):
    """Return the keys of the features that match, in their order."""
    found = asked(client, ITEMS[name], **query)
    assert found["numberMatched"] == found["numberReturned"] == len(found["features"])
    return [feature["id"] for feature in found["features"]]


def links(found):
    return {link["rel"]: link["href"].removeprefix("http://testserver") for link in found["links"]}


def make_places():
    uz = make_country(key="uz", name_ko="우즈베키스탄")
    make_country(key="kr")
    region = make_place(key="karakalpakstan", kind="province", country=uz, latitude="43.20000", longitude="58.80000")
    PlaceIdentifier.objects.create(place=region, scheme="iso3166-2", value="UZ-QR")
    nukus = make_place(key="nukus", kind="city", country=uz, latitude="42.46000", longitude="59.61000")
    make_place(key="nowhere", kind="site", country=uz)
    return uz, nukus


# ── Pages about the service ──────────────────────────────────────────────────────────────────────────────────────


def test_landing_page_leads_to_all_else(client):
    found = links(asked(client, f"{ROOT}/"))
    assert set(found) == {"self", "service-desc", "conformance", "data", "license"}
    for rel in ("self", "service-desc", "conformance", "data"):
        assert client.get(found[rel]).status_code == 200
    assert asked(client, found["conformance"])["conformsTo"][0].endswith("/ogcapi-features-1/1.0/conf/core")
    listed = asked(client, found["data"])["collections"]
    assert {one["id"] for one in listed} == set(ITEMS)
    for one in listed:
        assert asked(client, links(one)["self"]) == one
        assert asked(client, links(one)["items"])["numberMatched"] == 0


def test_definition_names_each_address_and_parameter(client):
    response = client.get(f"{ROOT}/api")
    assert response.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    paths = response.json()["paths"]
    assert len(paths) == 3 + 3 * len(ITEMS)
    named = {one["name"] for one in paths[ITEMS["projects"]]["get"]["parameters"]}
    assert {"limit", "offset", "bbox", "datetime", "lang", "country", "status_now"} <= named
    for name in named - {"q"}:
        assert "There is no parameter" not in client.get(ITEMS["projects"], {name: "1"}).content.decode()


# ── Features ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_features_are_valid_and_flat_in_the_language_asked_for(client):
    make_places()
    response = client.get(ITEMS["places"], {"lang": "ko"})
    assert response.headers["Content-Type"] == "application/geo+json; charset=utf-8"
    found = response.json()
    placed = [feature for feature in found["features"] if feature["geometry"]]
    assert validate_structure({"type": "FeatureCollection", "features": placed}) == {}
    assert [feature["id"] for feature in found["features"]] == ["karakalpakstan", "kr", "nowhere", "nukus", "uz"]
    assert found["features"][-1]["properties"]["name"] == "우즈베키스탄"
    one = asked(client, f"{ITEMS['places']}/uz", lang="ko")
    assert {name: one[name] for name in ("id", "geometry", "properties")} == {
        name: found["features"][-1][name] for name in ("id", "geometry", "properties")
    }
    assert links(one)["collection"] == "/ogc/collections/places"


def test_pages_lead_through_all_features(client):
    for number in range(5):
        make_place(key=f"p{number}")
    path, seen = f"{ITEMS['places']}?limit=2", []
    while path:
        found = client.get(path).json()
        assert found["numberMatched"] == 5
        seen += [feature["id"] for feature in found["features"]]
        path = links(found).get("next")
    assert seen == ["p0", "p1", "p2", "p3", "p4"]
    assert links(found)["prev"] == f"{ITEMS['places']}?limit=2&offset=2"
    assert asked(client, ITEMS["places"], limit=10_000_000)["numberReturned"] == 5


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ("59.6,42.4,59.7,42.5", ["karakalpakstan", "nukus", "uz"]),
        ("59.6,42.4,0,59.7,42.5,9", ["karakalpakstan", "nukus", "uz"]),  # with heights
        ("66.9,39.6,67,39.7", ["uz"]),  # Samarkand: inside of the outline, without any of its corners
        ("127,36,129,37", ["kr"]),
        ("-180,-90,180,90", ["karakalpakstan", "kr", "nukus", "uz"]),
        ("120,-90,-120,90", ["kr"]),  # across 180°
        ("0,0,1,1", []),
    ],
)
def test_box_finds_what_meets_it(client, box, expected):
    make_places()
    assert keys(client, "places", bbox=box) == expected


def test_record_is_where_its_places_are_else_in_its_countries(client):
    uz, nukus = make_places()
    for key in ("at-nukus", "in-uz", "at-nowhere", "unknown"):
        project = make_project(key=key)
        if key != "unknown":
            project.countries.add(uz)
    project = type(project).objects.get(key="at-nukus")
    project.places.add(nukus)
    draft = make_place(key="draft", latitude="40.00000", longitude="60.00000", publication="draft")
    type(project).objects.get(key="in-uz").places.add(draft)
    type(project).objects.get(key="at-nowhere").places.add(type(nukus).objects.get(key="nowhere"))
    assert keys(client, "projects", bbox="59,42,60,43") == ["at-nukus"]
    assert keys(client, "projects", bbox="63.9,41.4,64.1,41.6") == ["at-nowhere", "in-uz"]
    assert keys(client, "projects", bbox="59.9,39.9,60.1,40.1") == []
    in_answers = {
        feature["id"]: feature["geometry"] and feature["geometry"]["coordinates"]
        for feature in asked(client, ITEMS["projects"])["features"]
    }
    here = [64.0, 41.5]
    assert in_answers == {"at-nukus": [59.61, 42.46], "in-uz": here, "at-nowhere": here, "unknown": None}


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("2020-05-10", ["month", "year"]),
        ("2020-05-10T09:00:00Z", ["month", "year"]),
        ("2020-05-02/2020-05-03", ["month", "year"]),
        ("2020-06-01/..", ["year"]),
        ("/2020-04-30", ["day", "year"]),
        ("../..", ["day", "month", "year"]),
    ],
)
def test_time_finds_dates_as_exact_as_they_are_known(client, period, expected):
    for key, date in (("day", "2020-03-01"), ("month", "2020-05"), ("year", "2020")):
        make_event(key=key, date=date)
    assert keys(client, "events", datetime=period) == expected


def test_project_lasts_from_its_start_to_its_end(client):
    make_project(key="closed", start="2015", end="2018-06")
    make_project(key="open", start="2019", end=None)
    make_project(key="undated", start=None, end=None)
    assert keys(client, "projects", datetime="2018-06-30/2018-12-31") == ["closed"]
    assert keys(client, "projects", datetime="2018-07-01/..") == ["open"]
    assert keys(client, "projects", datetime="2015-01-01") == ["closed"]
    make_issue(key="sea")
    assert keys(client, "issues", datetime="1900-01-01") == ["sea"]


def test_filters_of_the_api_narrow_too(client):
    uz, _nukus = make_places()
    make_project(key="here").countries.add(uz)
    make_project(key="elsewhere")
    assert keys(client, "projects", country="uz") == ["here"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("bbox=1,2,3", "“bbox” is"),
        ("bbox=1,2,3,x", "“bbox” is"),
        ("bbox=1,2,3,nan", "“bbox” is"),
        ("bbox=1,2,3,1.2.3", "“bbox” is"),
        ("bbox=0,10,1,5", "“bbox” is"),
        ("bbox=0,0,400,5", "“bbox” is"),
        ("bbox=0,0,1,1&bbox=0,0,1,1", "“bbox” is"),
        ("datetime=soon", "“datetime” is"),
        ("datetime=2020", "“datetime” is"),
        ("datetime=2020-01-01/2019-01-01", "ends before it begins"),
        ("limit=0", "“limit” is"),
        ("crs=x", "There is no parameter “crs”"),
        ("country=zz", "zz"),
    ],
)
def test_wrong_value_is_told(client, query, words):
    response = client.get(f"{ITEMS['projects']}?{query}")
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")
    assert words in response.json()["detail"]


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_unpublished_record_is_no_feature(client, publication):
    make_place(key="hidden", latitude="40.00000", longitude="60.00000", publication=publication)
    assert keys(client, "places") == keys(client, "places", bbox="59,39,61,41") == []
    assert client.get(f"{ITEMS['places']}/hidden").status_code in {404, 410}
    assert client.get(f"{ITEMS['places']}/no where").status_code == 404


def test_answer_is_revalidated_and_counts_no_more_queries_for_more_features(client):
    def count():
        with CaptureQueriesContext(connection) as queries:
            response = client.get(ITEMS["projects"], {"bbox": "50,30,80,50", "datetime": "2010-01-01/.."})
            assert response.status_code == 200
        return len(queries), response

    uz, nukus = make_places()
    make_project(key="first", start="2020").places.add(nukus)
    few, response = count()
    assert client.get(f"{ROOT}/collections", headers={"If-None-Match": "x"}).status_code == 200
    tag = response.headers["ETag"]
    again = {"bbox": "50,30,80,50", "datetime": "2010-01-01/.."}
    assert client.get(ITEMS["projects"], again, headers={"If-None-Match": tag}).status_code == 304
    for number in range(9):
        project = make_project(key=f"p{number}", start="2020")
        project.countries.add(uz)
        project.places.add(nukus)
    many, response = count()
    assert response.json()["numberMatched"] == 10
    assert many <= few + 2  # the countries, and the content version after a change


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="ogrinfo (gdal-bin) is missing")
def test_gdal_reads_the_collections(site):
    command = ["ogr2ogr", "-f", "GeoJSON", "/vsistdout/", f"OAPIF:{site.url}/ogc/collections/places"]
    done = subprocess.run(
        [*command, "-spat", "59", "42", "60", "43"], capture_output=True, text=True, timeout=120, check=True
    )
    features = {one["properties"]["key"]: one for one in json.loads(done.stdout)["features"]}
    assert {"nukus", "karakalpakstan", "uz"} <= set(features)
    assert "tashkent" not in features
    assert features["nukus"]["properties"]["kind"] == "City"
