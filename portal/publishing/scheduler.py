"""Publishes scheduled records and revisions at their time.

A timer runs `manage.py publish_scheduled` each minute. Without a timer, the middleware publishes with the first request
after the time.
"""

import logging
import threading
import time

from django.apps import apps
from django.conf import settings
from django.db import Error
from django.dispatch import Signal
from django.utils import timezone

from portal.core.choices import PublicationStatus
from portal.core.database import lock_timeout
from portal.http.outage import is_service_failure
from portal.models import Record, Revision
from portal.publishing.checks import publishing_blockers
from portal.publishing.notices import record_moved
from portal.tracking.change_log import content_transaction
from portal.tracking.change_reasons import ChangeReason
from portal.tracking.history import change_reason

LOCK_MILLISECONDS = 50  # the longest wait for a lock in a request; its holder may be publishing the same records

# Sent when something is due, within the transaction that publishes it. Argument: now. A receiver publishes what else is
# scheduled for `now` or earlier, and returns the list of its records.
publishing_due = Signal()

logger = logging.getLogger(__name__)


def _scheduled():
    """Return a list of querysets: for each model of records, those that are scheduled."""
    models = [model for model in apps.get_models() if issubclass(model, Record)]
    return [model.objects.filter(publication=PublicationStatus.SCHEDULED) for model in models]


def next_due():
    """Return the earliest time for which a record or a revision is scheduled, or None.

    It may be past. One query, no lock.
    """
    scheduled = [*_scheduled(), Revision.objects.filter(state=Revision.State.SCHEDULED)]
    first, *others = (rows.order_by().values_list("publish_at", flat=True) for rows in scheduled)
    return first.union(*others, all=True).order_by("publish_at").first()


def publish_scheduled():
    """Publish all records and revisions whose time has come, and return a list of the records. One transaction.

    A record with blockers (`publishing_blockers`) goes back to review and is not in the list. If two processes do this
    at the same time, the second one waits for the first and then finds nothing to publish.
    """
    now, due_at = timezone.now(), next_due()
    return _publish_until(now) if due_at is not None and due_at <= now else []


def _publish_until(now):
    """Publish all that is scheduled for `now` or earlier, as `publish_scheduled` does."""
    published = []
    with content_transaction():
        for scheduled in _scheduled():
            for record in scheduled.filter(publish_at__lte=now).order_by("publish_at", "key").select_for_update():
                lacking = publishing_blockers(record)
                record.publication = PublicationStatus.IN_REVIEW if lacking else PublicationStatus.PUBLISHED
                record.update_publication_dates(PublicationStatus.SCHEDULED)
                record.version += 1
                with change_reason(ChangeReason.NOT_WHOLE if lacking else ChangeReason.ON_TIME):
                    record.save(update_fields=["publication", "publish_at", "published_at", "version", "updated_at"])
                record_moved(record, PublicationStatus.SCHEDULED, None)
                if lacking:
                    logger.warning("Back to review, because it lacks something: %s %s", record._meta.label, record.key)
                else:
                    logger.info("Published at its time: %s %s", record._meta.label, record.key)
                    published.append(record)
        for _receiver, records in publishing_due.send(None, now=now):
            published += records
    return published


class PublishScheduledMiddleware:
    """Publishes due records before a page is made, if no timer has done so.

    A process queries the next due time every `SCHEDULE_SECONDS` and keeps it. Other requests only compare it with the
    clock. When the time has come, one request publishes, and the other requests do not wait for it.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        self.asked_at = None  # monotonic time of the last query
        self.due_at = None
        self.lock = threading.Lock()

    def __call__(self, request):
        # /healthz must respond without the database: it only shows that the process runs.
        if request.path_info != "/healthz" and self.is_time() and self.lock.acquire(blocking=False):
            try:
                self.publish()
            finally:
                self.lock.release()
        return self.get_response(request)

    def is_time(self):
        """Return True if a record is due, or if the next due time must be queried. None turns the middleware off."""
        every = settings.SCHEDULE_SECONDS
        if every is None:
            return False
        if self.asked_at is None or time.monotonic() - self.asked_at >= every:
            return True
        return self.due_at is not None and self.due_at <= timezone.now()

    def publish(self):
        """Query the next due time, and publish if it has come. Log database errors; retry after `SCHEDULE_SECONDS`."""
        self.asked_at, self.due_at = time.monotonic(), None
        try:
            self.due_at = next_due()
            if self.due_at is not None and self.due_at <= timezone.now():
                self.due_at = None
                with lock_timeout(LOCK_MILLISECONDS):
                    _publish_until(timezone.now())
                self.due_at = next_due()
        except Error as error:
            # For an outage, log one line without a traceback: many tracebacks do not explain it better.
            level, traceback = (logging.WARNING, False) if is_service_failure(error) else (logging.ERROR, True)
            logger.log(level, "Could not look for what is due: %s", " ".join(str(error).split()), exc_info=traceback)
