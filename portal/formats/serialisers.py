"""Serialisers read records of one kind as data, and a registry finds the serialiser of each kind.

`RecordSelection` combines them: it is the records of one export, of one kind or of several.
"""

import copy
import functools
from collections import Counter
from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.core.choices import PublicationStatus
from portal.core.database import IdList
from portal.formats.fields import (
    LANGUAGES,
    ColumnHeader,
    Field,
    ReadContext,
    base_rows,
    csv_text,
    dumps,
    json_texts,
    values_tuples,
)
from portal.formats.locations import RecordLocation, location

CHUNK = 3_000  # records of one kind that are read at a time: each query takes a millisecond before it reads anything
MIXED_CHUNK = 500  # records of several kinds, of which each becomes nested dictionaries
BLOCK = 100  # records whose texts are in memory at the same time: few stay in the cache of the processor
NOWHERE = RecordLocation(None, {"precision": None})

# From the name of a model to its serialiser. The apps add theirs when they are loaded.
SERIALISERS = {}


class Serialiser:
    """The fields of the records of one model. Creating a serialiser adds it to `SERIALISERS`.

    `kind` is the name of the model, `address` the field with the URL of a record’s page. `name`, `summary`, `date` and
    `where` name the fields that summarise a record in lists of several kinds, feeds and maps. `file` is the name of the
    table in file names and URLs. A field `key`, if there is one, identifies the record. `calendar_dates` is a function
    from a record to its dates in calendars (`CalendarDate`); None if calendars have none.
    """

    def __init__(
        self, model, fields, *, address=None, name="name", summary="", date="", where="", file="", calendar_dates=None
    ):
        self.model, self.kind = model, model._meta.model_name
        self.name, self.summary, self.date, self.where = name, summary, date, where
        self.calendar_dates = calendar_dates
        self.file = file or f"{self.kind}s"
        self._set_fields([*([address] if address else []), *fields])
        SERIALISERS[self.kind] = self

    def _set_fields(self, fields):
        self.fields = fields
        self.places, at = {}, 1  # index of each field’s first value in a row; 0 is the primary key
        for field in self.fields:
            self.places[field.name] = at
            at += len(field.columns)
        self.columns = ["pk", *(column for field in self.fields for column in field.columns)]
        self.by_name = {field.name: field for field in self.fields}

    def extended(self, *fields):
        """Return a serialiser with more fields after the others, for one export. `SERIALISERS` does not have it."""
        more = copy.copy(self)
        vars(more).pop("column_headers", None)  # cached
        more._set_fields([*self.fields, *fields])
        return more

    def __repr__(self):
        return f"<Serialiser {self.kind}>"

    @functools.cached_property
    def column_headers(self) -> list[ColumnHeader]:
        """The columns of a table."""
        return [head for field in self.fields for head in field.column_headers()]

    @property
    def related_fields(self):
        """The fields that read more than the record’s own row, by queries of their own."""
        return [field for field in self.fields if type(field).load is not Field.load]

    def published(self):
        """Return a queryset of the rows that readers may see."""
        return base_rows(self.model).filter(publication=PublicationStatus.PUBLISHED)

    def rows(self, pks, reading, fields=None):
        """Return the rows of these records in the order of `pks`, and load their related data into `reading`.

        Records that readers may not see are left out. If `fields` are given, only those load related data. The number
        of queries does not depend on the number of records.
        """
        found = {
            row[0]: row
            for row in values_tuples(self.published().filter(pk__in_ids=IdList(pks)).order_by(), *self.columns)
        }
        rows = [found[pk] for pk in pks if pk in found]
        keys = IdList([row[0] for row in rows])
        for field in self.related_fields:
            if fields is None or field in fields:
                field.load(reading, rows, self.places[field.name], keys)
        return rows

    def cells_of(self, reading):
        """Return a function from a row of values to the cells of a table."""
        parts = [field.cells_of(reading, self.places[field.name]) for field in self.fields]
        return lambda row: [cell for part in parts for cell in part(row)]

    def lines_of(self, reading):
        """Return a function from rows of values to an iterator over their lines of CSV."""
        columns, run = [], None
        for field in self.fields:
            at = self.places[field.name]
            end = at + len(field.columns)
            if not field.verbatim:
                columns.append(field.texts_of(reading, at))
                run = None
            elif run is None:
                columns.append(run := _Run(at, end))
            else:  # adjacent verbatim fields are written in one step
                run.end = end
        return lambda rows: map(",".join, zip(*[column(rows) for column in columns], strict=True))

    def json_of(self, reading):
        """Return a function from rows of values to an iterator over their JSON objects as text."""
        columns = [field.json_of(reading, self.places[field.name]) for field in self.fields]
        template = f"{{{','.join(f'{dumps(field.name)}:%s' for field in self.fields)}}}"
        return lambda rows: map(template.__mod__, zip(*[column(rows) for column in columns], strict=True))

    def data_of(self, reading, fields=None):
        """Return a function from a row of values to its JSON object, with all fields or only `fields`."""
        parts = [(field.name, field.data_of(reading, self.places[field.name])) for field in fields or self.fields]
        return lambda row: {name: part(row) for name, part in parts}

    def flat_of(self, reading, language):
        """Return a function from a row of values to a JSON object of texts and numbers, with texts in `language`."""
        flat, cells = flat_columns(self.column_headers, language), self.cells_of(reading)
        return lambda row: {"type": self.kind} | flat(cells(row))

    def location_of(self, reading):
        """Return a function from a row to its `RecordLocation`. Without places, a record is in its countries."""
        if not self.where:
            return lambda row: NOWHERE
        points = self.by_name[self.where].points_of(reading, self.places[self.where])
        countries = self.by_name["countries"].data_of(reading, self.places["countries"])
        return lambda row: location(points(row) or (), (country["key"] for country in countries(row)))

    def summary_row(self, reading):
        """Return a function from a row of values to the cells of a list of several kinds: the columns `BRIEF`."""
        address = self.fields[0].data_of(reading, 1)
        key = self.places["key"]
        name, summary = self._texts_of(self.name), self._texts_of(self.summary)
        date, changed = self.places.get(self.date), self.by_name["changed"].cells_of(reading, self.places["changed"])
        return lambda row: [
            *(self.kind, row[key], address(row), *name(row), row[date] if date else ""),
            *(*summary(row), *changed(row)),
        ]

    def _texts_of(self, name):
        """Return a function from a row of values to a tuple of texts in the order of `LANGUAGES`."""
        if not name:
            return lambda row: ("",) * len(LANGUAGES)
        at, width = self.places[name], len(self.by_name[name].columns)
        if width == 1:  # an untranslated field counts as English
            return lambda row: (row[at], "", "")
        return lambda row: row[at : at + width]

    def schema(self):
        """Return the JSON Schema of a record."""
        properties = {"key": {"type": "string"}} | {field.name: field.schema() for field in self.fields}
        return {"type": "object", "properties": properties, "required": ["key"]}


