"""When the content last changed: one number that every change of a record moves.

Files, feeds and answers of the API carry it in their ETag, so that who has the newest one is told so without its being
made again; and what is kept ready beside the database, such as the archive of everything, knows by it that it is old.
"""

import threading
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.db import models, transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

_local = threading.local()


class Freshness(models.Model):
    """The number and the time of the last change; there is one row."""

    number = models.PositiveBigIntegerField(default=0)
    changed_at = models.DateTimeField()

    def __str__(self):
        return str(self.number)


@dataclass(frozen=True)
class State:
    """How the content stands: the same number, the same content."""

    number: int
    changed_at: datetime


def touch(**_signal):
    """Note that something changed. Called by signals, and by what changes many rows at once without any."""
    _local.touched = True
    transaction.on_commit(settle, robust=True)


def settle():
    """Move the number, if something changed since it was last moved."""
    if getattr(_local, "touched", False):
        _local.touched = False
        moved = {"number": models.F("number") + 1, "changed_at": timezone.now()}
        if not Freshness.objects.filter(pk=1).update(**moved):
            Freshness.objects.create(pk=1, number=1, changed_at=moved["changed_at"])


def state() -> State:
    """How the content stands now."""
    settle()
    row = Freshness.objects.filter(pk=1).values_list("number", "changed_at").first()
    return State(*row) if row else State(0, datetime(2026, 1, 1, tzinfo=timezone.get_default_timezone()))


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
    for model in apps.get_models():
        if isinstance(model._default_manager, managers):
            for signal in (post_save, post_delete):
                signal.connect(touch, sender=model, dispatch_uid="freshness")
            for field in model._meta.local_many_to_many:
                if field.remote_field.through._meta.auto_created:
                    m2m_changed.connect(touch, sender=field.remote_field.through, dispatch_uid="freshness")
