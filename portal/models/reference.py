"""Rows about a record: they name it by the label of its model (`kind`) and its primary key, not by a foreign key."""

from collections import defaultdict

from django.apps import apps
from django.db import models

from portal.tracking.audit_log import is_published_kind
from portal.tracking.signals import Action, Phase


class RecordReferenceModel(models.Model):
    """A row about a record."""

    kind = models.CharField(max_length=60)
    record = models.BigIntegerField()

    class Meta:
        abstract = True
        default_permissions = ()

    def __str__(self):
        return f"{self.kind} {self.record}"


def records_of(rows):
    """Return the records that rows are about, by kind and primary key; without deleted ones. One query a kind."""
    wanted = defaultdict(set)
    for row in rows:
        wanted[row.kind].add(row.record)
    return {
        (kind, pk): record
        for kind, pks in wanted.items()
        for pk, record in apps.get_model(kind)._base_manager.in_bulk(pks).items()
    }


def delete_rows_about_deleted(models_of_rows, sender, change, phase):
    """Delete the rows of these models about records that were deleted. The rest are arguments of `rows_changed`."""
    if change.action is Action.DELETE and phase is Phase.AFTER and is_published_kind(sender):
        for model in models_of_rows:
            model.objects.filter(kind=sender._meta.label_lower, record__in=change.pks).delete()
