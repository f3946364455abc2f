"""The data archive: a valid data package that is built in the background when the content has changed."""

import json
import threading
import zipfile

import pytest
from frictionless import Package

from portal.core.choices import PublicationStatus
from portal.open_data import archive
from portal.open_data.locks import folder_lock
from portal.tracking import content_version
from tests.make import make_attachment, make_observation, make_picture, make_place, make_source
from tests.portal.open_data.tables import ALL_FILES, FILES, archived

pytestmark = pytest.mark.django_db

# Other libraries emit deprecation warnings of their own.
OTHERS = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")


@OTHERS
def test_archive_is_a_valid_data_package(content, client, tmp_path):
    archived(client).extractall(tmp_path)
    report = Package(tmp_path / "datapackage.json").validate()
    problems = [(task.name, error.message) for task in report.tasks for error in task.errors][:5]
    assert (report.valid, problems) == (True, [])
    assert [task.name for task in report.tasks] == [*ALL_FILES, "places-geojson"]
    assert report.stats["errors"] == 0


def test_archive_holds_every_form_and_says_what_it_is(client):
    make_observation()
    files = archived(client)
    names = set(files.namelist())
    assert {f"csv/{file}.csv" for file in ALL_FILES} | {f"json/{file}.json" for file in FILES} <= names
    assert {"README.txt", "datapackage.json", "places.geojson"} <= names
    assert {"sources.ris", "sources.bib", "sources.csl.json"} <= names
    assert "http://testserver/en/data/" in files.read("README.txt").decode()
    assert json.loads(files.read("json/observations.json"))["count"] == 1


def test_archive_has_the_pictures_that_readers_see_and_their_addresses(client):
    shown = make_picture(place=make_place(key="moynaq"))
    hidden, draft = make_picture(is_shown=False), make_picture(place=make_place(publication=PublicationStatus.DRAFT))
    files = archived(client)
    held = [name for name in files.namelist() if name.startswith("files/")]
    assert held == [f"files/{shown.file_names[-1]}"]
    assert not {hidden.file_names[-1], draft.file_names[-1]} & set(held)
    [place] = [row for row in json.loads(files.read("json/places.json"))["items"] if row["key"] == "moynaq"]
    assert place["pictures"] == [
        {
            "url": f"http://testserver{shown.src}",
            "alt": {"en": "Ships on dry land", "ko": "마른 땅의 배", "ru": "Суда на суше"},
            "taken_on": "2021-07",
            "author": "Test Drawer",
            "credit": "Test Drawer",
            "licence": "cc-by-4.0",
        }
    ]


def test_archive_has_the_documents_that_readers_see_and_what_is_known_of_them(client):
    source = make_source(key="report")
    shown, hidden = make_attachment(source=source), make_attachment(source=source, is_shown=False)
    files = archived(client)
    assert [name for name in files.namelist() if name.startswith("files/")] == [f"files/{shown.file_names[0]}"]
    assert hidden.digest.encode() not in b"".join(map(files.read, files.namelist()))
    [source] = [row for row in json.loads(files.read("json/sources.json"))["items"] if row["key"] == "report"]
    assert source["attachments"] == [
        {
            "url": f"http://testserver{shown.src}",
            "title": {"en": "Final report", "ko": "최종 보고서", "ru": "Итоговый отчёт"},
            "format": "pdf",
            "size": shown.size,
            "language": "en",
            "date": "2021-07",
            "author": "Test Writer",
            "credit": "© Test Writer",
            "licence": "cc-by-4.0",
        }
    ]


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
    with folder_lock(archive.folder()) as ours:
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
    assert sorted(path.name for path in archive.folder().iterdir()) == [archive.SQLITE, archive.NAME, "lock"]


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
