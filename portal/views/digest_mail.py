"""The mails to readers who follow a list: the question whether they want it, and the digest of its changes.

A mail has the reader's language, as plain text and as simple HTML. It loads nothing and its links name nobody but the
one that stops it, so nothing shows whether it was read.
"""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.signing import BadSignature, Signer
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, override

from portal.core.urls import with_query
from portal.models import DigestSubscription
from portal.models.subscription import DAYS_UNCONFIRMED
from portal.views.list_query import ListQuery

MOST_IN_MAIL = 50  # changes; the page has the others
CONFIRM, STOP = "digest-confirm", "digest-stop"


# ── Signed links ─────────────────────────────────────────────────────────────────────────────────────────────────────


def key_of(subscription, purpose):
    """Return the key of a link for one `purpose`, CONFIRM or STOP: a random part and its signature."""
    return Signer(salt=f"portal.{purpose}").sign(subscription.nonce)


def is_signed(key, purpose):
    """Return True if the portal made this key for this purpose, whether or not the subscription is still there."""
    try:
        Signer(salt=f"portal.{purpose}").unsign(key)
    except BadSignature:
        return False
    return True


def find_subscription(key):
    """Return the subscription that a signed key names, or None."""
    return DigestSubscription.objects.filter(nonce=key.partition(":")[0]).first()


def link_of(subscription, purpose):
    """Return the absolute URL of a link. The key is in the query, which no log contains."""
    return settings.PUBLIC_URL + with_query(reverse(purpose), {"key": key_of(subscription, purpose)})


# ── Mails ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def followed_by(subscription):
    """Return the ListQuery of a subscription; None if the portal no longer has the list or a value of the filter.

    Without the value the list would have more records than the reader asked for.
    """
    followed = ListQuery(subscription.list_name, QueryDict(subscription.query))
    with override(subscription.language):  # the names of the values are read here
        is_whole = followed.is_known and followed.query == subscription.query
    return followed if is_whole else None


def send_confirmation(subscription, followed):
    """Ask the reader, by mail, to confirm the address. Raise OSError or SMTPException if the server refuses it.

    The mail has no words that somebody typed: whoever fills in the form could send their own text to others.
    """
    with override(subscription.language):
        context = {
            "list_title": followed.title,
            "facts": followed.facts,
            "has_words": bool(followed.words),
            "frequency": subscription.get_frequency_display(),
            "confirm_url": link_of(subscription, CONFIRM),
            "days": DAYS_UNCONFIRMED,
        }
        subject = gettext("Please confirm: changes by e-mail")
        _message(subscription, subject, "confirmation", context).send()


def send_digest(subscription, followed, until):
    """Send the changes since the last digest, and return True. Without a change send nothing, and return False."""
    with override(subscription.language):
        found = followed.changes(subscription.covered_until, until)
        if not found.changes:
            return False
        stop_url = link_of(subscription, STOP)
        context = {
            "changes": [_line(change) for change in found.changes[:MOST_IN_MAIL]],
            "has_more": found.is_cut or len(found.changes) > MOST_IN_MAIL,
            "page_url": settings.PUBLIC_URL + with_query(reverse("what-changed"), followed.parameters),
            "list_title": followed.title,
            "facts": followed.facts,
            "words": followed.words,
            "since": subscription.covered_until,
            "frequency": subscription.get_frequency_display(),
            "stop_url": stop_url,
        }
        title = gettext("What changed on the portal")
        if followed.title:
            title = gettext("What changed: {list}").format(list=followed.title)
        message = _message(subscription, title, "digest", context)
        message.extra_headers |= {
            "List-Unsubscribe": f"<{stop_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
        }
        message.send()
    return True


def _line(change):
    """Return what a mail says of a change: words and an absolute URL."""
    return {
        "name": " ".join(change.name_and_language()[0].split()),
        "url": settings.PUBLIC_URL + change.get_absolute_url(),
        "kind": change.record_kind,
        "label": change.kind.label,
        "text": " ".join(change.text_and_language[0].split()),
        "about": change.about.name_and_language()[0] if change.about else "",
        "moment": change.moment,
    }


def _message(subscription, subject, template, context):
    """Return a mail to the reader of a subscription: plain text and HTML, in the active language."""
    context |= {"portal_name": settings.PORTAL_NAME, "language": subscription.language, "title": subject}
    context |= {
        "privacy_url": settings.PUBLIC_URL + reverse("privacy"),
        "home_url": settings.PUBLIC_URL + reverse("home"),
    }
    text, html = (render_to_string(f"portal/mail/{template}.{form}", context) for form in ("txt", "html"))
    message = EmailMultiAlternatives(
        subject=f"{subject} – {settings.PORTAL_NAME}",
        body=text.strip() + "\n",
        to=[subscription.email],
        headers={"Auto-Submitted": "auto-generated"},  # RFC 3834: no automatic answer is expected
    )
    message.attach_alternative(html, "text/html")
    return message
