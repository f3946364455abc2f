"""Writes tables of records as CSV, streamed, and as XLSX with a second sheet about the file."""

import tempfile

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from portal.core.spreadsheets import MAX_CELL_LENGTH
from portal.formats import fields

BOM = "\ufeff"
# A workbook is built in memory within one request. CSV is streamed, so longer lists must use it.
MOST_ROWS_OF_XLSX = 10_000
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def csv_text(records, bom=True):
    """Yield the table of records as CSV: the header, then one text for each chunk.

    With `bom` it begins with a byte order mark; without one, Excel misreads Hangul and Cyrillic. Files for programs
    have none, because their encoding is declared. A text that a spreadsheet would take for a formula gets an apostrophe
    in front.
    """
    yield (BOM if bom else "") + fields.csv_text([head.name for head in records.column_headers]) + "\r\n"
    for lines in records.lines():
        yield "\r\n".join([*lines, ""])


def xlsx_bytes(records):
    """Return the table of records as an XLSX workbook.

    A second sheet gives its title, date, licence and columns.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Records"))
    sheet.freeze_panes = "B2"
    sheet.append([_bold(sheet, head.name) for head in records.column_headers])
    for rows in records.cells():
        for row in rows:
            sheet.append([_cell(sheet, cell) for cell in row])
    about = book.create_sheet(_("About this file"))
    for name, value in described(records):
        about.append([_bold(about, name), value])
    about.append([])
    about.append([_bold(about, _("Column")), _bold(about, _("What it holds")), _bold(about, _("Language"))])
    names = dict(settings.LANGUAGES)
    for head in records.column_headers:
        about.append([head.name, str(head.label), names.get(head.language, "")])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        return file.read()


def described(records):
    """Return the metadata of a file as pairs of a label and a value, in the active language."""
    return [
        (_("Title"), str(records.title)),
        (_("Publisher"), str(settings.PORTAL_NAME)),
        (_("Address"), records.about),
        (_("Records"), len(records)),
        (_("Retrieved on"), timezone.localdate().isoformat()),
        (_("Licence"), _("Text by the portal: CC BY 4.0. Figures and sources have their own licences.")),
        (_("Licence, address"), LICENCE),
    ]


def _bold(sheet, words):
    cell = WriteOnlyCell(sheet, words)
    cell.data_type = "s"  # text, even if it begins with "="
    cell.font = Font(bold=True)
    return cell


def _cell(sheet, value):
    if not isinstance(value, str):
        return value
    if not value:
        return None
    text = ILLEGAL_CHARACTERS_RE.sub("", value)[:MAX_CELL_LENGTH]
    if not text.startswith("="):
        return text
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"  # text, not a formula
    return cell