@dataclass
class _Run:
    """Values that are written to CSV unchanged: those of a row from index `start` to before `end`."""

    start: int
    end: int

    def __call__(self, rows):
        return [csv_text(row[self.start : self.end]) for row in rows]


class Address(Field):
    """The URL of a record’s page, in the reader’s language.

    `routes_by_kind` maps a kind of place to the route that it has instead of `route`.
    """

    def __init__(self, route, routes_by_kind=None):
        super().__init__("url", _("address"))
        self.route, self.by_kind = route, routes_by_kind or {}
        self.columns = ("key", "kind") if self.by_kind else ("key",)

    def column_headers(self):
        return [ColumnHeader("url", self.label, type="uri")]

    def cells_of(self, reading, at):
        address = self.data_of(reading, at)
        return lambda row: (address(row),)

    def texts_of(self, reading, at):
        address = self.data_of(reading, at)
        return lambda rows: list(map(address, rows))  # a URL has no character that CSV must quote

    def data_of(self, reading, at):
        with translation.override(reading.reader):
            routes = {kind: (reading.base + path_of(route)).split("KEY") for kind, route in self.by_kind.items()}
            usual = (reading.base + path_of(self.route)).split("KEY")
        if not routes:
            before, after = usual
            return lambda row: f"{before}{row[at]}{after}"
        return lambda row: row[at].join(routes.get(row[at + 1], usual))

    def json_of(self, reading, at):
        address = self.data_of(reading, at)
        return lambda rows: json_texts(map(address, rows))

    def schema(self):
        return {"type": "string", "format": "uri"}


def path_of(route):
    """Return the path of the page of a record whose key is KEY, in the active language.

    A route may name a part of a page: the path of `glossary#KEY` is the page’s own path and the fragment `#KEY`.
    """
    page, _hash, part = route.partition("#")
    return f"{reverse(page)}#{part}" if part else reverse(page, args=["KEY"])


