"""When the content last changed: one number that every change of a record moves.

Files, feeds and answers of the API carry it in their ETag, so that who has the newest one is told so without its being
made again; and what is kept ready beside the database, such as the archive of everything, knows by it that it is old.
"""

import functools
import threading
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.db import Error, connections, models, router, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

MOST_CHANGES = 1_000  # of older ones nothing is known but that there were some
MOST_RECORDS = 5_000  # that a change tells one by one

ANY = None  # in the place of a primary key

_local = threading.local()
_followed = {}


class Freshness(models.Model):
    """The number and the time of the last change; there is one row."""

    is_audited = False

    number = models.PositiveBigIntegerField(default=0)
    changed_at = models.DateTimeField()

    def __str__(self):
        return str(self.number)


class Change(models.Model):
    """Which followed records a move of the number was about: by model their primary keys, or null for any."""

    is_audited = False

    number = models.PositiveBigIntegerField(primary_key=True)
    records = models.JSONField()

    def __str__(self):
        return str(self.number)


@dataclass(frozen=True)
class State:
    """How the content stands: the same number, the same content."""

    number: int
    changed_at: datetime


def follow(model, *shown):
    """Keep note of which records of a model change, with what they show: they do with their rows, and any of them may
    with a record of the models `shown`.
    """
    _followed[model] = shown


def touch(sender=None, instance=None, pks=None, pk_set=None, action="", **_signal):
    """Note that something changed. Called by signals, and by what changes many rows at once without any: with their
    model and primary keys, if they are known.
    """
    _local.touched = True
    for model, shown in _followed.items():
        _noted().setdefault(model, set()).update(_touched(model, shown, sender, instance, pks, pk_set, action))
    transaction.on_commit(settle, robust=True)


def _noted():
    if not hasattr(_local, "noted"):
        _local.noted = {}
    return _local.noted


def _touched(model, shown, sender, instance, pks, pk_set, action):
    """The primary keys of the followed records that a change is about; ANY among them if it may be about any."""
    if sender is None or sender in shown:
        return [ANY]
    if sender is model:
        return pks if pks is not None else [instance.pk]
    column = _column(sender, model)
    if not column:
        return []
    if action:  # a relation was changed, from either side
        return [instance.pk] if isinstance(instance, model) else pk_set or [ANY]
    return [ANY] if instance is None else [getattr(instance, column)]


@functools.cache
def _column(row, model):
    """The column by which rows of a model belong to a record of another, if they do."""
    owners = [field.attname for field in row._meta.concrete_fields if field.related_model is model]
    return owners[0] if owners else ""


def settle():
    """Move the number, if something changed since it was last moved."""
    if getattr(_local, "touched", False):
        _local.touched = False
        noted, _local.noted = _noted(), {}
        records = {
            model._meta.label_lower: None if ANY in pks or len(pks) > MOST_RECORDS else sorted(pks)
            for model, pks in noted.items()
            if pks
        }
        with transaction.atomic():
            moved = {"number": models.F("number") + 1, "changed_at": timezone.now()}
            if not Freshness.objects.filter(pk=1).update(**moved):
                Freshness.objects.create(pk=1, number=1, changed_at=moved["changed_at"])
            # Whoever moves the number holds its row until this is stored too: no number is seen without its change.
            number = Freshness.objects.values_list("number", flat=True).get(pk=1)
            Change.objects.filter(number__lte=number - MOST_CHANGES).delete()
            Change.objects.create(number=number, records=records)


def state() -> State:
    """How the content stands now."""
    settle()
    row = Freshness.objects.filter(pk=1).values_list("number", "changed_at").first()
    return State(*row) if row else State(0, datetime(2026, 1, 1, tzinfo=timezone.get_default_timezone()))


def changed_since(old, new, model) -> set[int] | None:
    """The primary keys of the records of a followed model that changed between the states with two numbers, and maybe
    of some that changed later; None if nobody knows.
    """
    rows = Change.objects.filter(number__gt=old).values_list("records", flat=True)
    found = [records.get(model._meta.label_lower, []) for records in rows]
    if len(found) < new - old or None in found:
        return None
    changed = set().union(*found)
    return changed if len(changed) <= MOST_RECORDS else None


def number() -> int:
    """The number of the state, in the quickest way: every page that is kept asks for it."""
    settle()
    connection = connections[router.db_for_read(Freshness)]
    try:
        return _number(connection)
    except Error:
        if connection.in_atomic_block:
            raise
        connection.close()  # it may have been lost since the last request, which nothing else has looked for
        return _number(connection)


def _number(connection):
    connection.health_check_done = True  # the question itself tells
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM portal_freshness WHERE id = 1")
        row = cursor.fetchone()
    return row[0] if row else 0


def conditional(request, etag, changed_at, make, headers):
    """What `make` gives; or 304 for who has that already, by the tag or the time of the last change. Both come with
    these headers, and with those by which a cache asks again.
    """
    response = get_conditional_response(request, etag=etag, last_modified=int(changed_at.timestamp()))
    if response is None:
        response = make()
    if response.status_code in {200, 304}:
        stated = {"ETag": etag, "Last-Modified": http_date(changed_at.timestamp())} | headers
        for name, value in stated.items():
            response.headers[name] = value
    return response


def listen(*managers):
    """Connect the signals of all models that one of these classes of managers stands before: those of the content."""
    listen_to(*(model for model in apps.get_models() if isinstance(model._default_manager, managers)))


def listen_to(*models):
    """Connect the signals of models whose rows readers see."""
    for model in models:
        for signal in (post_save, post_delete):
            signal.connect(touch, sender=model, dispatch_uid="freshness")
        for field in model._meta.local_many_to_many:
            if field.remote_field.through._meta.auto_created:
                m2m_changed.connect(touch, sender=field.remote_field.through, dispatch_uid="freshness")
