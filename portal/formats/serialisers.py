"""Serialisers: what the records of a kind state, read in long lists or one at a time, and how the kinds are found."""

import functools
from dataclasses import dataclass

from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.core.choices import PublicationStatus
from portal.core.database import IdList
from portal.formats.fields import LANGUAGES, ColumnHeader, Field, ReadContext, base_rows, csv_text, values_tuples

CHUNK = 1_000

# By the name of a model: how its records are read. Apps add theirs when they are loaded.
SERIALISERS = {}


class Serialiser:
    """What records of a model state. `kind` is the model’s name, `address` leads to the page of a record.

    `name`, `summary`, `date` and `where` are the fields that say it in short: for lists of several kinds, feeds, maps.
    `visible` narrows the model’s rows to those that readers may see; records with a key stand under it.
    """

    def __init__(self, model, fields, *, address=None, name="name", summary="", date="", where="", file=""):
        self.model, self.kind = model, model._meta.model_name
        self.name, self.summary, self.date, self.where = name, summary, date, where
        self.file = file or f"{self.kind}s"
        self.fields = [*([address] if address else []), *fields]
        self.places, at = {}, 1  # where the values of each field begin, after the primary key
        for field in self.fields:
            self.places[field.name] = at
            at += len(field.columns)
        self.columns = ["pk", *(column for field in self.fields for column in field.columns)]
        self.by_name = {field.name: field for field in self.fields}
        SERIALISERS[self.kind] = self

    def __repr__(self):
        return f"<Serialiser {self.kind}>"

    @functools.cached_property
    def heads(self) -> list[ColumnHeader]:
        """The columns of a table."""
        return [head for field in self.fields for head in field.heads()]

    @property
    def hanging(self):
        """Fields that ask the database for more than the record’s own row."""
        return [field for field in self.fields if type(field).load is not Field.load]

    def visible(self):
        """The rows that readers may see."""
        return base_rows(self.model).filter(publication=PublicationStatus.PUBLISHED)

    def rows(self, pks, reading, fields=None):
        """The values of these records, in the order of their primary keys in `pks`, and what hangs on them.

        It asks the same number of questions for one record as for a chunk of them.
        """
        found = {
            row[0]: row
            for row in values_tuples(self.visible().filter(pk__in_ids=IdList(pks)).order_by(), *self.columns)
        }
        rows = [found[pk] for pk in pks if pk in found]
        keys = IdList([row[0] for row in rows])
        for field in self.hanging:
            if fields is None or field in fields:
                field.load(reading, rows, self.places[field.name], keys)
        return rows

    def cells_of(self, reading):
        """A function from a row of values to the cells of a table."""
        parts = [field.cells_of(reading, self.places[field.name]) for field in self.fields]
        return lambda row: [cell for part in parts for cell in part(row)]

    def text_of(self, reading):
        """A function from a row of values to its line of CSV."""
        parts, run = [], None
        for field in self.fields:
            at = self.places[field.name]
            end = at + len(field.columns)
            if not field.verbatim:
                parts.append(field.text_of(reading, at))
                run = None
            elif run is None:
                parts.append(run := _Run(at, end))
            else:  # one run of columns that stand as they are, one step
                run.end = end
        return lambda row: ",".join([part(row) for part in parts])

    def data_of(self, reading, fields=None):
        """A function from a row of values to its JSON: all fields, or these."""
        parts = [(field.name, field.data_of(reading, self.places[field.name])) for field in fields or self.fields]
        return lambda row: {name: part(row) for name, part in parts}

    def points_of(self, reading):
        """A function from a row of values to its positions, or None for a kind that lies nowhere."""
        return self.by_name[self.where].points_of(reading, self.places[self.where]) if self.where else None

    def brief_of(self, reading):
        """A function from a row of values to what a list of several kinds says: see `BRIEF`."""
        address = self.fields[0].data_of(reading, 1)
        key = self.places["key"]
        name, summary = self._texts_of(self.name), self._texts_of(self.summary)
        date, changed = self.places.get(self.date), self.by_name["changed"].cells_of(reading, self.places["changed"])
        return lambda row: [
            *(self.kind, row[key], address(row), *name(row), row[date] if date else ""),
            *(*summary(row), *changed(row)),
        ]

    def _texts_of(self, name):
        """A function from a row of values to a text in each language."""
        if not name:
            return lambda row: ("",) * len(LANGUAGES)
        at, width = self.places[name], len(self.by_name[name].columns)
        if width == 1:  # in English, whatever the reader’s language
            return lambda row: (row[at], "", "")
        return lambda row: row[at : at + width]

    def schema(self):
        """The JSON of a record, as JSON Schema."""
        properties = {"key": {"type": "string"}} | {field.name: field.schema() for field in self.fields}
        return {"type": "object", "properties": properties, "required": ["key"]}


