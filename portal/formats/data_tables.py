"""The tables of the open data: one of each kind of record, one of each relation of its records, and one of citations.

A record names several others in rows of their own table, such as `participations`, so that a cell never holds parallel
lists. All tables have the same interface: `kind` (None unless the rows are records), `file`, `title`, `holds`,
`column_headers`, `primary_key`, `foreign_keys`, `count()`, and `rows(base)`, whose result has `column_headers`,
`lines()` and `cells()` like a `RecordSelection`.
"""

import functools
from dataclasses import dataclass, replace

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from portal.formats.dataset_metadata import FOREIGN_KEYS, HOLDS, PRIMARY_KEYS
from portal.formats.fields import (
    ColumnHeader,
    InheritedRowsField,
    ReadContext,
    RelatedField,
    RelatedRowsField,
    csv_text,
    values_tuples,
)
from portal.formats.portal_serialisers import column
from portal.formats.serialisers import SERIALISERS, ColumnChoice, RecordSelection
from portal.models.source import Citation

CHUNK = 1_000
# The names of tables that are not made of the kind of record and the name of the field.
NAMES = {
    ("project", "organisations"): "participations",
    ("issue", "causes"): "issue_links",
    ("issue", "key_figures"): "key_figures",
    ("agreement", "outcomes"): "outcomes",
}
# The names of columns that are not those of the fields: of the record that the rows belong to, and of their own.
OWNERS = {"issue_links": "effect"}
COLUMNS = {
    ("countries", "place"): "country",
    ("countries", "to_place"): "country",
    ("sdgs", "code"): "sdg",
    ("identifiers", "url"): "identifier_url",
}
# Fields whose rows are in another table: citations, and the causes of other issues.
ELSEWHERE = {("issue", "effects")}
CITATIONS = "sources"
RELATION_HOLDS = _("{records}: {rows}. One row each, in the order of the record.")


@dataclass(frozen=True)
class TableReference:
    """A column that refers to the column `key` of another table."""

    column: str
    table: str


class RecordDataTable:
    """All published records of a kind. Of other records it only has keys."""

    def __init__(self, serialiser):
        self.serialiser, self.kind, self.file = serialiser, serialiser.kind, serialiser.file
        self.title = serialiser.model._meta.verbose_name_plural
        self.holds = HOLDS[serialiser.kind]
        self.primary_key = PRIMARY_KEYS.get(serialiser.kind, ["key"])
        self.foreign_keys = [TableReference(*pair) for pair in FOREIGN_KEYS.get(serialiser.kind, {}).items()]

    @functools.cached_property
    def key_columns(self):
        """The columns with keys of several records, and the files of the tables of these records."""
        kinds = {
            name: own.fields[0].mention.model._meta.model_name
            for name, own in self._lists.items()
            if isinstance(own.fields[0], RelatedField)
        }
        return {name: SERIALISERS[kind].file for name, kind in kinds.items() if kind in SERIALISERS}

    @property
    def _lists(self):
        """The columns with the keys or codes of several values, and the fields that they are of."""
        return {
            field.column_headers()[0].name: own
            for field in self.serialiser.fields
            if isinstance(field, RelatedRowsField | InheritedRowsField)
            if (own := getattr(field, "own", field)).names_it(own.fields[0])
        }

    @functools.cached_property
    def choice(self):
        """The columns of the table: of several values in a cell, only the keys or codes."""
        heads, keys = self.serialiser.column_headers, self._lists
        places = [place for place, head in enumerate(heads) if not head.list or head.name in keys]
        return ColumnChoice([heads[place] for place in places], [(place, None) for place in places])

    @property
    def column_headers(self):
        return self.choice.headers

    def count(self):
        """Return the number of records that are read for the table."""
        return self.serialiser.published().count()

    def rows(self, base, about=""):
        """Return all records in the order of the primary key, as a `RecordSelection`."""
        records = self.serialiser.published().order_by(*self.primary_key)
        pks = [pk for (pk,) in values_tuples(records, "pk")]
        return RecordSelection(
            pks, kind=self.kind, label=self.file, title=str(self.title), about=about, base=base, columns=self.choice
        )


class RelationDataTable:
    """The related rows of all records of a kind, such as the participations of projects.

    `position` numbers the rows of a record, in the order of its editors.
    """

    kind = None

    def __init__(self, serialiser, field):
        self.serialiser, self.field = serialiser, field
        self.file = NAMES.get((serialiser.kind, field.name), f"{serialiser.kind}_{field.name}")
        records, rows = serialiser.model._meta.verbose_name_plural, field.label
        self.title = format_lazy("{}: {}", records, rows)
        self.holds = format_lazy(RELATION_HOLDS, records=records, rows=rows)
        self.owner = OWNERS.get(self.file, serialiser.kind)
        self.primary_key = [self.owner, "position"]
        self.foreign_keys = [TableReference(self.owner, serialiser.file)]
        for inner, _place, width in getattr(field, "own", field).table_fields():
            if width and isinstance(inner, RelatedField):
                table = SERIALISERS[inner.mention.model._meta.model_name].file
                self.foreign_keys.append(TableReference(self.name_of(inner.name), table))

    def name_of(self, column):
        return COLUMNS.get((self.field.name, column), column)

    @functools.cached_property
    def column_headers(self):
        label = self.serialiser.model._meta.verbose_name
        return [
            ColumnHeader(self.owner, label),
            ColumnHeader("position", _("order in the record"), type="integer"),
            *(replace(head, name=self.name_of(head.name)) for head in self.field.table_headers()),
        ]

    def count(self):
        return self.serialiser.published().count()

    def rows(self, base, about=""):
        return _RowsOfRecords(self.column_headers, functools.partial(self._rows, base))

    def _rows(self, base):
        for key, rows, _nested in _related_rows(self.serialiser, self.field, base):
            yield from ([key, number, *cells] for number, (_row, cells) in enumerate(rows, 1))


