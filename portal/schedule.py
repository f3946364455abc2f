"""Lets readers see scheduled records when their time has come.

A scheduled record is none that readers see, so nothing else has to know the clock: when it is due, it is published like
any other, and the search index with it. Whoever asks for a page next finds it there.
"""

import logging
import time

from django.apps import apps
from django.conf import settings
from django.db import Error
from django.utils import timezone

from portal.choices import Publication
from portal.history import because
from portal.index.keeping import indexing
from portal.models import Record
from portal.outage import is_outage
from portal.publishing import gaps
from portal.reasons import Reason

logger = logging.getLogger(__name__)


def _due():
    """Querysets, a model each, of the records whose time has come."""
    models = [model for model in apps.get_models() if issubclass(model, Record)]
    waiting = {"publication": Publication.SCHEDULED, "publish_at__lte": timezone.now()}
    return [model.objects.filter(**waiting).order_by("publish_at", "key") for model in models]


def publish_due():
    """Publish all that is due, and return it. What has come to lack something goes back to review instead."""
    due = _due()
    first, *others = (records.order_by().values("pk") for records in due)
    if not first.union(*others, all=True).exists():
        return []
    published = []
    with indexing():
        for records in due:
            for record in records.select_for_update():
                lacking = gaps(record)
                record.publication = Publication.IN_REVIEW if lacking else Publication.PUBLISHED
                record.moved_from(Publication.SCHEDULED)
                record.version += 1
                with because(Reason.NOT_WHOLE if lacking else Reason.ON_TIME):
                    record.save(update_fields=["publication", "publish_at", "published_at", "version", "updated_at"])
                if lacking:
                    logger.warning("Back to review, because it lacks something: %s %s", record._meta.label, record.key)
                else:
                    published.append(record)
    return published


class DueMiddleware:
    """Publishes what is due before a page is made; each process looks every `SCHEDULE_SECONDS` at most."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.looked = None

    def __call__(self, request):
        every, now = settings.SCHEDULE_SECONDS, time.monotonic()
        waits = request.path_info == "/healthz"  # it says that the process answers, whatever the database does
        if every is not None and not waits and (self.looked is None or now - self.looked >= every):
            self.looked = now
            try:
                publish_due()
            except Error as error:
                told = not is_outage(error)  # an outage has one cause, which many lines do not tell better
                logger.error("Could not look for what is due: %s", " ".join(str(error).split()), exc_info=told)
        return self.get_response(request)
