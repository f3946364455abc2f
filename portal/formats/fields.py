"""Fields of serialisers: which columns each one reads, and how it looks in a table, in CSV and in JSON.

Fields are declared once for each kind of record and shared by concurrent requests, so they hold no state. The data of
one export is in its `ReadContext`.

Fields are optimised for long lists. They read plain tuples instead of model instances. A field prepares what it needs
once and returns a function, which is then called for every row. For CSV and JSON the function is called for many rows
at once, and returns a column of texts: calls of Python functions for each cell would take most of the time.
"""

import datetime
import functools
import itertools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter

from django.conf import settings
from django.db.models import CharField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Cast
from django.db.models.query import ValuesListIterable
from django.utils import translation
from django.utils.text import format_lazy

from portal.core.choices import PublicationStatus
from portal.core.database import IdList
from portal.core.spreadsheets import FORMULA_PREFIXES

RISKY_SIGNS = frozenset(FORMULA_PREFIXES)
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
# Separates the values in one cell. Not a comma, because many names contain commas.
SEPARATOR = "; "
# The most texts that a cache of one export holds; a full cache is cleared.
REMEMBERED = 8_000
NULL = "null"  # in JSON
_json_string = json.encoder.encode_basestring  # of one text; what `json.dumps` calls for it without escapes

WORDS_SCHEMA = {"$ref": "#/components/schemas/Words"}
KEY_SCHEMA = {"type": "string"}


def nullable(schema):
    """Return a JSON schema that also accepts null. A `title` in a schema is its name in the description of the API."""
    return {"anyOf": [schema, {"type": "null"}]}


def words_in_languages(lazy):
    """Return a lazy translation as a tuple of texts, one for each language in the order of `LANGUAGES`."""
    found = []
    for language in LANGUAGES:
        with translation.override(language):
            found.append(str(lazy))
    return tuple(found)


@functools.cache
def words_of(choices):
    """Return the labels of an enumeration: a dict from each value to a tuple of texts, in the order of `LANGUAGES`."""
    return {choice.value: words_in_languages(choice.label) for choice in choices}


def in_all_languages(words):
    """Return texts in the order of `LANGUAGES` as a JSON object by language code; an empty text is null."""
    return {language: text or None for language, text in zip(LANGUAGES, words, strict=True)}


def in_one_language(language) -> Callable:
    """Return a function that selects the text in `language` from texts in the order of `LANGUAGES`.

    It falls back to English, and returns None if that is empty too.
    """
    place = LANGUAGES.index(language)
    return lambda words: words[place] or words[0] or None


def with_english_fallback(words):
    """Replace empty texts by the English one, for cells that hold several values."""
    return tuple(text or words[0] or "" for text in words)


def moment(value):
    """Return a time as ISO 8601 in UTC, to the second; None stays None."""
    return value and value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain_number(value):
    """Return a decimal without trailing zeros and without an exponent.

    Floats are accepted too, because SQLite returns them for columns read with `as_stored`.
    """
    if not value or isinstance(value, int):
        return value
    value = Decimal(repr(value)) if isinstance(value, float) else value
    return value.quantize(1) if value == value.to_integral_value() else value.normalize()


def as_stored(name):
    """Return an expression that reads a column as the database returns it.

    This skips Django’s conversion of each value, which is slow.
    """
    return ExpressionWrapper(F(name), output_field=CharField())


def csv_text(cells):
    """Return cells as one line of CSV, without a line break.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    return ",".join(
        ["" if cell is None or cell == "" else _quoted(cell) if cell.__class__ is str else str(cell) for cell in cells]
    )


def dumps(value):
    """Return compact JSON: no spaces, non-ASCII letters unescaped, and a Decimal as a number."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_number)


def _number(value):
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{value!r} has no JSON.")


def json_texts(values):
    """Return plain values of a column as JSON texts. An empty text is null."""
    return [
        NULL if value is None or value == "" else _json_string(value) if value.__class__ is str else dumps(value)
        for value in values
    ]


