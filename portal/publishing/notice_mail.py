"""The mails with notices to members of the staff, in the language that each chose, through EMAIL_URL."""

import datetime
import logging
import smtplib
from itertools import groupby

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext, override

from portal.core.days import start_of_day
from portal.models import Notice, NoticePreference
from portal.publishing.notices import attach_records, preference_of, sentence

KEPT_FOR = datetime.timedelta(days=3)  # an older notice is not sent any more, as after a long failure of the server
MOST_IN_MAIL = 50

logger = logging.getLogger(__name__)


def send_due_notices():
    """Send the notices that are due and not read yet: one mail to each recipient. Return the numbers sent and failed.

    Those of recipients who chose a daily mail are due at the end of their day. The notices are marked first, so that
    two processes never send the same one. A failure takes the mark back.
    """
    sent = failed = 0
    for notices in _claim_due():
        try:
            _message(notices).send()
            sent += 1
        except (OSError, smtplib.SMTPException) as error:
            # The text of the error may have the address.
            logger.warning("Notices could not be sent: %s. The next run tries again.", type(error).__name__)
            Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(mailed_at=None)
            failed += 1
    return sent, failed


@transaction.atomic
def _claim_due():
    """Mark the notices that are due as sent. Return them as a list of lists, one for each recipient."""
    now = timezone.now()
    today = start_of_day(now)
    frequency = NoticePreference.Frequency
    daily = Q(recipient__notice_preference__frequency=frequency.DAILY)
    none = Q(recipient__notice_preference__frequency=frequency.NONE)
    staff = Notice.objects.filter(recipient__is_staff=True, recipient__is_active=True).exclude(recipient__email="")
    due = staff.filter(mailed_at=None, read_at=None, at__gt=now - KEPT_FOR).exclude(none | (daily & Q(at__gte=today)))
    pks = list(Notice.objects.filter(pk__in=due.values("pk"), mailed_at=None).select_for_update().values_list("pk"))
    claimed = Notice.objects.filter(pk__in=[pk for (pk,) in pks])
    claimed.update(mailed_at=now)
    rows = claimed.select_related("recipient", "actor", "comment").order_by("recipient", "pk")
    return [list(notices) for _recipient, notices in groupby(rows, key=lambda notice: notice.recipient_id)]


def _message(notices):
    """Return the mail with these notices of one recipient, as plain text."""
    recipient = notices[0].recipient
    attach_records(notices)
    with override(preference_of(recipient).language):
        told = [_line(notice) for notice in notices[:MOST_IN_MAIL]]
        subject = told[0]["text"]
        if len(notices) > 1:
            subject = ngettext("{count} notice from the desk", "{count} notices from the desk", len(notices))
            subject = subject.format(count=len(notices))
        page_url = settings.PUBLIC_URL + reverse("admin:notices")
        context = {"lines": told, "page_url": page_url, "portal_name": settings.PORTAL_NAME}
        body = render_to_string("portal/mail/notices.txt", context)
        title = gettext("Editors’ desk: {subject}").format(subject=" ".join(subject.split()))
    return EmailMessage(title, body.strip() + "\n", to=[recipient.email], headers={"Auto-Submitted": "auto-generated"})


def _line(notice):
    opts = notice.of._meta if notice.of else None
    path = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[notice.record]) if opts else ""
    return {
        "text": sentence(notice),
        "comment": notice.comment.text if notice.comment else "",
        "url": settings.PUBLIC_URL + path,
    }
