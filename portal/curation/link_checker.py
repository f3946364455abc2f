"""Check whether external links still answer, with few requests to each host and none to private networks.

A host gets one request at a time, with a pause of PAUSE seconds after each, also for redirects; HOSTS hosts are checked
at the same time. The method is HEAD, and GET if a server does not understand HEAD; the body of a response is not read.
A request has no data about the portal except its name. The host name is resolved first, and the request goes only to
public IP addresses: a link in the content must not reach the network of the portal.

    for address, check in check_links(addresses):
        …
"""

import asyncio
import contextlib
import queue
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.utils import timezone, translation

from portal.core.networks import is_public_address
from portal.curation.links import DOI, CheckOutcome
from portal.curation.similarity import canonical_url

PAUSE = 2.0  # seconds between two requests to a host
HOSTS = 4  # hosts that are checked at the same time
CONNECT, ANSWER, WHOLE = 10.0, 15.0, 25.0  # seconds: to connect, to read or write, for a whole request
HOPS = 8
LAST_PORT = 65_535
LONGEST_WAIT = 60.0  # seconds of a Retry-After; a host that asks for more is skipped in this run
PERMANENT, TEMPORARY = {301, 308}, {302, 303, 307}
# Status codes of servers that do not understand or do not permit HEAD.
TRY_GET = {400, 403, 404, 405, 406, 410, 500, 501, 503}


@dataclass(frozen=True)
class LinkCheck:
    """The result of a check: the outcome, the last status, and the new URL if the page has moved permanently."""

    outcome: str
    status: int | None = None
    moved_to: str = ""


class PrivateAddressError(Exception):
    """The URL leads into a private network, has a user name or password, or is not HTTP."""


class UnknownHostError(Exception):
    """The host name cannot be resolved."""


def user_agent():
    """Return the User-Agent: the portal's name in English, whatever the current language is."""
    with translation.override("en"):
        return f"{settings.PORTAL_NAME} (checks whether links still answer)"


def check_links(
    addresses: Iterable[str], *, pause=PAUSE, hosts=HOSTS, whole=WHOLE
) -> Iterator[tuple[str, LinkCheck | None]]:
    """Check links and yield each URL with its result, or None if its host asked for no more requests.

    The checks run in a thread of their own, so the caller may store each result meanwhile. They stop when the caller
    leaves the loop. An error in the thread is raised at the end.
    """
    answers = queue.SimpleQueue()
    asking = LinkChecker(list(dict.fromkeys(addresses)), answers.put, pause=pause, hosts=hosts, whole=whole)
    beside = threading.Thread(target=asking.run, name="asking", daemon=True)
    beside.start()
    try:
        while (found := answers.get()) is not None:
            yield found
    finally:
        asking.stop()
        beside.join()
    if asking.error is not None:
        raise asking.error