def _quoted(text):
    if text[0] in RISKY_SIGNS:
        text = f"'{text}"
    if '"' in text:
        text = text.replace('"', '""')
    elif "," not in text and "\n" not in text and "\r" not in text:
        return text
    return f'"{text}"'


class _AllAtOnce(ValuesListIterable):
    """Tuples in chunks of 5,000 rows. In Django’s chunks of 100, most of the time goes into fetching the chunks."""

    def __init__(self, queryset, chunked_fetch=False, chunk_size=None):
        super().__init__(queryset, chunked_fetch, 5_000)


def values_tuples(queryset, *columns):
    """Return the values of these columns of a queryset as a list of plain tuples."""
    found = queryset.values_list(*columns)
    found._iterable_class = _AllAtOnce
    return list(found)


@dataclass(frozen=True)
class ColumnHeader:
    """A column of a table: its name in files, its label, the language of its texts, and the type of its values.

    `list` is True if a cell holds several values, joined by `SEPARATOR`. Files show a `heading` as the name.
    """

    name: str
    label: str
    language: str = ""
    type: str = "string"
    list: bool = False
    heading: str = ""

    @property
    def title(self):
        """What a file has at the top of the column."""
        return self.heading or self.name


class ReadContext:
    """The state of one export: its language, the start of its URLs, and the related data that was read for its records.

    `base` is the start of every URL. `reader` is the language of the pages that URLs lead to. `say` turns a tuple of
    texts into JSON: an object with all languages, or the text in `language` if that is given.
    """

    def __init__(self, base, reader, language=None):
        self.base, self.reader = base, reader
        self.say = in_one_language(language) if language else in_all_languages
        self.hung = {}  # by `RelatedRowsField`: a dict from the key of a record to a tuple of its rows
        self._shared = {}  # by `RelatedRowsField`: a dict from each row to itself
        self._mentions = {}  # by `RelatedSummary`: a dict from primary key to the values of its columns

    def shared(self, field, rows):
        """Return the related rows of `field` as a list in which equal rows are one object.

        The few objects stay in the cache of the processor: a file takes a sixth less time.
        """
        known = self._shared.setdefault(field, {})
        if len(known) > REMEMBERED:
            known.clear()
        return list(map(known.setdefault, rows, rows))

    def mentions(self, mention, pks):
        """Return a dict from primary key to the values of `mention.columns`; None for records that are not published.

        Each record is read once for each export, in one query for all that are missing.
        """
        known = self._mentions.setdefault(mention, {})
        missing = {pk for pk in pks if pk is not None} - known.keys()
        if missing:
            known.update(dict.fromkeys(missing))
            for pk, *values in values_tuples(mention.published(missing), "pk", *mention.columns):
                known[pk] = tuple(values)
        return known


# ── Fields of the record itself ──────────────────────────────────────────────────────────────────────────────────


class Field:
    """One field of the data of a record. `columns` are the expressions that it reads; each gives one value of a row.

    The values of a `verbatim` field are written to a table as the database returns them. If a field `repeats`, many
    rows have the same values, and its texts are cached. They must depend on these values only.
    """

    verbatim = repeats = False

    def __init__(self, name, label):
        self.name, self.label = name, label
        self.columns = ()

    def column_headers(self):
        """Return the columns of a table, as `ColumnHeader`s."""
        return [ColumnHeader(self.name, self.label)]

    def load(self, reading, rows, at, keys):
        """Read the related data of the records in `rows` into `reading`. A field without related data does nothing.

        The values of this field begin at index `at` of each row. `keys` are the primary keys of the records.
        """

    def cells_of(self, reading, at):
        """Return a function from a row of values to the cells of the field, whose values begin at index `at`."""
        end = at + len(self.columns)
        return lambda row: row[at:end]

    def texts_of(self, reading, at):
        """Return a function from rows to a column of their cells as CSV text."""
        return self._column(reading, at, self.cells_of, csv_text)

    def data_of(self, reading, at):
        """Return a function from a row of values to the JSON value of the field."""
        return lambda row: row[at] if row[at] != "" else None

    def json_of(self, reading, at):
        """Return a function from rows to a column of their JSON values as text: what `data_of` says, written faster."""
        return self._column(reading, at, self.data_of, dumps)

    def _column(self, reading, at, values_of, write):
        """Return a function from rows to the column of what `write` makes of the values of each row."""
        if self.repeats:
            values, own = values_of(reading, 0), itemgetter(slice(at, at + len(self.columns)))
            return cached_column(lambda key: write(values(key)), lambda rows: map(own, rows))
        values = values_of(reading, at)
        return lambda rows: [write(values(row)) for row in rows]

    def schema(self):
        """Return the JSON Schema of the field’s JSON value."""
        return nullable({"type": "string"})


