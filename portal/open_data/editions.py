"""Editions of the open data: all tables as they were in a quarter, for those who cite the data or repeat an analysis.

`manage.py write_edition` writes the edition of the present quarter into `DATA_DIR/editions/`, once. Its files stay as
they are, with one exception: a record that was removed at the request of those concerned is taken out of all editions
before they are shown or sent again. A note says when, and how many records of which table.
"""

import csv
import hashlib
import io
import json
import re
import shutil
import tempfile
import zipfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import override

from portal.core.licences import OWN_LICENCE
from portal.core.spreadsheets import EchoBuffer
from portal.formats import dataset_metadata, spreadsheets
from portal.formats.fields import SEPARATOR
from portal.formats.serialisers import SERIALISERS
from portal.models import Tombstone
from portal.open_data import archive, datacite
from portal.open_data.locks import folder_lock
from portal.tracking import content_version

NAME = re.compile(r"\d{4}-[1-4]")
DESCRIPTION, KEYS = "edition.json", "keys.json"
CHANGES, SUMS, DATACITE = "changes.csv", "SHA256SUMS", "datacite.json"
PACKAGE, CSVW = "datapackage.json", "csv/csv-metadata.json"
CITATIONS = "citations"  # the table whose rows name the kind of the record that they belong to
CHANGE_COLUMNS = ("table", "key", "change", "columns")
READ_ME = """\
{title}, edition {name}

All tables as of {day}. This edition stays at {address}
The data of today: {data}

csv/  one table a kind of record, and one a relation of records, in UTF-8

datapackage.json describes the tables for programs (Frictionless Data Package), csv/csv-metadata.json does so as CSV on
the Web. An empty cell is something that was not known or not translated.

Licence: the portal's own words are under CC BY 4.0, {licence}
Figures and sources carry the licences that stand beside them.
"""

Row = dict[str, str]  # from the column to the cell
Texts = Iterable[tuple[str, Iterable[str]]]  # the file of each table, and its CSV in pieces


@dataclass(frozen=True)
class Removal:
    """A note: on this day, so many records of a table were taken out of an edition on request."""

    day: str  # ISO 8601
    table: str
    count: int


@dataclass(frozen=True)
class StoredFile:
    """A file of an edition, its size in bytes and its SHA-256 in hexadecimal digits."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Edition:
    """A stored edition."""

    name: str
    made: str  # date and time in ISO 8601
    changed: str  # date and time of the newest change in it
    previous: str  # the name of the edition before; "" for the first
    key_columns: dict[str, dict[str, str]]  # by table, the columns with lists of keys and the tables of these
    counts: dict[str, int] = field(default_factory=dict)  # of rows, by table
    changes: dict[str, int] = field(default_factory=dict)  # of records since the edition before, by kind of change
    removals: list[Removal] = field(default_factory=list)
    files: list[StoredFile] = field(default_factory=list)

    @property
    def made_at(self) -> datetime:
        return datetime.fromisoformat(self.made)

    @property
    def changed_at(self) -> datetime:
        return datetime.fromisoformat(self.changed)

    @property
    def path(self) -> Path:
        return folder() / self.name

    @property
    def archive_name(self) -> str:
        """The name of the ZIP file with the tables."""
        return f"central-asia-environment-{self.name}.zip"


def folder() -> Path:
    """Return the folder of all editions."""
    return Path(settings.DATA_DIR) / "editions"


def name_of(day: date) -> str:
    """Return the name of the edition of a day's quarter, such as `2026-4`."""
    return f"{day.year}-{(day.month + 2) // 3}"


def address_of(name: str) -> str:
    """Return the URL of an edition, which leads to its page in the reader's language."""
    return f"{settings.PUBLIC_URL}/data/editions/{name}/"


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────


def edition_of(name: str) -> Edition | None:
    """Return a stored edition without the records that were removed on request, or None if there is none.

    If one has to be taken out, the files are written again first, which takes seconds.
    """
    edition = stored_edition(name)
    if edition is None or not removed_on_request(edition):
        return edition
    with folder_lock(folder()):
        edition = stored_edition(name)
        gone = removed_on_request(edition) if edition else {}
        return take_out(edition, gone) if edition and gone else edition


def stored_names() -> list[str]:
    """Return the names of the stored editions, the newest first."""
    return sorted((path.name for path in folder().glob("*") if NAME.fullmatch(path.name)), reverse=True)


def stored_edition(name: str) -> Edition | None:
    """Return an edition as it is stored, or None if there is none."""
    if not NAME.fullmatch(name):
        return None
    try:
        said = json.loads((folder() / name / DESCRIPTION).read_bytes())
    except FileNotFoundError:
        return None
    said.pop("keys", None)
    removals = [Removal(**removal) for removal in said.pop("removals")]
    return Edition(removals=removals, files=[StoredFile(**file) for file in said.pop("files")], **said)