# The columns of a list of several kinds.
BRIEF = [
    ColumnHeader("type", _("kind of record")),
    ColumnHeader("key", _("key")),
    ColumnHeader("url", _("address"), type="uri"),
    *(ColumnHeader(f"name_{language}", _("name"), language) for language in LANGUAGES),
    ColumnHeader("date", _("date"), type="partial-date"),
    *(ColumnHeader(f"summary_{language}", _("summary"), language) for language in LANGUAGES),
    ColumnHeader("changed", _("last changed"), type="date-time"),
]


@dataclass(frozen=True)
class ColumnChoice:
    """Some columns of a table: their headers, and the places of their cells in a row of all columns.

    A place is a pair of an index and the index of the cell that replaces an empty one, or None.
    """

    headers: list[ColumnHeader]
    places: list[tuple[int, int | None]]

    def row(self, cells):
        """Return the chosen cells of a row."""
        return [
            cells[place] if other is None or cells[place] not in ("", None) else cells[other]
            for place, other in self.places
        ]


def columns_in_language(headers, language):
    """Return the `ColumnChoice` of a reader of one language: columns in others are left out, headings are labels.

    An empty cell has the English text, as in JSON. Columns with the same label are told apart by their name after it:
    of a code and its words, the code has it.
    """
    at = {head.name: place for place, head in enumerate(headers)}
    with translation.override(language):
        shown = [
            (place, head, capfirst(str(head.label)))
            for place, head in enumerate(headers)
            if head.language in ("", language)
        ]
    count = Counter(label for _place, _head, label in shown)
    words = Counter(label for _place, head, label in shown if head.language)
    chosen, places = [], []
    for place, head, label in shown:
        if (words if head.language else count)[label] > 1:
            label = f"{label} ({head.name})"
        chosen.append(replace(head, heading=label))
        english = at.get(f"{head.name.removesuffix(language)}en") if head.language else None
        places.append((place, english))
    return ColumnChoice(chosen, places)


def flat_columns(headers, language):
    """Return a function from the cells of a row of all columns to a JSON object with texts in one language.

    A text has the name of its field: `title`, not `title_en`. If it is the label of a code, or the name of a record,
    the code or key is `<name>_code`. Several values are joined as in a cell. An empty cell is null.
    """
    chosen = columns_in_language(headers, language)
    texts = {head.name.removesuffix(f"_{language}") for head in chosen.headers if head.language}
    names = [
        head.name.removesuffix(f"_{language}")
        if head.language
        else f"{head.name}_code"
        if head.name in texts
        else head.name
        for head in chosen.headers
    ]
    return lambda cells: {
        name: None if cell == "" else cell for name, cell in zip(names, chosen.row(list(cells)), strict=True)
    }


