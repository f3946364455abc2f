"""Send the digests that are due. A timer runs this command each day (docs/operation.md)."""

import logging
import smtplib

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from portal.core.days import start_of_day
from portal.models import DigestSubscription
from portal.views.digest_mail import followed_by, send_digest

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Send readers the changes of the lists that they follow, weekly or monthly, through EMAIL_URL. Nothing is sent "
        "without a change, and nothing without EMAIL_URL. The log has numbers only. It may run in several places."
    )

    def handle(self, **options):
        if not settings.HAS_MAIL_SERVER:
            logger.info("Digests: EMAIL_URL is not set, so nothing is sent.")
            return
        counts = {"sent": 0, "unchanged": 0, "outdated": 0, "failed": 0}
        due = DigestSubscription.objects.due_on(timezone.localdate()).order_by("pk")
        for pk in list(due.values_list("pk", flat=True)):
            if outcome := send_one(pk):
                counts[outcome] += 1
        logger.info("Digests: sent %(sent)s, unchanged %(unchanged)s, outdated %(outdated)s, failed %(failed)s", counts)


def send_one(pk):
    """Send the digest of a subscription, if it is still due. Return what came of it: a key of the counts, or None.

    A digest has the changes of whole days, up to the last midnight. A change of today may not be committed yet.
    The subscription is marked first, so that two processes never send the same digest. A failure takes the mark back.
    """
    subscription = DigestSubscription.objects.due_on(timezone.localdate()).filter(pk=pk).first()
    if subscription is None:
        return None
    before = subscription.covered_until
    until = start_of_day()
    mine = DigestSubscription.objects.filter(pk=pk, covered_until=before)
    if not mine.update(covered_until=until):
        return None
    followed = followed_by(subscription)
    if followed is None:
        return "outdated"
    try:
        return "sent" if send_digest(subscription, followed, until) else "unchanged"
    except (OSError, smtplib.SMTPException) as error:
        # The text of the error may have the address.
        logger.warning("A digest could not be sent: %s. The next run tries again.", type(error).__name__)
        DigestSubscription.objects.filter(pk=pk, covered_until=until).update(covered_until=before)
        return "failed"
