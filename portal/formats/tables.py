"""Exports tables that pages show but that are not records, such as counts of pairs, in the formats of records."""

from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import get_language

from portal.formats.fields import ColumnHeader, csv_text, dumps

# The formats of a table, for the argument `only` of `portal.formats.responses.export_response`.
FORMATS = ("csv", "xlsx", "json", "jsonl")


def plain(cell):
    """Return a number or None unchanged, and anything else as a plain `str`.

    Examples are a date and a text that is marked as safe HTML. The writers of files quote `str` only, not its
    subclasses.
    """
    return cell if cell is None or isinstance(cell, (int, float, Decimal)) else str.__str__(str(cell))


@dataclass
class ExportTable:
    """A table for export, with the interface of `RecordSelection`.

    `columns` are pairs of a name, which is the key in JSON, and a label, which is the header in CSV and XLSX. `label`,
    `title`, `about`, `base` and `language` are as in `RecordSelection`. Texts that exist in several languages are in
    the reader’s language, as on the page.
    """

    label: str
    title: str | Promise
    columns: list[tuple[str, str]]
    rows: list[list]
    about: str
    base: str
    language: str | None = None
    reader: str = field(default_factory=get_language)

    kind = past = None
    single = False

    def __post_init__(self):
        self.columns = [(name, plain(words)) for name, words in self.columns]
        self.rows = [[plain(cell) for cell in row] for row in self.rows]

    def __len__(self):
        return len(self.rows)

    @property
    def column_headers(self):
        return [ColumnHeader(words, words, language=self.reader) for _name, words in self.columns]

    def cells(self):
        """Yield all rows as one chunk."""
        yield self.rows

    def lines(self):
        """Yield all rows as one chunk of lines of CSV."""
        yield map(csv_text, self.rows)

    def json_texts(self):
        """Yield all rows as one block of the texts of JSON objects; an empty cell is null."""
        names = [name for name, _words in self.columns]
        yield [
            dumps({name: None if cell == "" else cell for name, cell in zip(names, row, strict=True)})
            for row in self.rows
        ]
