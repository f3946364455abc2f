"""Which columns a model has in a file. A row is named as in fixtures: by its key, or by the keys of what it joins.

Every value is text in a cell, written so that reading it gives the same value again: a file that nobody changed changes
nothing. A translated field has a column a language, a relation holds the key of the other record, a relation to several
holds their keys with blanks between.
"""

import datetime
import difflib
import functools
import re
import unicodedata
from collections import defaultdict

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from modeltranslation.fields import TranslationField

from portal.core.numbers import parse_number, plain
from portal.core.partial_dates import PartialDateField
from portal.models import EvidenceModel, Record

SEVERAL = re.compile(r"[\s|,;]+")
TRUE = {"true", "yes", "1", "예", "да"}
FALSE = {"false", "no", "0", "아니요", "нет"}
BATCH = 500


def same_lines(text):
    """A text with the line ends of one system, as a spreadsheet may have changed them all."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def walk(record, path):
    """What lies at the end of a path such as `figure__issue__key`; None if a step leads nowhere."""
    return functools.reduce(lambda one, name: None if one is None else getattr(one, name), path.split("__"), record)


def natural_key_fields(model):
    """The paths that name a record of the model: its key, or what its fixtures call it by."""
    return getattr(model, "natural_fields", None) or (getattr(model._default_manager, "key_field", "key"),)


def keys_of(model):
    """How a column calls a path to what names a record: without the last step, if that is a key."""
    return [re.sub(r"__(key|code)$", "", path).replace("__", ".") for path in natural_key_fields(model)]


# ── Columns ──────────────────────────────────────────────────────────────────────────────────────────────────────


class SheetColumn:
    """A field of a model in a file: here text. A relation to what several keys name takes several columns."""

    is_text = True

    def __init__(self, field):
        self.field = field
        self.names = (field.name,)

    @property
    def language(self):
        """The language of a translated column, else nothing."""
        return self.field.language if isinstance(self.field, TranslationField) else ""

    def texts(self, record):
        """The cells of a record."""
        return (self.text(getattr(record, self.field.attname)),)

    def text(self, value):
        return "" if value is None else same_lines(str(value))

    def value(self, cells, record, related):
        """What the cells stand for. Raises ValidationError."""
        return self.field.clean(self.given(cells), record)

    def given(self, cells):
        """The value before the field's own checks; an empty cell empties what may be empty."""
        text = same_lines(cells[0]).strip()
        if not text:
            if not self.field.blank:
                raise ValidationError(self.field.error_messages["blank"])
            return None if self.field.null else ""
        return self.read(text)

    def read(self, text):
        if any(unicodedata.category(letter) == "Cc" and letter not in "\n\t" for letter in text):
            raise ValidationError(_("There is a control character in the text, which nobody sees. Type it anew."))
        return text

    def put(self, record, value):
        setattr(record, self.field.attname, value)

    def stored(self, record):
        """The value that a record has."""
        return getattr(record, self.field.attname)


class ChoiceSheetColumn(SheetColumn):
    """A value out of a list, by its code."""

    def read(self, text):
        codes = {str(code): code for code, _label in self.field.flatchoices}
        if text not in codes:
            raise ValidationError(
                _("“{value}” is none of these: {choices}.").format(value=text, choices=", ".join(codes))
            )
        return codes[text]


class NumberSheetColumn(SheetColumn):
    """A whole number, or one with decimals."""

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
                raise ValidationError(_("“{value}” is no whole number.").format(value=text))
            return int(value)
        return value


class BooleanSheetColumn(SheetColumn):
    """Yes or no."""

    def text(self, value):
        return "true" if value else "false"

    def read(self, text):
        if text.lower() not in TRUE | FALSE:
            raise ValidationError(_("“{value}” is neither true nor false.").format(value=text))
        return text.lower() in TRUE


class DateSheetColumn(SheetColumn):
    """A day, as YYYY-MM-DD; or a date as exact as it is known."""


class DateTimeSheetColumn(SheetColumn):
    """A day and a time of it, with the distance from Greenwich."""

    def text(self, value):
        return "" if value is None else timezone.localtime(value).isoformat()

    def read(self, text):
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None:
            raise ValidationError(_("“{value}” is no day and time. Write 2026-05-31T09:00.").format(value=text))
        return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


class RelationSheetColumn(SheetColumn):
    """Another record, by what names it."""

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
    """Other records, by their keys; which of them comes first means nothing."""

    def __init__(self, field):
        super().__init__(field)
        self.model = field.related_model
        self.paths = natural_key_fields(self.model)

    def texts(self, record):
        if record._state.adding:
            return ("",)
        return (" ".join(sorted(str(walk(other, self.paths[0])) for other in self.stored(record))),)

    def keys(self, cells):
        """The keys in a cell."""
        return [key for key in SEVERAL.split(cells[0].strip()) if key]

    def value(self, cells, record, related):
        return [related.find(self, (key,)) for key in dict.fromkeys(self.keys(cells))]

    def stored(self, record):
        return [] if record._state.adding else list(getattr(record, self.field.name).all())


