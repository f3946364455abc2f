"""Merge two records that describe the same thing.

The kept record takes the chosen value of each column, and all relations of the other record. The code names no
relations: it moves whatever points to the other record, also in models that are added later. If both records have the
same row (a twin), the kept record's row stays, and its empty columns are filled from the other. The key of the other
record redirects to the kept one, citation marks in prose are rewritten, and its names become aliases of the kept one.
Open revisions refer to the kept record too. All of this happens in one transaction, or nothing does.
"""

from dataclasses import dataclass, field

from django.apps import apps
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from modeltranslation.translator import NotRegistered, translator

from portal.core.choices import PublicationStatus
from portal.core.citation_marks import MARK, MARKS
from portal.curation.translations import suppress_outdated
from portal.models import Alias, AliasedMixin, Correction, FormerKey, Record, Revision, Source, Tombstone
from portal.publishing.checks import publishing_blockers
from portal.tracking import audit_log
from portal.tracking.change_log import content_transaction
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import TRACKED, change_reason, step_key

KEPT, OTHER = "kept", "other"
LANGUAGES = dict(settings.LANGUAGES)
# Columns without a choice: the kept record keeps its own.
SETTLED = {"key", "publication", "publish_at", "published_at", "version", "created_at", "updated_at"}


class MergeError(Exception):
    """Two records cannot be merged. `reasons` are messages for the user."""

    def __init__(self, reasons):
        super().__init__(reasons)
        self.reasons = list(reasons)


@dataclass(frozen=True)
class MergeChoice:
    """A column in which two records differ: its label, both values in words, and the default choice, KEPT or OTHER."""

    name: str
    label: str
    kept: str
    other: str
    default: str
    language: str = ""


@dataclass
class RelatedMove:
    """The rows of one relation in a merge.

    `count` rows move to the kept record; `twins` are rows that it has already; `differing` are their differences, as
    tuples of row, column, kept value and other value, in words.
    """

    label: str
    count: int = 0
    twins: int = 0
    differing: list = field(default_factory=list)


# ── Columns ──────────────────────────────────────────────────────────────────────────────────────────────────


def _translated(model):
    """Return the names of the translated fields of a model. Their columns are compared one by one."""
    try:
        return set(translator.get_options_for_model(model).all_fields)
    except NotRegistered:
        return set()


def _own_columns(model, besides=()):
    """Return the columns of a model without the primary key, generated columns, and the names in `besides`.

    Of a translated field it returns the columns of the languages only.
    """
    left_out = {*_translated(model), *besides}
    return [
        one
        for one in model._meta.concrete_fields
        if not (one.primary_key or one.generated) and one.name not in left_out
    ]


def _empty(value):
    return value is None or value == ""


def _shown(record, column):
    """Return the value of a column in words; "" for an empty one."""
    value = getattr(record, column.name)
    if _empty(value):
        return ""
    if column.flatchoices:
        return str(dict(column.flatchoices).get(value, value))
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)


def _label(column):
    original = getattr(column, "translated_field", None)
    if original is None:
        return str(capfirst(column.verbose_name))
    return f"{capfirst(original.verbose_name)} ({LANGUAGES[column.language]})"


def merge_choices(kept, other):
    """Return the columns in which two records differ. By default a column that is empty takes the other value."""
    return [
        MergeChoice(
            column.name,
            _label(column),
            _shown(kept, column),
            _shown(other, column),
            OTHER if _empty(getattr(kept, column.attname)) else KEPT,
            getattr(column, "language", "") if hasattr(column, "translated_field") else "",
        )
        for column in _own_columns(type(kept), SETTLED)
        if getattr(kept, column.attname) != getattr(other, column.attname)
        and not (_empty(getattr(kept, column.attname)) and _empty(getattr(other, column.attname)))
    ]


def _join_aliases(kept, other, names_before):
    """Make all names of both records aliases of the kept one, without its present names."""
    kind, known = kept._meta.model_name, {text for _language, text in _names(kept)}
    for alias in kept.aliases:
        if alias.text in known:
            alias.delete()
    known.update(alias.text for alias in kept.aliases)
    for language, text in dict.fromkeys([*names_before, *_names(other)]):
        if text not in known:
            known.add(text)
            Alias.objects.create(kind=kind, key=kept.key, language=language, text=text)
    for alias in other.aliases:
        if alias.text not in known:
            known.add(alias.text)
            alias.key = kept.key
            alias.save()


def _names(record):
    """Return the names of a record as pairs of language code and name; an acronym has an empty code."""
    found = [(code, getattr(record, f"{record.name_field}_{code}", "")) for code in LANGUAGES]
    return [(language, name) for language, name in (*found, ("", getattr(record, "acronym", ""))) if name]


