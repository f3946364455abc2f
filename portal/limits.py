"""How often one address may ask for what costs most (searches, files, the API), and how much anybody may send.

All processes count together, and yet a reader costs nothing. Each process grants an address a tenth of a minute's
requests before it asks anybody; for each further tenth it takes one of the ten shares that lie in the shared cache, and
when there are none left, the address waits for the next minute. Only whoever asks far more than people do makes the
portal write anything. What an address has already, by its ETag, is not counted, and nobody who is signed in is refused.
"""

import ipaddress
import logging
import threading
from dataclasses import dataclass
from time import time

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.translation import gettext, ngettext

from portal import problems

SECONDS = 60
SHARES = 10

logger = logging.getLogger(__name__)


class TooOften(Exception):
    """An address asked too often, and may ask again after so many seconds."""

    def __init__(self, what, seconds):
        super().__init__(what)
        self.seconds = seconds


@dataclass
class Account:
    """What this process knows of an address within a minute."""

    left: int  # requests that are granted
    unpaid: int = 1  # shares that were granted before any was taken
    share: int = 0  # the next one to try


class Book:
    """The accounts of this process for the minute that runs."""

    def __init__(self):
        self.lock = threading.Lock()
        self.minute, self.accounts = None, {}

    def account(self, minute, key, granted):
        """The account of `key`, with one request less if one is left; and whether one was."""
        with self.lock:
            if minute != self.minute:
                self.minute, self.accounts = minute, {}
            account = self.accounts.setdefault(key, Account(granted))
            account.left -= 1
            return account, account.left >= 0


book = Book()


def spend(request, what):
    """Count a request of a kind (`settings.LIMITS` names them); raises `TooOften` where there were too many."""
    most = settings.LIMITS[what]
    if not most:
        return
    now = time()
    minute, key = int(now // SECONDS), f"limit:{what}:{_asker(request)}"
    granted = max(most // SHARES, 1)
    account, was_left = book.account(minute, key, granted)
    if was_left:
        return
    if _taken(account, f"{key}:{minute}", most // granted):
        account.left = granted - 1
    elif not request.user.is_authenticated:
        raise TooOften(what, int((minute + 1) * SECONDS - now) + 1)


def _asker(request):
    """The address that a request came from; of IPv6 the network of one customer, who has 2⁶⁴ addresses in it."""
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    return address if address.version == 4 else ipaddress.ip_network((address, 64), strict=False).network_address


def _taken(account, key, shares):
    """Whether another share was to be had. A cache that fails refuses nobody."""
    wanted, account.unpaid = account.unpaid + 1, 0
    try:
        while wanted and account.share < shares:
            wanted -= cache.add(f"{key}:{account.share}", 1, 2 * SECONDS)
            account.share += 1
    except Exception:  # of whatever the cache is made: that it fails is no reason to answer nobody
        logger.warning("The shared cache does not answer; requests go uncounted.", exc_info=True)
        return True
    return not wanted


class LimitsMiddleware:
    """Tells whoever asked too often when to come again: people in a page, programs in their own form."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, error):
        if not isinstance(error, TooOften):
            return None
        if problems.is_for_programs(request):
            told = "This address asked too often. Ask again after the seconds that Retry-After says."
            response = problems.response(429, told, retry_after=error.seconds)
        else:
            told = ngettext(
                "From where you are, the portal was asked for more than it answers within a minute. Please try again "
                "in {count} second.",
                "From where you are, the portal was asked for more than it answers within a minute. Please try again "
                "in {count} seconds.",
                error.seconds,
            ).format(count=error.seconds)
            context = {"title": gettext("A little too often"), "told": told}
            response = render(request, "portal/too_often.html", context, status=429)
        response.headers["Retry-After"] = str(error.seconds)
        add_never_cache_headers(response)
        patch_vary_headers(response, ("Accept",))
        return response


class BodyMiddleware:
    """Refuses a body that is too large, before any byte of it is read.

    Above DATA_UPLOAD_MAX_MEMORY_SIZE only signed-in staff may send something, to the desk, up to MOST_UPLOADED. The
    middleware stands inside the authentication, which reads no body, and runs before all that does: a view's CSRF check
    reads the form.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "HTTP_TRANSFER_ENCODING" in request.META:  # Django takes such a body for an empty one
            return problems.response(411, "Send the length of the body in Content-Length, not in chunks.")
        size = int(request.META.get("CONTENT_LENGTH") or 0)
        if size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return self.get_response(request)
        may_sign_in = request.path_info.startswith("/admin/") and size <= settings.MOST_UPLOADED
        if not may_sign_in or not request.user.is_staff:
            return self.refuse(request, may_sign_in)
        client = request.META.get("gunicorn.socket")  # a portal.slow_clients.ClientSocket; absent without gunicorn
        if client is not None and not client.has_body:
            client.read_body()
            return HttpResponse(status=100)  # is not sent; the request comes again with its body
        return self.get_response(request)

    def refuse(self, request, may_sign_in):
        if problems.is_for_programs(request):
            return problems.response(413, "The portal takes no requests as large as this.")
        context = {"title": gettext("That was too large"), "may_sign_in": may_sign_in}
        return render(request, "portal/too_large.html", context, status=413)
