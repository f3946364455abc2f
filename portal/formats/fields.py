"""What a record states, piece by piece: which columns hold it, how it looks in a table and in JSON.

Fields are declared once a kind and read by many requests at once, so they keep nothing: what one reading has found lies
in its `ReadContext`. They are made for long lists. A field reads plain tuples, not records, and is asked for functions
that do nothing but take a row apart.
"""

import datetime
import functools
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter

from django.conf import settings
from django.db.models import CharField, ExpressionWrapper, F, QuerySet
from django.db.models.functions import Cast
from django.db.models.query import ValuesListIterable
from django.utils import translation

from portal.core.choices import PublicationStatus
from portal.core.database import IdList
from portal.core.spreadsheets import FORMULA_PREFIXES

RISKY_SIGNS = frozenset(FORMULA_PREFIXES)
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
# Between the values of one cell. A comma stands in many names.
SEPARATOR = "; "
# So many texts a reading keeps of what many records have in common.
REMEMBERED = 4_000

WORDS_SCHEMA = {"$ref": "#/components/schemas/Words"}
KEY_SCHEMA = {"type": "string"}


def nullable(schema):
    """A JSON schema that lets null through too."""
    return {"anyOf": [schema, {"type": "null"}]}


def words_in_languages(lazy):
    """A text of the interface in each language."""
    found = []
    for language in LANGUAGES:
        with translation.override(language):
            found.append(str(lazy))
    return tuple(found)


@functools.cache
def words_of(choices):
    """The words of an enumeration: by value, a tuple with one in each language."""
    return {choice.value: words_in_languages(choice.label) for choice in choices}


def in_all_languages(words):
    """Words of the languages as JSON: by language, null where there are none."""
    return {language: text or None for language, text in zip(LANGUAGES, words, strict=True)}


def in_one_language(language) -> Callable:
    """A function that picks from words of the languages those in `language`, English where there are none."""
    place = LANGUAGES.index(language)
    return lambda words: words[place] or words[0] or None


def with_english_fallback(words):
    """Words of the languages with English in the gaps, for cells that hold several values side by side."""
    return tuple(text or words[0] or "" for text in words)


def moment(value):
    """A time as ISO 8601, in UTC."""
    return value and value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain_number(value):
    """A decimal without idle zeros or an exponent. SQLite’s own number is taken too: see `as_stored`."""
    if not value or isinstance(value, int):
        return value
    value = Decimal(repr(value)) if isinstance(value, float) else value
    return value.quantize(1) if value == value.to_integral_value() else value.normalize()


def as_stored(name):
    """A column as the database gives it, without Django’s work on each value, which takes long."""
    return ExpressionWrapper(F(name), output_field=CharField())


def csv_text(cells):
    """Cells as they stand in a line of CSV. A text that a spreadsheet would take for a formula is quoted first."""
    return ",".join(
        ["" if cell is None or cell == "" else _quoted(cell) if cell.__class__ is str else str(cell) for cell in cells]
    )


def _quoted(text):
    if text[0] in RISKY_SIGNS:
        text = f"'{text}"
    if '"' in text:
        text = text.replace('"', '""')
    elif "," not in text and "\n" not in text and "\r" not in text:
        return text
    return f'"{text}"'


class _AllAtOnce(ValuesListIterable):
    """Tuples, fetched by the thousand: Django fetches by the hundred, which takes longer than what is fetched."""

    def __init__(self, queryset, chunked_fetch=False, chunk_size=None):
        super().__init__(queryset, chunked_fetch, 5_000)


def values_tuples(queryset, *columns):
    """The values of these columns of a queryset, as plain tuples."""
    found = queryset.values_list(*columns)
    found._iterable_class = _AllAtOnce
    return list(found)


@dataclass(frozen=True)
class ColumnHeader:
    """A column of a table: its name in files, words for it, the language of its text, its type; a `list` of values."""

    name: str
    label: str
    language: str = ""
    type: str = "string"
    list: bool = False


