"""Django's `loaddata` with each key queried once and each record analysed for the search once, all in one transaction.

Rows to which no others refer, such as observations and citations, are the most of the content. New ones are inserted
in batches, and those that are stored as they are in the file are left alone. Loaded records have no history. The
history of a record begins when an editor first changes it.
"""

from django.db import router
from modeltranslation.management.commands import loaddata

from portal.core.database import analyze
from portal.models.querysets import PairManager, remembering_keys
from portal.search.indexing import mark_saved
from portal.tracking.change_log import content_transaction
from portal.tracking.history import without_history

BATCH = 1_000


class Command(loaddata.Command):
    def handle(self, *args, **options):
        self.new_rows, self.stored = [], {}
        with content_transaction(), remembering_keys(), without_history():
            super().handle(*args, **options)
        analyze(options["database"])

    def load_label(self, fixture_label):
        super().load_label(fixture_label)
        self.insert_new_rows()

    def save_obj(self, obj):
        row, model = obj.object, type(obj.object)
        if not is_plain_row(obj) or not router.allow_migrate_model(self.using, model) or self.is_excluded(model):
            self.insert_new_rows()
            return super().save_obj(obj)
        self.models.add(model)
        if row.pk is None:
            if self.new_rows and (type(self.new_rows[0]) is not model or len(self.new_rows) == BATCH):
                self.insert_new_rows()
            self.new_rows.append(row)
        elif values_of(row) != self.stored_values(model).get(row.pk):
            return super().save_obj(obj)
        return True

    def is_excluded(self, model):
        return model in self.excluded_models or model._meta.app_config in self.excluded_apps

    def insert_new_rows(self):
        """Insert the rows that wait, which are all of one model."""
        if self.new_rows:
            type(self.new_rows[0]).objects.using(self.using).bulk_create(self.new_rows)
            mark_saved(self.new_rows)
            self.new_rows = []

    def stored_values(self, model):
        """Return the stored values of all rows of a model by primary key. They are read once."""
        if model not in self.stored:
            rows = model._base_manager.using(self.using).iterator()
            self.stored[model] = {row.pk: values_of(row) for row in rows}
        return self.stored[model]


def is_plain_row(obj):
    """Return True if `obj` is a whole row that is found by its natural key and that no other row refers to."""
    model = type(obj.object)
    is_row = isinstance(model._meta.default_manager, PairManager) and not model._meta.related_objects
    return is_row and not obj.m2m_data and not obj.deferred_fields


def values_of(row):
    """Return the values of all columns of a row."""
    return [getattr(row, field.attname) for field in row._meta.concrete_fields]
