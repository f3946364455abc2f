"""The stored offline edition: whether it is due, and that a take-down deletes it at once."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from portal.core.choices import PublicationStatus
from portal.http.page_cache import release_hash
from portal.open_data.offline import edition
from portal.tracking import content_version
from tests.make import make_former_key, make_picture, make_place, make_project

pytestmark = pytest.mark.django_db


def make_edition(**fields):
    """Store an edition of the present content whose files have a few bytes, and return it."""
    where = edition.folder()
    where.mkdir(parents=True, exist_ok=True)
    for name in (edition.ZIP, edition.ZIM):
        (where / name).write_bytes(name.encode())
    made = edition.OfflineEdition(
        **{
            "number": content_version.state().number,
            "release": release_hash(),
            "base": "http://testserver",
            "made": timezone.now().isoformat(timespec="seconds"),
            "zip_size": len(edition.ZIP),
            "zim_size": len(edition.ZIM),
            "records": edition.published_records(),
            "pictures": edition.shown_pictures(),
            **fields,
        }
    )
    edition.store(made, where)
    return made


def test_withdrawn_are_records_and_pictures_that_readers_do_not_see_any_more():
    project, other = make_project(), make_project()
    picture = make_picture(place=make_place())
    had = (edition.published_records(), edition.shown_pictures())
    make_project()
    assert edition.withdrawn(*had) == 0
    project.publication = PublicationStatus.ARCHIVED
    project.save()
    assert edition.withdrawn(*had) == 1
    other.delete()
    assert edition.withdrawn(*had) == 2
    picture.is_shown = False
    picture.save()
    assert edition.withdrawn(*had) == 3


def test_records_with_another_key_and_merged_ones_are_not_withdrawn():
    project, merged = make_project(key="old"), make_project(key="double")
    had = (edition.published_records(), [])
    project.key = "new"
    project.save()
    merged.delete()
    make_former_key(kind="project", key="double", now="new")
    assert edition.withdrawn(*had) == 0


# ── The stored files ─────────────────────────────────────────────────────────────────────────────────────────


def test_stored_edition_is_the_one_that_was_written():
    make_project()
    made = make_edition()
    assert edition.stored_edition(edition.folder()) == edition.current_edition() == made
    assert edition.withdrawn_at() is None


@pytest.mark.parametrize("name", [edition.DESCRIPTION, edition.ZIP, edition.ZIM])
def test_edition_with_a_missing_or_cut_file_is_none(name):
    make_edition()
    path = edition.folder() / name
    path.write_bytes(path.read_bytes()[:-1])
    assert edition.current_edition() is None
    path.unlink()
    assert edition.current_edition() is None


def test_edition_without_zim_needs_no_zim_file():
    make_edition(zim_size=None)
    (edition.folder() / edition.ZIM).unlink()
    assert edition.current_edition().zim_size is None


def test_edition_is_due_for_a_change_and_after_a_week_but_not_twice_a_day():
    yesterday = timezone.now() - timedelta(days=1)
    made = make_edition(made=yesterday.isoformat())
    assert not made.is_due
    make_project()
    assert made.is_due
    assert not make_edition(number=0).is_due
    assert make_edition(made=yesterday.isoformat(), base="http://other.example").is_due
    assert make_edition(made=yesterday.isoformat(), release="x").is_due
    assert make_edition(made=(timezone.now() - timedelta(days=7)).isoformat()).is_due


# ── Take-downs ───────────────────────────────────────────────────────────────────────────────────────────────


def left():
    return sorted(path.name for path in edition.folder().iterdir())


@pytest.mark.django_db(transaction=True)
def test_withdrawal_deletes_the_files_with_its_commit_and_leaves_a_note(caplog):
    project = make_project()
    make_edition()
    (edition.folder() / edition.WORK).mkdir()
    with transaction.atomic():
        project.publication = PublicationStatus.ARCHIVED
        project.save()
        assert edition.ZIP in left()
    assert left() == [edition.WITHDRAWN]
    assert "a record in it was withdrawn" in caplog.text
    assert timezone.now() - edition.withdrawn_at() < timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_other_changes_keep_the_files():
    project = make_project()
    make_edition()
    project.title_en = "Other words"
    project.save()
    make_project()
    assert edition.ZIP in left()


def test_edition_with_a_record_that_was_withdrawn_elsewhere_is_not_served_any_more(client):
    """The files of another host, or of a backup, are found at the next request."""
    project = make_project()
    records = edition.published_records()
    project.delete()
    make_edition(records=records, number=0)
    assert client.get("/data/offline.zip").status_code == 404
    assert left() == [edition.WITHDRAWN]


def test_new_edition_replaces_the_note():
    edition.withdraw()
    assert edition.withdrawn_at() is not None
    make_edition()
    assert edition.withdrawn_at() is None


def test_broken_note_is_none():
    edition.write_atomically(edition.folder() / edition.WITHDRAWN, json.dumps({}).encode())
    assert edition.withdrawn_at() is None


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    edition.write_atomically(tmp_path / "file", b"old")
    with pytest.raises(TypeError):
        edition.write_atomically(tmp_path / "file", None)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"
