"""Revert a record to an earlier version: its texts, relations and rows, all of it or nothing.

Its publication state and its key are not reverted. Rows that have an admin page of their own (`apart`) have a history
and a revert of their own.
"""

from collections import defaultdict

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from modeltranslation.translator import NotRegistered, translator

from portal.history.diff import RecordNames, describe_changes, label_of
from portal.models import Record
from portal.models.workflow import PUBLIC_STATES
from portal.publishing.checks import publishing_blockers
from portal.tracking.change_log import content_transaction
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import (
    MICROSECOND,
    TRACKED,
    change_reason,
    change_times,
    parts_of,
    row_steps,
    version_at,
    versions_of,
)


class RevertError(Exception):
    """A record cannot be reverted. `reasons` are messages for the user."""

    def __init__(self, reasons):
        super().__init__(reasons)
        self.reasons = list(reasons)


class RecordSteps:
    """A change of a record that is not stored yet, as `steps`: RowVersionPairs by model and `rows_by_key`."""

    def __init__(self, record, steps):
        self.record, self.steps = record, steps

    def change(self):
        """Return what the steps would change, as a RecordChange."""
        return describe_changes(self.record, self.steps, self.names())

    def names(self):
        """Return the RecordNames of the records that the versions refer to."""
        names = RecordNames()
        for model, steps in self.steps.items():
            for step in steps.values():
                for state in (step.before, step.after):
                    if state:
                        names.want(model, state)
        names.fetch()
        return names

    def missing(self):
        """Return messages about deleted records that the versions after the steps refer to."""
        wanted = defaultdict(set)
        for model, steps in self.steps.items():
            for step in steps.values():
                for column in _leading(model, step.after or {}):
                    wanted[column.related_model].add(step.after[column.attname])
        names = self.names()
        coming = {(model, pk) for model, steps in self.steps.items() for pk, step in steps.items() if step.after}
        return [
            _("“{name}” ({kind}) no longer exists.").format(name=names.of(model, pk), kind=model._meta.verbose_name)
            for model, pks in wanted.items()
            for pk in sorted(pks - set(model._base_manager.filter(pk__in=pks).values_list("pk", flat=True)))
            if (model, pk) not in coming
        ]

    def store(self, watched=()):
        """Store the change, in the open transaction.

        Raise RevertError if a related record was deleted, a form would refuse the values, or one of the records
        `watched` is scheduled or published and gets new publishing blockers. The transaction must then be rolled back.
        """
        lacking = {one.pk: set(publishing_blockers(one)) for one in watched}
        if missing := self.missing():
            raise RevertError(missing)
        restore(self.record, self.steps)
        for one in watched:
            fresh = type(one)._base_manager.get(pk=one.pk)
            if fresh.publication in PUBLIC_STATES and (
                new := [g for g in publishing_blockers(fresh) if g not in lacking[one.pk]]
            ):
                raise RevertError(gap.text for gap in new)


class Revert(RecordSteps):
    """What a revert of a record to a moment would change; without a moment, to before its first recorded change.

    `possible` is False if the record did not exist then.
    """

    def __init__(self, record, moment=None):
        self.moment = moment
        every = change_times(record)
        self.latest = every[0] if every else None
        before_all = every[-1] - 2 * MICROSECOND if every else timezone.now()
        now, then = version_at(record), version_at(record, moment or before_all)
        self.possible = bool(then[type(record)])
        kinds = parts_of(record) if self.possible else ()
        super().__init__(
            record, {part.model: row_steps(part, record, now[part.model], then[part.model]) for part in kinds}
        )

    def left_alone(self):
        """Return the labels of the rows that a revert leaves as they are."""
        return [
            label_of(tracked, self.record)
            for tracked in versions_of(self.record)
            if tracked.apart and type(self.record) in tracked.owners
        ]


def _leading(model, state):
    """Return the foreign keys of a version, to models with a history, that are not None."""
    return [
        column
        for column in model._meta.concrete_fields
        if column.is_relation and column.related_model in TRACKED and state.get(column.attname) is not None
    ]


