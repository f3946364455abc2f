"""What a brief says, apart from its form: sections of paragraphs, tables and lists, with numbered sources."""

import datetime
from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """A text with the numbers of its sources. `url` is that of what it names."""

    text: str
    notes: tuple[int, ...] = ()
    url: str = ""


@dataclass(frozen=True)
class Paragraph:
    """A paragraph. One that is `muted` says how something was found, or that nothing was."""

    text: Text
    muted: bool = False
    kind: str = "paragraph"


@dataclass(frozen=True)
class Table:
    """A table with a heading for each column. `widths` are the shares of the columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    widths: tuple[int, ...]
    kind: str = "table"

    @property
    def labelled_rows(self) -> list[list[tuple[str, Text]]]:
        """The rows as pairs of the heading of the column and the text."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Items:
    """A list. Each item is a text with what it is, whose text may be empty: “Lesson”, “2027”."""

    rows: tuple[tuple[Text, Text], ...]
    kind: str = "items"


@dataclass(frozen=True)
class BriefSection:
    """A section with its heading."""

    heading: str
    blocks: tuple[Paragraph | Table | Items, ...]


@dataclass(frozen=True)
class BriefSource:
    """A source that the brief cites by its number."""

    number: int
    text: str
    url: str


@dataclass(frozen=True)
class Brief:
    """A whole brief, in one language. `day` is the day on which it is true, `url` the absolute URL of its page.

    `made` says in a sentence from what and when it was made.
    """

    title: str
    subtitle: str
    made: str
    sources_heading: str
    language: str
    day: datetime.date
    url: str
    author: str
    sections: tuple[BriefSection, ...]
    sources: tuple[BriefSource, ...]
