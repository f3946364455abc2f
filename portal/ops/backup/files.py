"""The file format of a backup: a ZIP with the database, the uploaded files and a manifest that describes them.

Nothing in the file is trusted before it is checked: the file may be cut off, or come from somebody else. The manifest
contains the hashes of the database and of each uploaded file, and is signed with a key derived from SECRET_KEY. Nobody
can change any of them without that key. Names in the file are used for uploaded files only, and only those that the
portal itself makes.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils.crypto import constant_time_compare, salted_hmac

from portal.models.held_file import is_stored_name, store, stored_names

FORMAT = 3
WITHOUT_FILES = 2  # the last format of a manifest that lists no uploaded files
UNSIGNED_FORMAT = 1  # the manifest has no signature
MANIFEST, DATABASE, FILES = "manifest.json", "database", "files/"
LONGEST_MANIFEST = 10_000_000
PIECE = 1 << 20
# Rows of these tables are in no backup: a person who gets a backup must not be able to use its sessions.
EXCLUDED_TABLES = ("django_session", "usersessions_usersession", "portal_cache")
# The errors that zipfile can raise for a damaged file.
DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)


class BackupError(Exception):
    """A backup cannot be created or restored. The message says why, and what to do."""


@dataclass(frozen=True)
class Manifest:
    """The description of a backup.

    `rows` maps each table to its number of rows, `files` each uploaded file to its SHA-256. `signature` covers all
    other fields. It is empty if SECRET_KEY is temporary, and in a backup of format 1.
    """

    format: int
    made_at: str
    engine: str
    schema: str
    bytes: int
    sha256: str
    data_version: int
    migrations: list[str]
    rows: dict[str, int]
    signature: str = ""
    files: dict[str, str] = field(default_factory=dict)


def sign(manifest: Manifest, key: str) -> str:
    """Return the signature of a manifest: HMAC-SHA256 in hexadecimal digits."""
    told = asdict(replace(manifest, signature=""))
    if manifest.format <= WITHOUT_FILES:
        del told["files"]
    signed = json.dumps(told, sort_keys=True)
    return salted_hmac("portal.backup", signed, secret=key, algorithm="sha256").hexdigest()


def _check_signature(manifest, path):
    """Raise BackupError unless the manifest is signed with SECRET_KEY or one of SECRET_KEY_FALLBACKS."""
    if not manifest.signature:
        raise BackupError(
            f"{path} is not signed. It comes from an earlier version of the portal, or from one without a SECRET_KEY. "
            "If it is a file of your own that nobody else could change, say --unsigned."
        )
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(constant_time_compare(manifest.signature, sign(manifest, key)) for key in keys):
        raise BackupError(
            f"The signature of {path} does not match: it was made with another SECRET_KEY, or changed since. Set "
            "SECRET_KEY to that of the portal that made it, or add that one to SECRET_KEY_FALLBACKS. If that key is "
            "lost, and it is a file of your own that nobody else could change, say --unsigned."
        )


@dataclass(frozen=True)
class Facts:
    """The facts about the content of a database that a manifest repeats."""

    schema: str
    data_version: int
    migrations: list[str]
    rows: dict[str, int]


def facts(cursor, tables, schema="") -> Facts:
    """Return the Facts of a database. All queries of `cursor` must see the same snapshot."""

    def rows(question):
        cursor.execute(question)
        return cursor.fetchall()

    return Facts(
        schema,
        data_version(cursor, tables),
        sorted(f"{app}.{name}" for app, name in rows("SELECT app, name FROM django_migrations")),
        {
            table: 0 if table in EXCLUDED_TABLES else count
            for table in sorted(tables)
            for ((count,),) in [rows(f'SELECT count(*) FROM "{table}"')]
        },
    )


def data_version(cursor, tables) -> int:
    """Return the number of the content version in a database that has `tables`; 0 if it has none.

    Changes that are recorded but not yet in the version count as one each.
    """
    number = 0
    for table, value in (("portal_freshness", "max(number)"), ("portal_pendingchange", "count(*)")):
        if table in tables:
            cursor.execute(f"SELECT {value} FROM {table}")
            number += cursor.fetchone()[0] or 0
    return number


class Measured:
    """Writes to another file, and counts the bytes and computes their SHA-256."""

    def __init__(self, file):
        self.file, self.bytes, self.sha256 = file, 0, hashlib.sha256()

    def write(self, piece):
        self.file.write(piece)
        self.bytes += len(piece)
        self.sha256.update(piece)


def write(path: Path, engine, connection, scratch: Path) -> Manifest:
    """Write a backup to `path`, readable only by its owner, and return its manifest. The file is flushed to disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        with zipfile.ZipFile(file, "w", engine.COMPRESSION) as archive:
            with archive.open(DATABASE, "w", force_zip64=True) as member:
                measured = Measured(member)
                found = engine.dump(connection, measured, scratch)
            uploaded = _write_files(archive)
            moment, digest = datetime.now(UTC).isoformat(timespec="seconds"), measured.sha256.hexdigest()
            manifest = Manifest(
                FORMAT, moment, connection.vendor, bytes=measured.bytes, sha256=digest, files=uploaded, **asdict(found)
            )
            if not settings.SECRET_KEY_IS_TEMPORARY:
                manifest = replace(manifest, signature=sign(manifest, settings.SECRET_KEY))
            archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return manifest


