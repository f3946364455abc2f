"""The signals `rows_changed`, sent before and after every change of rows that editors work on, and `changes_flushed`.

`portal.apps` connects their receivers in a fixed order. The only other receivers of Django's own signals of these
models are those of django-simple-history. They run first, since `portal.tracking.history` needs the state of a row
directly before and after the change.
"""

import contextlib
import dataclasses
import enum
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save
from django.dispatch import Signal

# Arguments: sender (the model, or the automatic through table of a many-to-many relation), change (a TableChange) and
# phase (a Phase).
rows_changed = Signal()

# Sent with what a transaction has changed: as the last step of a content_transaction(), and after each commit.
# Arguments: log (a ChangeLog) and is_committed. Receivers remove from the log what they have processed.
changes_flushed = Signal()


class Phase(enum.Enum):
    """Before or after the change. The transaction is still open after it."""

    BEFORE = "before"
    AFTER = "after"


class Action(enum.Enum):
    """The kind of change."""

    SAVE = "save"  # one row, created or not
    DELETE = "delete"  # one row; rows deleted by the cascade get a change each
    UPDATE = "update"  # the rows of a queryset
    CREATE = "create"  # many rows by bulk_create(); sent only after it: before, they have no primary keys
    RELATE = "relate"  # rows of an automatic through table


@dataclass(eq=False)
class TableChange:
    """A change in one table."""

    action: Action
    pks: Collection[Any]  # of the changed rows; of RELATE, of the records related to `instance`; empty: all
    instance: models.Model | None = None  # of SAVE, DELETE and RELATE
    fields: frozenset[str] | None = None  # names of the fields that are written; None: any
    values: dict[str, Any] = dataclasses.field(default_factory=dict)  # of UPDATE: the new value of each field
    rows: models.QuerySet | None = None  # of UPDATE: the rows; only in BEFORE, the update may change which it finds
    using: str = DEFAULT_DB_ALIAS  # of SAVE, DELETE and RELATE
    is_raw: bool = False  # of SAVE: a fixture is loaded
    is_created: bool = False  # of SAVE, known after it
    is_cleared: bool = False  # of RELATE: all relations of `instance` are removed
    is_reverse: bool = False  # of RELATE: `instance` is not of the model that declares the relation
    origin: Any = None  # of DELETE: the row or the queryset that delete() was called on
    memo: dict[str, Any] = dataclasses.field(default_factory=dict)  # what a receiver passes from BEFORE to AFTER


@contextlib.contextmanager
def announced(model, change):
    """Send `rows_changed` before and after the block, which makes the change; after it only if it raises no error."""
    rows_changed.send(model, change=change, phase=Phase.BEFORE)
    yield
    rows_changed.send(model, change=change, phase=Phase.AFTER)


def announce(model, change):
    """Send `rows_changed` with Phase.AFTER only, for a change that could not be announced before it."""
    rows_changed.send(model, change=change, phase=Phase.AFTER)


def connect(*tracked):
    """Send `rows_changed` for each save, deletion and change of a relation of these models."""
    for model in tracked:
        for signal, receiver in (
            (pre_save, _before_save),
            (post_save, _after_save),
            (pre_delete, _before_delete),
            (post_delete, _after_delete),
        ):
            signal.connect(receiver, sender=model, dispatch_uid="rows_changed")
        for field in model._meta.local_many_to_many:
            if field.remote_field.through._meta.auto_created:
                m2m_changed.connect(_relation_changed, sender=field.remote_field.through, dispatch_uid="rows_changed")


def _before_save(sender, instance, raw, using, update_fields, **kwargs):
    pks = [] if instance._state.adding else [instance.pk]
    change = TableChange(Action.SAVE, pks, instance, fields=update_fields, using=using, is_raw=raw)
    instance._table_change = change
    rows_changed.send(sender, change=change, phase=Phase.BEFORE)


def _after_save(sender, instance, created, **kwargs):
    change = instance.__dict__.pop("_table_change")
    change.pks, change.is_created = [instance.pk], created
    rows_changed.send(sender, change=change, phase=Phase.AFTER)


def _before_delete(sender, instance, using, origin, **kwargs):
    change = TableChange(Action.DELETE, [instance.pk], instance, using=using, origin=origin)
    instance._table_change = change
    rows_changed.send(sender, change=change, phase=Phase.BEFORE)


def _after_delete(sender, instance, **kwargs):
    rows_changed.send(sender, change=instance.__dict__.pop("_table_change"), phase=Phase.AFTER)


def _relation_changed(sender, instance, action, reverse, pk_set, using, **kwargs):
    when, _underscore, what = action.partition("_")
    change = TableChange(
        Action.RELATE, pk_set or (), instance, using=using, is_cleared=what == "clear", is_reverse=reverse
    )
    rows_changed.send(sender, change=change, phase=Phase.BEFORE if when == "pre" else Phase.AFTER)
