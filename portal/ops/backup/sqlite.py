"""A SQLite database, out of a backup and into one, by SQLite’s own way to copy a database that is in use."""

import contextlib
import shutil
import sqlite3
import time
import zipfile
from datetime import UTC, datetime

from portal.ops.backup.files import LEFT_OUT, BackupError, facts

COMPRESSION = zipfile.ZIP_DEFLATED
PATIENCE = 60  # seconds to wait for whoever is writing


def dump(connection, file, scratch):
    """Write the database as it is at one moment, and say what is in it. Writers go on meanwhile."""
    path = scratch / "copy.sqlite3"
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # all in one file
        copy.execute("PRAGMA secure_delete = ON")  # what is deleted leaves nothing behind
        tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in tables.intersection(LEFT_OUT):  # a database that is to be migrated may lack one
            copy.execute(f"DELETE FROM {table}")
        copy.commit()
        _is_sound(copy, "PRAGMA quick_check")
        found = _facts(copy)
    with path.open("rb") as made:
        shutil.copyfileobj(made, file, 1 << 20)
    return found


def look_through(path, manifest):
    """`BackupError` if the database is not sound, or not the one that the manifest tells of."""
    try:
        with contextlib.closing(sqlite3.connect(path)) as database:
            _is_sound(database, "PRAGMA integrity_check")
            found = _facts(database)
    except sqlite3.Error as error:
        raise BackupError(f"The database in the backup cannot be read: {error}.") from error
    if (found.rows, found.migrations) != (manifest.rows, manifest.migrations):
        raise BackupError("The database in the backup does not hold what its manifest says.")


def restore(connection, path, manifest, number):
    """Put the database of a backup into the place of the one that is there, in one transaction of SQLite."""
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