def _write_files(archive):
    """Write all uploaded files, and return their hashes by name.

    They are listed after the database was dumped, and a file is stored before its row. So no row of the backup lacks
    its file.
    """
    hashes = {}
    for name in stored_names():
        with default_storage.open(name) as file, archive.open(_member(name), "w", force_zip64=True) as member:
            measured = Measured(member)
            shutil.copyfileobj(file, measured, PIECE)
        hashes[name] = measured.sha256.hexdigest()
    return hashes


def _member(name):
    info = zipfile.ZipInfo(f"{FILES}{name}")
    info.compress_type = zipfile.ZIP_STORED  # pictures and documents are compressed already
    return info


def restore_files(path: Path, manifest: Manifest) -> None:
    """Put the uploaded files of a backup into the storage. Files that are there already stay.

    A file that no row names does no harm, so it does not matter if the restore of the database fails afterwards.
    """
    with zipfile.ZipFile(path) as archive:
        for name, digest in manifest.files.items():
            content = archive.read(f"{FILES}{name}")
            if hashlib.sha256(content).hexdigest() != digest:
                raise BackupError(f"{path} was changed while it was read.")
            store(name, content)


@contextlib.contextmanager
def opened(path: Path, *, unsigned=False):
    """Yield the manifest of a backup, and the path of a temporary file with exactly the database that was backed up.

    Raise BackupError if the backup is damaged, or if its signature does not match. `unsigned` skips the check of the
    signature.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="portal-restore-") as scratch:
            database = Path(scratch) / DATABASE
            try:
                with zipfile.ZipFile(path) as archive, database.open("wb") as file:
                    manifest = _manifest(archive)
                    if not unsigned:
                        _check_signature(manifest, path)
                    _copy(archive, manifest, file)
                    _check_files(archive, manifest)
            except DAMAGES as error:
                if isinstance(error, OSError) and error.filename:
                    raise BackupError(f"{error.strerror}: {error.filename}") from error
                raise BackupError(f"{path} is damaged, or no backup: {error}") from error
            yield manifest, database
    except BackupError as error:
        raise BackupError(f"Nothing was changed. {error}") from error


def _manifest(archive):
    names = sorted(info.filename for info in archive.infolist() if not info.filename.startswith(FILES))
    if names != sorted((MANIFEST, DATABASE)):
        raise BackupError(f"A backup holds {DATABASE} and {MANIFEST} and nothing else; this file holds {names}.")
    if any(info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for info in archive.infolist()):
        raise zipfile.BadZipFile("It is compressed in a way that no backup is.")
    with archive.open(MANIFEST) as member:
        told = json.loads(member.read(LONGEST_MANIFEST))
    if isinstance(told, dict) and isinstance(told.get("format"), int) and told["format"] > FORMAT:
        raise BackupError(
            f"The file is a backup of format {told['format']}, and this version of the portal reads format {FORMAT}. "
            "Install the version that made it, or a later one, and restore it there."
        )
    if isinstance(told, dict) and told.get("format") == UNSIGNED_FORMAT:
        told["signature"] = ""
    if isinstance(told, dict) and isinstance(told.get("format"), int) and told["format"] <= WITHOUT_FILES:
        told["files"] = {}
    if not _is_manifest(told):
        raise zipfile.BadZipFile(f"Its {MANIFEST} is none of the portal’s.")
    return Manifest(**told)


def _is_manifest(told):
    """Return True if `told` has exactly the fields of a manifest, with values of the right types."""
    kinds = {column.name: column.type for column in fields(Manifest)}
    return (
        isinstance(told, dict)
        and told.keys() == kinds.keys()
        and all(isinstance(told[name], getattr(kind, "__origin__", kind)) for name, kind in kinds.items())
        and all(isinstance(name, str) for name in told["migrations"])
        and all(re.fullmatch(r"\w+", table) and isinstance(count, int) for table, count in told["rows"].items())
        and re.fullmatch(r"\w*", told["schema"]) is not None
        and all(is_stored_name(name) and isinstance(digest, str) for name, digest in told["files"].items())
    )


def _check_files(archive, manifest):
    """Raise BadZipFile unless the uploaded files are those of the manifest."""
    names = sorted(info.filename for info in archive.infolist() if info.filename.startswith(FILES))
    if names != sorted(f"{FILES}{name}" for name in manifest.files):
        raise zipfile.BadZipFile("The uploaded files in it are not those that its manifest tells of.")
    for name, digest in manifest.files.items():
        hashed = hashlib.sha256()
        with archive.open(f"{FILES}{name}") as member:
            while piece := member.read(PIECE):
                hashed.update(piece)
        if hashed.hexdigest() != digest:
            raise zipfile.BadZipFile(f"The uploaded file {name} in it is not the one that its manifest tells of.")


def _copy(archive, manifest, file):
    measured = Measured(file)
    with archive.open(DATABASE) as member:
        while (piece := member.read(PIECE)) and measured.bytes <= manifest.bytes:
            measured.write(piece)
    if (measured.bytes, measured.sha256.hexdigest()) != (manifest.bytes, manifest.sha256):
        raise zipfile.BadZipFile("The database in it is not the one that its manifest tells of.")
