"""The base querysets of records and rows, and managers that find them by natural key when fixtures are loaded."""

import contextlib
import contextvars

from django.db import models
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import get_language

from portal.core.choices import PublicationStatus
from portal.tracking import history
from portal.tracking.change_log import joined_transaction
from portal.tracking.signals import Action, TableChange, announce, announced


class RowQuerySet(models.QuerySet):
    """Sends `rows_changed` and writes history for `update` and `bulk_create` too, for which Django sends no signals.

    The signal is sent once for all rows of a call. Each change is one transaction with all that is stored about it,
    such as history and the content version, even if the caller has opened none. `bulk_create` raises ValueError for
    `ignore_conflicts` and `update_conflicts`.
    """

    @joined_transaction()
    def get_or_create(self, *args, **kwargs):
        return super().get_or_create(*args, **kwargs)

    @joined_transaction()
    def update_or_create(self, *args, **kwargs):
        return super().update_or_create(*args, **kwargs)

    @joined_transaction()
    def bulk_update(self, *args, **kwargs):
        return super().bulk_update(*args, **kwargs)

    @joined_transaction()
    def delete(self):
        return super().delete()

    delete.alters_data = True
    delete.queryset_only = True

    @joined_transaction()
    def update(self, **values):
        rows = self.order_by()
        pks = list(rows.values_list("pk", flat=True))
        change = TableChange(Action.UPDATE, pks, fields=frozenset(values), values=values, rows=rows)
        with announced(self.model, change), history.record_history(self.model, pks):
            return super().update(**values)

    @joined_transaction()
    def bulk_create(self, rows, *args, ignore_conflicts=False, update_conflicts=False, **kwargs):
        if ignore_conflicts or update_conflicts:
            raise ValueError("Which rows are new, and what others were before, would be known to no history.")
        created = super().bulk_create(rows, *args, **kwargs)
        pks = [row.pk for row in created]
        history.write_created(self.model, pks)
        announce(self.model, TableChange(Action.CREATE, pks))
        return created


class RecordQuerySet(RowQuerySet):
    """Filters and orders that all kinds of records share."""

    def published(self):
        """Return the records that readers may see."""
        return self.filter(publication=PublicationStatus.PUBLISHED)

    def in_order_of(self, field):
        """Order by a translated field as `reader_text` gives it, then by key."""
        return self.order_by(reader_text(field), "key")


def reader_text(path):
    """Return an expression for a translated field in the active language, or in English where that text is empty.

    `path` is the name of the field without its language, and may follow relations.
    """
    language = get_language() or "en"
    if language == "en":
        return models.F(f"{path}_en")
    own = NullIf(f"{path}_{language}", models.Value(""))
    return Coalesce(own, f"{path}_en", output_field=models.TextField())


# A cache for loading fixtures: the records found so far, by (model, database, key) and (model, database, primary key),
# and for tables to which no other refers the primary keys by natural key, by (model, database).
_remembered = contextvars.ContextVar("remembered", default=None)


@contextlib.contextmanager
def remembering_keys():
    """Within the block, cache the records that are found by natural key, so that each one is queried once.

    Use it only for a load that deletes nothing: a deleted record would stay in the cache.
    """
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def remembered(model, database, name):
    """Return the record with `name` (a key or a primary key) from the cache of `remembering_keys`, or None."""
    found = _remembered.get()
    return None if found is None else found.get((model, database, name))


class KeyManager(models.Manager.from_queryset(RowQuerySet)):
    """Finds a record by its natural key, the field `key_field`."""

    key_field = "key"

    def get_by_natural_key(self, key):
        record = remembered(self.model, self.db, key)
        if record is None:
            record = self.get(**{self.key_field: key})
            found = _remembered.get()
            if found is not None:
                found[self.model, self.db, key] = found[self.model, self.db, record.pk] = record
        return record


RecordManager = KeyManager.from_queryset(RecordQuerySet, class_name="RecordManager")


class PairManager(models.Manager.from_queryset(RowQuerySet)):
    """Finds the row of a through table by the values of the `natural_fields` of its model.

    Within `remembering_keys`, the keys of a table to which no other refers are read by one query. A row that is found
    then has its primary key only, which is all that a load asks for.
    """

    def get_by_natural_key(self, *values):
        found = _remembered.get()
        if found is not None and not self.model._meta.related_objects:
            table = (self.model, self.db)
            if table not in found:
                rows = self.order_by().values_list(*self.model.natural_fields, "pk")
                found[table] = {tuple(key): pk for *key, pk in rows}
            if values not in found[table]:
                found[table][values] = None  # the load inserts it now
                raise self.model.DoesNotExist
            if pk := found[table][values]:
                return self.model(pk=pk)
        return self.get(**dict(zip(self.model.natural_fields, values, strict=True)))