class PlainField(Field):
    """A column whose value is exported unchanged. The value of an `optional` field may be empty."""

    verbatim = True

    def __init__(self, name, label, *, path=None, type="string", optional=True, format=None):
        super().__init__(name, label)
        self.columns, self.type, self.optional, self.format = (path or name,), type, optional, format

    def column_headers(self):
        return [ColumnHeader(self.name, self.label, type=self.format or self.type)]

    def json_of(self, reading, at):
        return lambda rows: json_texts([row[at] for row in rows])

    def schema(self):
        known = {"type": self.type} | ({"format": self.format} if self.format else {})
        return nullable(known) if self.optional else known


class BooleanField(PlainField):
    """A column that is true or false."""

    def __init__(self, name, label):
        super().__init__(name, label, type="boolean", optional=False)


class TranslatedTextField(Field):
    """A translated text, with one column for each language."""

    verbatim = True

    def __init__(self, name, label, *, path=None):
        super().__init__(name, label)
        self.columns = tuple(f"{path or name}_{language}" for language in LANGUAGES)

    def column_headers(self):
        return [ColumnHeader(f"{self.name}_{language}", self.label, language) for language in LANGUAGES]

    def data_of(self, reading, at):
        say, end = reading.say, at + len(LANGUAGES)
        return lambda row: say(row[at:end])

    def json_of(self, reading, at):
        data, end = self.data_of(reading, at), at + len(LANGUAGES)
        if reading.say is not in_all_languages:
            return lambda rows: json_texts(map(data, rows))
        template = f"{{{','.join(f'{_json_string(language)}:%s' for language in LANGUAGES)}}}"
        empty, nothing = ("",) * len(LANGUAGES), template % ((NULL,) * len(LANGUAGES))
        return lambda rows: [
            nothing if words == empty else template % tuple(json_texts(words))
            for words in [row[at:end] for row in rows]
        ]

    def schema(self):
        return WORDS_SCHEMA


class DateField(PlainField):
    """A date that is known to the day, the month or the year. It is exported as the text that the database stores."""

    def __init__(self, name, label, *, optional=True):
        super().__init__(name, label, optional=optional)
        self.columns = (as_stored(name),)

    def column_headers(self):
        return [ColumnHeader(self.name, self.label, type="partial-date")]

    def schema(self):
        known = {"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$"}
        return nullable(known) if self.optional else known


class DayField(PlainField):
    """A day, as ISO 8601 text."""

    def __init__(self, name, label):
        super().__init__(name, label, format="date")
        self.columns = (Cast(name, CharField()),)


def _stamp(text):
    return text and f"{text[:10]}T{text[11:19]}Z"


class DateTimeField(Field):
    """The time of an event in the life of the record, in UTC.

    It is cut out of the text that the database returns, because parsing that text is slow.
    """

    def __init__(self, name, label, path):
        super().__init__(name, label)
        self.columns = (Cast(path, CharField()),)

    def column_headers(self):
        return [ColumnHeader(self.name, self.label, type="date-time")]

    def cells_of(self, reading, at):
        return lambda row: (_stamp(row[at]),)

    def texts_of(self, reading, at):
        return lambda rows: [_stamp(row[at]) or "" for row in rows]

    def data_of(self, reading, at):
        return lambda row: _stamp(row[at])

    def json_of(self, reading, at):
        return lambda rows: json_texts([_stamp(row[at]) for row in rows])

    def schema(self):
        return nullable({"type": "string", "format": "date-time"})


