"""Tables as files: write CSV and XLSX that spreadsheets open correctly, and read what they save.

An imported file is untrusted: its size, its rows and its unpacked size are limited, its encoding is detected or asked
for, and its formulas are refused.

openpyxl is imported by the functions that need it: it would take a tenth of the start of each process.
"""

import csv
import datetime
import io
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.numbers import plain
from portal.core.spreadsheets import FORMULA_PREFIXES, MAX_CELL_LENGTH, EchoBuffer
from portal.import_export.tables import day_of, same_lines

CSV, XLSX = "csv", "xlsx"
CONTENT_TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "cp949": gettext_lazy("Korean (CP949, EUC-KR)"),
    "cp1251": gettext_lazy("Cyrillic (Windows-1251)"),
}
DELIMITERS = (",", ";", "\t")
MOST_COLUMNS = 200
FORMULA_CELL, ERROR_CELL = "f", "e"  # the types of cells in a workbook (ECMA-376, as openpyxl names them)
NO_WORKBOOK = (zipfile.BadZipFile, KeyError, IndexError, ValueError, TypeError, SyntaxError)
MOST_ROWS = 200_000
MOST_BYTES = 100_000_000  # limit of the unpacked size of an XLSX file

# A leading apostrophe keeps a spreadsheet from reading a text as a formula. Writing adds one to a text that looks like
# a formula, and to one that already has an apostrophe before a formula; reading removes one. So texts stay the same.
FORMULA = re.compile(rf"'*[{re.escape(''.join(FORMULA_PREFIXES))}]")
QUOTED = re.compile(rf"'+[{re.escape(''.join(FORMULA_PREFIXES))}]")