@dataclass
class _Run:
    """A part of a row that stands in CSV as it is."""

    start: int
    end: int

    def __call__(self, row):
        return csv_text(row[self.start : self.end])


class Address(Field):
    """Where the page of a record stands, in the reader’s language. `route` may differ by the kind of a place."""

    def __init__(self, route, routes_by_kind=None):
        super().__init__("url", _("address"))
        self.route, self.by_kind = route, routes_by_kind or {}
        self.columns = ("key", "kind") if self.by_kind else ("key",)

    def heads(self):
        return [ColumnHeader("url", self.label, type="uri")]

    def cells_of(self, reading, at):
        address = self.data_of(reading, at)
        return lambda row: (address(row),)

    def text_of(self, reading, at):
        return self.data_of(reading, at)  # nothing in it wants quotes

    def data_of(self, reading, at):
        with translation.override(reading.reader):
            routes = {kind: (reading.base + path_of(route)).split("KEY") for kind, route in self.by_kind.items()}
            usual = (reading.base + path_of(self.route)).split("KEY")
        if not routes:
            before, after = usual
            return lambda row: f"{before}{row[at]}{after}"
        return lambda row: row[at].join(routes.get(row[at + 1], usual))

    def schema(self):
        return {"type": "string", "format": "uri"}


def path_of(route):
    """The path of a record whose key is KEY, in the active language. A route may lead to a part of a page."""
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


class RecordSelection:
    """Which records are handed out, in which order: those of one kind, or pairs of kind and primary key.

    `label` is the name of the file, `title` words for it, `about` the address of the page that shows the same. A single
    one may be one that is `past`: the record as it was on a day, and the day. References are all that is made of it.
    """

    def __init__(self, pks, *, kind=None, label, title, about, base, language=None, single=False, past=None):
        self.pks, self.kind = pks, kind
        self.label, self.title, self.about, self.base = label, title, about, base
        self.language, self.single, self.past, self.reader = language, single, past, get_language()
        self.beside = {}  # by name: other records, which JSON of a single one carries

    def __len__(self):
        return len(self.pks)

    @property
    def serialiser(self) -> Serialiser | None:
        """How the records are read, if all are of one kind."""
        return SERIALISERS[self.kind] if self.kind else None

    @property
    def heads(self):
        return self.serialiser.heads if self.kind else BRIEF

    def chunks(self, size=None):
        size = size or CHUNK
        return (self.pks[start : start + size] for start in range(0, len(self.pks), size))

    def cells(self):
        """The rows of a table, a chunk at a time."""
        readings = {}
        for chunk in self.chunks():
            if self.kind:
                reading, cells = readings.setdefault(self.kind, self._reader(self.serialiser.cells_of))
                yield map(cells, self.serialiser.rows(chunk, reading))
            else:
                yield self._mixed(chunk, lambda serialiser: serialiser.brief_of, readings, ())

    def lines(self):
        """The rows of a table as lines of CSV, a chunk at a time."""
        if not self.kind:
            for rows in self.cells():
                yield map(csv_text, rows)
            return
        reading, text = self._reader(self.serialiser.text_of)
        for chunk in self.chunks():
            yield map(text, self.serialiser.rows(chunk, reading))

    def data(self, size=None):
        """The records as JSON, one after the other."""
        readings = {}
        for chunk in self.chunks(size):
            if self.kind:
                reading, data = readings.setdefault(self.kind, self._reader(self.serialiser.data_of))
                yield from map(data, self.serialiser.rows(chunk, reading))
            else:
                yield from self._mixed(chunk, _data_with_type, readings)

    def located(self, size=None):
        """The records as pairs of JSON and positions."""
        readings = {}
        for chunk in self.chunks(size):
            if self.kind:
                reading, read = readings.setdefault(self.kind, self._reader(_located(self.serialiser)))
                yield from map(read, self.serialiser.rows(chunk, reading))
            else:
                yield from self._mixed(chunk, _located, readings)

    def records(self, size=200):
        """The records themselves, for forms that say little of each."""
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
        """What is read of a chunk of several kinds, in its order."""
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


def _located(serialiser):
    def located_of(reading):
        data, points = _data_with_type(serialiser)(reading), serialiser.points_of(reading)
        return lambda row: (data(row), points(row) if points else [])

    return located_of


def short_records(model):
    """Published records of a model without their long texts."""
    records = model.objects.published()
    return records.without_sections() if hasattr(records, "without_sections") else records