class NumberField(Field):
    """A decimal without trailing zeros."""

    def __init__(self, name, label, *, optional=False):
        super().__init__(name, label)
        self.columns, self.optional = (as_stored(name),), optional

    def column_headers(self):
        return [ColumnHeader(self.name, self.label, type="number")]

    def cells_of(self, reading, at):
        return lambda row: (plain_number(row[at]),)

    def data_of(self, reading, at):
        return lambda row: plain_number(row[at])

    def schema(self):
        return nullable({"type": "number"}) if self.optional else {"type": "number"}


class ChoiceField(Field):
    """A choice: its code, its label in each language, and its IATI code if the choices have an `iati_code`."""

    repeats = True

    def __init__(self, name, label, choices, *, optional=False):
        super().__init__(name, label)
        self.columns, self.choices, self.optional = (name,), choices, optional

    @property
    def has_iati(self):
        return hasattr(next(iter(self.choices)), "iati_code")

    def column_headers(self):
        iati = [ColumnHeader(f"{self.name}_iati", self.label)] if self.has_iati else []
        words = [ColumnHeader(f"{self.name}_{language}", self.label, language) for language in LANGUAGES]
        return [ColumnHeader(self.name, self.label), *iati, *words]

    def cells_of(self, reading, at):
        words, iati = words_of(self.choices), self.has_iati
        known = {
            choice.value: (choice.value, *((choice.iati_code,) if iati else ()), *words[choice.value])
            for choice in self.choices
        }
        empty = ("",) * len(self.column_headers())
        return lambda row: known.get(row[at], empty)

    def data_of(self, reading, at):
        words = words_of(self.choices)
        known = {
            choice.value: {"code": choice.value}
            | ({"iati": choice.iati_code or None} if self.has_iati else {})
            | {"name": reading.say(words[choice.value])}
            for choice in self.choices
        }
        return lambda row: known.get(row[at])

    def schema(self):
        name = self.choices.__qualname__.replace(".", "")
        code = {"title": f"{name}Code", "type": "string", "enum": [choice.value for choice in self.choices]}
        known = {
            "title": name,
            "type": "object",
            "properties": {"code": code}
            | ({"iati": nullable({"type": "string"})} if self.has_iati else {})
            | {"name": WORDS_SCHEMA},
            "required": ["code", *(["iati"] if self.has_iati else []), "name"],
        }
        return nullable(known) if self.optional else known


class MoneyField(Field):
    """An amount and its currency, as the source gives them."""

    repeats = True

    def __init__(self, name, label, currency_label):
        super().__init__(name, label)
        self.columns, self.currency_label = (as_stored(name), "currency"), currency_label

    def column_headers(self):
        return [ColumnHeader(self.name, self.label, type="number"), ColumnHeader("currency", self.currency_label)]

    def cells_of(self, reading, at):
        return lambda row: (plain_number(row[at]), row[at + 1])

    def data_of(self, reading, at):
        return lambda row: None if row[at] is None else {"amount": plain_number(row[at]), "currency": row[at + 1]}

    def schema(self):
        currency = {"type": "string", "pattern": "^[A-Z]{3}$"}
        properties = {"amount": {"type": "number", "minimum": 0}, "currency": currency}
        return nullable(
            {"title": "Money", "type": "object", "properties": properties, "required": ["amount", "currency"]}
        )


class PositionField(Field):
    """The latitude and longitude of a place."""

    verbatim = True

    def __init__(self, label, labels):
        super().__init__("position", label)
        self.columns, self.labels = ("latitude", "longitude"), labels

    def column_headers(self):
        return [ColumnHeader(name, label, type="number") for name, label in zip(self.columns, self.labels, strict=True)]

    def data_of(self, reading, at):
        def data(row):
            return None if row[at] is None else {"latitude": float(row[at]), "longitude": float(row[at + 1])}

        return data

    def schema(self):
        properties = {
            "latitude": {"type": "number", "minimum": -90, "maximum": 90},
            "longitude": {"type": "number", "minimum": -180, "maximum": 180},
        }
        return nullable({"title": "Position", "type": "object", "properties": properties, "required": list(properties)})


