"""Throttling: limits on the cost of a network's requests per minute, on its concurrent requests, and on their size.

All processes share one limit per minute, and ordinary use writes nothing to the shared cache. Each process first grants
a network a tenth of the limit by itself. For each further tenth, it takes one of the ten shares of the network from the
shared cache. When no share is left, requests are refused until the next minute. So only a client that sends far more
requests than people do causes writes. Pages from the page cache, and files of which the client already has the current
ETag, are not counted. These limits never refuse a signed-in user.
"""

import functools
import ipaddress
import logging
import threading
from collections import Counter
from dataclasses import dataclass
from time import time

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language, gettext, ngettext

from portal.http import parameters, problems

SECONDS = 60  # the period of the limits
SHARES = 10
# A request never costs more than this part of the limit, so that a large file is available after some small ones.
MOST_OF_A_MINUTE = 0.8

# The cost of a page that is not cached, by URL name; all others cost 1. From the CPU time, measured with the content of
# fixtures/ on Python 3.13 (median of six): the median of all kinds of pages is 46 ms, a comparison of four countries
# 170 ms, the map 131, coverage 128, causes and effects 103, the timeline 87. A search takes 46 ms here, but more with
# more records.
PAGE_COSTS = {"compare": 4, "brief": 4, "map": 3, "coverage": 3, "issues": 2, "timeline": 2, "search": 2}
# The number of rows that cost as much as one small file, by format. Measured: CSV takes 0.05 ms a row, JSON with all
# fields 0.14 ms.
ROWS = {"csv": 1_000}
ROWS_OTHERWISE = 400

# Of the threads of a process (gunicorn.conf.py), one network occupies at most LIMIT_AT_ONCE + WAITING. The others stay
# free for other networks, for cached pages and for /healthz.
WAITING = 3  # requests of all networks that wait in a process until another one of their network is answered
WAIT_SECONDS = 2
LONG_FILES = ("/data/", "/iati/")  # prefixes of files that may take long to make, besides those with a `format`
RETRY_SECONDS = 2
# Services that must always answer, and staff pages, whose users are signed in or are signing in.
UNLIMITED = ("/admin/", "/accounts/", "/healthz", "/readyz", "/content-version", "/metrics")

logger = logging.getLogger(__name__)


class Throttled(Exception):
    """Raised if a network exceeds the limit `what`. It may retry after `seconds`."""

    def __init__(self, what, seconds):
        super().__init__(what)
        self.seconds = seconds


# ── Requests per minute ──────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Bucket:
    """The state of one limit of a network within the current minute, in this process."""

    left: int  # cost that is granted and not yet spent
    unpaid: int = 1  # shares that were granted but not taken from the shared cache: at first the process's own grant
    share: int = 0  # the number of the next share to try


class TokenBuckets:
    """The buckets of this process for the current minute. Thread-safe."""

    def __init__(self):
        self.lock = threading.Lock()
        self.minute, self.accounts = None, {}

    def consume(self, minute, key, cost, granted):
        """Take `cost` from the bucket of `key`, which starts with `granted`. Return it and its overdraft, 0 if none."""
        with self.lock:
            if minute != self.minute:
                self.minute, self.accounts = minute, {}
            account = self.accounts.setdefault(key, Bucket(granted))
            account.left -= cost
            return account, max(-account.left, 0)

    def add(self, account, cost):
        """Add `cost` to a bucket. Return the cost that is left in it, negative if overdrawn."""
        with self.lock:
            account.left += cost
            return account.left


buckets = TokenBuckets()


