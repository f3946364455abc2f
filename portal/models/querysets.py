"""What every kind of record can be asked, and the managers that read fixtures without primary keys."""

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
    """Announces what is done to many rows at once by `rows_changed`, as if it were done one by one, and writes history.

    Each change is one transaction with all that is kept of it, even where the caller has opened none.
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
    """Questions that read well when chained."""

    def published(self):
        """Records that readers may see."""
        return self.filter(publication=PublicationStatus.PUBLISHED)

    def in_order_of(self, field):
        """Records by a translated text as the reader sees it, English where the language has none."""
        return self.order_by(reader_text(field), "key")


def reader_text(path):
    """The expression for a translated column as the active language shows it; `path` may walk relations."""
    language = get_language() or "en"
    if language == "en":
        return models.F(f"{path}_en")
    own = NullIf(f"{path}_{language}", models.Value(""))
    return Coalesce(own, f"{path}_en", output_field=models.TextField())


# While fixtures load: the records found so far, by (model, database, key) and by (model, database, primary key).
_remembered = contextvars.ContextVar("remembered", default=None)


@contextlib.contextmanager
def remembering_keys():
    """Look each record up by its key once for as long as this lasts. Only for a load that deletes nothing."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def remembered(model, database, name):
    """The record that was found by `name` (a key or a primary key) since remembering began, or None."""
    found = _remembered.get()
    return None if found is None else found.get((model, database, name))


class KeyManager(models.Manager.from_queryset(RowQuerySet)):
    """Finds a record by its key."""

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
    """Finds the row of a through-table by what its model's `natural_fields` name."""

    def get_by_natural_key(self, *values):
        return self.get(**dict(zip(self.model.natural_fields, values, strict=True)))
