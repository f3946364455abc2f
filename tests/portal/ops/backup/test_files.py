"""The file of a backup: what is refused because it is damaged, foreign or not signed by the portal."""

import contextlib
import hashlib
import json
import re
import sqlite3
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from portal.ops import backup
from portal.ops.backup.files import (
    DATABASE,
    EXCLUDED_TABLES,
    FORMAT,
    MANIFEST,
    BackupError,
    Facts,
    Manifest,
    Measured,
    data_version,
    facts,
    opened,
    sign,
    write,
)
from tests.portal.ops.backups import changed, empty_database, rows_of_all_tables


class TestFileOfAPortal:
    @pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.9, 0.999])
    def test_a_file_that_was_cut_off_is_refused(self, portal, tmp_path, share):
        cut = tmp_path / "cut.zip"
        whole = portal.path.read_bytes()
        cut.write_bytes(whole[: int(len(whole) * share)])
        with empty_database(tmp_path):
            with pytest.raises(BackupError, match=r"^Nothing was changed. .*cut.zip is damaged, or no backup"):
                backup.restore(cut)
            assert rows_of_all_tables() == {}

    def test_damage_anywhere_in_the_database_is_noticed(self, portal, tmp_path):
        damaged = tmp_path / "damaged.zip"
        whole = portal.path.read_bytes()
        with zipfile.ZipFile(portal.path) as archive:
            database = max(archive.infolist(), key=lambda member: member.compress_size)
        for share in range(5, 90, 4):  # not in the headers of the archive, of which some bytes mean nothing
            place = database.header_offset + database.compress_size * share // 100
            # Eight bytes: one changed bit may mean the same, for example another copy of a run of zeros.
            inverted = bytes(byte ^ 0xFF for byte in whole[place : place + 8])
            damaged.write_bytes(whole[:place] + inverted + whole[place + 8 :])
            with pytest.raises(BackupError, match="damaged"):
                backup.check(damaged)

    @pytest.mark.parametrize("name", ["../evil", "/etc/evil", "uploads/evil", "manifest.json.txt"])
    def test_a_file_with_anything_else_in_it_is_refused(self, portal, tmp_path, name):
        with pytest.raises(BackupError, match=r"nothing else; this file holds .*" + re.escape(name)):
            backup.check(changed(portal.path, tmp_path, **{name: "evil"}))
        assert {path.name for path in tmp_path.iterdir()} == {"changed.zip"}
        assert not Path("/etc/evil").exists()

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda told: told.update(sha256="0" * 64), "not the one that its manifest tells of"),
            (lambda told: told.update(bytes=told["bytes"] - 1), "not the one that its manifest tells of"),
            (lambda told: told.pop("rows"), "none of the portal’s"),
            (lambda told: told["rows"].update({'x"; DROP TABLE y; --': 0}), "none of the portal’s"),
            (lambda told: told.update(format=4), "a backup of format 4, and this version of the portal reads format 3"),
            (
                lambda told: told["migrations"].append("portal.9999_of_next_year"),
                "newer version of the portal: .* portal.9999_of_next_year .* Install the version that made it",
            ),
            (lambda told: told.update(engine="oracle"), "of a oracle database, and DATABASE_URL names"),
            (lambda told: told["rows"].update(issues_issue=1_000), "1000|does not hold what its manifest says"),
        ],
    )
    def test_what_a_manifest_must_not_say_changes_nothing(self, portal, tmp_path, change, words):
        with empty_database(tmp_path):
            with pytest.raises(BackupError, match=f"^Nothing was changed. .*{words}"):
                backup.restore(changed(portal.path, tmp_path, change))
            assert rows_of_all_tables() == {}

    @pytest.mark.parametrize(
        "change",
        [
            lambda told: told.update(made_at="2026-01-01T00:00:00+00:00"),
            lambda told: told.update(data_version=told["data_version"] + 1),
            lambda told: told.update(signature="0" * 64),
        ],
    )
    def test_a_file_that_somebody_else_changed_is_refused(self, portal, tmp_path, change):
        with empty_database(tmp_path):
            with pytest.raises(BackupError, match=r"^Nothing was changed. The signature of .* does not match"):
                backup.restore(changed(portal.path, tmp_path, change, signed=False))
            assert rows_of_all_tables() == {}

    def test_another_database_with_its_own_hash_is_refused(self, portal, tmp_path):
        """Anyone can compute a hash: only the signature proves the origin."""
        with zipfile.ZipFile(portal.path) as archive:
            other = archive.read(DATABASE) + b"\0"

        def change(told):
            told.update(bytes=len(other), sha256=hashlib.sha256(other).hexdigest())

        with pytest.raises(BackupError, match="does not match"):
            backup.check(changed(portal.path, tmp_path, change, signed=False, **{DATABASE: other}))

    def test_former_keys_are_accepted_and_others_are_not(self, portal, tmp_path, settings):
        former, settings.SECRET_KEY = settings.SECRET_KEY, "another-key"
        with pytest.raises(BackupError, match=r"it was made with another SECRET_KEY, or changed since\. Set"):
            backup.check(portal.path)
        settings.SECRET_KEY_FALLBACKS = ["a-third-key", former]
        with empty_database(tmp_path):
            assert backup.restore(portal.path).manifest.signature
            assert rows_of_all_tables() == portal.rows