def memoized(function, at):
    """Return `function` of a row with a cache keyed by the value at index `at`.

    The result must depend on that value only.
    """
    known = {}

    def remembered(row):
        found = known.get(row[at])
        if found is None:
            if len(known) > REMEMBERED:
                known.clear()
            found = known[row[at]] = function(row)
        return found

    return remembered


class TextCache(dict):
    """A dict from keys to texts. `write` makes a missing text of its key."""

    def __init__(self, write):
        self.write = write

    def __missing__(self, key):
        text = self[key] = self.write(key)
        return text


def cached_column(write, keys_of):
    """Return a function from rows to the column of `write(key)` for each key of `keys_of(rows)`, with a cache."""
    known = TextCache(write)

    def column(rows):
        if len(known) > REMEMBERED:
            known.clear()
        return list(map(known.__getitem__, keys_of(rows)))

    return column


# ── Fields of related records ────────────────────────────────────────────────────────────────────────────────────


class RelatedSummary:
    """The summary of a related record: its key and its name.

    `suffixes` are pairs of a suffix and a language code. A suffix is added to the name of the field to name a column.
    """

    def __init__(self, model, name="name", code="key"):
        self.model, self.code = model, code
        self.columns = (code, *(f"{name}_{language}" for language in LANGUAGES))
        self.suffixes = (("", ""), *((f"_{language}", language) for language in LANGUAGES))

    @property
    def schema_title(self):
        """The name of the JSON Schema of the summary."""
        return f"{self.model.__name__}Name"

    @property
    def has_table(self):
        """True if the related records can be published, so that they have a table of their own."""
        return any(field.name == "publication" for field in self.model._meta.concrete_fields)

    def published(self, pks):
        """Return the records among `pks` that readers may see."""
        found = base_rows(self.model).filter(pk__in_ids=IdList(pks)).order_by()
        return found.filter(publication=PublicationStatus.PUBLISHED) if self.has_table else found

    def cells(self, values):
        return (values[0], *with_english_fallback(values[1:4]))

    def data(self, values, say):
        return {self.code: values[0], "name": say(values[1:4])}

    def properties(self):
        return {self.code: KEY_SCHEMA, "name": WORDS_SCHEMA}


class PlaceSummary(RelatedSummary):
    """The summary of a place, with its position in JSON."""

    schema_title = "PlaceSummary"

    def __init__(self, model):
        super().__init__(model)
        self.columns += ("latitude", "longitude", "kind")

    def data(self, values, say):
        latitude, longitude = values[4:6]
        at = None if latitude is None else {"latitude": float(latitude), "longitude": float(longitude)}
        return super().data(values, say) | {"position": at}

    def properties(self):
        return super().properties() | {"position": PositionField("", ("", "")).schema()}


class SourceSummary(RelatedSummary):
    """The summary of a source: its title in its own language and in English, publisher, date, URL and licence.

    A table has only its key, its own title (else the English one) and its URL.
    """

    schema_title = "SourceSummary"

    def __init__(self, model):
        super().__init__(model)
        licences = (f"licence_{language}" for language in LANGUAGES)
        self.columns = ("key", "title", "title_original", "publisher", as_stored("date"), "url", *licences)
        self.suffixes = (("", ""), ("_title", ""), ("_url", ""))

    def cells(self, values):
        return (values[0], values[2] or values[1], values[5] or "")

    def data(self, values, say):
        return {
            "key": values[0],
            "title": values[1],
            "title_original": values[2] or None,
            "publisher": values[3],
            "date": values[4],
            "url": values[5],
            "licence": say(values[6:9]),
        }

    def properties(self):
        text = {"type": "string"}
        return {
            "key": KEY_SCHEMA,
            "title": text,
            "title_original": nullable(text),
            "publisher": text,
            "date": nullable({"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$"}),
            "url": nullable(text),
            "licence": WORDS_SCHEMA,
        }


