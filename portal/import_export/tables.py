"""The columns of a model in a file. A row is identified as in fixtures: by its key or the keys of related records.

Every value is text in a cell, written so that reading it returns the same value: importing an unchanged export changes
nothing. A translated field has one column for each language. A foreign key holds the key of the other record, a
many-to-many relation the keys with blanks between.
"""

import datetime
import difflib
import functools
import re
import unicodedata
from collections import defaultdict

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override
from modeltranslation.fields import TranslationField

from portal.core.numbers import parse_number, plain
from portal.core.partial_dates import PartialDateField
from portal.models import EvidenceModel, Record

SEVERAL = re.compile(r"[\s|,;]+")
TRUE = {"true", "yes", "1", "예", "да"}
FALSE = {"false", "no", "0", "아니요", "нет"}
BATCH = 500


def same_lines(text):
    """Return the text with line feeds as line ends. Spreadsheets may write CR LF or CR."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def walk(record, path):
    """Return the value at the end of a path such as `figure__issue__key`; None if a step is None."""
    return functools.reduce(lambda one, name: None if one is None else getattr(one, name), path.split("__"), record)


def natural_key_fields(model):
    """Return the paths that identify a record of the model: its `natural_fields`, or the key field of its manager."""
    return getattr(model, "natural_fields", None) or (getattr(model._default_manager, "key_field", "key"),)


def keys_of(model):
    """Return the column names of the natural key: `figure__issue__key` becomes `figure.issue`.

    A last step `key` or `code` is left out.
    """
    return [re.sub(r"__(key|code)$", "", path).replace("__", ".") for path in natural_key_fields(model)]


# ── Columns ──────────────────────────────────────────────────────────────────────────────────────────────────────


class SheetColumn:
    """A text field of a model as a column of a file. Other kinds of fields have subclasses.

    A foreign key to a model whose natural key has several fields has several columns (`names`). `is_text` says that
    spreadsheets must treat its cells as text.
    """

    is_text = True

    def __init__(self, field):
        self.field = field
        self.names = (field.name,)

    @property
    def language(self):
        """The language of a translated column; "" for other columns."""
        return self.field.language if isinstance(self.field, TranslationField) else ""

    def texts(self, record):
        """Return the cells of a record as a tuple of texts."""
        return (self.text(getattr(record, self.field.attname)),)

    def text(self, value):
        return "" if value is None else same_lines(str(value))

    def value(self, cells, record, related):
        """Return the value in the cells. Raise ValidationError if there is none."""
        return self.field.clean(self.given(cells), record)

    def given(self, cells):
        """Return the value before the validators of the field; None or "" for an empty cell.

        Raise ValidationError for an empty cell of a required field.
        """
        text = same_lines(cells[0]).strip()
        if not text:
            if not self.field.blank:
                raise ValidationError(self.field.error_messages["blank"])
            return None if self.field.null else ""
        return self.read(text)

    def read(self, text):
        if any(unicodedata.category(letter) == "Cc" and letter not in "\n\t" for letter in text):
            raise ValidationError(_("The text contains an invisible control character. Type it again."))
        return text

    def put(self, record, value):
        setattr(record, self.field.attname, value)

    def stored(self, record):
        """Return the stored value of a record."""
        return getattr(record, self.field.attname)


class ChoiceSheetColumn(SheetColumn):
    """A choice, written as its code. Its label in a language of the portal is read too, in any case."""

    @functools.cached_property
    def _labels(self):
        """The codes by label in lower case, without labels that more than one code has."""
        found = defaultdict(set)
        for language, _name in settings.LANGUAGES:
            with override(language):
                for code, label in self.field.flatchoices:
                    found[str(label).casefold()].add(code)
        return {label: codes.pop() for label, codes in found.items() if len(codes) == 1}

    def read(self, text):
        codes = {str(code): code for code, _label in self.field.flatchoices}
        if text not in codes and text.casefold() in self._labels:
            return self._labels[text.casefold()]
        if text not in codes:
            raise ValidationError(_("“{value}” is not one of: {choices}.").format(value=text, choices=", ".join(codes)))
        return codes[text]


class NumberSheetColumn(SheetColumn):
    """An integer or a decimal number."""

    is_text = False

    def text(self, value):
        return plain(value) if hasattr(value, "normalize") else super().text(value)

    def given(self, cells):
        value = super().given(cells)
        return None if value == "" else value

    def read(self, text):
        value = parse_number(text)
        if isinstance(self.field, models.IntegerField):
            if value != value.to_integral_value():
                raise ValidationError(_("“{value}” is not a whole number.").format(value=text))
            return int(value)
        return value


class BooleanSheetColumn(SheetColumn):
    """A boolean, written "true" or "false". Reading accepts the words in TRUE and FALSE, in three languages."""

    def text(self, value):
        return "true" if value else "false"

    def read(self, text):
        if text.lower() not in TRUE | FALSE:
            raise ValidationError(_("“{value}” is neither true nor false.").format(value=text))
        return text.lower() in TRUE


class DateSheetColumn(SheetColumn):
    """A date as YYYY-MM-DD, or a partial date."""


class DateTimeSheetColumn(SheetColumn):
    """A date and time in ISO 8601 with the UTC offset. Without an offset it is read in the current time zone."""

    def text(self, value):
        return "" if value is None else timezone.localtime(value).isoformat()

    def read(self, text):
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None:
            raise ValidationError(_("“{value}” is not a date and time. Use 2026-05-31T09:00.").format(value=text))
        return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


class RelationSheetColumn(SheetColumn):
    """A foreign key, written as the natural key of the other record."""

    def __init__(self, field):
        super().__init__(field)
        self.model = field.related_model
        self.paths = natural_key_fields(self.model)
        if len(self.paths) > 1:
            self.names = tuple(f"{field.name}.{name}" for name in keys_of(self.model))

    def texts(self, record):
        other = getattr(record, self.field.name)
        return tuple(self.text(walk(other, path)) for path in self.paths)

    def value(self, cells, record, related):
        if not any(cell.strip() for cell in cells):
            if not self.field.blank:
                raise ValidationError(self.field.error_messages["blank"])
            return None
        return related.find(self, tuple(cell.strip() for cell in cells))

    def put(self, record, value):
        setattr(record, self.field.name, value)

    def stored(self, record):
        return getattr(record, self.field.name)


class RelationsSheetColumn(SheetColumn):
    """A many-to-many relation, written as sorted keys with blanks between. Their order has no meaning."""

    def __init__(self, field):
        super().__init__(field)
        self.model = field.related_model
        self.paths = natural_key_fields(self.model)

    def texts(self, record):
        if record._state.adding:
            return ("",)
        return (" ".join(sorted(str(walk(other, self.paths[0])) for other in self.stored(record))),)

    def keys(self, cells):
        """Return the keys in a cell. Blanks, commas, semicolons and "|" separate them."""
        return [key for key in SEVERAL.split(cells[0].strip()) if key]

    def value(self, cells, record, related):
        return [related.find(self, (key,)) for key in dict.fromkeys(self.keys(cells))]

    def stored(self, record):
        return [] if record._state.adding else list(getattr(record, self.field.name).all())


def column_of(field):
    """Return the column of a field."""
    if field.many_to_many:
        return RelationsSheetColumn(field)
    if field.is_relation:
        return RelationSheetColumn(field)
    if field.flatchoices:
        return ChoiceSheetColumn(field)
    for kinds, column in (
        ((models.DecimalField, models.IntegerField), NumberSheetColumn),
        (models.BooleanField, BooleanSheetColumn),
        (models.DateTimeField, DateTimeSheetColumn),
        ((models.DateField, PartialDateField), DateSheetColumn),
    ):
        if isinstance(field, kinds):
            return column(field)
    return SheetColumn(field)


# ── Tables ───────────────────────────────────────────────────────────────────────────────────────────────────────


class SheetSchema:
    """A model as a table. Its first `columns` (`natural`) identify a row."""

    def __init__(self, model):
        self.model, self.opts = model, model._meta
        self.is_record = issubclass(model, Record)
        first = dict.fromkeys(path.split("__")[0] for path in natural_key_fields(model))
        fields = [self.opts.get_field(name) for name in first]
        self.natural = [column_of(field) for field in fields]
        self.columns = [*self.natural, *(column_of(field) for field in _others(model) if field not in fields)]
        self.by_name = {name: column for column in self.columns for name in column.names}
        self.owners = _owners(model)

    @property
    def name(self):
        """The name of the table in URLs and commands."""
        return self.opts.model_name

    @property
    def title(self):
        return capfirst(self.opts.verbose_name_plural)

    @property
    def header(self):
        """The names of all columns of an exported file. Records have the column `version` at the end."""
        return [name for column in self.columns for name in column.names] + (["version"] if self.is_record else [])

    def is_text(self, name):
        """Return True if the cells of a column are texts, which a spreadsheet must not convert."""
        return name != "version" and self.by_name[name].is_text

    def row(self, record):
        """Return the cells of a record in the order of the header."""
        cells = [text for column in self.columns for text in column.texts(record)]
        return cells + ([str(record.version)] if self.is_record else [])

    def owners_of(self, row):
        """Return the records that a row is part of. A user who may change all of them may change the row."""
        return [walk(row, path) for path in self.owners]

    def records(self, columns=None):
        """Return a queryset of all rows, with the relations that `columns` (default: all) need.

        One query for each relation, however many rows there are. The queryset is a plain one: the managers of the
        models would replace the columns of other languages by that of the current language.
        """
        relations = [
            "__".join([column.field.name, *path.split("__")[:-1]])
            for column in columns or self.columns
            if isinstance(column, RelationSheetColumn | RelationsSheetColumn)
            for path in column.paths
        ]
        return models.QuerySet(self.model).prefetch_related(*dict.fromkeys([*relations, *self.owners]))

    def all_keys(self, **conditions):
        """Return the primary keys of all rows that meet the conditions, ordered by natural key."""
        rows = models.QuerySet(self.model).filter(**conditions).order_by(*natural_key_fields(self.model))
        return list(rows.values_list("pk", flat=True))

    def in_batches(self, pks):
        """Yield the rows with these primary keys in their order. They are read in batches of BATCH."""
        for start in range(0, len(pks), BATCH):
            some = pks[start : start + BATCH]
            found = {row.pk: row for row in self.records().filter(pk__in=some)}
            yield from (found[pk] for pk in some if pk in found)


@functools.cache
def schema_for(model):
    """Return the schema of a model. It is cached."""
    return SheetSchema(model)


def _others(model):
    """Return the fields of a model that a file has, those of EvidenceModel last.

    It leaves out fields that are generated, not editable or created automatically, such as the primary key, and
    many-to-many relations with a through model of their own. Of a translated field it has the columns of the languages.
    """
    translated = {field.translated_field.name for field in model._meta.fields if isinstance(field, TranslationField)}
    fields = [
        field
        for field in model._meta.concrete_fields
        if field.editable and not field.auto_created and not field.generated and field.name not in translated
    ]
    fields += [field for field in model._meta.local_many_to_many if field.remote_field.through._meta.auto_created]
    last = {field.name for field in EvidenceModel._meta.fields}
    return sorted(fields, key=lambda field: getattr(field, "translated_field", field).name in last)


def _owners(model):
    """Return the paths from a row to the records that it belongs to by cascading foreign keys; [] for a record."""
    if issubclass(model, Record):
        return []
    found = []
    for field in model._meta.concrete_fields:
        if field.many_to_one and field.remote_field.on_delete is models.CASCADE:
            further = _owners(field.related_model)
            found += [f"{field.name}__{path}" for path in further] or [field.name]
    return found


# ── Related records ──────────────────────────────────────────────────────────────────────────────────────────────


class RelatedLookup:
    """The related records that cells name. They are read in batches, each one once."""

    def __init__(self, new=None):
        self.found = defaultdict(dict)  # by column: cells -> record or None
        self.new = new or {}  # records that the same file creates, by (model, key)
        self.refused, self.keys = {}, {}

    def load(self, column, wanted):
        """Read the records that the tuples of cells in `wanted` name: one query for each BATCH of them."""
        known = self.found[column]
        wanted = [cells for cells in dict.fromkeys(wanted) if any(cells) and cells not in known]
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            known.update(dict.fromkeys(some))
            for other in _named(column, some):
                known[tuple(column.text(walk(other, path)) for path in column.paths)] = other

    def find(self, column, cells):
        """Return the record that the cells name. Raise ValidationError if there is none that the field allows."""
        other = self.found[column].get(cells) or self.new.get((column.model, cells))
        if other is None:
            self._refuse(column, cells)
        return other

    def _refuse(self, column, cells):
        if (column, cells) not in self.refused:
            self.refused[column, cells] = self._why_not(column, " / ".join(cells), cells)
        raise ValidationError(self.refused[column, cells])

    def _why_not(self, column, name, cells):
        if column.field.get_limit_choices_to() and _named(column, [cells], limited=False).exists():
            return _("“{name}” exists but is of the wrong kind.").format(name=name)
        words = {"kind": column.model._meta.verbose_name, "name": name}
        if len(column.paths) == 1:
            if column.model not in self.keys:
                self.keys[column.model] = list(column.model._base_manager.values_list(column.paths[0], flat=True))
            if close := difflib.get_close_matches(name, self.keys[column.model], 1):
                return _("There is no {kind} “{name}”. Did you mean “{close}”?").format(close=close[0], **words)
        return _("There is no {kind} “{name}”.").format(**words)


def _named(column, wanted, limited=True):
    """Return a queryset with the records that the cells in `wanted` name.

    It has further records if a natural key has several fields: each field is compared by itself. `limited` applies the
    field's `limit_choices_to`.
    """
    rows = column.model._base_manager.all()
    if limited:
        rows = rows.complex_filter(column.field.get_limit_choices_to())
    for path, texts in zip(column.paths, zip(*wanted, strict=True), strict=True):
        rows = rows.filter(**{f"{path}__in": _values(column.model, path, texts)})
    if issubclass(column.model, Record):
        return rows
    return rows.select_related(*("__".join(path.split("__")[:-1]) for path in column.paths if "__" in path))


def _values(model, path, texts):
    """Return the set of texts converted to values of the field at the end of a path. Invalid texts are left out."""
    field = functools.reduce(
        lambda one, name: (one.related_model if isinstance(one, models.Field) else one)._meta.get_field(name),
        path.split("__"),
        model,
    )
    values = set()
    for text in texts:
        try:
            values.add(field.to_python(text))
        except ValidationError:
            continue
    return values


def day_of(value):
    """Return a date or datetime of a spreadsheet cell as text. A datetime at midnight is written as a date."""
    if isinstance(value, datetime.datetime) and value.time() != datetime.time():
        return value.isoformat()
    return value.strftime("%Y-%m-%d")
