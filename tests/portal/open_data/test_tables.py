"""The open data: tables at their URLs, their descriptions and the archive, read by independent tools."""

import csv
import io
import json
import re
import threading
import zipfile

import pytest
from django.core.management import call_command
from frictionless import Package

from portal.formats.serialisers import SERIALISERS
from portal.models import Place
from portal.open_data import archive
from portal.tracking import content_version
from tests import reading
from tests.make import UNPUBLISHED, make_observation, make_project, make_source
from tests.pages import LANGUAGES

pytestmark = pytest.mark.django_db

FILES = [SERIALISERS[kind].file for kind in archive.KINDS]
# Other libraries emit deprecation warnings of their own.
OTHERS = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")


def content(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def rows(client, file):
    text = content(client.get(f"/data/{file}.csv")).decode()
    assert not text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


def archived(client):
    return zipfile.ZipFile(io.BytesIO(content(client.get(f"/data/{archive.NAME}"))))


# ── Tables ───────────────────────────────────────────────────────────────────────────────────────────────────────


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


# ── The archive ──────────────────────────────────────────────────────────────────────────────────────────────────


@OTHERS
def test_archive_is_a_valid_data_package(content, client, tmp_path):
    archived(client).extractall(tmp_path)
    report = Package(tmp_path / "datapackage.json").validate()
    problems = [(task.name, error.message) for task in report.tasks for error in task.errors][:5]
    assert (report.valid, problems) == (True, [])
    assert [task.name for task in report.tasks] == FILES
    assert report.stats["errors"] == 0


def test_archive_holds_every_form_and_says_what_it_is(client):
    make_observation()
    files = archived(client)
    names = set(files.namelist())
    assert {f"csv/{file}.csv" for file in FILES} | {f"json/{file}.json" for file in FILES} <= names
    assert {"README.txt", "datapackage.json", "places.geojson"} <= names
    assert {"sources.ris", "sources.bib", "sources.csl.json"} <= names
    assert "http://testserver/en/data/" in files.read("README.txt").decode()
    assert json.loads(files.read("json/observations.json"))["count"] == 1


def test_archive_is_made_once_and_anew_when_something_changes(client):
    make_source(key="one")
    first = archive.make()
    assert archive.make() == first
    make_source(key="two")
    second = archive.make()
    assert (second.number, second.is_fresh) == (content_version.state().number, True)
    assert second.number > first.number
    with zipfile.ZipFile(second.path) as files:
        assert "two" in files.read("csv/sources.csv").decode()


def test_old_archive_is_handed_out_while_a_new_one_is_begun(client, monkeypatch):
    begun = []
    monkeypatch.setattr(archive, "build_in_background", lambda: begun.append("begun"))
    make_source(key="one")
    archived(client)
    assert begun == []
    make_source(key="two")
    assert "two" not in archived(client).read("csv/sources.csv").decode()
    assert begun == ["begun"]


def test_two_do_not_make_it_at_once(monkeypatch):
    with archive.build_lock(wait=True) as ours:
        assert ours
        assert archive.make(wait=False) is None
    assert archive.make(wait=False) is not None


def test_failed_archive_leaves_the_old_one_and_nothing_else(monkeypatch):
    make_source(key="one")
    first = archive.make()
    make_source(key="two")
    monkeypatch.setattr(archive, "write_tables", lambda *_args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        archive.make()
    assert archive.current_archive() == first
    assert sorted(path.name for path in archive.folder().iterdir()) == [archive.NAME, "lock"]


def test_background_tells_the_log_of_a_failure(monkeypatch, caplog):
    monkeypatch.setattr(archive, "make", lambda *_args, **_kwargs: 1 / 0)
    monkeypatch.setattr(archive, "connection", type("Unused", (), {"close": staticmethod(lambda: None)}))
    archive.build_in_background()
    for thread in threading.enumerate():
        if thread.name == "archive":
            thread.join(timeout=10)
    assert "could not be made" in caplog.text


def test_broken_file_is_no_archive():
    archive.folder().mkdir(parents=True)
    (archive.folder() / archive.NAME).write_bytes(b"no archive")
    assert archive.current_archive() is None


def test_command_makes_it(capsys, settings):
    settings.PUBLIC_URL = "https://example.org"
    make_source(key="one")
    call_command("build_data_archive")
    assert archive.NAME in capsys.readouterr().out
    with zipfile.ZipFile(archive.folder() / archive.NAME) as files:
        assert "https://example.org/en/sources/one/" in files.read("csv/sources.csv").decode()


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────────


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