# ── A small file ─────────────────────────────────────────────────────────────────────────────────────────────


class TextEngine:
    """An engine whose database is a text."""

    COMPRESSION = zipfile.ZIP_DEFLATED
    FACTS = Facts("public", 7, ["portal.0001_initial"], {"portal_place": 2})

    def dump(self, connection, file, scratch):
        for piece in (b"all ", b"rows"):
            file.write(piece)
        return self.FACTS


class SomeConnection:
    vendor = "sqlite"


@pytest.fixture
def written(tmp_path, settings):
    """Write a backup of a text, and return its path and its manifest."""
    settings.SECRET_KEY_IS_TEMPORARY = False
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
    path = tmp_path / "backup.zip"
    return path, write(path, TextEngine(), SomeConnection(), tmp_path)


def repacked(path, target, **files):
    """Return a copy of a backup with other files in it, which may replace its own."""
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(target, "w") as other:
        for name, content in ({one: archive.read(one) for one in archive.namelist()} | files).items():
            other.writestr(name, content)
    return target


def test_manifest_says_what_the_file_holds(written):
    path, manifest = written
    assert (manifest.format, manifest.engine, manifest.schema) == (FORMAT, "sqlite", "public")
    assert (manifest.bytes, manifest.sha256) == (8, hashlib.sha256(b"all rows").hexdigest())
    assert (manifest.data_version, manifest.migrations, manifest.rows) == (
        7,
        ["portal.0001_initial"],
        {"portal_place": 2},
    )
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == sorted([DATABASE, MANIFEST])
        assert Manifest(**json.loads(archive.read(MANIFEST))) == manifest


def test_file_is_for_its_owner_only_and_replaces_no_other(written, tmp_path):
    path, _manifest = written
    assert oct(path.stat().st_mode) == "0o100600"
    with pytest.raises(FileExistsError):
        write(path, TextEngine(), SomeConnection(), tmp_path)


def test_opened_file_is_the_database_and_is_gone_afterwards(written):
    path, manifest = written
    with opened(path) as (found, database):
        assert (found, database.read_bytes()) == (manifest, b"all rows")
    assert not database.exists()


def test_error_within_the_block_says_that_nothing_was_changed(written):
    with pytest.raises(BackupError, match=r"^Nothing was changed\. It does not fit\.$"), opened(written[0]):
        raise BackupError("It does not fit.")


def test_file_without_a_signature_is_opened_only_if_asked_for(tmp_path, settings):
    settings.SECRET_KEY_IS_TEMPORARY = True
    path = tmp_path / "backup.zip"
    assert write(path, TextEngine(), SomeConnection(), tmp_path).signature == ""
    with pytest.raises(BackupError, match="is not signed"), opened(path):
        pass
    with opened(path, unsigned=True) as (_manifest, database):
        assert database.read_bytes() == b"all rows"


def test_unsigned_skips_the_signature_but_not_the_hash(written, tmp_path):
    other = repacked(written[0], tmp_path / "other.zip", **{DATABASE: b"no rows."})
    with pytest.raises(BackupError, match="not the one that its manifest tells of"), opened(other, unsigned=True):
        pass