class ReadContext:
    """One pass over records: in which language, from which host, and what was found that hangs on them.

    `base` is the beginning of every address, `reader` the language of the pages that addresses lead to. `say` turns a
    tuple of words into JSON: all languages, or one.
    """

    def __init__(self, base, reader, language=None):
        self.base, self.reader = base, reader
        self.say = in_one_language(language) if language else in_all_languages
        self.hung = {}  # by rows: by record, what hangs on it
        self._mentions = {}  # by model: by primary key, what is said of a record that another one names

    def mentions(self, mention, pks):
        """What is said of the published ones among these records, by primary key. Each is asked for once."""
        known = self._mentions.setdefault(mention, {})
        missing = {pk for pk in pks if pk is not None} - known.keys()
        if missing:
            known.update(dict.fromkeys(missing))
            for pk, *values in values_tuples(mention.visible(missing), "pk", *mention.columns):
                known[pk] = tuple(values)
        return known


# ── Of the record itself ─────────────────────────────────────────────────────────────────────────────────────────


class Field:
    """One thing that a record states. `columns` are expressions by which it is asked for; it reads as many values.

    `verbatim` fields stand in a table as they come from the database.
    """

    verbatim = False

    def __init__(self, name, label):
        self.name, self.label = name, label
        self.columns = ()

    def heads(self):
        """The columns of a table."""
        return [ColumnHeader(self.name, self.label)]

    def load(self, reading, rows, at, keys):
        """Ask for what hangs on the records of `rows`, whose own values begin at the place `at`.

        `keys` are the primary keys of the records.
        """

    def cells_of(self, reading, at):
        """A function from a row of values to the cells of the field, whose values begin at the place `at`."""
        end = at + len(self.columns)
        return lambda row: row[at:end]

    def text_of(self, reading, at):
        """A function from a row of values to the cells as they stand in CSV. Asked for every row of long lists."""
        cells = self.cells_of(reading, at)
        return lambda row: csv_text(cells(row))

    def data_of(self, reading, at):
        """A function from a row of values to the JSON of the field."""
        return lambda row: row[at] if row[at] != "" else None

    def schema(self):
        """What its JSON looks like, as JSON Schema."""
        return nullable({"type": "string"})


class PlainField(Field):
    """A column as it is. `optional` ones may be empty."""

    verbatim = True

    def __init__(self, name, label, *, path=None, type="string", optional=True, format=None):
        super().__init__(name, label)
        self.columns, self.type, self.optional, self.format = (path or name,), type, optional, format

    def heads(self):
        return [ColumnHeader(self.name, self.label, type=self.format or self.type)]

    def schema(self):
        known = {"type": self.type} | ({"format": self.format} if self.format else {})
        return nullable(known) if self.optional else known


class BooleanField(PlainField):
    """Yes or no."""

    def __init__(self, name, label):
        super().__init__(name, label, type="boolean", optional=False)


class TranslatedTextField(Field):
    """A translated text: a column a language."""

    verbatim = True

    def __init__(self, name, label, *, path=None):
        super().__init__(name, label)
        self.columns = tuple(f"{path or name}_{language}" for language in LANGUAGES)

    def heads(self):
        return [ColumnHeader(f"{self.name}_{language}", self.label, language) for language in LANGUAGES]

    def data_of(self, reading, at):
        say, end = reading.say, at + len(LANGUAGES)
        return lambda row: say(row[at:end])

    def schema(self):
        return WORDS_SCHEMA


class DateField(PlainField):
    """A date that is known to the day, the month or the year. Its text is read as it lies in the database."""

    def __init__(self, name, label, *, optional=True):
        super().__init__(name, label, optional=optional)
        self.columns = (as_stored(name),)

    def heads(self):
        return [ColumnHeader(self.name, self.label, type="partial-date")]

    def schema(self):
        known = {"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$"}
        return nullable(known) if self.optional else known


def _stamp(text):
    return text and f"{text[:10]}T{text[11:19]}Z"


class DateTimeField(Field):
    """When something happened to the record, in UTC. The database’s text of it is taken: parsing it takes long."""

    def __init__(self, name, label, path):
        super().__init__(name, label)
        self.columns = (Cast(path, CharField()),)

    def heads(self):
        return [ColumnHeader(self.name, self.label, type="date-time")]

    def cells_of(self, reading, at):
        return lambda row: (_stamp(row[at]),)

    def text_of(self, reading, at):
        return lambda row: _stamp(row[at]) or ""

    def data_of(self, reading, at):
        return lambda row: _stamp(row[at])

    def schema(self):
        return nullable({"type": "string", "format": "date-time"})


