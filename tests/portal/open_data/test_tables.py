"""The open data: tables at their URLs, their descriptions and their page, read by independent tools."""

import csv
import io
import re

import pytest

from portal.formats.serialisers import SERIALISERS
from portal.models import Place
from portal.open_data import archive
from tests import reading
from tests.make import UNPUBLISHED, make_project, make_source
from tests.pages import LANGUAGES
from tests.portal.open_data.tables import FILES, archived, content

pytestmark = pytest.mark.django_db


def rows(client, file):
    text = content(client.get(f"/data/{file}.csv")).decode()
    assert not text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


# ── Tables ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("file", FILES)
def test_table_has_all_that_readers_see(content_count, client, file):
    assert len(rows(client, file)) == content_count[file]


@pytest.fixture
def content_count(content):
    return {SERIALISERS[kind].file: SERIALISERS[kind].published().count() for kind in archive.KINDS}


def test_table_is_the_same_for_readers_of_all_languages(client):
    make_project(key="trees", title_ko="나무")
    told = {content(client.get("/data/projects.csv", headers={"Accept-Language": code})) for code in LANGUAGES}
    assert len(told) == 1
    assert rows(client, "projects")[0]["url"] == "http://testserver/en/projects/trees/"


def test_table_has_no_drafts_and_an_unknown_one_is_none(client):
    make_project(key="seen")
    for publication in UNPUBLISHED:
        make_project(key=f"not-{publication}", publication=publication)
    assert [row["key"] for row in rows(client, "projects")] == ["seen"]
    assert client.get("/data/people.csv").status_code == 404
    assert client.get("/data/people.csv-metadata.json").status_code == 404


def test_who_has_the_newest_table_is_told_so(client):
    make_source()
    first = client.get("/data/sources.csv")
    content(first)
    again = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/data/sources.csv", headers=again).status_code == 304
    make_source()
    assert client.get("/data/sources.csv", headers=again).status_code == 200


@pytest.mark.parametrize("file", FILES)
def test_description_of_a_table_names_its_columns(client, file):
    described = client.get(f"/data/{file}.csv-metadata.json").json()
    header = content(client.get(f"/data/{file}.csv")).decode().splitlines()[0]
    columns = described["tableSchema"]["columns"]
    assert [column["titles"] for column in columns] == header.split(",")
    assert all(column["dc:description"] for column in columns)
    assert described["@context"][0] == "http://www.w3.org/ns/csvw"
    assert set(described["tableSchema"]["primaryKey"]) <= {column["name"] for column in columns}


def test_described_types_hold(content, client):
    """Every cell satisfies what CSVW says about its column."""
    patterns = {"integer": r"\d+", "decimal": r"-?\d+(\.\d+)?", "dateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"}
    for file in FILES:
        columns = client.get(f"/data/{file}.csv-metadata.json").json()["tableSchema"]["columns"]
        found = rows(client, file)
        for column in columns:
            kind = column["datatype"]
            pattern = kind["format"] if isinstance(kind, dict) else patterns.get(kind)
            values = {row[column["name"]] for row in found} - {""}
            if pattern:
                assert [v for v in values if not re.fullmatch(pattern, v)] == [], (file, column["name"])


# ── The page ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_names_every_table_with_its_rows(content, client, language):
    archived(client)
    response = client.get(f"/{language}/data/")
    tree = reading.page(response)
    counts = [re.sub(r"\D", "", reading.words(cell)) for cell in tree.xpath("//tbody//td[2]")]
    assert counts == [str(SERIALISERS[kind].published().count()) for kind in archive.KINDS]
    assert tree.xpath("//tbody//td[3]//a[1]/@href") == [f"/data/{file}.csv" for file in FILES]
    assert "MB" in response.content.decode() or "МБ" in response.content.decode()
    assert Place.objects.exists()


def test_short_address_leads_to_the_page_in_the_readers_language(client):
    response = client.get("/data/", headers={"Accept-Language": "ko"})
    assert (response.status_code, response.headers["Location"]) == (302, "/ko/data/")