class RelatedField(Field):
    """A foreign key to another record, exported as the summary `mention`.

    If a field of a `RelatedRowsField` is `inline`, its key and name are merged into the object of each row.
    """

    repeats = True

    def __init__(self, name, label, mention, *, path=None, inline=False, optional=True):
        super().__init__(name, label)
        self.columns, self.mention = (path or f"{name}_id",), mention
        self.inline, self.optional = inline, optional

    def column_headers(self):
        return [
            ColumnHeader(f"{self.name}{suffix}", self.label, language) for suffix, language in self.mention.suffixes
        ]

    def load(self, reading, rows, at, keys):
        reading.mentions(self.mention, {row[at] for row in rows})

    def cells_of(self, reading, at):
        known, empty = reading.mentions(self.mention, ()), ("",) * len(self.mention.suffixes)
        cells = self.mention.cells

        def found(row):
            values = known.get(row[at])
            return cells(values) if values else empty

        return memoized(found, at)

    def data_of(self, reading, at):
        known, data, say = reading.mentions(self.mention, ()), self.mention.data, reading.say

        def found(row):
            values = known.get(row[at])
            return data(values, say) if values else None

        return found

    def sees(self, reading, at):
        """Return a function that returns False for a row whose related record is not visible to readers."""
        known = reading.mentions(self.mention, ())
        return lambda row: row[at] is None or known.get(row[at]) is not None

    def points_of(self, reading, at):
        """Return a function from a row to a list with the longitude, latitude and kind of the related place.

        The list is empty if readers may not see the place, or if its position is not known.
        """
        known = reading.mentions(self.mention, ())

        def points(row):
            values = known.get(row[at])
            return [(float(values[5]), float(values[4]), values[6])] if values and values[4] is not None else []

        return points

    def schema(self):
        properties = self.mention.properties()
        known = {
            "title": self.mention.schema_title,
            "type": "object",
            "properties": properties,
            "required": list(properties),
        }
        return nullable(known) if self.optional else known


