"""Editions of the data: what they hold, what changed between two, and the removal of records on request."""

import csv
import hashlib
import io
import json
import zipfile
from datetime import date

import pytest
from datacite import schema45
from frictionless import Package

from portal.core.choices import PublicationStatus
from portal.models import Tombstone
from portal.open_data import editions
from projects.models import Project
from tests.make import make_participation, make_place, make_project, make_source, make_tombstone

pytestmark = pytest.mark.django_db
ON_REQUEST = Tombstone.Reason.ON_REQUEST


@pytest.fixture
def quarter(on):
    """Return a function that writes the edition of the quarter of a day."""

    def write(day):
        on(day)
        edition, is_new = editions.write_edition()
        assert is_new
        return edition

    return write


def table(edition, file):
    """Return the rows of a table in the archive of an edition."""
    with zipfile.ZipFile(edition.path / edition.archive_name) as packed:
        return list(csv.DictReader(io.StringIO(packed.read(f"csv/{file}.csv").decode(), newline="")))


def keys(edition, file="projects"):
    return [row["key"] for row in table(edition, file)]


@pytest.mark.parametrize(
    ("day", "name"),
    [("2026-01-01", "2026-1"), ("2026-03-31", "2026-1"), ("2026-04-01", "2026-2"), ("2026-12-31", "2026-4")],
)
def test_name_is_that_of_the_quarter(day, name):
    assert editions.name_of(date.fromisoformat(day)) == name


@pytest.mark.parametrize("name", ["2026-5", "../2026-4", "2026-4/..", "2026-4x", ""])
def test_other_names_are_none_of_an_edition(name):
    assert editions.stored_edition(name) is None


def test_edition_has_what_is_published_and_stays(quarter):
    make_project(key="trees")
    make_project(key="secret", publication=PublicationStatus.DRAFT)
    edition = quarter("2026-11-28")
    make_project(key="later")
    assert editions.write_edition() == (edition, False)
    stored = editions.edition_of("2026-4")
    assert stored == edition
    assert (stored.name, stored.made[:10], stored.counts["projects"], keys(stored)) == (
        "2026-4",
        "2026-11-28",
        1,
        ["trees"],
    )
    assert all(b"secret" not in path.read_bytes() for path in stored.path.iterdir())
    assert all("secret" not in json.dumps(table(stored, file)) for file in stored.counts)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")
def test_archive_is_a_valid_data_package(quarter, tmp_path):
    make_participation(project=make_project(key="trees"))
    edition = quarter("2026-11-28")
    with zipfile.ZipFile(edition.path / edition.archive_name) as packed:
        packed.extractall(tmp_path)
        assert "edition 2026-4" in packed.read("README.txt").decode()
    report = Package(tmp_path / "datapackage.json").validate()
    assert (report.valid, [task.name for task in report.tasks if task.errors]) == (True, [])
    assert {task.name for task in report.tasks} == set(edition.counts)


def test_archive_names_the_day_of_the_portals_time_zone(on):
    """At one o'clock of New Year in Korea it is still December in UTC."""
    on("2027-01-01", "01:00:00")
    make_project()
    edition, _is_new = editions.write_edition()
    with zipfile.ZipFile(edition.path / edition.archive_name) as packed:
        assert "as of 2027-01-01" in packed.read("README.txt").decode()


def test_checksums_and_metadata_are_of_the_files(quarter):
    make_project()
    edition = quarter("2026-11-28")
    sums = dict(reversed(line.split("  ")) for line in (edition.path / editions.SUMS).read_text().splitlines())
    assert sums == {
        file.name: hashlib.sha256((edition.path / file.name).read_bytes()).hexdigest() for file in edition.files
    }
    assert sorted(sums) == ["central-asia-environment-2026-4.zip", "changes.csv", "datacite.json"]
    said = json.loads((edition.path / editions.DATACITE).read_bytes())
    assert [error.message for error in schema45.validator.iter_errors(said)] == []
    assert (said["version"], said["url"]) == ("2026-4", "http://testserver/data/editions/2026-4/")


