"""`/data/places.geojson` and files of lists, opened by GDAL, which QGIS reads them by."""

import csv
import json
import shutil
import subprocess

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from geojson_validator import validate_structure

from portal.formats.locations import positions_of
from portal.models import Place, PlaceIdentifier
from portal.open_data.places import COLUMNS
from tests.make import UNPUBLISHED, make_country, make_place
from tests.portal.open_data.tables import archived
from tests.portal.open_data.tables import content as body

pytestmark = pytest.mark.django_db

ADDRESS = "/data/places.geojson"
needs_gdal = pytest.mark.skipif(shutil.which("ogr2ogr") is None, reason="ogr2ogr (gdal-bin) is missing")


@pytest.fixture
def rows_by_gdal(tmp_path):
    """Return a function from the bytes of a GeoJSON file to its features as GDAL reads them, geometries as WKT."""

    def read(text):
        (tmp_path / "in.geojson").write_bytes(text)
        command = ["ogr2ogr", "-f", "CSV", "out.csv", "in.geojson", "-lco", "GEOMETRY=AS_WKT"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
        assert done.stderr == ""
        usual = csv.field_size_limit(10_000_000)  # of a multipolygon
        try:
            with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
                return list(csv.DictReader(file))
        finally:
            csv.field_size_limit(usual)  # the limit is one for the whole process

    return read


def make_places():
    uz = make_country(key="uz", name_en="Uzbekistan", name_ko="우즈베키스탄", name_ru="Узбекистан")
    region = make_place(key="karakalpakstan", kind="province", country=uz, latitude="43.20000", longitude="58.80000")
    PlaceIdentifier.objects.create(place=region, scheme="iso3166-2", value="UZ-QR")
    PlaceIdentifier.objects.create(place=region, scheme="wikidata", value="Q484245")
    make_place(key="nukus", kind="city", country=uz, part_of=region, latitude="42.46000", longitude="59.61000")
    make_place(key="central-asia", kind="world")


@needs_gdal
def test_gdal_reads_all_places_of_the_content(content, client, rows_by_gdal):
    rows = rows_by_gdal(body(client.get(ADDRESS)))
    assert len(rows) == Place.objects.published().count()
    by_key = {row["key"]: row for row in rows}
    assert by_key["uz"]["WKT"].startswith("MULTIPOLYGON")
    assert (by_key["uz"]["name_ko"], by_key["uz"]["precision"]) == ("우즈베키스탄", "country")
    assert by_key["kr"]["WKT"].startswith("POINT (128")


@needs_gdal
def test_gdal_reads_the_list_of_projects(content, client, rows_by_gdal):
    rows = rows_by_gdal(body(client.get("/ko/projects.geojson?country=uz")))
    assert rows
    assert {row["type"] for row in rows} == {"project"}
    assert all(row["title"] and row["status_now"] and "우즈베키스탄" in row["countries"] for row in rows)


def test_place_has_its_names_identifiers_and_outline(client):
    make_places()
    found = json.loads(body(client.get(ADDRESS)))
    features = {feature["id"]: feature for feature in found["features"]}
    assert found["name"] == "places"
    assert found["outlines"]["licence"] == "public domain (Natural Earth), CC0 1.0 (Who’s On First)"
    region = features["karakalpakstan"]
    stated = region["properties"]
    assert (region["geometry"]["type"], stated["precision"]) == ("MultiPolygon", "province")
    assert (stated["iso3166-2"], stated["wikidata"], stated["geonames"]) == ("UZ-QR", "Q484245", None)
    assert (stated["country"], stated["country_ru"], stated["kind_en"]) == ("uz", "Узбекистан", "Province")
    nukus = features["nukus"]
    assert nukus["geometry"] == {"type": "Point", "coordinates": [59.61, 42.46]}
    assert (nukus["properties"]["part_of"], nukus["properties"]["precision"]) == ("karakalpakstan", "point")
    assert features["central-asia"]["geometry"] is None
    assert set(COLUMNS) < set(stated)
    assert not [value for value in stated.values() if isinstance(value, dict | list)]


def test_file_is_valid_and_its_box_holds_all(client):
    make_places()
    found = json.loads(body(client.get(ADDRESS)))
    placed = [feature for feature in found["features"] if feature["geometry"]]  # the validator refuses null
    assert validate_structure({**found, "features": placed}) == {}
    west, south, east, north = found["bbox"]
    for feature in placed:
        for longitude, latitude in positions_of(feature["geometry"]):
            assert west <= longitude <= east
            assert south <= latitude <= north


def test_file_has_no_drafts(client):
    make_places()
    for publication in UNPUBLISHED:
        make_place(key=f"not-{publication}", publication=publication)
    features = json.loads(body(client.get(ADDRESS)))["features"]
    assert {feature["id"] for feature in features} == {"uz", "karakalpakstan", "nukus", "central-asia"}


@pytest.mark.any_database
def test_number_of_queries_does_not_grow(client):
    def count():
        with CaptureQueriesContext(connection) as queries:
            body(client.get(ADDRESS))
        return len(queries)

    make_places()
    few = count()
    for number in range(20):
        place = make_place(key=f"p{number}")
        PlaceIdentifier.objects.create(place=place, scheme="wikidata", value=f"Q{number + 1}")
    assert count() == few


def test_file_is_revalidated_and_open_to_other_sites(client):
    make_places()
    first = client.get(ADDRESS, headers={"Origin": "https://example.org"})
    assert first.headers["Content-Type"] == "application/geo+json; charset=utf-8"
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get(ADDRESS, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    make_place(key="osh")
    assert client.get(ADDRESS, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_archive_has_the_same_file(client):
    make_places()

    def features(text):
        return json.loads(text)["features"]

    assert features(archived(client).read("places.geojson")) == features(body(client.get(ADDRESS)))