def keys_of(edition: Edition) -> dict[str, list[str]]:
    """Return the keys of the records of a stored edition, by table."""
    try:
        return json.loads((edition.path / KEYS).read_bytes())
    except FileNotFoundError:  # editions had them in their description at first
        return json.loads((edition.path / DESCRIPTION).read_bytes())["keys"]


def removed_on_request(edition: Edition) -> dict[str, set[str]]:
    """Return the keys in an edition of records that were removed at the request of those concerned, by table."""
    asked: dict[str, set[str]] = {}
    for kind, key in Tombstone.objects.filter(reason=Tombstone.Reason.ON_REQUEST).values_list("kind", "key"):
        asked.setdefault(SERIALISERS[kind].file, set()).add(key)
    keys = keys_of(edition) if asked else {}
    found = {file: of_table.intersection(keys.get(file, ())) for file, of_table in asked.items()}
    return {file: of_table for file, of_table in found.items() if of_table}


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────


def write_edition() -> tuple[Edition, bool]:
    """Return the edition of the present quarter, and True if it was written now."""
    name = name_of(timezone.localdate())
    former = next((stored for stored in stored_names() if stored < name), "")
    before = edition_of(former)  # the list of changes names no record that was removed on request
    with folder_lock(folder()):
        if there := stored_edition(name):
            return there, False
        with override("en"):
            tables, page = archive.all_tables(), archive.data_page()
            described = Edition(
                name,
                made=timezone.now().isoformat(timespec="seconds"),
                changed=content_version.state().changed_at.isoformat(timespec="seconds"),
                previous=former,
                key_columns={table.file: table.key_columns for table in tables if table.kind},
            )
            package = dataset_metadata.datapackage(tables, page, timezone.now(), folder="csv/")
            package["resources"] = [one for one in package["resources"] if one["path"].endswith(".csv")]
            texts = (
                (table.file, spreadsheets.csv_text(table.rows(settings.PUBLIC_URL, page), bom=False))
                for table in tables
            )
            descriptions = {PACKAGE: package, CSVW: dataset_metadata.csvw_group(tables)}
            return store(
                described,
                descriptions,
                texts,
                lambda new: changes_between(EditionData.of(before), new) if before else [],
            ), True


