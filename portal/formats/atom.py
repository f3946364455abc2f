"""Atom feeds (RFC 4287). The feed of a list has the newest changes first, in pages (RFC 5005)."""

from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.core.licences import OWN_LICENCE
from portal.formats.fields import moment

PAGE = 50
TYPE = "application/atom+xml; charset=utf-8"


def element(name, text="", **attributes):
    """Return an XML element with text. Attributes without a value are left out."""
    own = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items() if value)
    return f"<{name}{own}>{escape(clean(str(text)))}</{name}>" if text else f"<{name}{own}/>"


def clean(text):
    """Return the text without the control characters that XML does not allow."""
    return "".join(character for character in text if character >= " " or character in "\n\t")


def tag(kind, key):
    """Return the id of a record in every feed: a tag URI (RFC 4151) with the host of ID_BASE_URL, without its port."""
    return f"tag:{urlsplit(settings.ID_BASE_URL).hostname},2026:{kind}/{key}"


def feed(*, title, about, links, identity, updated, entries, language=None):
    """Return an Atom document.

    `links` are pairs of relation and URL. `about` is the URL of the page that shows the same. `entries` are results of
    `entry`.
    """
    language = language or get_language()
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}">',
        element("id", identity),
        element("title", title),
        element("updated", moment(updated)),
        element("link", rel="alternate", type="text/html", href=about),
        *(element("link", rel=rel, type="application/atom+xml", href=address) for rel, address in links),
        element("link", rel="license", href=OWN_LICENCE),
        f"<author>{element('name', settings.PORTAL_NAME)}</author>",
        element("rights", _("Text by the portal: CC BY 4.0. Figures and sources have their own licences.")),
        *entries,
        "</feed>\n",
    ]
    return "\n".join(lines)


def entry(*, identity, title, address, updated, published=None, summary="", html="", categories=(), language=""):
    """Return an entry of a feed, with a summary as plain text, the full content as HTML, or both.

    `categories` are pairs of term and label. `language` is set if it is not the active one.
    """
    marked = {"xml:lang": language} if language and language != get_language() else {}
    lines = [
        "<entry>",
        element("id", identity),
        element("title", title, **marked),
        element("link", rel="alternate", type="text/html", href=address),
        element("updated", moment(updated)),
        *([element("published", moment(published))] if published else []),
        *(element("category", term=term, label=label) for term, label in categories),
        *([element("summary", summary)] if summary else []),
        *([element("content", html, type="html")] if html else []),
        "</entry>",
    ]
    return "\n".join(lines)