class CitationDataTable:
    """Which sources each record cites, and each row of it that has sources of its own.

    `part` is the table of that row and `row` its position; they are `record` and 0 for the record itself.
    """

    kind, file = None, "citations"
    title = _("citations")
    holds = _("Which sources each record cites, and each figure, cause, outcome and activity of it, in order.")
    primary_key = ("kind", "record", "part", "row", "position")
    foreign_keys = (TableReference("source", "sources"),)
    column_headers = (
        ColumnHeader("kind", _("kind of record")),
        ColumnHeader("record", _("key")),
        ColumnHeader("part", _("table of the row that cites")),
        ColumnHeader("row", _("position of this row"), type="integer"),
        ColumnHeader("position", _("order of the sources"), type="integer"),
        ColumnHeader("source", column(Citation, "source")),
        ColumnHeader("page", column(Citation, "page")),
        ColumnHeader("quotation", column(Citation, "quotation")),
        ColumnHeader("read_on", column(Citation, "read_on"), type="date"),
        ColumnHeader("archived_url", column(Citation, "archived_url"), type="uri"),
    )

    def __init__(self, serialisers):
        self.serialisers = serialisers

    def count(self):
        return sum(serialiser.published().count() for serialiser in self.serialisers)

    def rows(self, base, about=""):
        return _RowsOfRecords(self.column_headers, functools.partial(self._rows, base))

    def _rows(self, base):
        for serialiser in self.serialisers:
            for field in serialiser.fields:
                if field.name == CITATIONS:
                    for key, rows, _nested in _related_rows(serialiser, field, base):
                        yield from self._cited(rows, serialiser.kind, key, "record", 0)
                elif getattr(field, "nested", ()) and (serialiser.kind, field.name) not in ELSEWHERE:
                    part = NAMES.get((serialiser.kind, field.name), f"{serialiser.kind}_{field.name}")
                    for key, rows, sources_of in _related_rows(serialiser, field, base):
                        for number, (row, _cells) in enumerate(rows, 1):
                            yield from self._cited(sources_of(row), serialiser.kind, key, part, number)

    @staticmethod
    def _cited(rows, *owner):
        """Yield the rows of the table for the citations of a record or of a row. A citation may tell of no passage."""
        for position, (row, cells) in enumerate(rows, 1):
            passage = row[1:] or ("",) * 4
            yield [*owner, position, cells[0], *passage]


class _RowsOfRecords:
    """The rows of a table that is not one of records, like a `RecordSelection`. `rows` yields lists of cells."""

    kind = past = None
    single = False

    def __init__(self, column_headers, rows):
        self.column_headers, self._rows = column_headers, rows

    def cells(self):
        """Yield all rows as one chunk."""
        yield self._rows()

    def lines(self):
        """Yield all rows as one chunk of lines of CSV."""
        yield map(csv_text, self._rows())


def _related_rows(serialiser, field, base):
    """Yield for each record, in the order of the keys, its key, its pairs of row and cells, and a function.

    The function returns the same pairs of the rows that are nested in a row, if the field has some.
    """
    reading = ReadContext(base, "en")
    at, key = serialiser.places[field.name], serialiser.places["key"]
    rows_of = field.table_rows_of(reading, at)
    nested_of = field.nested[0].table_rows_of(reading, 0) if field.nested else None
    pks = [pk for (pk,) in values_tuples(serialiser.published().order_by("key"), "pk")]
    for start in range(0, len(pks), CHUNK):
        for row in serialiser.rows(pks[start : start + CHUNK], reading, (field,)):
            yield row[key], rows_of(row), nested_of


def tables_of(kinds):
    """Return the tables of these kinds of records, then those of their relations, then that of citations."""
    serialisers = [SERIALISERS[kind] for kind in kinds]
    relations = [
        RelationDataTable(serialiser, field)
        for serialiser in serialisers
        for field in serialiser.fields
        if isinstance(field, RelatedRowsField | InheritedRowsField)
        and field.name != CITATIONS
        and (serialiser.kind, field.name) not in ELSEWHERE
    ]
    return [*map(RecordDataTable, serialisers), *relations, CitationDataTable(serialisers)]
