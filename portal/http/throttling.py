"""Limits of requests: how many a network makes in a minute, by their cost; how many of them are worked on at once; how
large a request may be.

All processes count together, and yet a reader costs nothing. Each process grants a network a tenth of a minute's
requests before it asks anybody; for each further tenth it takes one of the ten shares that lie in the shared cache, and
when there are none left, the network waits for the next minute. Only whoever asks far more than people do makes the
portal write anything. Pages of the page cache, and what a client has already by its ETag, are not counted. Nobody who
is signed in is refused.
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
from django.utils.translation import get_language, gettext, ngettext

from portal.http import parameters, problems

SECONDS = 60
SHARES = 10
# A file never costs more than this part of a minute's limit, so that it can be had after some small ones.
MOST_OF_A_MINUTE = 0.8

# What a page costs that has to be made, by the name of its address; all others cost 1. Measured as CPU time with the
# content of fixtures/ on Python 3.13 (median of six): the middle one of all kinds of pages takes 46 ms, a comparison of
# four countries 170, the map 131, coverage 128, causes and effects 103, the timeline 87. A search takes 46 ms here, but
# grows with the number of records.
PAGE_COSTS = {"compare": 4, "map": 3, "coverage": 3, "issues": 2, "timeline": 2, "search": 2}
# So many rows of a file cost as much as a small file. Measured: CSV takes 0.05 ms a row, JSON with all fields 0.14 ms.
ROWS = {"csv": 1_000}
ROWS_OTHERWISE = 400

# Of the threads of a process (gunicorn.conf.py), one network takes at most LIMIT_AT_ONCE and these; the rest stay free
# for other networks, for pages of the cache and for /healthz.
WAITING = 3  # requests, of all networks, that wait in a process until another one of their network is answered
WAIT_SECONDS = 2
LONG_FILES = ("/data/", "/iati/")  # files that may take long to make, beside those of a `format`
RETRY_SECONDS = 2
# Services that must answer always, and staff pages, whose users are signed in or about to be.
UNLIMITED = ("/admin/", "/accounts/", "/healthz", "/readyz", "/metrics")

logger = logging.getLogger(__name__)


class Throttled(Exception):
    """A network asked too often, and may ask again after so many seconds."""

    def __init__(self, what, seconds):
        super().__init__(what)
        self.seconds = seconds


# ── In a minute ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Bucket:
    """What this process knows of a network within a minute."""

    left: int  # cost that is granted and not yet spent
    unpaid: int = 1  # shares that were granted before any was taken
    share: int = 0  # the next one to try


class TokenBuckets:
    """The accounts of this process for the minute that runs."""

    def __init__(self):
        self.lock = threading.Lock()
        self.minute, self.accounts = None, {}

    def spend(self, minute, key, cost, granted):
        """Take `cost` from the account of `key`. Return the account and how much it is overdrawn, 0 if it is not."""
        with self.lock:
            if minute != self.minute:
                self.minute, self.accounts = minute, {}
            account = self.accounts.setdefault(key, Bucket(granted))
            account.left -= cost
            return account, max(-account.left, 0)

    def add(self, account, cost):
        """Put `cost` into an account."""
        with self.lock:
            account.left += cost
            return account.left


buckets = TokenBuckets()


def throttle(request, what, cost=1):
    """Count a request of a kind, which `settings.THROTTLE_RATES` names.

    Raise `Throttled` if the network has spent its limit.
    """
    most = settings.THROTTLE_RATES[what]
    if not most:
        return
    now = time()
    minute, key = int(now // SECONDS), f"limit:{what}:{_asker(request)}"
    granted = max(most // SHARES, 1)
    cost = min(cost, max(int(most * MOST_OF_A_MINUTE), 1))
    account, overdrawn = buckets.spend(minute, key, cost, granted)
    if not overdrawn:
        return
    wanted = -(-overdrawn // granted)
    taken = _take(account, f"{key}:{minute}", wanted, most // granted)
    if buckets.add(account, taken * granted) < 0 and taken < wanted:
        buckets.add(account, cost)  # nothing is spent for what is refused
        if not request.user.is_authenticated:
            raise Throttled(what, int((minute + 1) * SECONDS - now) + 1)


def cost_of_rows(form, rows):
    """Return what a file of so many rows costs, in small files, beside the one for asking."""
    return rows // ROWS.get(form, ROWS_OTHERWISE)


def _asker(request):
    """The address that a request came from; of IPv6 the network of one customer, who has 2⁶⁴ addresses in it."""
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    return address if address.version == 4 else ipaddress.ip_network((address, 64), strict=False).network_address


def _take(account, key, wanted, shares):
    """Take shares out of the shared cache, and return how many were had. A cache that fails refuses nobody."""
    unpaid, account.unpaid = account.unpaid, 0
    taken = -unpaid
    try:
        while taken < wanted and account.share < shares:
            taken += cache.add(f"{key}:{account.share}", 1, 2 * SECONDS)
            account.share += 1
    except Exception:  # of whatever the cache is made: that it fails is no reason to answer nobody
        logger.warning("The shared cache does not answer; requests go uncounted.", exc_info=True)
        return wanted
    if taken < 0:
        account.unpaid = -taken
    return max(taken, 0)


# ── At once ──────────────────────────────────────────────────────────────────────────────────────────────────


class FreeSlots:
    """The requests of each network that this process works on."""

    def __init__(self):
        self.changed = threading.Condition()
        self.taken, self.files, self.waiting = Counter(), Counter(), 0

    def is_free(self, network, as_file):
        """Return True if the process may work on one more; one place is never taken by a file, which may take long."""
        most = settings.THROTTLE_RATES["at_once"]
        return not most or (self.taken[network] < most and not (as_file and self.files[network] >= max(most - 1, 1)))

    def take(self, network, as_file, seconds=WAIT_SECONDS):
        """Take a place; wait for one if few others wait. Return False if there was none."""
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
        """Free a place."""
        with self.changed:
            for counter, count in ((self.taken, 1), (self.files, as_file)):
                counter[network] -= count
                if not counter[network]:
                    del counter[network]
            self.changed.notify_all()


free_slots = FreeSlots()


def may_take_long(request):
    """Return True for a file with all records. Suggestions, a page of the API and robots.txt are short."""
    return "format" in request.GET or request.path_info.startswith(LONG_FILES)


class ThrottlingMiddleware:
    """Counts pages that have to be made, lets a process work on few requests of one network at once, and answers who
    asked too often: people in a page, programs in their own form. It stands inside the page cache.
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
                throttle(request, "pages", PAGE_COSTS.get(request.resolver_match.url_name, 1))
            self.take_place(request, as_file and may_take_long(request))
        except Throttled as error:
            return self.process_exception(request, error)
        return None

    def take_place(self, request, as_file):
        """Take a place for a request, which `__call__` gives back; raise TooOften if there is none."""
        place = (_asker(request), as_file)
        if free_slots.take(*place, seconds=0):
            request.place = place
        elif request.user.is_authenticated:
            pass  # and does not wait either
        elif free_slots.take(*place):
            request.place = place
        else:
            raise Throttled("at_once", RETRY_SECONDS)

    def process_exception(self, request, error):
        if not isinstance(error, Throttled):
            return None
        # __call__ answers it outside the compression: a flood of refusals must cost little.
        request.refused = error
        return HttpResponse(status=429)