# ── Relations ────────────────────────────────────────────────────────────────────────────────────────────────


def _pointing(model):
    """Return the foreign keys to a model that have a database constraint. Those of the history have none: it stays."""
    return [
        relation.field
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created
        and not relation.concrete
        and (relation.one_to_many or relation.one_to_one)
        and relation.field.db_constraint
        and not relation.related_model._meta.auto_created
    ]


def _many(model):
    """Return the many-to-many fields of other models to a model, without those with a through model of their own."""
    return [
        relation.field
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created and relation.many_to_many and relation.field.remote_field.through._meta.auto_created
    ]


def _own_many(model):
    return [one for one in model._meta.many_to_many if one.remote_field.through._meta.auto_created]


def _rows(key, record):
    """Return the rows that point to a record by a foreign key, in the order of their primary keys."""
    return key.model._base_manager.filter(**{key.name: record.pk}).order_by("pk")


def _unique_with(key):
    """Return the unique constraints with a foreign key: pairs of the other columns and a condition or None."""
    model = key.model
    found = [
        ([name for name in constraint.fields if name != key.name], constraint.condition)
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and key.name in constraint.fields
    ]
    found += [
        ([name for name in names if name != key.name], None)
        for names in model._meta.unique_together
        if key.name in names
    ]
    found += [([], None)] if key.unique else []
    return [([model._meta.get_field(name).attname for name in names], condition) for names, condition in found]


def _with_twins(key, kept, other, lock=False):
    """Return pairs of a row that points to `other`, and its twin or None.

    The twin is the row that points to `kept` and has the same values in a unique constraint.
    """
    mine, theirs = (_rows(key, record) for record in (kept, other))
    if lock:
        mine, theirs = mine.select_for_update(), theirs.select_for_update()
    else:  # to be shown with the names of their related records
        tied = [column.name for column in key.model._meta.concrete_fields if column.is_relation]
        mine, theirs = mine.select_related(*tied), theirs.select_related(*tied)
    mine, theirs = list(mine), list(theirs)
    twins = {}
    for names, condition in _unique_with(key) if mine and theirs else ():
        meant = None
        if condition is not None:
            pks = [row.pk for row in (*mine, *theirs)]
            meant = set(key.model._base_manager.filter(condition, pk__in=pks).values_list("pk", flat=True))
        here = {_values(row, names): row for row in mine if meant is None or row.pk in meant}
        for row in theirs:
            values = _values(row, names)
            if None not in values and values in here and (meant is None or row.pk in meant):
                twins.setdefault(row.pk, here[values])
    return [(row, twins.get(row.pk)) for row in theirs]


def _values(row, names):
    return tuple(getattr(row, name) for name in names)


def _row_differences(row, twin, key):
    """Return the columns in which a row and its twin differ and neither is empty."""
    return [
        column
        for column in _own_columns(type(row), {key.name, "position"})
        if not _empty(mine := getattr(twin, column.attname))
        and not _empty(theirs := getattr(row, column.attname))
        and mine != theirs
    ]


def related_moves(kept, other):
    """Return what a merge would do with the rows that point to `other`, to be shown before the merge."""
    found = []
    for key in _pointing(type(kept)):
        move = RelatedMove(str(capfirst(key.model._meta.verbose_name_plural)))
        for row, twin in _with_twins(key, kept, other):
            if twin is None:
                move.count += 1
                continue
            move.twins += 1
            for column in _row_differences(row, twin, key):
                move.differing.append((_name_of_row(twin), _label(column), _shown(twin, column), _shown(row, column)))
        found.append(move)
    for many in (*_many(type(kept)), *_own_many(type(kept))):
        own = many.model is type(kept)
        related = many.related_model if own else many.model
        here, there = (
            set(
                (
                    getattr(record, many.name).all() if own else many.model._base_manager.filter(**{many.name: record})
                ).values_list("pk", flat=True)
            )
            for record in (kept, other)
        )
        label = str(capfirst(related._meta.verbose_name_plural))
        found.append(RelatedMove(label, len(there - here), len(there & here)))
    return [move for move in found if move.count or move.twins]


# ── Checks before a merge ────────────────────────────────────────────────────────────────────────────────────


def merge_blockers(kept, other):
    """Return the reasons, in words, why two records cannot be merged; [] if they can."""
    if kept.pk == other.pk:
        return [_("You have chosen the same record twice.")]
    return [
        *_hidden_from_readers(kept, other),
        *_being_revised(other),
        *_of_another_kind(kept, other),
        *_one_in_the_other(kept, other),
        *_numbers_that_differ(kept, other),
    ]


