"""Looks up the metadata of a DOI at the registry in DOI_LOOKUP_URL; without that setting there is no lookup.

The answer is not trusted. `portal.citations.parsers` reads it like a text that a user pasted. Redirects are followed
only to https URLs with public addresses, never into this network. A lookup stops after about `PATIENCE` seconds.
"""

import http.client
import socket
import time
from urllib.error import URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from django.conf import settings
from django.utils.translation import gettext as _

from portal.core.networks import is_public_address

PATIENCE = 6  # seconds, for the whole lookup
MOST_BYTES = 100_000
CSL_JSON = "application/vnd.citationstyles.csl+json"


class Unanswered(Exception):
    """A lookup without a result; the message gives the reason for people."""


def is_public(host: str) -> bool:
    """Return True if the host name resolves and all its addresses are public."""
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(is_public_address(address[0]) for *_rest, address in found)


class CarefulRedirects(HTTPRedirectHandler):
    """Follows redirects of a registry only to https URLs on public hosts, at most five."""

    max_redirections = 5

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        parts = urlsplit(newurl)
        if parts.scheme != "https" or not parts.hostname or not is_public(parts.hostname):
            raise URLError("led to an address that is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def opener() -> OpenerDirector:
    """Return the opener for requests to the registry."""
    return build_opener(ProxyHandler(), HTTPSHandler(), CarefulRedirects())


def looked_up(doi: str) -> str:
    """Return the registry’s metadata of a DOI as CSL-JSON. Raise Unanswered if the lookup fails."""
    url = settings.DOI_LOOKUP_URL.replace("{doi}", quote(doi, safe="/"))
    request = Request(url, headers={"Accept": CSL_JSON, "User-Agent": "portal"})  # noqa: S310 - https by settings
    end = time.monotonic() + PATIENCE
    body = b""
    try:
        with opener().open(request, timeout=PATIENCE) as answer:
            while len(body) <= MOST_BYTES and (more := answer.read1(16_384)):
                body += more
                if time.monotonic() > end:
                    raise TimeoutError
        text = body.decode()
    except (OSError, http.client.HTTPException, ValueError) as error:
        if getattr(error, "code", None) == 404:
            raise Unanswered(_("The registry does not know this DOI.")) from error
        raise Unanswered(_("The registry of DOIs cannot be reached now.")) from error
    if len(body) > MOST_BYTES:
        raise Unanswered(_("The registry’s answer is too long to be a reference."))
    return text
