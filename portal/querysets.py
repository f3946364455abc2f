"""What every kind of record can be asked, and the managers that read fixtures without primary keys."""

import contextlib
import contextvars

from django.db import models
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import get_language

from portal import audit, freshness, history
from portal.care import links, translations
from portal.choices import Publication
from portal.index import keeping


class RowQuerySet(models.QuerySet):
    """What is done to many rows at once leaves history, and older translations, as if it were done one by one.

    Each change is one transaction with all that is kept of it, even where the caller has opened none.
    """

    @keeping.one_transaction()
    def get_or_create(self, *args, **kwargs):
        return super().get_or_create(*args, **kwargs)

    @keeping.one_transaction()
    def update_or_create(self, *args, **kwargs):
        return super().update_or_create(*args, **kwargs)

    @keeping.one_transaction()
    def bulk_update(self, *args, **kwargs):
        return super().bulk_update(*args, **kwargs)

    @keeping.one_transaction()
    def delete(self):
        return super().delete()

    delete.alters_data = True
    delete.queryset_only = True

    @keeping.one_transaction()
    def update(self, **values):
        changed = list(self.order_by().values_list("pk", flat=True))
        texts = translations.watched(self, values)
        freshness.touch(self.model, pks=changed)
        with history.recording(self.model, changed):
            rows = super().update(**values)
        translations.updated(self.model, texts)
        self._updated(changed, values)
        return rows

    def _updated(self, changed, values):
        """Called with the primary keys of the rows that `values` were given to."""

    @keeping.one_transaction()
    def bulk_create(self, rows, *args, ignore_conflicts=False, update_conflicts=False, **kwargs):
        if ignore_conflicts or update_conflicts:
            raise ValueError("Which rows are new, and what others were before, would be known to no history.")
        created = super().bulk_create(rows, *args, **kwargs)
        freshness.touch(self.model, pks=[row.pk for row in created])
        history.write_created(self.model, [row.pk for row in created])
        return created


class RecordQuerySet(RowQuerySet):
    """Questions that read well when chained."""

    def published(self):
        """Records that readers may see."""
        return self.filter(publication=Publication.PUBLISHED)

    @keeping.one_transaction()
    def update(self, **values):
        """Change all at once, the search index with them."""
        moved = list(self.order_by()) if "publication" in values else []
        rows = super().update(**values)
        for record in moved:
            audit.note_publication(record, record.publication, values["publication"])
        return rows

    def _updated(self, changed, values):
        keeping.mark(self.model, changed)
        links.updated(self.model, changed, values)

    @keeping.one_transaction()
    def bulk_create(self, records, *args, **kwargs):
        """Create many at once, the search index with them."""
        created = super().bulk_create(records, *args, **kwargs)
        keeping.mark(self.model, [record.pk for record in created])
        links.changed(self.model, [record.pk for record in created])
        return created

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