def _hidden_from_readers(kept, other):
    if other.publication == PublicationStatus.PUBLISHED != kept.publication:
        yield _("“{other}” is public and “{kept}” is not. Keep the other record, or publish this one first.").format(
            other=other, kept=kept
        )


def _being_revised(other):
    """Yield a reason if somebody is revising the record that goes: the revision would go with it."""
    if Revision.objects.of(other).filter(state__in=Revision.OPEN).exists():
        yield _("“{other}” has an open revision. Publish or discard it first, or keep this record.").format(other=other)


def _of_another_kind(kept, other):
    """Yield a reason if a relation allows the other record but not the kept one (`limit_choices_to`).

    An example is a foreign key that allows only countries.
    """
    for key in (*_pointing(type(kept)), *_many(type(kept))):
        limit = key.get_limit_choices_to()
        if not limit or not key.model._base_manager.filter(**{key.name: other}).exists():
            continue
        if not type(kept)._base_manager.complex_filter(limit).filter(pk=kept.pk).exists():
            yield _("“{kept}” cannot take the place of “{other}”: {rows}, {field}.").format(
                kept=kept, other=other, rows=key.model._meta.verbose_name_plural, field=key.verbose_name
            )


def _one_in_the_other(kept, other):
    """Yield a reason if one record is a part of the other: a merge would make it a part of itself."""
    for column in type(kept)._meta.concrete_fields:
        if column.is_relation and column.related_model is type(kept):
            for inner, outer in ((kept, other), (other, kept)):
                if outer.pk in _above(inner, column):
                    yield _("{field}: “{inner}” lies within “{outer}”. A part is not the same as the whole.").format(
                        field=capfirst(column.verbose_name), inner=inner, outer=outer
                    )


def _above(record, column):
    """Return the primary keys of all ancestors of a record, by a foreign key to its own model."""
    found, here = [], getattr(record, column.attname)
    while here is not None and here not in found:
        found.append(here)
        here = type(record)._base_manager.filter(pk=here).values_list(column.attname, flat=True).first()
    return found


def _numbers_that_differ(kept, other):
    """Yield a reason if twins have different numbers: a merge would silently discard one of them."""
    for key in _pointing(type(kept)):
        numbers = [one for one in _own_columns(key.model) if isinstance(one, models.DecimalField)]
        for row, twin in _with_twins(key, kept, other) if numbers else ():
            if twin is not None and set(numbers) & set(_row_differences(row, twin, key)):
                yield _("{row} has different values: {kept} and {other}. Correct or delete one first.").format(
                    row=_name_of_row(twin),
                    kept=", ".join(_shown(twin, one) for one in numbers),
                    other=", ".join(_shown(row, one) for one in numbers),
                )


def _name_of_row(row):
    """Return the name of a row made of its related records, since most rows have no name of their own."""
    values = [str(getattr(row, path.partition("__")[0])) for path in getattr(row, "natural_fields", ())]
    return f"{capfirst(row._meta.verbose_name)} ({', '.join(values)})"


# ── Merge ────────────────────────────────────────────────────────────────────────────────────────────────────


def merge(kept, other, taken=(), user=None):
    """Merge `other` into `kept`, which takes the columns in `taken` from it. Return `kept`. Raise MergeError."""
    try:
        with change_reason(ChangeReason.MERGED.format(key=other.key)), content_transaction():
            return _merge(kept, other, set(taken), user)
    except IntegrityError as error:
        raise MergeError([str(error)]) from error


def _merge(kept, other, taken, user):
    model = type(kept)
    locked = {
        one.pk: one for one in model._base_manager.select_for_update().filter(pk__in=[kept.pk, other.pk]).order_by("pk")
    }
    kept, other = locked[kept.pk], locked[other.pk]
    if reasons := merge_blockers(kept, other):
        raise MergeError(reasons)
    lacking = set(publishing_blockers(kept))
    names_before = _names(kept)
    for column in _own_columns(model, SETTLED):
        if column.name in taken:
            setattr(kept, column.attname, getattr(other, column.attname))
    other_key = other.key
    with audit_log.covered_by_entry():
        if isinstance(kept, AliasedMixin):
            _join_aliases(kept, other, names_before)
        _move_all(kept, other)
        _rewrite_revisions(lambda of, state: _referring(of, state, other, kept))
        if model is Source:
            rewrite_marks(other.key, kept.key)
        other.delete()
    _valid(kept)
    kept.version += 1
    kept.save()
    if kept.publication == PublicationStatus.PUBLISHED and (
        new := [gap for gap in publishing_blockers(kept) if gap not in lacking]
    ):
        raise MergeError(gap.text for gap in new)
    redirect_key(model._meta.model_name, other_key, kept.key)
    audit_log.log_action(audit_log.AuditEntry.Action.MERGED, user, kept, former=other_key)
    return kept