class NumberField(Field):
    """A decimal, without idle zeros. JSON has it as text, which no reader rounds."""

    def __init__(self, name, label, *, optional=False):
        super().__init__(name, label)
        self.columns, self.optional = (as_stored(name),), optional

    def heads(self):
        return [ColumnHeader(self.name, self.label, type="number")]

    def cells_of(self, reading, at):
        return lambda row: (plain_number(row[at]),)

    def data_of(self, reading, at):
        return lambda row: None if row[at] is None else str(plain_number(row[at]))

    def schema(self):
        known = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}
        return nullable(known) if self.optional else known


class ChoiceField(Field):
    """One of several choices: its code, with the words beside it; and IATI’s code, where the choice has one."""

    def __init__(self, name, label, choices, *, optional=False):
        super().__init__(name, label)
        self.columns, self.choices, self.optional = (name,), choices, optional

    @property
    def has_iati(self):
        return hasattr(next(iter(self.choices)), "iati_code")

    def heads(self):
        iati = [ColumnHeader(f"{self.name}_iati", self.label)] if self.has_iati else []
        words = [ColumnHeader(f"{self.name}_{language}", self.label, language) for language in LANGUAGES]
        return [ColumnHeader(self.name, self.label), *iati, *words]

    def cells_of(self, reading, at):
        words, iati = words_of(self.choices), self.has_iati
        known = {
            choice.value: (choice.value, *((choice.iati_code,) if iati else ()), *words[choice.value])
            for choice in self.choices
        }
        empty = ("",) * len(self.heads())
        return lambda row: known.get(row[at], empty)

    def text_of(self, reading, at):
        return memoized(super().text_of(reading, at), at)

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
        known = {
            "type": "object",
            "properties": {"code": {"enum": [choice.value for choice in self.choices]}}
            | ({"iati": nullable({"type": "string"})} if self.has_iati else {})
            | {"name": WORDS_SCHEMA},
            "required": ["code", *(["iati"] if self.has_iati else []), "name"],
        }
        return nullable(known) if self.optional else known


class MoneyField(Field):
    """An amount with its currency, as a source gives it."""

    def __init__(self, name, label, currency_label):
        super().__init__(name, label)
        self.columns, self.currency_label = (as_stored(name), "currency"), currency_label

    def heads(self):
        return [ColumnHeader(self.name, self.label, type="number"), ColumnHeader("currency", self.currency_label)]

    def cells_of(self, reading, at):
        return lambda row: (plain_number(row[at]), row[at + 1])

    def data_of(self, reading, at):
        return lambda row: None if row[at] is None else {"amount": str(plain_number(row[at])), "currency": row[at + 1]}

    def schema(self):
        amount = {"type": "string", "pattern": r"^\d+(\.\d+)?$"}
        currency = {"type": "string", "pattern": "^[A-Z]{3}$"}
        properties = {"amount": amount, "currency": currency}
        return nullable({"type": "object", "properties": properties, "required": ["amount", "currency"]})


class PositionField(Field):
    """Latitude and longitude of a place."""

    verbatim = True

    def __init__(self, label, labels):
        super().__init__("position", label)
        self.columns, self.labels = ("latitude", "longitude"), labels

    def heads(self):
        return [ColumnHeader(name, label, type="number") for name, label in zip(self.columns, self.labels, strict=True)]

    def data_of(self, reading, at):
        def data(row):
            return None if row[at] is None else {"latitude": float(row[at]), "longitude": float(row[at + 1])}

        return data

    def points_of(self, reading, at):
        """A function from a row to its positions, in GeoJSON’s order: longitude, latitude."""
        return lambda row: [] if row[at] is None else [(float(row[at + 1]), float(row[at]))]

    def schema(self):
        properties = {
            "latitude": {"type": "number", "minimum": -90, "maximum": 90},
            "longitude": {"type": "number", "minimum": -180, "maximum": 180},
        }
        return nullable({"type": "object", "properties": properties, "required": list(properties)})


def memoized(text, at):
    """`text` of a row, once for each value at the place `at`, on which alone it depends."""
    known = {}

    def remembered(row):
        found = known.get(row[at])
        if found is None:
            if len(known) > REMEMBERED:
                known.clear()
            found = known[row[at]] = text(row)
        return found

    return remembered