def test_changes_name_the_records_and_the_columns(quarter):
    make_project(key="stays")
    make_project(key="renamed", title_en="Old title")
    make_project(key="closed")
    first = quarter("2026-09-30")
    assert (first.previous, first.changes) == ("", {"added": 0, "changed": 0, "removed": 0})
    make_project(key="new")
    Project.objects.filter(key="renamed").update(title_en="New title")
    Project.objects.filter(key="closed").update(publication=PublicationStatus.ARCHIVED)
    second = quarter("2026-10-01")
    assert (second.previous, second.changes) == ("2026-3", {"added": 1, "changed": 1, "removed": 1})
    assert [tuple(row.values()) for row in editions.read_changes(second)] == [
        ("projects", "closed", "removed", ""),
        ("projects", "new", "added", ""),
        ("projects", "renamed", "changed", "title_en"),
    ]


def test_record_removed_on_request_leaves_all_editions_with_a_note(quarter):
    source, place = make_source(key="report"), make_place(key="nukus")
    gone, stays = make_project(key="gone", title_en="A private farm"), make_project(key="stays")
    for project in (gone, stays):
        project.places.add(place)
        project.sources.set([source])
        make_participation(project=project)
    former = quarter("2026-07-01")
    quarter("2026-11-28")
    gone.delete()
    make_tombstone(key="gone", reason=ON_REQUEST)

    for name in ("2026-3", "2026-4"):
        edition = editions.edition_of(name)
        assert keys(edition) == ["stays"]
        assert {row["project"] for row in table(edition, "participations")} == {"stays"}
        assert {row["project"] for row in table(edition, "project_places")} == {"stays"}
        assert {row["record"] for row in table(edition, "citations")} == {"stays"}
        assert keys(edition, "sources") == ["report"]
        assert all("private farm" not in json.dumps(table(edition, file)) for file in edition.counts)
        [removal] = edition.removals
        assert (removal.day, removal.table, removal.count) == ("2026-11-28", "projects", 1)
        with zipfile.ZipFile(edition.path / edition.archive_name) as packed:
            assert "2026-11-28: 1 removed from projects on request." in packed.read("README.txt").decode()
        assert "gone" not in (edition.path / editions.DESCRIPTION).read_text()
        assert editions.edition_of(name) == edition  # once
    assert editions.edition_of("2026-3").files != former.files


def test_record_leaves_an_edition_that_has_its_keys_in_its_description(quarter):
    make_project(key="gone"), make_project(key="stays")
    edition = quarter("2026-11-28")
    description, keys_file = edition.path / editions.DESCRIPTION, edition.path / editions.KEYS
    description.write_text(
        json.dumps(json.loads(description.read_text()) | {"keys": json.loads(keys_file.read_text())})
    )
    keys_file.unlink()  # as the first editions were stored
    assert editions.edition_of("2026-4") == edition
    make_tombstone(key="gone", reason=ON_REQUEST)
    assert keys(editions.edition_of("2026-4")) == ["stays"]
    assert json.loads(keys_file.read_text())["projects"] == ["stays"]


def test_record_that_names_a_removed_one_keeps_its_row(quarter):
    taken, stays = make_place(key="taken"), make_place(key="stays")
    make_project(key="trees").places.add(taken, stays)
    quarter("2026-11-28")
    make_tombstone(kind=Tombstone.Kind.PLACE, key="taken", reason=ON_REQUEST)
    edition = editions.edition_of("2026-4")
    [project] = table(edition, "projects")
    assert project["places"] == "stays"
    assert [row["place"] for row in table(edition, "project_places")] == ["stays"]


@pytest.mark.parametrize("reason", sorted(set(Tombstone.Reason) - {ON_REQUEST}))
def test_record_removed_for_another_reason_stays_in_editions(quarter, reason):
    make_project(key="trees").delete()
    make_project(key="trees")
    edition = quarter("2026-11-28")
    Project.objects.all().delete()
    make_tombstone(key="trees", reason=reason)
    assert editions.edition_of("2026-4") == edition
    assert keys(edition) == ["trees"]


def test_edition_that_cannot_be_written_leaves_nothing(quarter, monkeypatch):
    make_project()
    monkeypatch.setattr(editions, "write_archive", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        quarter("2026-11-28")
    assert [path.name for path in editions.folder().iterdir()] == ["lock"]
    assert editions.stored_names() == []
