"""Asks addresses outside whether they still answer, politely and safely.

Each host is asked by one request at a time, with a pause between any two, whatever address led there; some hosts are
asked at the same time. HEAD goes first, GET where that is not understood; of an answer only its head is read. Nothing
is sent but the portal's name. A host is looked up first, and asked only at an address that anybody in the world can
reach: a link in the content is no way into the network that the portal runs in.

    for address, answer in ask(addresses):
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
from portal.curation.links import DOI, Outcome
from portal.curation.similarity import canonical_url

PAUSE = 2.0  # seconds between two requests to a host
HOSTS = 4  # that are asked at the same time
CONNECT, ANSWER, WHOLE = 10.0, 15.0, 25.0  # seconds for a connection, for something to be heard, for a request
HOPS = 8
LONGEST_WAIT = 60.0  # seconds that a host may ask for; one that wants more is left for another day
PERMANENT, TEMPORARY = {301, 308}, {302, 303, 307}
# By these a server says that it does not understand or like HEAD.
TRY_GET = {400, 403, 404, 405, 406, 410, 500, 501, 503}


@dataclass(frozen=True)
class LinkCheck:
    """How an address answered: what came of it, the last status, and the new address of what moved for good."""

    outcome: str
    status: int | None = None
    moved_to: str = ""


class PrivateAddressError(Exception):
    """An address that is not for everybody: it leads into a private network, or carries a password."""


class UnknownHostError(Exception):
    """A name that nobody knows."""


def user_agent():
    """What the portal calls itself, in English, whatever language its editors speak."""
    with translation.override("en"):
        return f"{settings.PORTAL_NAME} (checks whether links still answer)"


def check_links(
    addresses: Iterable[str], *, pause=PAUSE, hosts=HOSTS, whole=WHOLE
) -> Iterator[tuple[str, LinkCheck | None]]:
    """Ask addresses, and give each with its answer as it comes; without one, if its host asked to be left alone.

    The asking is done beside, so whoever loops may store each answer. Who stops looping stops the asking.
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
    """One round of questions. It runs in a thread of its own and tells each answer; None when all is done."""

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
            self.error = error  # told to whoever loops, in their thread
        finally:
            self._started.set()
            self.tell(None)

    def stop(self):
        """Ask no more."""
        self._stopped = True
        self._started.wait()
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # it ended meanwhile
                self._loop.call_soon_threadsafe(self._task.cancel)

    async def _all(self):
        limits = httpx.Limits(max_connections=self.hosts * 2, max_keepalive_connections=0)
        async with (
            httpx.AsyncClient(
                headers={"User-Agent": user_agent(), "Accept": "*/*", "Accept-Language": "en, *;q=0.5"},
                timeout=httpx.Timeout(ANSWER, connect=CONNECT),
                limits=limits,
                follow_redirects=False,
                trust_env=False,  # no proxy, no password from a file of this machine
            ) as self.client,
            asyncio.TaskGroup() as group,
        ):
            room = asyncio.Semaphore(self.hosts)
            # The hosts with the most addresses first: they take longest.
            for host in sorted(self.of_host, key=lambda host: (-len(self.of_host[host]), host)):
                group.create_task(self._host(host, room))

    async def _host(self, host, room):
        async with room:
            for address in self.of_host[host]:
                self.tell((address, None if host in self._left_alone else await self.answer(address)))

    async def answer(self, address):
        """How an address answers."""
        try:
            return await self._follow(address)
        except PrivateAddressError:
            return LinkCheck(Outcome.PRIVATE)
        except UnknownHostError:
            return LinkCheck(Outcome.NO_HOST)
        except (TimeoutError, httpx.TimeoutException):
            return LinkCheck(Outcome.TIMEOUT)
        except httpx.ConnectError as error:
            return LinkCheck(Outcome.CERTIFICATE if _is_certificate(error) else Outcome.NO_CONNECTION)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            return LinkCheck(Outcome.BROKEN_OFF)

    async def _follow(self, address):
        """Follow where an address leads. What is for good as far as it goes is where the content should lead."""
        here, for_good, moved_to = address, True, ""
        for _hop in range(HOPS):
            status, location = await self._status(here)
            if status not in PERMANENT | TEMPORARY or not location:
                return classify(address, here, status, moved_to)
            if here.startswith(DOI):
                return LinkCheck(Outcome.ANSWERS, status)  # it is known; what the publisher answers is the publisher's
            here = str(httpx.URL(here).join(location))
            for_good = for_good and status in PERMANENT
            if for_good:
                moved_to = here
        return LinkCheck(Outcome.LOOP, status)

    async def _status(self, address):
        """The status of an address, and where it sends on."""
        status, location = await self._request("HEAD", address)
        if status in TRY_GET:
            status, location = await self._request("GET", address)
        return status, location

    async def _request(self, method, address):
        """One request, at its host's turn. The name is looked up once, and what was found is what is asked."""
        url = httpx.URL(address)
        if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
            raise PrivateAddressError
        async with self._turn(url.host):
            async with asyncio.timeout(self.whole):
                place = await public_place(url.host, url.port or {"http": 80, "https": 443}[url.scheme])
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
        """One request to a host at a time, and a pause after each."""
        async with self._locks.setdefault(host, asyncio.Lock()):
            await asyncio.sleep(max(0, self._free_at.get(host, 0) - self._loop.time()))
            try:
                yield
            finally:
                self._free_at[host] = max(self._free_at.get(host, 0), self._loop.time() + self.pause)


def host_of(address: str) -> str:
    """The host of an address; empty where there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


async def public_place(host: str, port: int) -> str:
    """The numeric address to ask a host at. Raises NotPublic if any that it has is not for everybody."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHostError from error
    places = [place[4][0] for place in found]
    if not settings.LINKS_MAY_BE_PRIVATE and not all(map(is_public_address, places)):
        raise PrivateAddressError
    return places[0]


def retry_after(text: str) -> float:
    """The seconds of a Retry-After, which is a number or a date."""
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
    """What it says of a page that its address led to an end, for good as far as `moved_to`, and what answered there."""
    if 200 <= status < 400:
        if urlsplit(end).path in {"", "/"} and urlsplit(address).path not in {"", "/"}:
            return LinkCheck(Outcome.FRONT_PAGE, status, end)
        if moved_to and canonical_url(moved_to) != canonical_url(address):
            return LinkCheck(Outcome.MOVED, status, moved_to)
        return LinkCheck(Outcome.ANSWERS, status)
    known = {404: Outcome.NOT_FOUND, 410: Outcome.GONE, 429: Outcome.TOO_MANY, 503: Outcome.UNAVAILABLE}
    return LinkCheck(known.get(status) or (Outcome.SERVER_ERROR if status >= 500 else Outcome.REFUSED), status)


def _is_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
