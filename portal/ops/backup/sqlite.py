"""Backup and restore of a SQLite database, with SQLite's online backup API, which copies a database in use."""

import contextlib
import shutil
import sqlite3
import time
import zipfile
from datetime import UTC, datetime

from portal.ops.backup.files import EXCLUDED_TABLES, BackupError, facts

COMPRESSION = zipfile.ZIP_DEFLATED
PATIENCE = 60  # seconds to wait while another process writes


def dump(connection, file, scratch):
    """Write a copy of the database at one moment to `file`, and return its Facts. Other processes can write meanwhile.

    The rows of the tables in EXCLUDED_TABLES are deleted from the copy. Raise BackupError if the copy is damaged.
    """
    path = scratch / "copy.sqlite3"
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # everything in one file
        copy.execute("PRAGMA secure_delete = ON")  # deleted rows are overwritten with zeros
        tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in tables.intersection(EXCLUDED_TABLES):  # a database that is not yet fully migrated may lack one
            copy.execute(f"DELETE FROM {table}")
        copy.commit()
        _is_sound(copy, "PRAGMA quick_check")
        found = _facts(copy)
    with path.open("rb") as made:
        shutil.copyfileobj(made, file, 1 << 20)
    return found


def look_through(path, manifest):
    """Raise BackupError if the database at `path` is damaged, or if its rows or migrations differ from the manifest."""
    try:
        with contextlib.closing(sqlite3.connect(path)) as database:
            _is_sound(database, "PRAGMA integrity_check")
            found = _facts(database)
    except sqlite3.Error as error:
        raise BackupError(f"The database in the backup cannot be read: {error}.") from error
    if (found.rows, found.migrations) != (manifest.rows, manifest.migrations):
        raise BackupError("The database in the backup does not hold what its manifest says.")


def restore(connection, path, manifest, number):
    """Replace the current database by that of a backup, in one SQLite transaction.

    `number` becomes the number of the content version. Raise BackupError if another process writes for more than
    PATIENCE seconds, or if SQLite fails.
    """
    end = time.monotonic() + PATIENCE

    def progress(status, remaining, total):
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} and time.monotonic() > end:
            raise BackupError("Somebody else is writing to the database. Stop the portal, and try again.")

    name = connection.settings_dict["NAME"]
    connection.close()
    try:
        with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(name)) as target:
            source.execute("DELETE FROM portal_freshness")
            now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
            source.execute("INSERT INTO portal_freshness (id, number, changed_at) VALUES (1, ?, ?)", [number, now])
            source.commit()
            target.execute("PRAGMA journal_mode = WAL")
            source.backup(target, progress=progress)
    except sqlite3.Error as error:
        raise BackupError(f"The database could not be written: {error}.") from error


def _facts(database):
    named = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence'")
    return facts(database.cursor(), [name for (name,) in named.fetchall()])


def _is_sound(database, question):
    said = [words for (words,) in database.execute(question)]
    if said != ["ok"]:
        raise BackupError(f"SQLite finds the database damaged: {'; '.join(said[:3])}.")