class FileError(Exception):
    """A file cannot be read or written. The arguments are messages for the user."""


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def csv_lines(header: Sequence[str], is_text: Sequence[bool], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a CSV file. It begins with a byte order mark, by which Excel detects UTF-8."""
    writer = csv.writer(EchoBuffer())
    yield "\ufeff" + writer.writerow(header)
    for row in rows:
        yield writer.writerow(
            [f"'{cell}" if text and FORMULA.match(cell) else cell for text, cell in zip(is_text, row, strict=True)]
        )


def xlsx_file(title: str, header: Sequence[str], is_text: Sequence[bool], rows: Iterable[Sequence[str]]):
    """Return a workbook as an open file. Raise FileError if a text is too long for a cell.

    Texts are cells of type text. Numbers are numeric cells if a float holds them exactly, else text.
    """
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\\/*?:\[\]]", " ", title)[:31])
    sheet.freeze_panes = "A2"

    def cell_of(text, cell):
        if not cell:
            return None
        if not text and Decimal(repr(float(cell))) == Decimal(cell):
            return float(cell) if "." in cell else int(cell)
        written = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", f"'{cell}" if QUOTED.match(cell) else cell))
        written.data_type, written.number_format = "s", "@"
        return written

    sheet.append(list(header))
    fits = True
    for row in rows:
        fits = all(len(cell) < MAX_CELL_LENGTH for cell in row)  # "<": one character less, for an apostrophe
        if not fits:
            break
        sheet.append([cell_of(text, cell) for text, cell in zip(is_text, row, strict=True)])
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the response that sends it
    book.save(file)
    if not fits:
        file.close()
        raise FileError(
            _("A text is longer than the {count} characters allowed in an XLSX cell. Use CSV.").format(
                count=MAX_CELL_LENGTH
            )
        )
    file.seek(0)
    return file


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Sheet:
    """The content of a file: its column names, its rows with their line numbers, and how it was read."""

    header: list[str]
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    read_as: str = ""


def read(name: str, data: bytes, known: Iterable[str], encoding: str = "", most: int = MOST_ROWS) -> Sheet:
    """Return the table in a file. Raise FileError if it cannot be read or has more than `most` rows.

    `known` are the possible column names; they help to detect the delimiter of a CSV file. Without an `encoding` that
    of a CSV file is detected.
    """
    if not data.strip():
        raise FileError(_("The file is empty."))
    if zipfile.is_zipfile(io.BytesIO(data)):
        lines, read_as = _lines_of_workbook(data), "XLSX"
    elif data[:4] == b"PK\x03\x04":  # it begins as a ZIP file, but its directory, which is at the end, is missing
        raise FileError(_("The workbook is incomplete: its end is missing. Save it again, then upload it again."))
    elif data[:4] == b"\xd0\xcf\x11\xe0":
        raise FileError(_("This is an old-format workbook (.xls). Save it as .xlsx or CSV."))
    else:
        text, encoding = _decoded(data, encoding)
        delimiter = _delimiter(text, set(known))
        lines = _lines_of_text(text, delimiter)
        between = {",": _("commas"), ";": _("semicolons"), "\t": _("tabs")}[delimiter]
        read_as = _("CSV, {encoding}, separated by {between}").format(encoding=ENCODINGS[encoding], between=between)
    sheet = Sheet([], read_as=read_as)
    for number, cells in lines:
        if number > most + 1:
            raise FileError(_("The file has more than {count} rows.").format(count=most))
        if not sheet.header:
            if number > 1 or not any(cells):
                raise FileError(_("The first line of the file does not name the columns."))
            sheet.header = _without_empty_ends(cells)
        elif any(cells):
            sheet.rows.append((number, _without_empty_ends(cells, len(sheet.header))))
    return sheet


def _without_empty_ends(cells, least=0):
    """Return the cells without empty ones at the end, but at least `least` cells."""
    last = max((place for place, cell in enumerate(cells, 1) if cell), default=0)
    return (cells + [""] * least)[: max(last, least)]


def _unquoted(cell):
    return cell[1:] if QUOTED.match(cell) else cell


def _lines_of_text(text, delimiter):
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileError(
                _("Line {line} cannot be read: a quotation mark is missing or extra.").format(line=number)
            ) from error
        if len(cells) > MOST_COLUMNS:
            raise FileError(_("The file has more than {count} columns.").format(count=MOST_COLUMNS))
        yield number, [same_lines(_unquoted(cell)) for cell in cells]


def _decoded(data, encoding):
    """Return the text of a file and its encoding. The encoding is detected unless it is given."""
    for each in [encoding] if encoding else _candidates(data):
        try:
            text = data.decode(each)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and (encoding or each in {"utf-8-sig", "utf-16"} or _reads_like(text, each)):
            return text, each
    raise FileError(_("The file’s encoding cannot be recognised. Save it as “CSV UTF-8”, or specify the encoding."))


def _candidates(data):
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ["utf-16"]
    return ["utf-8-sig", "cp949", "cp1251"]


def _reads_like(text, encoding):
    """Return True if more than half of the non-ASCII characters are those of the encoding's language.

    Russian text in CP1251, decoded as CP949, gives Chinese characters instead of Hangul.
    """
    foreign = [letter for letter in text if ord(letter) > 127]
    low, high = {"cp949": ("가", "힣"), "cp1251": ("Ё", "ё")}[encoding]
    return sum(low <= letter <= high for letter in foreign) * 2 > len(foreign)


def _delimiter(text, known):
    """Return the delimiter that gives the most known column names in the first line; if equal, the most cells."""
    first = text.partition("\n")[0]

    def merit(delimiter):
        cells = [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter), [])]
        return len(known.intersection(cells)), len(cells)

    return max(DELIMITERS, key=merit)


def _lines_of_workbook(data):
    from openpyxl import load_workbook  # noqa: PLC0415
    from openpyxl.cell.read_only import EMPTY_CELL  # noqa: PLC0415
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # zipfile never reads more of an entry than its declared size, so the declared sizes are a safe limit.
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise FileError(_("The workbook is too large when unpacked."))
            if any(_declares_entities(archive, entry) for entry in archive.infolist()):
                raise FileError(_("The file cannot be read as a workbook. Save it again as .xlsx or CSV."))
        book = load_workbook(io.BytesIO(data), read_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # the dimensions that a workbook declares may be wrong
        width, blank = 0, None
        for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), 1):
            if row is blank or all(cell is EMPTY_CELL for cell in row):
                blank = row  # openpyxl yields this same row for all missing lines; there may be a million
                continue
            cells = [_cell(cell) for cell in row[:width] or row]
            if not width:
                if cells[MOST_COLUMNS]:
                    raise FileError(_("The file has more than {count} columns.").format(count=MOST_COLUMNS))
                width = len(_without_empty_ends(cells)) + 1  # one more, to detect cells beside the table
            yield number, cells
    except (InvalidFileException, *NO_WORKBOOK) as error:
        raise FileError(_("The file cannot be read as a workbook. Save it again as .xlsx or CSV.")) from error


def _declares_entities(archive, entry):
    """Return True if an entry of a workbook has a DOCTYPE.

    Spreadsheets never write one, and its entities could expand to any size.
    """
    with archive.open(entry) as file:
        return b"<!DOCTYPE" in file.read(4_096).replace(b"\0", b"")


class UnreadableFile(str):
    """A cell without a usable value, such as a formula. The text is the error message."""


def _cell(cell):
    """Return the cell of a workbook as the text that it would have in CSV."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == FORMULA_CELL:
        return UnreadableFile(_("The cell contains a formula. Replace it with its value."))
    if cell.data_type == ERROR_CELL:
        return UnreadableFile(_("The cell contains a spreadsheet error: {value}.").format(value=value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return plain(Decimal(repr(value)))
    if isinstance(value, datetime.date):  # includes datetime
        return day_of(value)
    return same_lines(_unquoted(str(value)))
