"""Erase personal data whose time is over. A timer runs this command each day (docs/operation.md)."""

import datetime
import logging

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from portal.core.partial_dates import months_before
from portal.models import DigestSubscription, Notice, ReaderReport, UsageCount
from projects.models import StoredCheck

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Erase the e-mail addresses of reports that were closed 12 months ago, the entries of sessions that have "
        "ended, expired counts of requests, stored overlap checks after their last day, subscriptions to changes that "
        "nobody confirmed within 7 days, counts of usage after 25 months, and notices of the desk after 12 months. The "
        "log says how many, and nothing else. It may run in several places."
    )

    def handle(self, **options):
        emails = ReaderReport.objects.erase_old_emails()
        SessionStore.clear_expired()
        # A session that begins now may have its entry before it is stored itself.
        before = timezone.now() - datetime.timedelta(seconds=settings.SESSION_MAX_SECONDS)
        ended = UserSession.objects.filter(created_at__lt=before)
        sessions, _by_model = ended.exclude(session_key__in=Session.objects.values("session_key")).delete()
        erase_expired_counts()
        checks = StoredCheck.objects.erase_expired()
        subscriptions = DigestSubscription.objects.erase_unconfirmed()
        counts = UsageCount.objects.erase_before(timezone.localdate())
        last = months_before(timezone.localdate(), Notice.MONTHS_KEPT)
        notices, _by_model = Notice.objects.filter(at__date__lte=last).delete()
        logger.info(
            "Erased: e-mail addresses of reports %s, entries of ended sessions %s, overlap checks %s, "
            "subscriptions %s, counts of usage %s, notices %s",
            emails,
            sessions,
            checks,
            subscriptions,
            counts,
            notices,
        )


def erase_expired_counts():
    """Delete expired rows of the cache if it is a table. Django deletes them only when the table is full."""
    if isinstance(caches["default"], DatabaseCache):
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
        table = connection.ops.quote_name(settings.CACHES["default"]["LOCATION"])
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608 - a name of the settings