class RelatedRowsField(Field):
    """Rows of another model that point to the record, each with fields of its own.

    In a table, one cell holds the values of all rows, joined by `SEPARATOR`.

    `owner` is the foreign key from the row to the record. A row is left out if it names a record that readers may not
    see. Texts in a cell fall back to English, so that the first key, the first name and the first code belong to the
    same row. `only` is a condition that rows must meet.
    """

    def __init__(self, name, label, model, owner, fields, *, order=("pk",), only_words=False, only=None):
        super().__init__(name, label)
        self.only = only or Q()
        self.model, self.owner, self.fields, self.order = model, owner, fields, order
        self.only_words = only_words  # each row has one field: JSON is a list of its values, not of objects
        self.nested = [field for field in fields if isinstance(field, RelatedRowsField)]
        self.inner = []  # pairs of a field and the index of its values in a row
        at = 1 if self.nested else 0  # index 0 is the primary key of the row, if other rows point to it
        for field in fields:
            self.inner.append((field, at))
            at += len(field.columns)

    def column_headers(self):
        found = []
        for field in self.fields:
            if not isinstance(field, RelatedRowsField):
                for head in field.column_headers():
                    rest = head.name.removeprefix(field.name)
                    name = f"{self.name}{rest}" if self.names_it(field) else f"{self.name}_{head.name}"
                    label = self.label if self.names_it(field) else format_lazy("{}: {}", self.label, head.label)
                    found.append(ColumnHeader(name, label, head.language, head.type, list=True))
        return found

    def names_it(self, field):
        """Return True if the columns of `field` are named after the whole list.

        An example is the field `country` of the countries of a project: its column is `countries`, not
        `countries_country`.
        """
        return self.only_words or (isinstance(field, RelatedField) and field.inline)

    def load(self, reading, rows, at, keys):
        hung = reading.hung.setdefault(self, {})
        hung.clear()
        columns = [*(["pk"] if self.nested else []), *(column for field in self.fields for column in field.columns)]
        asked = base_rows(self.model).filter(self.only, **{f"{self.owner}__in_ids": keys})
        # Ordered by owner first, as in the index, so that the database does not sort.
        found = values_tuples(asked.order_by(f"{self.owner}_id", *self.order), f"{self.owner}_id", *columns)
        own = reading.shared(self, [row[1:] for row in found])
        rest = iter(own)
        for owner, count in Counter(map(itemgetter(0), found)).items():
            hung[owner] = tuple(itertools.islice(rest, count))
        keys = IdList([row[0] for row in own]) if self.nested else None
        for field, place in self.inner:
            field.load(reading, own, place, keys)

    def seer(self, reading):
        """Return a function that returns True for a row if readers may see every record that it names."""
        seers = [field.sees(reading, place) for field, place in self.inner if isinstance(field, RelatedField)]
        return lambda row: all(sees(row) for sees in seers)

    def cells_of(self, reading, at):
        hung, joined = reading.hung.setdefault(self, {}), self._joined(reading)
        return lambda row: joined(hung.get(row[0], ()))[0]

    def texts_of(self, reading, at):
        joined = self._joined(reading)

        def write(rows):
            cells, is_plain = joined(rows)
            return ",".join(cells) if is_plain else csv_text(cells)

        return self._column_of_related(reading, write)

    def _column_of_related(self, reading, write):
        """Return a function from rows to the column of what `write` makes of the related rows of each, with a cache."""
        hung = reading.hung.setdefault(self, {})
        return cached_column(write, lambda rows: [hung.get(row[0], ()) for row in rows])

    def _joined(self, reading):
        """Return a function from the related rows of a record to their cells, and True if CSV must not quote them.

        Cells need no quotes if those of each row need none, because `SEPARATOR` needs none.
        """
        parts = [
            field.cells_of(reading, place) for field, place in self.inner if not isinstance(field, RelatedRowsField)
        ]
        sees, nothing = self.seer(reading), (("",) * len(self.column_headers()), True)

        @functools.lru_cache(REMEMBERED)  # the same row occurs in many combinations
        def cells_of_one(row):
            cells = [cell for part in parts for cell in part(row)] if sees(row) else ()
            # A comma where a text contains the separator, so that the values of all columns can be told apart.
            cells = tuple(["" if cell is None else str(cell).replace(SEPARATOR, ", ") for cell in cells])
            return cells, csv_text(cells) == ",".join(cells)

        def joined(rows):
            found = [one for one in map(cells_of_one, rows) if one[0]]
            if len(found) < 2:
                return found[0] if found else nothing
            lines, plain = zip(*found, strict=True)
            return [SEPARATOR.join(column) for column in zip(*lines, strict=True)], all(plain)

        return joined

    def table_fields(self):
        """Return the fields of a table of the related rows, with the number of their columns in it; None for all.

        A related record that has a table of its own is only named by its key. Nested rows are no columns.
        """
        return [
            (field, place, 1 if isinstance(field, RelatedField) and field.mention.has_table else None)
            for field, place in self.inner
            if not isinstance(field, RelatedRowsField)
        ]

    def table_headers(self):
        """Return the columns of a table that has the related rows of all records, without that of the record."""
        return [head for field, _place, width in self.table_fields() for head in field.column_headers()[:width]]

    def table_rows_of(self, reading, at):
        """Return a function from a row to pairs: each related row that readers may see, and its cells in that table."""
        hung, sees = reading.hung.setdefault(self, {}), self.seer(reading)
        parts = [(field.cells_of(reading, place), width) for field, place, width in self.table_fields()]
        return lambda row: [
            (one, [cell for cells, width in parts for cell in cells(one)[:width]])
            for one in hung.get(row[0], ())
            if sees(one)
        ]

    def data_of(self, reading, at):
        hung, sees, item = reading.hung.setdefault(self, {}), self.seer(reading), self._item_of(reading)
        return lambda row: [item(one) for one in hung.get(row[0], ()) if sees(one)]

    def json_of(self, reading, at):
        sees, item = self.seer(reading), self._item_of(reading)

        @functools.lru_cache(REMEMBERED)
        def text_of_one(row):
            return dumps(item(row)) if sees(row) else ""

        def write(rows):
            return f"[{','.join(filter(None, map(text_of_one, rows)))}]"

        return self._column_of_related(reading, write)

    def _item_of(self, reading):
        """Return a function from a related row to its JSON value."""
        parts = [(field, field.data_of(reading, place)) for field, place in self.inner]
        if self.only_words:
            [(_field, part)] = parts
            return part

        def item(row):
            found = {}
            for field, part in parts:
                said = part(row)
                if isinstance(field, RelatedField) and field.inline:
                    found |= said
                else:
                    found[field.name] = said
            return found

        return item

    def points_of(self, reading, at):
        """Return a function from a row to the positions and kinds of all places that its related rows name."""
        hung = reading.hung.setdefault(self, {})
        [points] = [field.points_of(reading, place) for field, place in self.inner if isinstance(field, RelatedField)]
        return lambda row: [point for one in hung.get(row[0], ()) for point in points(one)]

    def schema(self):
        if self.only_words:
            return {"type": "array", "items": self.fields[0].schema()}
        properties = {}
        for field in self.fields:
            if isinstance(field, RelatedField) and field.inline:
                properties |= field.mention.properties()
            else:
                properties[field.name] = field.schema()
        # Rows of many-to-many fields have a model such as Project_countries.
        title = "".join(part[0].upper() + part[1:] for part in self.model.__name__.split("_"))
        item = {"title": f"{title}Row", "type": "object", "properties": properties, "required": list(properties)}
        return {"type": "array", "items": item}


