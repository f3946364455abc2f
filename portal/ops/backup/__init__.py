"""Backup and restore of the whole database and of uploaded files: `manage.py backup` and `manage.py restore`.

`files` writes and reads one file: a manifest, the database and the uploaded files, which are checked against each other
before anything is restored. `sqlite` and `postgresql` write and read the database as a whole, while the portal runs.
Nothing else needs a backup: everything else in DATA_DIR is generated from the database.
"""

import os
import re
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader

from portal.core.database import analyze
from portal.ops.backup import postgresql, sqlite
from portal.ops.backup.files import BackupError, Manifest, data_version, opened, restore_files, write

__all__ = ["Backup", "BackupError", "check", "create", "prune", "restore"]

ENGINES = {"sqlite": sqlite, "postgresql": postgresql}
NAME = "portal-%Y%m%dT%H%M%SZ.zip"
NAMES = re.compile(r"portal-\d{8}T\d{6}Z\.zip")
UNFINISHED = ".portal-backup-"
OLD = 24 * 60 * 60  # seconds after which an unfinished backup counts as abandoned

# The tables that have rows in a new database, because `migrate` or the portal fills them without any user.
INITIAL_TABLES = re.compile(
    r"django_(migrations|content_type|session)|auth_(permission|group|group_permissions)|sqlite_sequence"
    r"|sqlite_stat\d|portal_(cache|freshness|searchwords_\w+)"
)
MOST_NAMED = 5


@dataclass(frozen=True)
class Backup:
    """The path and the manifest of a backup."""

    path: Path
    manifest: Manifest

    @property
    def rows(self):
        """Return the number of rows in the backup, of all tables together."""
        return sum(self.manifest.rows.values())


def _engine(connection):
    return ENGINES[connection.vendor]


# ── Create ───────────────────────────────────────────────────────────────────────────────────────────────────


def create(folder: Path) -> Backup:
    """Write a backup into `folder`, and return it. The portal can stay in use.

    Only the owner of the file can read it, because it contains accounts. Raise BackupError if the file cannot be
    written.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    path = folder / datetime.now(UTC).strftime(NAME)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=folder) as scratch:
            unfinished = Path(scratch) / "backup.zip"
            manifest = write(unfinished, _engine(connection), connection, Path(scratch))
            if path.exists():
                raise BackupError(f"{path} is there already. Try again in a second.")
            unfinished.replace(path)  # a file with the name of a backup is always complete
            _fsync_directory(folder)
    except OSError as error:
        raise BackupError(f"No backup was made: {error}.") from error
    return Backup(path, manifest)


def _fsync_directory(folder):
    """Flush the folder to disk, so that its new entry survives a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def prune(folder: Path, keep: int) -> list[Path]:
    """Delete all backups in `folder` except the newest `keep`, and return their paths.

    Remains of unfinished backups that are older than OLD seconds are deleted too.
    """
    for left in folder.glob(f"{UNFINISHED}*"):
        if left.stat().st_mtime < time.time() - OLD:
            for file in left.iterdir():
                file.unlink()
            left.rmdir()
    backups = sorted(path for path in folder.iterdir() if NAMES.fullmatch(path.name))
    for path in backups[:-keep]:
        path.unlink()
    return backups[:-keep]


# ── Restore ──────────────────────────────────────────────────────────────────────────────────────────────────


def check(path: Path, *, unsigned: bool = False) -> Backup:
    """Return the backup at `path` without changing the database.

    Raise BackupError if it is damaged or unsigned, or if this version or engine of the portal cannot restore it.
    """
    with opened(path, unsigned=unsigned) as (manifest, database):
        _check_compatible(manifest, database)
        return Backup(path, manifest)


def restore(path: Path, *, replace: bool = False, unsigned: bool = False) -> Backup:
    """Replace the database by the content of a backup: all of it, or nothing if anything fails.

    Raise BackupError if the backup cannot be restored, or if the database has rows of users and `replace` is False. A
    backup contains no sessions and no cache, so everyone must sign in again. The content version gets a number above
    all earlier ones, so that no page cached before the restore is used after it. `unsigned` skips the check of the
    signature, for a backup of an earlier version or one whose SECRET_KEY is lost.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    with opened(path, unsigned=unsigned) as (manifest, database):
        _check_compatible(manifest, database)
        there = _rows_of_somebody(connection)
        if there and not replace:
            named = ", ".join(f"{table} ({count})" for table, count in sorted(there.items())[:MOST_NAMED])
            more = f" and {len(there) - MOST_NAMED} other tables" if len(there) > MOST_NAMED else ""
            raise BackupError(
                f"The database is not empty: it has rows in {named}{more}. To give all of them up for what the backup "
                "holds, make a backup of them first, and say --replace."
            )
        # The content changes less than once a second, so the time is above all numbers used after the backup too.
        restore_files(path, manifest)
        number = max(manifest.data_version + 1, _data_version(connection) + 1, int(time.time()))
        _engine(connection).restore(connection, database, manifest, number)
    analyze()
    return Backup(path, manifest)


def lacking(manifest: Manifest) -> list[str]:
    """Return the migrations that this version has and the backup does not, as sorted "app.name"."""
    return sorted(_migrations(replaced=False) - set(manifest.migrations))


def _check_compatible(manifest, database):
    connection = connections[DEFAULT_DB_ALIAS]
    if manifest.engine != connection.vendor:
        raise BackupError(
            f"The backup is of a {manifest.engine} database, and DATABASE_URL names a {connection.vendor} one. Set "
            f"DATABASE_URL to an empty {manifest.engine} database, and restore it there."
        )
    if unknown := sorted(set(manifest.migrations) - _migrations(replaced=True)):
        raise BackupError(
            f"The backup is of a newer version of the portal: it has had {len(unknown)} migrations that this one does "
            f"not know, {unknown[-1]} among them. Install the version that made it, or a later one, and restore it "
            "there."
        )
    _engine(connection).look_through(database, manifest)


def _migrations(*, replaced):
    """Return all migrations of the code as "app.name"; with `replaced`, also those that squashed migrations replace."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    names = set(loader.disk_migrations)
    if replaced:
        names |= {name for migration in loader.disk_migrations.values() for name in migration.replaces}
    return {f"{app}.{name}" for app, name in names}


def _data_version(connection):
    """Return the number of the content version in the current database; 0 if it has none."""
    with connection.cursor() as cursor:
        return data_version(cursor, connection.introspection.table_names(cursor))


def _rows_of_somebody(connection):
    """Return the number of rows of each table that is not empty, without those of INITIAL_TABLES."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        counts = {}
        for table in tables:
            if not INITIAL_TABLES.fullmatch(table):
                cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
                [counts[table]] = cursor.fetchone()
    return {table: count for table, count in counts.items() if count}
