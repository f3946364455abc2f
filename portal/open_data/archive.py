"""Builds the archive: one ZIP file and one SQLite file with all tables, rebuilt after the content has changed.

They are stored in `settings.DATA_DIR`. Building takes seconds, so a request waits for it only if there is no archive
yet. A request for an outdated archive gets the old file and starts a build in the background. One process builds at a
time. A file replaces the old one only when it is complete.
"""

import contextlib
import json
import logging
import os
import tempfile
import threading
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from django.utils.translation import override

from portal.citations import references
from portal.core.licences import OWN_LICENCE
from portal.formats import data_tables, dataset_metadata, spreadsheets
from portal.formats import json as formats_json
from portal.models import HeldFileModel
from portal.open_data import places
from portal.open_data.locks import folder_lock
from portal.open_data.sqlite import write_sqlite
from portal.tracking import content_version

logger = logging.getLogger(__name__)

NAME = "central-asia-environment.zip"
SQLITE = "central-asia-environment.sqlite"
# The kinds of records in the archive, in reading order.
KINDS = (
    *("issue", "indicator", "observation", "event", "project", "agreement", "result"),
    *("organisation", "place", "source", "term"),
)
READ_ME = """\
{title}

Everything that the portal tells its readers, as of {moment}.

csv/            one table a kind of record, and one a relation of records, in UTF-8;
                keys of which a cell holds several are parted by "; "
json/           the same records, with all that hangs on them
places.geojson  where things are (RFC 7946)
files/          pictures and documents, by the last part of the addresses that the tables give
sources.ris, sources.bib, sources.csl.json  the sources, for reference managers

datapackage.json describes the tables for programs (Frictionless Data Package), csv/csv-metadata.json does so as CSV on
the Web has it. Both name the columns that refer to other tables. Texts come in English, Korean and Russian; an empty
cell is something that is not known or not translated.

Licence: the portal's own words are under CC BY 4.0, {licence}
Name the portal and the address of the record: {address}
Figures and sources carry the licences that stand beside them.
"""


def data_page():
    """Return the URL of the page about the data."""
    return f"{settings.PUBLIC_URL}/en/data/"


def folder():
    """Return the folder of the archive."""
    return Path(settings.DATA_DIR)


@dataclass(frozen=True)
class Archive:
    """The stored archive: its size in bytes, the content version that it has (`number`), and when it was built.

    `sqlite` is the SQLite file, which was built before the ZIP file at `path`.
    """

    path: Path
    size: int
    number: int
    made: datetime
    base: str  # the start of the URLs in it

    @property
    def is_fresh(self):
        """Whether it is whole, has the present content and was built today: it states values that depend on the day."""
        built = (self.number, self.base, timezone.localdate(self.made))
        now = (content_version.state().number, settings.PUBLIC_URL, timezone.localdate())
        return built == now and self.sqlite.exists()

    @property
    def sqlite(self):
        return self.path.with_name(SQLITE)

    @property
    def sqlite_size(self):
        """The size of the SQLite file in bytes; None if there is none."""
        return self.sqlite.stat().st_size if self.sqlite.exists() else None


def current_archive() -> Archive | None:
    """Return the stored archive, or None if there is none or it cannot be read."""
    path = folder() / NAME
    try:
        with zipfile.ZipFile(path) as archive:
            said = json.loads(archive.comment)
        made = datetime.fromisoformat(said["made"])
        return Archive(path, path.stat().st_size, said["number"], made, said.get("base", ""))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def make(wait=True) -> Archive | None:
    """Build the archive unless it is up to date, and return it.

    If another process is building it, wait for that, or return None if `wait` is false.
    """
    with folder_lock(folder(), wait) as ours:
        if not ours:
            return None
        there = current_archive()
        if there and there.is_fresh:
            return there
        state, made = content_version.state(), timezone.now().isoformat(timespec="seconds")
        with override("en"), _new_file(SQLITE) as name:
            write_sqlite(name, all_tables(), data_page())
        with override("en"), _new_file(NAME) as name, zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
            write_tables(archive)
            archive.comment = json.dumps({"number": state.number, "made": made, "base": settings.PUBLIC_URL}).encode()
    return current_archive()


@contextlib.contextmanager
def _new_file(name):
    """Yield the path of an empty file that replaces the file `name` of the folder, if nothing fails."""
    handle, path = tempfile.mkstemp(dir=folder(), prefix=".new-", suffix=Path(name).suffix)
    os.close(handle)
    try:
        yield path
        Path(path).chmod(0o644)
        Path(path).replace(folder() / name)
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise


def build_in_background():
    """Build the archive in a thread, unless another process is building it."""
    threading.Thread(target=_make_and_close, daemon=True, name="archive").start()


def _make_and_close():
    try:
        make(wait=False)
    except Exception:
        logger.exception("The archive of everything could not be made.")
    finally:
        connection.close()


def all_tables():
    """Return the tables of the open data, those of records first."""
    return data_tables.tables_of(KINDS)


def write_tables(archive):
    """Write all files into the archive."""

    def write(name, pieces):
        with archive.open(name, "w") as file:
            for piece in pieces:
                file.write(piece.encode())

    title, moment = str(settings.PORTAL_NAME), timezone.now().strftime("%Y-%m-%d %H:%M UTC")
    read_me = READ_ME.format(title=title, moment=moment, licence=OWN_LICENCE, address=data_page())
    write("README.txt", [read_me])
    tables = all_tables()
    write(
        "datapackage.json", [pretty(dataset_metadata.datapackage(tables, data_page(), timezone.now(), folder="csv/"))]
    )
    write("csv/csv-metadata.json", [pretty(dataset_metadata.csvw_group(tables))])
    records = {table.kind: table.rows(settings.PUBLIC_URL, data_page()) for table in tables[: len(KINDS)]}
    for table in tables:
        rows = records.get(table.kind) or table.rows(settings.PUBLIC_URL)
        write(f"csv/{table.file}.csv", spreadsheets.csv_text(rows, bom=False))
    for selection in records.values():
        write(f"json/{selection.label}.json", formats_json.json_text(selection))
    write(places.NAME, places.places_text(records["place"]))
    cited = records["source"]
    days = references.reading_days(cited.pks)
    sources = [references.reference_of_source(source, days.get(source.pk)) for source in cited.records()]
    write("sources.ris", references.ris_text(sources))
    write("sources.bib", references.bib_text(sources))
    write("sources.csl.json", references.csl_text(sources))
    write_uploaded_files(archive)


def write_uploaded_files(archive):
    """Add the files that readers see, the widest of each picture. They are compressed already: they are only stored."""
    names = (row.file_names[-1] for model in HeldFileModel.__subclasses__() for row in model.objects.public())
    for name in sorted(set(names)):
        # The archive is made without a lost file: `check_files` reports it.
        with contextlib.suppress(FileNotFoundError), default_storage.open(name) as file:
            archive.writestr(f"files/{name}", file.read(), zipfile.ZIP_STORED)


def pretty(value):
    """Return JSON with line breaks and indentation."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