def revert_reason(moment, why=""):
    """Return the reason of a revert as the history stores it."""
    if moment is None:
        return ChangeReason.REVERTED_ALL_BECAUSE.format(why=why) if why else ChangeReason.REVERTED_ALL
    when = timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")
    return (ChangeReason.REVERTED_BECAUSE if why else ChangeReason.REVERTED).format(when=when, why=why)


def revert(record, moment, why="", owners=()):
    """Revert a record, or a row with an admin page of its own, to a moment.

    Raise RevertError, with nothing changed, if a related record was deleted, a form would refuse the values, or the
    scheduled or published record gets new publishing blockers. For a row, `owners` are the records whose blockers
    count.
    """
    try:
        with change_reason(revert_reason(moment, why)), content_transaction():
            type(record)._base_manager.select_for_update().get(pk=record.pk)
            watched = [record] if isinstance(record, Record) else list(owners)
            Revert(record, moment).store(watched)
    except IntegrityError as error:
        raise RevertError([str(error)]) from error


def restore(record, steps, is_final=True):
    """Store the versions after the steps, by model and key.

    With `is_final`, rows of a revision that have a temporary key (below 0) get one of the database, and the record is
    validated.
    """
    own, *parts = parts_of(record)
    rows = [part for part in parts if not part.model._meta.auto_created]
    for part in reversed(rows):
        gone = [step.before[part.key] for step in steps[part.model].values() if step.after is None]
        for row in part.model._base_manager.filter(pk__in=gone):
            row.delete()
    stored = type(record)._base_manager.get(pk=record.pk)
    for step in steps[own.model].values():
        _take(stored, step.after)
    if is_final:
        _valid(stored, "")
    if isinstance(stored, Record):
        stored.version += 1
    stored.save()
    for part in rows:
        coming = [step.after for step in steps[part.model].values() if step.after]
        if is_final:
            coming = [state | {part.key: None} if state[part.key] < 0 else state for state in coming]
        _store_rows(part, coming, f"{label_of(part, record)}: ")
    for relation in stored._meta.many_to_many:
        if (through := relation.remote_field.through) in steps and through._meta.auto_created:
            manager = getattr(stored, relation.name)
            manager.remove(*(pk for pk, step in steps[through].items() if step.after is None))
            manager.add(*(pk for pk, step in steps[through].items() if step.before is None))


def _store_rows(part, states, where):
    """Store rows as they were, one by one.

    If this violates a unique constraint, because rows exchange values, delete all of them first and create them again.
    """
    manager, pks = part.model._base_manager, [state[part.key] for state in states if state[part.key] is not None]
    here = manager.in_bulk(pks)
    try:
        with transaction.atomic():
            for state in states:
                row = here.get(state[part.key]) or part.model()
                _take(row, state)
                row.save()
    except IntegrityError:
        manager.filter(pk__in=pks)._raw_delete(manager.db)  # without signals: the rows are created again below
        for state in states:
            row = part.model()
            _take(row, state)
            _valid(row, where)
            row.save(force_insert=True)


def _take(row, state):
    for column, value in state.items():
        setattr(row, column, value)


def _valid(row, where):
    """Raise RevertError if a form would refuse the row.

    Translated fields are left out: whether they are complete is a publishing check.
    """
    try:
        options = translator.get_options_for_model(type(row))
        texts = {*options.all_fields, *(column.name for columns in options.all_fields.values() for column in columns)}
    except NotRegistered:
        texts = set()
    try:
        row.full_clean(exclude=texts)
    except ValidationError as error:
        raise RevertError(
            where + message if name == NON_FIELD_ERRORS else f"{where}{_field(row, name)}: {message}"
            for name, messages in error.message_dict.items()
            for message in messages
        ) from error


def _field(row, name):
    column = row._meta.get_field(name)
    return capfirst(getattr(column, "translated_field", column).verbose_name)