# ── Of others ────────────────────────────────────────────────────────────────────────────────────────────────────


class RelatedSummary:
    """What is said of a record that another one names: its key and its name. `heads` end the names of columns."""

    def __init__(self, model, name="name", code="key"):
        self.model, self.code = model, code
        self.columns = (code, *(f"{name}_{language}" for language in LANGUAGES))
        self.suffixes = (("", ""), *((f"_{language}", language) for language in LANGUAGES))

    def visible(self, pks):
        """Those that readers may see."""
        found = base_rows(self.model).filter(pk__in_ids=IdList(pks)).order_by()
        known = {field.name for field in self.model._meta.concrete_fields}
        return found.filter(publication=PublicationStatus.PUBLISHED) if "publication" in known else found

    def cells(self, values):
        return (values[0], *with_english_fallback(values[1:4]))

    def data(self, values, say):
        return {self.code: values[0], "name": say(values[1:4])}

    def properties(self):
        return {self.code: KEY_SCHEMA, "name": WORDS_SCHEMA}


class PlaceSummary(RelatedSummary):
    """A place, with where it is."""

    def __init__(self, model):
        super().__init__(model)
        self.columns += ("latitude", "longitude")

    def data(self, values, say):
        latitude, longitude = values[4:6]
        at = None if latitude is None else {"latitude": float(latitude), "longitude": float(longitude)}
        return super().data(values, say) | {"position": at}

    def properties(self):
        return super().properties() | {"position": PositionField("", ("", "")).schema()}


class SourceSummary(RelatedSummary):
    """A source: title in its own language and in English, publisher, date, address, licence."""

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
    """Another record that this one names. As a part of rows it may stand `inline`: its key and name are theirs."""

    def __init__(self, name, label, mention, *, path=None, inline=False, optional=True):
        super().__init__(name, label)
        self.columns, self.mention = (path or f"{name}_id",), mention
        self.inline, self.optional = inline, optional

    def heads(self):
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

    def text_of(self, reading, at):
        return memoized(super().text_of(reading, at), at)

    def data_of(self, reading, at):
        known, data, say = reading.mentions(self.mention, ()), self.mention.data, reading.say

        def found(row):
            values = known.get(row[at])
            return data(values, say) if values else None

        return found

    def sees(self, reading, at):
        """A function that tells of a row whether readers may see whom it names."""
        known = reading.mentions(self.mention, ())
        return lambda row: row[at] is None or known.get(row[at]) is not None

    def points_of(self, reading, at):
        """A function from a row to the positions of the place that it names."""
        known = reading.mentions(self.mention, ())

        def points(row):
            values = known.get(row[at])
            return [(float(values[5]), float(values[4]))] if values and values[4] is not None else []

        return points

    def schema(self):
        properties = self.mention.properties()
        known = {"type": "object", "properties": properties, "required": list(properties)}
        return nullable(known) if self.optional else known


