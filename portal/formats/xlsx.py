"""Writes tables of records as XLSX, with a second sheet about the file.

Other modules import this one when they need it: openpyxl would take a tenth of the start of each process.
"""

import datetime
import tempfile

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from portal.core.spreadsheets import MAX_CELL_LENGTH
from portal.formats.spreadsheets import described

LONGEST_LINK = 2_079  # characters, a limit of Excel


def xlsx_bytes(records):
    """Return the table of records as an XLSX workbook.

    Its header stays in view and has filters. Dates, times and numbers have their type, and URLs are links. A second
    sheet gives the title, date, licence and columns.
    """
    book = Workbook(write_only=True)
    sheet, headers = book.create_sheet(pgettext("table", "Records")), records.column_headers
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(headers))}{len(records) + 1}"
    sheet.append([_bold(sheet, head.title) for head in headers])
    makers = [_link if head.type == "uri" and not head.list else TYPED.get(head.type, _cell) for head in headers]
    for rows in records.cells():
        for row in rows:
            sheet.append([make(sheet, cell) for make, cell in zip(makers, row, strict=True)])
    about = book.create_sheet(_("About this file"))
    for name, value in described(records):
        about.append([_bold(about, name), value])
    about.append([])
    about.append([_bold(about, _("Column")), _bold(about, _("What it holds")), _bold(about, _("Language"))])
    names = dict(settings.LANGUAGES)
    for head in headers:
        about.append([head.title, str(head.label), names.get(head.language, "")])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        return file.read()


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


def _date(sheet, value):
    """Return a date that is known to the day as a date, and any other as text: a workbook has no month or year."""
    try:
        return datetime.date.fromisoformat(value) if value and len(value) == len("2021-07-02") else _cell(sheet, value)
    except ValueError:
        return _cell(sheet, value)


def _time(sheet, value):
    """Return a time in UTC. A workbook has no time zones."""
    return datetime.datetime.fromisoformat(value).replace(tzinfo=None) if value else None


def _link(sheet, value):
    """Return a URL as a cell with a link, as far as Excel allows it."""
    if not value or len(value) > LONGEST_LINK or not value.startswith(("http://", "https://")):
        return _cell(sheet, value)
    cell = WriteOnlyCell(sheet, value)
    cell.data_type, cell.hyperlink, cell.style = "s", value, "Hyperlink"
    return cell


TYPED = {"partial-date": _date, "date": _date, "date-time": _time}
