"""Everything that the portal knows in one file, to put away and to bring back: `manage.py backup` and `restore`.

`files` is the file: a manifest and the database, checked against each other before anything is done with them.
`sqlite` and `postgresql` read and write the database, each as a whole and while the portal runs. There is nothing else
to keep: the portal stores no uploaded files, and what lies in DATA_DIR is made of the database.
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
from portal.ops.backup.files import BackupError, Manifest, data_version, opened, write

__all__ = ["Backup", "BackupError", "check", "make", "prune", "restore"]

ENGINES = {"sqlite": sqlite, "postgresql": postgresql}
NAME = "portal-%Y%m%dT%H%M%SZ.zip"
NAMES = re.compile(r"portal-\d{8}T\d{6}Z\.zip")
UNFINISHED = ".portal-backup-"
OLD = 24 * 60 * 60  # seconds after which nobody is at work any more on what is unfinished

# What a database holds in which nobody has done anything yet: what `migrate` itself puts there.
INITIAL_TABLES = re.compile(
    r"django_(migrations|content_type|session)|auth_(permission|group|group_permissions)|sqlite_sequence"
    r"|sqlite_stat\d|portal_(cache|freshness|searchwords_\w+)"
)
MOST_NAMED = 5


@dataclass(frozen=True)
class Backup:
    """A backup, and where it lies."""

    path: Path
    manifest: Manifest

    @property
    def rows(self):
        """How many rows it holds, of all tables."""
        return sum(self.manifest.rows.values())


def _engine(connection):
    return ENGINES[connection.vendor]


# ── Making ───────────────────────────────────────────────────────────────────────────────────────────────────


def create(folder: Path) -> Backup:
    """Put a backup into a folder; the portal may go on meanwhile. Only its owner may read it, since it has accounts."""
    connection = connections[DEFAULT_DB_ALIAS]
    path = folder / datetime.now(UTC).strftime(NAME)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=folder) as scratch:
            unfinished = Path(scratch) / "backup.zip"
            manifest = write(unfinished, _engine(connection), connection, Path(scratch))
            if path.exists():
                raise BackupError(f"{path} is there already. Try again in a second.")
            unfinished.replace(path)  # whatever has a name of a backup is whole
            _fsync_directory(folder)
    except OSError as error:
        raise BackupError(f"No backup was made: {error}.") from error
    return Backup(path, manifest)


def _fsync_directory(folder):
    """Have the disk keep what was put into a folder, even if the power fails now."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def prune(folder: Path, keep: int) -> list[Path]:
    """Delete all backups of a folder but the newest, and what makings that were broken off left there."""
    for left in folder.glob(f"{UNFINISHED}*"):
        if left.stat().st_mtime < time.time() - OLD:
            for file in left.iterdir():
                file.unlink()
            left.rmdir()
    backups = sorted(path for path in folder.iterdir() if NAMES.fullmatch(path.name))
    for path in backups[:-keep]:
        path.unlink()
    return backups[:-keep]


# ── Bringing back ────────────────────────────────────────────────────────────────────────────────────────────


def check(path: Path, *, unsigned: bool = False) -> Backup:
    """Look a backup through, without touching the database; `BackupError` if it is not whole or not for this portal."""
    with opened(path, unsigned=unsigned) as (manifest, database):
        _check_compatible(manifest, database)
        return Backup(path, manifest)


def restore(path: Path, *, replace: bool = False, unsigned: bool = False) -> Backup:
    """Put what a backup holds into the place of the database: all of it, or nothing if anything goes wrong.

    Sessions and the cache are in no backup: everyone signs in again. The number of the content’s state moves past all
    that were ever given out, so that no page of before is taken for one of now. `unsigned` leaves the signature
    unchecked, for a backup of an earlier version or one whose SECRET_KEY is lost.
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
        # Saves come more slowly than seconds, so that this is past all numbers of the time after the backup too.
        number = max(manifest.data_version + 1, _data_version(connection) + 1, int(time.time()))
        _engine(connection).restore(connection, database, manifest, number)
    analyze()
    return Backup(path, manifest)


def lacking(manifest: Manifest) -> list[str]:
    """The migrations that this portal has and the backup has not had yet."""
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
    """The names of all migrations that the code has; with those that others took the place of, or without."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    names = set(loader.disk_migrations)
    if replaced:
        names |= {name for migration in loader.disk_migrations.values() for name in migration.replaces}
    return {f"{app}.{name}" for app, name in names}


def _data_version(connection):
    """The number of the content’s state in the database that is there; 0 if it has none."""
    with connection.cursor() as cursor:
        return data_version(cursor, connection.introspection.table_names(cursor))


def _rows_of_somebody(connection):
    """How many rows each table has, of those in which there are some that somebody put there."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        counts = {}
        for table in tables:
            if not INITIAL_TABLES.fullmatch(table):
                cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
                [counts[table]] = cursor.fetchone()
    return {table: count for table, count in counts.items() if count}