class RelatedRowsField(Field):
    """Rows that hang on a record, each with fields of its own; in a table, the values of a column stand in one cell.

    `owner` is the column that leads from the row to the record. A row that names a record which readers may not see is
    left out. Words in a cell fall back to English, so that the first key, word and code belong together.
    """

    def __init__(self, name, label, model, owner, fields, *, order=("pk",), only_words=False):
        super().__init__(name, label)
        self.model, self.owner, self.fields, self.order = model, owner, fields, order
        self.only_words = only_words  # rows are nothing but one word: a list of these, not of objects
        self.nested = [field for field in fields if isinstance(field, RelatedRowsField)]
        self.inner = []  # the fields, each with the place of its values in a row
        at = 1 if self.nested else 0  # after the row’s own key, where others hang on it
        for field in fields:
            self.inner.append((field, at))
            at += len(field.columns)

    def heads(self):
        found = []
        for field in self.fields:
            if not isinstance(field, RelatedRowsField):
                for head in field.heads():
                    rest = head.name.removeprefix(field.name)
                    name = f"{self.name}{rest}" if self.names_it(field) else f"{self.name}_{head.name}"
                    label = self.label if self.names_it(field) else f"{self.label}: {head.label}"
                    found.append(ColumnHeader(name, label, head.language, head.type, list=True))
        return found

    def names_it(self, field):
        """Whether the rows are named for this field: the countries of a project are keys of countries."""
        return self.only_words or (isinstance(field, RelatedField) and field.inline)

    def load(self, reading, rows, at, keys):
        hung = reading.hung.setdefault(self, {})
        hung.clear()
        columns = [*(["pk"] if self.nested else []), *(column for field in self.fields for column in field.columns)]
        asked = base_rows(self.model).filter(**{f"{self.owner}__in_ids": keys})
        # By owner first: so they lie in the index, and nothing has to be sorted.
        found = values_tuples(asked.order_by(f"{self.owner}_id", *self.order), f"{self.owner}_id", *columns)
        own = list(map(VALUES, found))
        last, together = None, []
        for owner, values in zip(map(OWNER, found), own, strict=True):
            if owner != last:
                last, hung[owner] = owner, (together := [])
            together.append(values)
        keys = IdList([row[0] for row in own]) if self.nested else None
        for field, place in self.inner:
            field.load(reading, own, place, keys)

    def seer(self, reading):
        """A function that tells of a row whether it names nobody whom readers may not see."""
        seers = [field.sees(reading, place) for field, place in self.inner if isinstance(field, RelatedField)]
        return lambda row: all(sees(row) for sees in seers)

    def cells_of(self, reading, at):
        hung = reading.hung.setdefault(self, {})
        parts = [
            field.cells_of(reading, place) for field, place in self.inner if not isinstance(field, RelatedRowsField)
        ]
        sees, width = self.seer(reading), len(self.heads())
        known = {}  # the cells of one row, which stand beside ever other ones

        def cells_of_one(row):
            found = known.get(row)
            if found is None:
                if len(known) > REMEMBERED:
                    known.clear()
                cells = [cell for part in parts for cell in part(row)] if sees(row) else ()
                found = known[row] = tuple(["" if cell is None else str(cell) for cell in cells])
            return found

        def cells(row):
            lines = [one for one in map(cells_of_one, hung.get(row[0], ())) if one]
            if len(lines) == 1:
                return lines[0]
            return [SEPARATOR.join(column) for column in zip(*lines, strict=True)] or ("",) * width

        return cells

    def text_of(self, reading, at):
        hung, text = reading.hung.setdefault(self, {}), super().text_of(reading, at)
        empty = "," * (len(self.heads()) - 1)
        known = {}  # many records have the same few rows

        def remembered(row):
            rows = hung.get(row[0])
            if rows is None:
                return empty
            key = tuple(rows)
            found = known.get(key)
            if found is None:
                if len(known) > REMEMBERED:
                    known.clear()
                found = known[key] = text(row)
            return found

        return remembered

    def data_of(self, reading, at, key=0):
        hung, sees = reading.hung.setdefault(self, {}), self.seer(reading)
        parts = [(field, field.data_of(reading, place)) for field, place in self.inner]
        if self.only_words:
            [(_field, part)] = parts
            return lambda row: [part(one) for one in hung.get(row[key], ())]

        def item(one):
            found = {}
            for field, part in parts:
                said = part(one)
                if isinstance(field, RelatedField) and field.inline:
                    found |= said
                else:
                    found[field.name] = said
            return found

        return lambda row: [item(one) for one in hung.get(row[key], ()) if sees(one)]

    def points_of(self, reading, at):
        """A function from a row to the positions of all places that its rows name."""
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
        item = {"type": "object", "properties": properties, "required": list(properties)}
        return {"type": "array", "items": item}


# Of what is asked of rows that hang on records: whose row it is, and what it says.
OWNER, VALUES = itemgetter(0), itemgetter(slice(1, None))


def related_many(name, label, model, owner, path, mention, *, order=("pk",)):
    """Rows that are nothing but other records: the countries of a project."""
    return RelatedRowsField(name, label, model, owner, [RelatedField(path, label, mention, inline=True)], order=order)


def choice_list(name, label, model, owner, field):
    """Rows that are nothing but one word: the areas of a project."""
    return RelatedRowsField(name, label, model, owner, [field], only_words=True)


def base_rows(model):
    """All rows of a model, without modeltranslation’s rewriting: columns are named by their language."""
    return QuerySet(model)
