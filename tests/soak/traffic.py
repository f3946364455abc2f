"""Readers, crawlers and a harvester of a running portal, at a rate."""

import contextlib
import html
import http.client
import json
import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from tests.pages import LANGUAGES, PAGES, address, status
from tests.soak.judging import Request

THREADS = 12
SHARES = {"readers": 75, "crawlers": 15, "harvester": 10}  # of the requests
PATIENCE = 30  # seconds until a client gives up
BEHIND = 1  # seconds that requests may be late; those that would be later are left out


class Answer(NamedTuple):
    status: int  # 0 if there was none
    headers: http.client.HTTPMessage | dict
    text: str


class Client:
    """An HTTP client with one connection, which stays open."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)

    def get(self, path, **headers):
        """Return the answer, and an error or an empty text.

        If an open connection is lost before the answer begins, ask again, as browsers do (RFC 9110, section 9.2.2).
        """
        was_open = self.connection.sock is not None
        try:
            self.connection.request("GET", path, headers=headers)
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            if was_open and isinstance(error, ConnectionError):
                return self.get(path, **headers)
            return Answer(0, {}, ""), type(error).__name__
        text = "" if response.headers["Content-Encoding"] else content.decode()
        error = "" if response.status in {200, 304} else str(response.status)
        return Answer(response.status, response.headers, text), error


# ── What they ask for: generators of paths with headers, which get the answers ───────────────────────────────


def readers(known):
    """Lists with filters, records, searches, maps and all other kinds of pages, in three languages.

    One in five asks again for a page with its ETag. `known` has the keys of projects, countries and areas, and words.
    """
    seen = {}

    def page():
        language = random.choice(LANGUAGES)
        key = known["projects"][int(len(known["projects"]) * random.random() ** 3)]  # some are read far more often
        country, word = random.choice(known["countries"]), random.choice(known["words"])
        paths = {
            f"projects/{key}/": 35,
            f"projects/?country={country}&area={random.choice(known['areas'])}": 15,
            f"projects/?country={country}&sort=-start&page={random.randint(1, 9)}": 10,
            f"search/?{urlencode({'q': word})}": 10,
            f"map/?country={country}": 3,
        }
        if chosen := random.choices([*paths, None], [*paths.values(), 27])[0]:
            return f"/{language}/{chosen}"
        return address(random.choice([kind for kind in PAGES if status(kind) == 200]), language)

    while True:
        if seen and random.random() < 0.2:
            path, tag = random.choice([*seen.items()])
            answer = yield path, {"Accept-Encoding": "br", "If-None-Match": tag}
        else:
            answer = yield (path := page()), {"Accept-Encoding": "br"}
        if tag := answer.headers.get("ETag"):
            seen[path] = tag
            if len(seen) > 50:
                del seen[next(iter(seen))]


def crawlers(known):
    """The sitemap, and then some pages of each section."""
    while True:
        sections = locations((yield "/sitemap.xml", {}))
        for section in random.sample(sections, len(sections)):
            pages = locations((yield section, {}))
            for page in random.sample(pages, min(len(pages), 100)):
                yield page, {}


def locations(answer):
    found = (urlsplit(html.unescape(url)) for url in re.findall(r"<loc>([^<]+)", answer.text))
    return [f"{url.path}?{url.query}" if url.query else url.path for url in found]


def harvester(known):
    """All records by OAI-PMH, all projects by the API, and the CSV files."""
    while True:
        query = "verb=ListRecords&metadataPrefix=oai_dc"
        while query:
            answer = yield f"/oai?{query}", {}
            token = re.search(r"<resumptionToken[^>]*>([^<]+)", answer.text)
            query = token and urlencode({"verb": "ListRecords", "resumptionToken": html.unescape(token[1])})
        path = "/api/v1/projects?limit=100"
        while path:
            answer = yield path, {}
            following = json.loads(answer.text)["next"] if answer.status == 200 else None
            path = following and following.partition("/api/")[1] + following.partition("/api/")[2]
        for name in ("projects", "agreements", "observations", "sources", "terms"):
            yield f"/data/{name}.csv", {}


# ── The rate ─────────────────────────────────────────────────────────────────────────────────────────────────


class Pace:
    """Hands out the times of requests, evenly by a rate per second. Without a rate, each time is now."""

    def __init__(self, rate):
        self.rate, self.next, self.lock, self.left_out = rate, time.monotonic(), threading.Lock(), 0

    def wait(self):
        """Wait for the time of the next request and return it."""
        if not self.rate:
            return time.monotonic()
        with self.lock:
            while self.next < time.monotonic() - BEHIND:
                self.next += 1 / self.rate
                self.left_out += 1
            due = self.next
            self.next += 1 / self.rate
        time.sleep(max(due - time.monotonic(), 0))
        return due


def send(url, known, pace, log, leaving):
    """Send the requests of all actors until the event `leaving`. `log` gets them."""
    client = Client(url)
    actors = {name: globals()[name](known) for name in SHARES}
    asked = {name: next(actor) for name, actor in actors.items()}
    while not leaving.is_set():
        [name] = random.choices([*SHARES], [*SHARES.values()])
        due = pace.wait()
        path, headers = asked[name]
        answer, error = client.get(path, **headers)
        # From the time when the request was due: a client that waits for a slow portal is not faster for it.
        log(Request(name, due, time.monotonic() - due, error), path)
        asked[name] = actors[name].send(answer)
    client.connection.close()


@contextlib.contextmanager
def in_background(*functions):
    """Run functions in threads during the block. Each gets an event, on which it returns. Raise their errors."""
    leaving = threading.Event()
    with ThreadPoolExecutor(len(functions)) as pool:
        running = [pool.submit(function, leaving) for function in functions]
        try:
            yield
        finally:
            leaving.set()
    for function in running:
        function.result()