def column_of(field):
    """The column of a field."""
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
    """A model as a table: `columns`, the first ones of which (`natural`) name a row."""

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
        """What addresses and commands call the table."""
        return self.opts.model_name

    @property
    def title(self):
        return capfirst(self.opts.verbose_name_plural)

    @property
    def header(self):
        """The names of all columns of a file that is written."""
        return [name for column in self.columns for name in column.names] + (["version"] if self.is_record else [])

    def is_text(self, name):
        """Whether the cells of a column are texts, which a spreadsheet must not take for anything else."""
        return name != "version" and self.by_name[name].is_text

    def row(self, record):
        """The cells of a record, under the header."""
        cells = [text for column in self.columns for text in column.texts(record)]
        return cells + ([str(record.version)] if self.is_record else [])

    def owners_of(self, row):
        """The records that a row is part of: whoever may change those may change it."""
        return [walk(row, path) for path in self.owners]

    def records(self, columns=None):
        """All rows of the table, with what the cells of these columns need: each relation with one query, however many
        rows there are.

        Without the managers of the models, which would turn the columns of other languages into that of the reader.
        """
        relations = [
            "__".join([column.field.name, *path.split("__")[:-1]])
            for column in columns or self.columns
            if isinstance(column, RelationSheetColumn | RelationsSheetColumn)
            for path in column.paths
        ]
        return models.QuerySet(self.model).prefetch_related(*dict.fromkeys([*relations, *self.owners]))

    def all_keys(self, **conditions):
        """The primary keys of all rows that meet conditions, in the order of what names them."""
        rows = models.QuerySet(self.model).filter(**conditions).order_by(*natural_key_fields(self.model))
        return list(rows.values_list("pk", flat=True))

    def in_batches(self, pks):
        """The rows with these primary keys, in their order, some hundreds at a time."""
        for start in range(0, len(pks), BATCH):
            some = pks[start : start + BATCH]
            found = {row.pk: row for row in self.records().filter(pk__in=some)}
            yield from (found[pk] for pk in some if pk in found)


@functools.cache
def schema_for(model):
    """The table of a model, made once."""
    return SheetSchema(model)


def _others(model):
    """The fields of a model that a file has, what rests on evidence last. What keeps itself is left out."""
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
    """The paths to the records that a row of a model goes along with; none for a record."""
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
    """The records that cells name: looked up many at a time, and each but once."""

    def __init__(self, new=None):
        self.found = defaultdict(dict)  # by column: the cells -> the record, or None
        self.new = new or {}  # records that the file itself makes, by model and key
        self.refused, self.keys = {}, {}

    def load(self, column, wanted):
        """Look up what the cells in `wanted` name."""
        known = self.found[column]
        wanted = [cells for cells in dict.fromkeys(wanted) if any(cells) and cells not in known]
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            known.update(dict.fromkeys(some))
            for other in _named(column, some):
                known[tuple(column.text(walk(other, path)) for path in column.paths)] = other

    def find(self, column, cells):
        """The record that cells name. Raises ValidationError if there is none that may stand there."""
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
            return _("“{name}” is there, but not of the kind that belongs here.").format(name=name)
        words = {"kind": column.model._meta.verbose_name, "name": name}
        if len(column.paths) == 1:
            if column.model not in self.keys:
                self.keys[column.model] = list(column.model._base_manager.values_list(column.paths[0], flat=True))
            if close := difflib.get_close_matches(name, self.keys[column.model], 1):
                return _("There is no {kind} “{name}”. Is “{close}” meant?").format(close=close[0], **words)
        return _("There is no {kind} “{name}”.").format(**words)


def _named(column, wanted, limited=True):
    """The records that cells name, and perhaps some more, if several keys name one."""
    rows = column.model._base_manager.all()
    if limited:
        rows = rows.complex_filter(column.field.get_limit_choices_to())
    for path, texts in zip(column.paths, zip(*wanted, strict=True), strict=True):
        rows = rows.filter(**{f"{path}__in": _values(column.model, path, texts)})
    if issubclass(column.model, Record):
        return rows
    return rows.select_related(*("__".join(path.split("__")[:-1]) for path in column.paths if "__" in path))


def _values(model, path, texts):
    """Texts as values of the field at the end of a path; one that cannot be a value names nothing."""
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
    """How a day or a moment that a spreadsheet knows as such is written."""
    if isinstance(value, datetime.datetime) and value.time() != datetime.time():
        return value.isoformat()
    return value.strftime("%Y-%m-%d")
