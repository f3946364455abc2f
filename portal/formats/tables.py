"""Tables that pages show and no record states, such as counts of pairs: handed out like records are."""

from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import get_language

from portal.formats.fields import ColumnHeader, csv_text

# The formats that tables have (`portal.formats.responses.export_response`).
FORMATS = ("csv", "xlsx", "json")


def plain(cell):
    """A number or nothing as it is; a text, a date or words that are safe as HTML as mere text, which files quote."""
    return cell if cell is None or isinstance(cell, (int, float, Decimal)) else str.__str__(str(cell))


@dataclass
class ExportTable:
    """Rows under columns, which are pairs of a name for programs, as JSON has it, and of words, which head a sheet.

    `label`, `title`, `about`, `base` and `language` are those of `RecordSelection`; what is asked of several languages
    is in the reader’s, like the page.
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
    def heads(self):
        return [ColumnHeader(words, words, language=self.reader) for _name, words in self.columns]

    def cells(self):
        """The rows, all at once."""
        yield self.rows

    def lines(self):
        """The rows as lines of CSV."""
        yield map(csv_text, self.rows)

    def data(self, _size=None):
        """The rows as JSON: what a cell lacks is null."""
        names = [name for name, _words in self.columns]
        for row in self.rows:
            yield {name: None if cell == "" else cell for name, cell in zip(names, row, strict=True)}