def refusal(request, error):
    """Return the answer to a network that asked too often."""
    if request.path_info == reverse("oai"):
        response = HttpResponse(status=503)  # as OAI-PMH tells harvesters to wait
    elif problems.is_for_programs(request):
        told = "This address asked too often. Ask again after the seconds that Retry-After says."
        response = problems.response(429, told, retry_after=error.seconds)
    else:
        response = HttpResponse(_refusal_page(get_language(), error.seconds), status=429)
    response._has_been_logged = True  # one line for each refusal would cost more than the refusal; metrics count them
    response.headers["Retry-After"] = str(error.seconds)
    response.headers["Content-Language"] = get_language()
    add_never_cache_headers(response)
    patch_vary_headers(response, ("Accept", "Accept-Language"))
    return response


@functools.lru_cache(maxsize=3 * SECONDS)
def _refusal_page(language, seconds):
    """Return the page for people, which is the same for all of them."""
    told = ngettext(
        "Too many requests came from your network. Please try again in {count} second.",
        "Too many requests came from your network. Please try again in {count} seconds.",
        seconds,
    ).format(count=seconds)
    return render_to_string("portal/429_throttled.html", {"title": gettext("A little too often"), "told": told})


class RequestSizeMiddleware:
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
        client = request.META.get(
            "gunicorn.socket"
        )  # a portal.ops.gunicorn_worker.ClientSocket; absent without gunicorn
        if client is not None and not client.has_body:
            client.read_body()
            return HttpResponse(status=100)  # is not sent; the request comes again with its body
        return self.get_response(request)

    def refuse(self, request, may_sign_in):
        if problems.is_for_programs(request):
            return problems.response(413, "The portal takes no requests as large as this.")
        context = {"title": gettext("That was too large"), "may_sign_in": may_sign_in}
        return render(request, "portal/413.html", context, status=413)