class RecordSelection:
    """The records of one export in their order: primary keys if `kind` is given, else pairs of kind and primary key.

    `label` is the name of the file without its ending, `title` a title for people, and `about` the URL of the page that
    shows the same records. `base` is the start of every URL. `single` means that the export is of one record page.
    `past` is a pair of a record as it was on a day, and that day; it is exported as references only. `json_ld` is a
    function that returns the JSON-LD document of a single record. `columns` are those of its tables (`ColumnChoice`);
    by default those in `language`, or all.
    """

    def __init__(
        self,
        pks,
        *,
        kind=None,
        label,
        title,
        about,
        base,
        language=None,
        single=False,
        past=None,
        json_ld=None,
        columns=None,
    ):
        self.pks, self.kind = pks, kind
        self.label, self.title, self.about, self.base = label, title, about, base
        self.language, self.single, self.past, self.reader = language, single, past, get_language()
        self.json_ld, self._columns = json_ld, columns
        self.beside = {}  # by name: other selections that the JSON of a single record includes
        self.serialiser = SERIALISERS[kind] if kind else None  # None if the records are of several kinds

    def __len__(self):
        return len(self.pks)

    @functools.cached_property
    def columns(self):
        """The chosen columns; None for all."""
        if self._columns is None and self.language:
            return columns_in_language(self.serialiser.column_headers if self.kind else BRIEF, self.language)
        return self._columns

    @property
    def column_headers(self):
        if self.columns:
            return self.columns.headers
        return self.serialiser.column_headers if self.kind else BRIEF

    def chunks(self, size=None):
        size = size or (CHUNK if self.kind else MIXED_CHUNK)
        return (self.pks[start : start + size] for start in range(0, len(self.pks), size))

    def cells(self):
        """Yield the rows of a table, as an iterable of lists of cells for each chunk."""
        return (map(self.columns.row, rows) for rows in self._all_cells()) if self.columns else self._all_cells()

    def _all_cells(self):
        readings = {}
        for chunk in self.chunks():
            if self.kind:
                reading, cells = readings.setdefault(self.kind, self._reader(self.serialiser.cells_of))
                yield map(cells, self.serialiser.rows(chunk, reading))
            else:
                yield self._mixed(chunk, lambda serialiser: serialiser.summary_row, readings, ())

    def lines(self):
        """Yield the rows of a table as lines of CSV, an iterable for each block of rows."""
        if not self.kind or self.columns:
            for rows in self.cells():
                yield map(csv_text, rows)
            return
        reading, lines = self._reader(self.serialiser.lines_of)
        for rows in self._blocks(reading):
            yield lines(rows)

    def json_texts(self):
        """Yield the records as the texts of JSON objects, an iterable for each block of records."""
        if self.kind:
            reading, texts = self._reader(self.serialiser.json_of)
            for rows in self._blocks(reading):
                yield texts(rows)
            return
        readings = {}
        for chunk in self.chunks():
            yield map(dumps, self._mixed(chunk, _data_with_type, readings))

    def _blocks(self, reading):
        """Yield the rows of all records as lists of up to `BLOCK` rows."""
        for chunk in self.chunks():
            rows = self.serialiser.rows(chunk, reading)
            for start in range(0, len(rows), BLOCK):
                yield rows[start : start + BLOCK]

    def located(self, full=False):
        """Yield the records as pairs of a JSON object and a `RecordLocation`.

        The object is flat, with texts in the language of the export; with `full` it is the nested one of JSON.
        """
        readings, language = {}, self.language or self.reader

        def data_of(serialiser):
            return _data_with_type(serialiser) if full else lambda reading: serialiser.flat_of(reading, language)

        def located_of(serialiser):
            def pair_of(reading):
                data, where = data_of(serialiser)(reading), serialiser.location_of(reading)
                return lambda row: (data(row), where(row))

            return pair_of

        def summary_of(serialiser):
            def pair_of(reading):
                flat, where = flat_columns(BRIEF, language), serialiser.location_of(reading)
                cells = serialiser.summary_row(reading)
                return lambda row: (flat(cells(row)), where(row))

            return pair_of

        for chunk in self.chunks():
            if self.kind:
                reading, read = readings.setdefault(self.kind, self._reader(located_of(self.serialiser)))
                yield from map(read, self.serialiser.rows(chunk, reading))
            else:
                yield from self._mixed(chunk, located_of if full else summary_of, readings)

    def records(self, size=200):
        """Yield the records as model instances without their long texts, for formats that need few fields."""
        if self.past:
            yield self.past[0]
            return
        for chunk in self.chunks(size):
            pairs = [(self.kind, pk) for pk in chunk] if self.kind else chunk
            wanted = {}
            for kind, pk in pairs:
                wanted.setdefault(kind, []).append(pk)
            found = {}
            for kind, pks in wanted.items():
                records = short_records(SERIALISERS[kind].model).filter(pk__in_ids=IdList(pks))
                found |= {(kind, record.pk): record for record in records}
            yield from (found[pair] for pair in pairs if pair in found)

    def _reader(self, make):
        reading = ReadContext(self.base, self.reader, self.language)
        return reading, make(reading)

    def _mixed(self, chunk, how, readings, fields=None):
        """Return what `how` reads of a chunk of several kinds, in the order of the chunk."""
        wanted, found = {}, {}
        for kind, pk in chunk:
            wanted.setdefault(kind, []).append(pk)
        for kind, pks in wanted.items():
            serialiser = SERIALISERS[kind]
            reading, read = readings.setdefault(kind, self._reader(how(serialiser)))
            found |= {(kind, row[0]): read(row) for row in serialiser.rows(pks, reading, fields)}
        return [found[pair] for pair in chunk if pair in found]


def _data_with_type(serialiser):
    def data_of(reading):
        data = serialiser.data_of(reading)
        return lambda row: {"type": serialiser.kind} | data(row)

    return data_of


def short_records(model):
    """Return the published records of a model, without their long texts."""
    records = model.objects.published()
    return records.without_sections() if hasattr(records, "without_sections") else records