def _valid(record):
    """Raise MergeError if a form would refuse the record."""
    try:
        record.full_clean(exclude=_translated(type(record)))
    except ValidationError as error:
        raise MergeError(
            message if name == NON_FIELD_ERRORS else f"{_label(record._meta.get_field(name))}: {message}"
            for name, messages in error.message_dict.items()
            for message in messages
        ) from error


def _move_all(kept, other):
    """Move all relations from `other` to `kept`, which are two records or two rows. Calls itself for twins."""
    for key in _pointing(type(kept)):
        for row, twin in _with_twins(key, kept, other, lock=True):
            if twin is None:
                setattr(row, key.name, kept)
                _refuse_what_cannot_be(row)
                row.save()
            else:
                _fill(twin, row, key)
                _move_all(twin, row)
                row.delete()
    for many in _own_many(type(kept)):
        getattr(kept, many.name).add(*getattr(other, many.name).all())
    for many in _many(type(kept)):
        for record in many.model._base_manager.filter(**{many.name: other}):
            getattr(record, many.name).add(kept)
            getattr(record, many.name).remove(other)


def _refuse_what_cannot_be(row):
    try:
        row.validate_constraints()
    except ValidationError as error:
        raise MergeError(f"{_name_of_row(row)}: {message}" for message in error.messages) from error


def _fill(twin, row, key):
    """Fill the empty columns of a twin from the row, and store it."""
    empty = [
        column.attname
        for column in _own_columns(type(row), {key.name, "position"})
        if _empty(getattr(twin, column.attname)) and not _empty(getattr(row, column.attname))
    ]
    for name in empty:
        setattr(twin, name, getattr(row, name))
    if empty:
        twin.save()


def _rewrite_revisions(rewrite):
    """Rewrite the versions of rows that open revisions contain: `rewrite(model, state)` returns what it is now."""
    for revision in Revision.objects.filter(state__in=Revision.OPEN).select_for_update():
        changes = {}
        for label, rows in revision.changes.items():
            model = apps.get_model(label)
            steps = {}
            for key, *step in rows:
                step = [state and rewrite(model, state) for state in step]
                if model._meta.auto_created:  # the key is that of the related record
                    key = next(filter(None, step))[step_key(TRACKED[model])]
                steps[key] = [key, *step]
            changes[label] = list(steps.values())
        if changes != revision.changes:
            revision.changes = changes
            revision.save(update_fields=["changes"])


def _referring(model, state, other, kept):
    """Return the version of a row whose foreign keys refer to `kept` instead of `other`."""
    columns = {column.attname for column in model._meta.concrete_fields if column.related_model is type(kept)}
    return {name: kept.pk if name in columns and value == other.pk else value for name, value in state.items()}


def rewrite_marks(old, new):
    """Replace the citation mark `[old]` by `[new]` in all prose, and drop repeated marks in a group of marks.

    Open revisions are prose too.
    """
    mark = f"[{old}]"

    def run(match):
        if mark not in match[0]:
            return match[0]
        keys = dict.fromkeys(new if key == old else key for key in MARK.findall(match[0]))
        space = match[0][: len(match[0]) - len(match[0].lstrip())]
        return space + "".join(f"[{key}]" for key in keys)

    def rewritten(model, state):
        return {name: MARKS.sub(run, value) if isinstance(value, str) else value for name, value in state.items()}

    _rewrite_revisions(rewritten)
    for model in audit_log.audited_models():
        columns = [one.name for one in _own_columns(model) if isinstance(one, models.TextField)]
        if not columns:
            continue
        having = models.Q()
        for name in columns:
            having |= models.Q((f"{name}__contains", mark))
        for row in model._base_manager.filter(having).select_for_update():
            for name in columns:
                if mark in (getattr(row, name) or ""):
                    setattr(row, name, MARKS.sub(run, getattr(row, name)))
            if isinstance(row, Record):
                row.version += 1
            with suppress_outdated():
                row.save()


def redirect_key(kind, old, new):
    """Redirect a key that no record has any more, and all keys and tombstones that led to it, to another one."""
    FormerKey.objects.filter(kind=kind, now=old).update(now=new)
    FormerKey.objects.create(kind=kind, key=old, now=new)
    Correction.objects.filter(kind=kind, key=old).update(key=new)
    if kind in Tombstone.Kind.values:
        Tombstone.objects.filter(kind=kind, successor=old).exclude(key=new).update(successor=new)