class LinkChecker:
    """One run of checks, in a thread of its own. It calls `tell` with each (URL, result), and with None at the end."""

    def __init__(self, addresses, tell, *, pause, hosts, whole):
        self.tell, self.pause, self.hosts, self.whole = tell, pause, hosts, whole
        self.of_host = {}
        for address in addresses:
            self.of_host.setdefault(host_of(address), []).append(address)
        self.error = None
        self._loop = self._task = None
        self._started, self._stopped = threading.Event(), False
        self._free_at, self._locks, self._left_alone = {}, {}, set()

    def run(self):
        try:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                self._task = self._loop.create_task(self._all())
                self._started.set()
                if not self._stopped:
                    with contextlib.suppress(asyncio.CancelledError):
                        self._loop.run_until_complete(self._task)
        except Exception as error:
            self.error = error  # raised by check_links in the caller's thread
        finally:
            self._started.set()
            self.tell(None)

    def stop(self):
        """Cancel the checks."""
        self._stopped = True
        self._started.wait()
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(self._task.cancel)

    async def _all(self):
        limits = httpx.Limits(max_connections=self.hosts * 2, max_keepalive_connections=0)
        async with (
            httpx.AsyncClient(
                headers={"User-Agent": user_agent(), "Accept": "*/*", "Accept-Language": "en, *;q=0.5"},
                timeout=httpx.Timeout(ANSWER, connect=CONNECT),
                limits=limits,
                follow_redirects=False,
                trust_env=False,  # no proxy of the environment, no passwords from .netrc
            ) as self.client,
            asyncio.TaskGroup() as group,
        ):
            room = asyncio.Semaphore(self.hosts)
            # Hosts with the most URLs first: they take longest.
            for host in sorted(self.of_host, key=lambda host: (-len(self.of_host[host]), host)):
                group.create_task(self._host(host, room))

    async def _host(self, host, room):
        async with room:
            for address in self.of_host[host]:
                self.tell((address, None if host in self._left_alone else await self.answer(address)))

    async def answer(self, address):
        """Return the LinkCheck of a URL. Network errors are outcomes too."""
        try:
            return await self._follow(address)
        except PrivateAddressError:
            return LinkCheck(CheckOutcome.PRIVATE)
        except UnknownHostError:
            return LinkCheck(CheckOutcome.NO_HOST)
        except (TimeoutError, httpx.TimeoutException):
            return LinkCheck(CheckOutcome.TIMEOUT)
        except httpx.ConnectError as error:
            return LinkCheck(CheckOutcome.CERTIFICATE if _is_certificate(error) else CheckOutcome.NO_CONNECTION)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            return LinkCheck(CheckOutcome.BROKEN_OFF)

    async def _follow(self, address):
        """Follow redirects, at most HOPS requests. `moved_to` is the last URL of the leading permanent redirects."""
        here, for_good, moved_to = address, True, ""
        for _hop in range(HOPS):
            status, location = await self._status(here)
            if status not in PERMANENT | TEMPORARY or not location:
                return classify(address, here, status, moved_to)
            if here.startswith(DOI):
                return LinkCheck(CheckOutcome.ANSWERS, status)  # the DOI exists; the publisher's server is not checked
            here = str(httpx.URL(here).join(location))
            for_good = for_good and status in PERMANENT
            if for_good:
                moved_to = here
        return LinkCheck(CheckOutcome.LOOP, status)

    async def _status(self, address):
        """Return the status of a URL and its Location header."""
        status, location = await self._request("HEAD", address)
        if status in TRY_GET:
            status, location = await self._request("GET", address)
        return status, location

    async def _request(self, method, address):
        """Send one request when its host may get one. Return the status and the Location header.

        The host name is resolved only once, and the request goes to the checked IP address. After status 429, or a
        Retry-After of more than LONGEST_WAIT seconds, the host gets no requests for further links.
        """
        url = httpx.URL(address)
        if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
            raise PrivateAddressError
        port = url.port or {"http": 80, "https": 443}[url.scheme]
        if port > LAST_PORT:
            # Left to the socket, it would be an OverflowError in an exception group, which ends all checks.
            raise httpx.InvalidURL("There is no such port.")
        async with self._turn(url.host):
            async with asyncio.timeout(self.whole):
                place = await public_place(url.host, port)
                request = self.client.build_request(
                    method,
                    url.copy_with(host=place),
                    headers={"Host": url.netloc.decode("ascii")},
                    extensions={"sni_hostname": url.raw_host.decode("ascii")},
                )
                response = await self.client.send(request, stream=True)
                await response.aclose()
        wait = retry_after(response.headers.get("Retry-After", "")) if response.status_code in {429, 503} else 0
        if wait:
            self._free_at[url.host] = self._loop.time() + min(wait, LONGEST_WAIT)
        if wait > LONGEST_WAIT or response.status_code == 429:
            self._left_alone.add(url.host)
        return response.status_code, response.headers.get("Location", "")

    @contextlib.asynccontextmanager
    async def _turn(self, host):
        """Wait until a host may get the next request, and let no other request to it start during the block."""
        async with self._locks.setdefault(host, asyncio.Lock()):
            await asyncio.sleep(max(0, self._free_at.get(host, 0) - self._loop.time()))
            try:
                yield
            finally:
                self._free_at[host] = max(self._free_at.get(host, 0), self._loop.time() + self.pause)


def host_of(address: str) -> str:
    """Return the host of a URL; "" if it has none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


async def public_place(host: str, port: int) -> str:
    """Return the IP address for requests to a host.

    Raise UnknownHostError if the name cannot be resolved, PrivateAddressError if any of its addresses is not public,
    unless settings.LINKS_MAY_BE_PRIVATE (for tests).
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHostError from error
    places = [place[4][0] for place in found]
    if not settings.LINKS_MAY_BE_PRIVATE and not all(map(is_public_address, places)):
        raise PrivateAddressError
    return places[0]


def retry_after(text: str) -> float:
    """Return the seconds in a Retry-After header, which is a number or a date; 0 if it is neither."""
    if text.strip().isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_default_timezone())
    return max(0.0, (moment - timezone.now()).total_seconds())


def classify(address: str, end: str, status: int, moved_to="") -> LinkCheck:
    """Return the result for a URL whose redirects ended at the URL `end` with this status.

    `moved_to` is the last URL of the leading permanent redirects.
    """
    if 200 <= status < 400:
        if urlsplit(end).path in {"", "/"} and urlsplit(address).path not in {"", "/"}:
            return LinkCheck(CheckOutcome.FRONT_PAGE, status, end)
        if moved_to and canonical_url(moved_to) != canonical_url(address):
            return LinkCheck(CheckOutcome.MOVED, status, moved_to)
        return LinkCheck(CheckOutcome.ANSWERS, status)
    known = {
        404: CheckOutcome.NOT_FOUND,
        410: CheckOutcome.GONE,
        429: CheckOutcome.TOO_MANY,
        503: CheckOutcome.UNAVAILABLE,
    }
    return LinkCheck(
        known.get(status) or (CheckOutcome.SERVER_ERROR if status >= 500 else CheckOutcome.REFUSED), status
    )


def _is_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