def test_longer_database_is_refused(written, tmp_path):
    other = repacked(written[0], tmp_path / "other.zip", **{DATABASE: b"all rows and more"})
    with pytest.raises(BackupError, match="not the one that its manifest tells of"), opened(other):
        pass


@pytest.mark.parametrize(
    "manifest",
    ["", "[]", "7", "null", '"text"', "{}", '{"format": "2"}', '{"format": 2, "rows": []}', "{" * 10],
)
def test_manifest_of_another_shape_is_refused(written, tmp_path, manifest):
    other = repacked(written[0], tmp_path / "other.zip", **{MANIFEST: manifest})
    with (
        pytest.raises(BackupError, match=r"^Nothing was changed\. .*other\.zip is damaged, or no backup"),
        opened(other),
    ):
        pass


@pytest.mark.parametrize(
    "change",
    [
        {"bytes": "8"},
        {"migrations": [7]},
        {"rows": {"portal_place": "2"}},
        {"rows": {"portal place": 2}},
        {"schema": "public; DROP"},
        {"sha256": None},
    ],
)
def test_manifest_with_a_value_of_another_type_is_refused(written, tmp_path, change):
    told = json.loads(json.dumps(written[1].__dict__)) | change
    other = repacked(written[0], tmp_path / "other.zip", **{MANIFEST: json.dumps(told)})
    with pytest.raises(BackupError, match=r"none of the portal’s"), opened(other, unsigned=True):
        pass


def test_file_that_is_no_archive_is_refused_by_name(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no archive")
    with pytest.raises(BackupError, match=r"notes\.txt is damaged, or no backup"), opened(path):
        pass


def test_signature_covers_every_field_and_depends_on_the_key(written):
    _path, manifest = written
    signature = sign(manifest, "key")
    assert sign(replace(manifest, signature="something"), "key") == signature
    assert sign(manifest, "another key") != signature
    changes = {"bytes": 9, "rows": {}, "migrations": [], "engine": "postgresql", "made_at": "", "data_version": 8}
    assert len({sign(replace(manifest, **{name: value}), "key") for name, value in changes.items()} - {signature}) == 6


def test_what_is_written_is_counted_and_hashed_as_it_passes(tmp_path):
    with (tmp_path / "out").open("wb") as file:
        measured = Measured(file)
        for piece in (b"one", b"", b"two"):
            measured.write(piece)
    assert (tmp_path / "out").read_bytes() == b"onetwo"
    assert (measured.bytes, measured.sha256.hexdigest()) == (6, hashlib.sha256(b"onetwo").hexdigest())


# ── Facts of a database ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def cursor():
    """Return a cursor of a small database with a content version of 5 and two changes that are not in it yet."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.executescript(
            """
            CREATE TABLE django_migrations (app, name);
            INSERT INTO django_migrations VALUES ('portal', '0002_more'), ('issues', '0001_initial');
            CREATE TABLE portal_freshness (number);
            INSERT INTO portal_freshness VALUES (5);
            CREATE TABLE portal_pendingchange (id);
            INSERT INTO portal_pendingchange VALUES (1), (2);
            CREATE TABLE django_session (id);
            INSERT INTO django_session VALUES (1);
            """
        )
        yield database.cursor()


def test_facts_count_rows_but_none_of_excluded_tables(cursor):
    tables = ["portal_freshness", "django_session", "django_migrations", "portal_pendingchange"]
    assert "django_session" in EXCLUDED_TABLES
    assert facts(cursor, tables, "public") == Facts(
        "public",
        7,
        ["issues.0001_initial", "portal.0002_more"],
        {"django_migrations": 2, "django_session": 0, "portal_freshness": 1, "portal_pendingchange": 2},
    )


@pytest.mark.parametrize(
    ("tables", "number"),
    [
        ([], 0),
        (["portal_freshness"], 5),
        (["portal_pendingchange"], 2),
        (["portal_freshness", "portal_pendingchange"], 7),
    ],
)
def test_version_of_the_content_counts_changes_that_are_not_in_it_yet(cursor, tables, number):
    assert data_version(cursor, tables) == number


def test_version_of_a_content_without_changes_is_0(cursor):
    cursor.execute("DELETE FROM portal_freshness")
    assert data_version(cursor, ["portal_freshness"]) == 0