def throttle(request, what, cost=1):
    """Count a request against the limit `what`, a key of `settings.THROTTLE_RATES`; 0 there means no limit.

    Raise `Throttled` if the network has spent its limit and the user is not signed in. The wait is until the next
    minute. A request within the grant of this process does not use the shared cache.
    """
    most = settings.THROTTLE_RATES[what]
    if not most:
        return
    now = time()
    minute, key = int(now // SECONDS), f"limit:{what}:{network_of(request)}"
    granted = max(most // SHARES, 1)
    cost = min(cost, max(int(most * MOST_OF_A_MINUTE), 1))
    account, overdrawn = buckets.consume(minute, key, cost, granted)
    if not overdrawn:
        return
    wanted = -(-overdrawn // granted)
    taken = _take(account, _cache_key(f"{key}:{minute}"), wanted, most // granted)
    if buckets.add(account, taken * granted) < 0 and taken < wanted:
        buckets.add(account, cost)  # a refused request costs nothing
        if not request.user.is_authenticated:
            raise Throttled(what, int((minute + 1) * SECONDS - now) + 1)


def cost_of_rows(form, rows):
    """Return the cost of a file with `rows` rows, in small files, in addition to 1 for the request itself."""
    return rows // ROWS.get(form, ROWS_OTHERWISE)


def network_of(request):
    """Return the client's IPv4 address, or the first address of its /64 in IPv6: one customer has all 2⁶⁴ of them."""
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    return address if address.version == 4 else ipaddress.ip_network((address, 64), strict=False).network_address


def _cache_key(named):
    """Return the key of a limit in the shared cache: a keyed hash, so that the cache stores no network address."""
    return f"limit:{salted_hmac('portal.throttling', named, algorithm='sha256').hexdigest()}"


def _take(account, key, wanted, shares):
    """Take shares from the shared cache until `wanted` are had or none is left. Return how many were had.

    The first share pays for the grant of this process and is not counted. If the cache fails, return `wanted`, so that
    nobody is refused.
    """
    unpaid, account.unpaid = account.unpaid, 0
    taken = -unpaid
    try:
        while taken < wanted and account.share < shares:
            taken += cache.add(f"{key}:{account.share}", 1, 2 * SECONDS)
            account.share += 1
    except Exception:  # errors differ by backend; a failing cache must not cause refusals
        logger.warning("The shared cache does not answer; requests go uncounted.", exc_info=True)
        return wanted
    if taken < 0:
        account.unpaid = -taken
    return max(taken, 0)


# ── Concurrent requests ──────────────────────────────────────────────────────────────────────────────────────


class FreeSlots:
    """The slots of requests that this process is answering, by network. Thread-safe."""

    def __init__(self):
        self.changed = threading.Condition()
        self.taken, self.files, self.waiting = Counter(), Counter(), 0

    def is_free(self, network, as_file):
        """Return True if the network may have one more request. Files, which may take long, leave one slot free.

        The limit is THROTTLE_RATES["at_once"]; 0 means no limit. With a limit of 1, a file may use the only slot.
        """
        most = settings.THROTTLE_RATES["at_once"]
        return not most or (self.taken[network] < most and not (as_file and self.files[network] >= max(most - 1, 1)))

    def take(self, network, as_file, seconds=WAIT_SECONDS):
        """Take a slot, and return True. Wait up to `seconds` for one, if fewer than WAITING requests wait.

        Return False if no slot is free.
        """
        with self.changed:
            if not self.is_free(network, as_file):
                if not seconds or self.waiting >= WAITING:
                    return False
                self.waiting += 1
                try:
                    if not self.changed.wait_for(lambda: self.is_free(network, as_file), seconds):
                        return False
                finally:
                    self.waiting -= 1
            self.taken[network] += 1
            self.files[network] += as_file
            return True

    def give_back(self, network, as_file):
        """Free a slot, and wake the waiting requests."""
        with self.changed:
            for counter, count in ((self.taken, 1), (self.files, as_file)):
                counter[network] -= count
                if not counter[network]:
                    del counter[network]
            self.changed.notify_all()


free_slots = FreeSlots()


def may_take_long(request):
    """Return True for a file with all records, by `format` or path. Suggestions, API pages and robots.txt are short."""
    return "format" in request.GET or request.path_info.startswith(LONG_FILES)


class ThrottlingMiddleware:
    """Counts pages that are not cached, and limits the concurrent requests of a network in each process.

    A throttled request gets a page for people, or JSON for programs. The middleware is inside the page cache.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = None
        try:
            response = self.get_response(request)
        finally:
            if place := request.__dict__.pop("place", None):
                give_back = functools.partial(free_slots.give_back, *place)
                if response is not None and response.streaming:
                    response._resource_closers.append(give_back)  # called by response.close()
                else:
                    give_back()
        if error := request.__dict__.pop("refused", None):
            return refusal(request, error)
        return response

    def process_view(self, request, view, args, kwargs):
        if request.path_info.startswith(UNLIMITED):
            return None
        as_file = parameters.is_file(request, view)
        try:
            if not as_file and request.method in {"GET", "HEAD"}:
                name = (request.resolver_match.url_name or "").removeprefix("embed-")  # as its page
                throttle(request, "pages", PAGE_COSTS.get(name, 1))
            self.take_place(request, as_file and may_take_long(request))
        except Throttled as error:
            return self.process_exception(request, error)
        return None

    def take_place(self, request, as_file):
        """Take a slot, which `__call__` gives back. Raise Throttled if there is none and the user is not signed in."""
        place = (network_of(request), as_file)
        if free_slots.take(*place, seconds=0):
            request.place = place
        elif request.user.is_authenticated:
            pass  # served without a slot, and without waiting
        elif free_slots.take(*place):
            request.place = place
        else:
            raise Throttled("at_once", RETRY_SECONDS)

    def process_exception(self, request, error):
        if not isinstance(error, Throttled):
            return None
        # __call__ makes the response, outside of the compression: many refusals must cost little.
        request.refused = error
        return HttpResponse(status=429)


def refusal(request, error):
    """Return the response to a throttled request: 429, or 503 for OAI-PMH, with Retry-After in seconds."""
    if request.path_info == reverse("oai"):
        response = HttpResponse(status=503)  # the status by which OAI-PMH makes harvesters wait
    elif problems.is_for_programs(request):
        told = "This address asked too often. Ask again after the seconds that Retry-After says."
        response = problems.response(429, told, retry_after=error.seconds)
    else:
        response = HttpResponse(_refusal_page(get_language(), error.seconds), status=429)
    response._has_been_logged = True  # a log line would cost more than the refusal itself; metrics count refusals
    response.headers["Retry-After"] = str(error.seconds)
    response.headers["Content-Language"] = get_language()
    add_never_cache_headers(response)
    patch_vary_headers(response, ("Accept", "Accept-Language"))
    return response


@functools.lru_cache(maxsize=3 * SECONDS)
def _refusal_page(language, seconds):
    """Return the HTML page for people. It is the same for all clients, so it is cached in memory."""
    told = ngettext(
        "Too many requests came from your network. Please try again in {count} second.",
        "Too many requests came from your network. Please try again in {count} seconds.",
        seconds,
    ).format(count=seconds)
    return render_to_string("portal/429_throttled.html", {"title": gettext("Too many requests"), "told": told})


class RequestSizeMiddleware:
    """Answers 413 to a body that is too large, and 411 to a chunked one, before any byte of it is read.

    Only signed-in staff may send more than DATA_UPLOAD_MAX_MEMORY_SIZE, to the admin, up to MOST_UPLOADED (both in
    bytes). The middleware is inside AuthenticationMiddleware, which does not read the body. It runs before everything
    that does, such as the CSRF check, which reads the form.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "HTTP_TRANSFER_ENCODING" in request.META:  # Django treats such a body as empty
            return problems.response(411, "Send the length of the body in Content-Length, not in chunks.")
        size = int(request.META.get("CONTENT_LENGTH") or 0)
        if size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return self.get_response(request)
        may_sign_in = request.path_info.startswith("/admin/") and size <= settings.MOST_UPLOADED
        if not may_sign_in or not request.user.is_staff:
            return self.refuse(request, may_sign_in)
        client = request.META.get(
            "gunicorn.socket"
        )  # a portal.ops.gunicorn_worker.ClientSocket; absent without gunicorn
        if client is not None and not client.has_body:
            client.read_body()
            return HttpResponse(status=100)  # is not sent; the worker passes the request again with its body
        return self.get_response(request)

    def refuse(self, request, may_sign_in):
        if problems.is_for_programs(request):
            return problems.response(413, "The portal takes no requests as large as this.")
        context = {"title": gettext("Request too large"), "may_sign_in": may_sign_in}
        return render(request, "portal/413.html", context, status=413)
