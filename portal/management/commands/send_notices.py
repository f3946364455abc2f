"""Send the notices of the desk by mail. A timer runs this command each minute (docs/operation.md)."""

import logging

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.publishing.notice_mail import send_due_notices

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Send members of the staff their notices, at once or once a day as they chose, through EMAIL_URL. Nothing is "
        "sent without EMAIL_URL. The log has numbers only. It may run in several places."
    )

    def handle(self, **options):
        if not settings.HAS_MAIL_SERVER:
            return  # each minute: no line of the log
        sent, failed = send_due_notices()
        if sent or failed:
            logger.info("Notices: sent %s mails, failed %s", sent, failed)
