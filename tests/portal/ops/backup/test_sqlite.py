"""Backup and restore of a SQLite database."""

import contextlib
import io
import sqlite3
import zipfile
from pathlib import Path

import pytest
from django.db import connection

from portal.ops.backup import sqlite
from portal.ops.backup.files import DATABASE, BackupError, Manifest
from tests.portal.ops.backups import SESSION, wal


class TestDumpOfAPortal:
    @pytest.mark.sqlite
    def test_nothing_is_left_of_a_session_in_the_file(self, portal):
        with zipfile.ZipFile(portal.path) as archive:
            database = archive.read(DATABASE)
        assert SESSION[:40].encode() in Path(connection.settings_dict["NAME"]).read_bytes() + wal()
        assert SESSION[:40].encode() not in database


# ── A small database ─────────────────────────────────────────────────────────────────────────────────────────

SCHEMA = """
    CREATE TABLE django_migrations (app, name);
    INSERT INTO django_migrations VALUES ('portal', '0001_initial');
    CREATE TABLE portal_freshness (id, number, changed_at);
    INSERT INTO portal_freshness VALUES (1, 5, '2026-11-27');
    CREATE TABLE django_session (session_key);
    INSERT INTO django_session VALUES ('a-session');
    CREATE TABLE portal_place (id INTEGER PRIMARY KEY, name);
    CREATE INDEX place_name ON portal_place (name);
    INSERT INTO portal_place (name) VALUES ('Nukus'), ('Muynak');
"""


class SmallConnection:
    """What the module uses of Django's connection, for a small database at `path`."""

    vendor = "sqlite"

    def __init__(self, path):
        self.settings_dict = {"NAME": str(path)}
        self.connection = sqlite3.connect(path)

    def ensure_connection(self):
        pass

    def close(self):
        self.connection.close()


@pytest.fixture
def small(tmp_path):
    """Return the connection of a small database."""
    small = SmallConnection(tmp_path / "small.sqlite3")
    small.connection.executescript(SCHEMA)
    yield small
    small.close()


@pytest.fixture
def dumped(small, tmp_path):
    """Return the path of a dump, and its manifest."""
    file = io.BytesIO()
    (tmp_path / "scratch").mkdir()
    found = sqlite.dump(small, file, tmp_path / "scratch")
    path = tmp_path / "dump.sqlite3"
    path.write_bytes(file.getvalue())
    return path, Manifest(
        2, "", "sqlite", "", path.stat().st_size, "", found.data_version, found.migrations, found.rows
    )


def rows(path, table="portal_place"):
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()


def test_dump_has_every_row_but_those_of_sessions(dumped, small):
    path, manifest = dumped
    assert rows(path) == [(1, "Nukus"), (2, "Muynak")]
    assert rows(path, "django_session") == []
    assert manifest.rows == {"django_migrations": 1, "django_session": 0, "portal_freshness": 1, "portal_place": 2}
    assert (manifest.data_version, manifest.migrations) == (5, ["portal.0001_initial"])
    assert b"a-session" not in path.read_bytes()
    assert small.connection.execute("SELECT count(*) FROM django_session").fetchone() == (1,)  # nobody is signed out


def test_dump_of_a_database_without_a_table_of_sessions_is_made_too(small, tmp_path):
    small.connection.execute("DROP TABLE django_session")
    assert "django_session" not in sqlite.dump(small, io.BytesIO(), tmp_path).rows


def test_sound_database_with_the_rows_of_its_manifest_passes(dumped):
    assert sqlite.look_through(*dumped) is None


@pytest.mark.parametrize(
    "change", ["DELETE FROM portal_place", "DELETE FROM django_migrations", "DROP TABLE portal_place"]
)
def test_database_that_differs_from_its_manifest_is_refused(dumped, change):
    path, manifest = dumped
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute(change)
        database.commit()
    with pytest.raises(BackupError, match="does not hold what its manifest says"):
        sqlite.look_through(path, manifest)


def test_file_that_is_no_database_is_refused(dumped):
    path, manifest = dumped
    path.write_bytes(b"no database at all, but long enough to be read" * 100)
    with pytest.raises(BackupError, match=r"^The database in the backup cannot be read: "):
        sqlite.look_through(path, manifest)


def test_damaged_index_is_found(dumped):
    path, manifest = dumped
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute(
            "UPDATE sqlite_master SET sql = 'CREATE INDEX place_name ON portal_place (id)' WHERE name = 'place_name'"
        )
        database.commit()
    with pytest.raises(BackupError, match="SQLite finds the database damaged"):
        sqlite.look_through(path, manifest)


def test_restore_replaces_everything_and_sets_the_version_of_the_content(dumped, tmp_path):
    path, manifest = dumped
    target = SmallConnection(tmp_path / "target.sqlite3")
    target.connection.executescript("CREATE TABLE of_later (id); CREATE TABLE portal_place (id, name, height)")
    sqlite.restore(target, path, manifest, 1_000)
    assert rows(tmp_path / "target.sqlite3") == [(1, "Nukus"), (2, "Muynak")]
    [(number, version, _time)] = rows(tmp_path / "target.sqlite3", "portal_freshness")
    assert (number, version) == (1, 1_000)
    with pytest.raises(sqlite3.OperationalError, match="no such table: of_later"):
        rows(tmp_path / "target.sqlite3", "of_later")


def test_restore_gives_up_if_another_process_keeps_writing(dumped, tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "PATIENCE", -1)
    path, manifest = dumped
    target = SmallConnection(tmp_path / "target.sqlite3")
    target.connection.executescript("CREATE TABLE portal_place (id, name); INSERT INTO portal_place VALUES (7, 'Kept')")
    with contextlib.closing(sqlite3.connect(tmp_path / "target.sqlite3", isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(BackupError, match="Somebody else is writing to the database"):
            sqlite.restore(target, path, manifest, 1_000)
        writer.execute("ROLLBACK")
    assert rows(tmp_path / "target.sqlite3") == [(7, "Kept")]


def test_database_that_cannot_be_written_is_named_as_the_reason(dumped, tmp_path):
    path, manifest = dumped
    target = SmallConnection(tmp_path / "target.sqlite3")
    target.settings_dict["NAME"] = str(tmp_path / "no" / "folder" / "target.sqlite3")
    with pytest.raises(BackupError, match=r"^The database could not be written: unable to open database file"):
        sqlite.restore(target, path, manifest, 1_000)
