"""The open data: tables at their URLs, their descriptions and their page, read by independent tools."""

import csv
import io
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.formats.serialisers import SERIALISERS
from portal.models import Place
from portal.open_data import archive
from tests import reading
from tests.make import (
    UNPUBLISHED,
    make_agreement,
    make_citation,
    make_country,
    make_issue,
    make_issue_link,
    make_organisation,
    make_outcome,
    make_participation,
    make_project,
    make_result,
    make_source,
)
from tests.pages import LANGUAGES
from tests.portal.open_data.tables import ALL_FILES, FILES, archived, content

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


@pytest.mark.parametrize("file", ALL_FILES)
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
    for file in ALL_FILES:
        columns = client.get(f"/data/{file}.csv-metadata.json").json()["tableSchema"]["columns"]
        found = rows(client, file)
        for column in columns:
            kind = column["datatype"]
            pattern = kind["format"] if isinstance(kind, dict) else patterns.get(kind)
            values = {row[column["name"]] for row in found} - {""}
            if pattern:
                assert [v for v in values if not re.fullmatch(pattern, v)] == [], (file, column["name"])


# ── Relations ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_relation_has_a_row_each_in_the_order_of_the_record(client):
    project = make_project(key="trees")
    for name, role in (("koica", "funding"), ("kfs", "implementing")):
        make_participation(project=project, organisation=make_organisation(key=name, name_en=f"A; {name}"), role=role)
    found = [
        (row["project"], row["position"], row["organisation"], row["role"]) for row in rows(client, "participations")
    ]
    assert found == [("trees", "1", "koica", "funding"), ("trees", "2", "kfs", "implementing")]
    [row] = rows(client, "projects")
    assert row["organisations"] == "koica; kfs"
    assert not [name for name in row if name.startswith("organisations_")]


def test_citations_name_the_source_of_the_record_and_of_its_rows(client):
    agreement = make_agreement(key="memo")
    make_citation(agreement, make_source(key="b"), page="12", quotation="Water, and so on.", read_on="2026-03-02")
    make_citation(agreement, make_source(key="a"))
    unknown = ("",) * 4
    outcome = make_outcome(agreement=agreement, project=make_project(key="trees"))
    make_citation(outcome, make_source(key="c"))
    found = [tuple(row.values()) for row in rows(client, "citations") if row["kind"] == "agreement"]
    assert sorted(found) == [
        ("agreement", "memo", "outcomes", "1", "1", "c", *unknown),
        ("agreement", "memo", "record", "0", "1", "b", "12", "Water, and so on.", "2026-03-02", ""),
        ("agreement", "memo", "record", "0", "2", "a", *unknown),
    ]


def test_results_have_the_countries_of_their_project(client):
    project = make_project(key="trees")
    project.countries.add(make_country(key="uz"))
    make_result(key="planted", project=project)
    assert [tuple(row.values()) for row in rows(client, "result_countries")] == [("planted", "1", "uz")]


@pytest.mark.parametrize("file", ["participations", "citations", "issue_links", "project_countries"])
def test_relation_names_no_unpublished_record(client, file):
    project, draft = make_project(key="trees"), make_project(key="secret-project", publication="draft")
    for one in (project, draft):
        make_participation(project=one, organisation=make_organisation(key=f"secret-{one.key}", publication="draft"))
        make_citation(one, make_source(key=f"secret-source-{one.key}", publication="draft"))
        one.countries.add(make_country(key=f"secret-{one.key}", publication="draft"))
    make_issue_link(cause=make_issue(key="secret-issue", publication="draft"), effect=make_issue(key="dust"))
    assert rows(client, file) == []


@pytest.mark.any_database
def test_relations_ask_as_many_queries_whatever_they_hold(client):
    def ask():
        with CaptureQueriesContext(connection) as found:
            content(client.get("/data/participations.csv"))
        return len(found)

    make_participation(project=make_project(), organisation=make_organisation())
    ask()
    few = ask()
    for _ in range(5):
        make_participation(project=make_project(), organisation=make_organisation())
    assert ask() == few


def test_lists_in_tables_can_be_split_into_their_keys(content, client):
    known = {file: {row["key"] for row in rows(client, file)} for file in ("places", "issues", "sources")}
    for row in rows(client, "projects"):
        for column, file in (("countries", "places"), ("issues", "issues"), ("sources", "sources")):
            assert set(filter(None, row[column].split("; "))) <= known[file]


# ── The page ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.any_database
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