class InheritedRowsField(Field):
    """Related rows of a record, or those of another record that it has them from, such as those of its project.

    `own` and `inherited` are `RelatedRowsField`s of both models with the same columns; `path` is the foreign key to the
    other record. If readers may not see that record, there are no rows.
    """

    def __init__(self, own, inherited, path, mention):
        super().__init__(own.name, own.label)
        self.own, self.inherited, self.mention, self.columns = own, inherited, mention, (path,)

    def column_headers(self):
        return self.own.column_headers()

    def load(self, reading, rows, at, keys):
        self.own.load(reading, rows, at, keys)
        others = {row[at] for row in rows if row[at] is not None}
        known = reading.mentions(self.mention, others)
        self.inherited.load(reading, (), 0, IdList([pk for pk in others if known[pk] is not None]))

    def cells_of(self, reading, at):
        return self._either(self.own.cells_of(reading, at), self.inherited.cells_of(reading, 0), at)

    def data_of(self, reading, at):
        return self._either(self.own.data_of(reading, at), self.inherited.data_of(reading, 0), at)

    @staticmethod
    def _either(own, inherited, at):
        """Return a function that reads a row's own related rows, or those of the record at index `at` if there is one.

        The fields find related rows by the primary key at index 0 of what they are given.
        """
        return lambda row: own(row) if row[at] is None else inherited((row[at],))

    nested = ()

    def table_headers(self):
        return self.own.table_headers()

    def table_rows_of(self, reading, at):
        return self._either(self.own.table_rows_of(reading, at), self.inherited.table_rows_of(reading, 0), at)

    def table_fields(self):
        return self.own.table_fields()

    def schema(self):
        return self.own.schema()


def related_many(name, label, model, owner, path, mention, *, order=("pk",)):
    """Return a field for rows that only name another record, such as the countries of a project."""
    return RelatedRowsField(name, label, model, owner, [RelatedField(path, label, mention, inline=True)], order=order)


def choice_list(name, label, model, owner, field):
    """Return a field for rows that have a single value, such as the areas of a project."""
    return RelatedRowsField(name, label, model, owner, [field], only_words=True)


def base_rows(model):
    """Return all rows of a model, without the rewriting of modeltranslation: columns are named with their language."""
    return QuerySet(model)