class EditionData:
    """The tables of the ZIP file of an edition, whose rows are read one by one, and their descriptions for programs.

    `descriptions` are those as a Data Package and as CSV on the Web, by the name of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with zipfile.ZipFile(path) as packed:
            self.descriptions = {name: json.loads(packed.read(name)) for name in (PACKAGE, CSVW)}
        self.schemas = {
            one["url"].removesuffix(".csv"): one["tableSchema"] for one in self.descriptions[CSVW]["tables"]
        }

    @classmethod
    def of(cls, edition: Edition) -> "EditionData":
        """Return the data of a stored edition."""
        return cls(edition.path / edition.archive_name)

    def rows(self, file: str) -> Iterator[Row]:
        """Yield the rows of a table."""
        with zipfile.ZipFile(self.path) as packed, packed.open(f"csv/{file}.csv") as raw:
            yield from csv.DictReader(io.TextIOWrapper(raw, "utf-8", newline=""))

    def has_keys(self, file: str) -> bool:
        """Return True for a table of records that are identified by a key alone."""
        return self.schemas[file]["primaryKey"] == ["key"]

    def columns(self, file: str) -> list[str]:
        """Return the names of the columns of a table, in order."""
        return [column["name"] for column in self.schemas[file]["columns"]]

    def references(self, file: str) -> dict[str, str]:
        """Return the columns of a table that refer to one record, with the tables of these records."""
        return {
            key["columnReference"]: key["reference"]["resource"].removesuffix(".csv")
            for key in self.schemas[file].get("foreignKeys", ())
        }


def changes_between(old: EditionData, new: EditionData) -> list[Row]:
    """Return the rows of `changes.csv`: records that were added, changed or removed, and the columns that changed.

    Columns that only one of the editions has are left out: a new column does not change every record. Of the old
    edition, only a number for each cell of one table is in memory.
    """
    found = []
    for file in filter(new.has_keys, new.schemas):
        if file not in old.schemas:
            continue
        there = set(old.columns(file))
        shared = [name for name in new.columns(file) if name in there]
        before = {row["key"]: _hashes(row, shared) for row in old.rows(file)}
        changes = {}
        for row in new.rows(file):
            was = before.pop(row["key"], None)
            if was is None:
                changes[row["key"]] = "added", ""
                continue
            columns = [name for name, one, other in zip(shared, was, _hashes(row, shared), strict=True) if one != other]
            if columns:
                changes[row["key"]] = "changed", SEPARATOR.join(columns)
        changes |= dict.fromkeys(before, ("removed", ""))
        for key, (change, columns) in sorted(changes.items()):
            found.append({"table": file, "key": key, "change": change, "columns": columns})
    return found


def _hashes(row: Row, columns: list[str]) -> array:
    return array("q", (hash(row[name]) for name in columns))


def take_out(edition: Edition, gone: dict[str, set[str]]) -> Edition:
    """Write an edition again without these keys of records, by table, and return it."""
    data = EditionData.of(edition)
    changes = [row for row in read_changes(edition) if row["key"] not in gone.get(row["table"], ())]
    today = timezone.localdate().isoformat()
    removals = [*edition.removals, *(Removal(today, file, len(keys)) for file, keys in sorted(gone.items()))]
    texts = ((file, csv_lines(data.columns(file), rows_without(gone, edition, data, file))) for file in data.schemas)
    with override("en"):
        return store(replace(edition, removals=removals), data.descriptions, texts, lambda _new: changes)


def rows_without(gone: dict[str, set[str]], edition: Edition, data: EditionData, file: str) -> Iterator[Row]:
    """Yield the rows of a table of an edition without the removed records.

    A row of a removed record goes, and a row that belongs or refers to one. A record that only names one keeps its row
    without that key.
    """
    names, needed = edition.key_columns.get(file, {}), data.references(file)
    if data.has_keys(file):
        names, needed = names | needed, {"key": file}
    for row in data.rows(file):
        owner = SERIALISERS[row["kind"]].file if file == CITATIONS else ""
        if row.get("record") in gone.get(owner, ()) or any(row[at] in gone.get(of, ()) for at, of in needed.items()):
            continue
        for column, of in names.items():
            if lost := gone.get(of):
                row[column] = SEPARATOR.join(key for key in row[column].split(SEPARATOR) if key not in lost)
        yield row


def read_changes(edition: Edition) -> list[Row]:
    """Return the rows of `changes.csv` of a stored edition."""
    with (edition.path / CHANGES).open(newline="") as file:
        return list(csv.DictReader(file))


def store(
    described: Edition,
    descriptions: dict[str, Any],
    texts: Texts,
    changes_of: Callable[[EditionData], list[Row]],
) -> Edition:
    """Write the files of an edition in place of those that are there. Return it with its counts and files.

    `changes_of` returns the rows of `changes.csv` for the data that was written.
    """
    new = Path(tempfile.mkdtemp(dir=folder(), prefix=".new-"))
    try:
        write_archive(new / described.archive_name, described, descriptions, texts)
        data = EditionData(new / described.archive_name)
        keys, counts = {}, {}
        for file in data.schemas:
            if data.has_keys(file):
                keys[file] = [row["key"] for row in data.rows(file)]
                counts[file] = len(keys[file])
            else:
                counts[file] = sum(1 for _row in data.rows(file))
        (new / KEYS).write_text(json.dumps(keys))
        changes = changes_of(data)
        with (new / CHANGES).open("w", newline="") as file:
            file.writelines(csv_lines(CHANGE_COLUMNS, changes))
        address = address_of(described.name)
        said = datacite.metadata(
            described.changed_at,
            address,
            described.name,
            [address + name for name in (described.archive_name, CHANGES)],
        )
        (new / DATACITE).write_text(archive.pretty(said))
        files = []
        for name in (described.archive_name, CHANGES, DATACITE):
            with (new / name).open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            files.append(StoredFile(name, (new / name).stat().st_size, digest))
        (new / SUMS).write_text("".join(f"{file.sha256}  {file.name}\n" for file in files))
        counted = Counter(row["change"] for row in changes)
        edition = replace(
            described,
            counts=counts,
            changes={change: counted[change] for change in ("added", "changed", "removed")},
            files=files,
        )
        (new / DESCRIPTION).write_text(json.dumps(asdict(edition), ensure_ascii=False))
        new.chmod(0o755)
        if edition.path.exists():
            shutil.rmtree(edition.path)
        new.replace(edition.path)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return edition


def write_archive(path: Path, edition: Edition, descriptions: dict[str, Any], texts: Texts) -> None:
    """Write the ZIP file of an edition."""
    read_me = READ_ME.format(
        title=settings.PORTAL_NAME,
        name=edition.name,
        day=timezone.localdate(edition.made_at).isoformat(),
        address=address_of(edition.name),
        data=archive.data_page(),
        licence=OWN_LICENCE,
    )
    read_me += "".join(f"\n{one.day}: {one.count} removed from {one.table} on request.\n" for one in edition.removals)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("README.txt", read_me)
        for name, said in descriptions.items():
            packed.writestr(name, archive.pretty(said))
        for file, text in texts:
            with packed.open(f"csv/{file}.csv", "w", force_zip64=True) as member:
                for piece in text:
                    member.write(piece.encode())


def csv_lines(columns: Iterable[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield rows as lines of CSV, after a header."""
    columns = list(columns)
    writer = csv.writer(EchoBuffer())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([row[name] for name in columns])
