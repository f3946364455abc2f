"""Counts how often pages, files and searches are asked for. It uses no cookies and stores no network addresses.

Each process counts in memory and writes its counts about once a minute, after a response. So a request does not wait
for it. What a cache in front of the portal answers is not counted.
"""

import contextlib
import re
import secrets
import threading
import time
from collections import Counter, OrderedDict
from hashlib import blake2b

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DataError, IntegrityError
from django.utils import timezone, translation

from portal.core.after_response import after_response
from portal.core.urls import is_embed
from portal.http.throttling import network_of
from portal.models.usage import UsageCount

SECONDS = 60  # between two times that a process writes
NETWORKS = 3  # words of a search are stored once so many networks have asked for them on a day
MOST_WORDS = 2_000  # different searches that a process remembers; it forgets those that nobody repeats for longest
LONGEST_WORDS = 100  # characters
# Programs say so. One that does not say what it is is a program, too.
PROGRAM = re.compile(
    r"bot|crawl|spider|slurp|preview|monitor|curl|wget|python|java/|go-http|okhttp|libwww|scan|feed", re.IGNORECASE
)
OEMBED = "/oembed"
FILE = re.compile(r"/(?:data|iati)/(?:[\w.-]+/)*[\w-]+\.([a-z]{2,8})")
# The formats that pages offer. Some addresses ignore `format`, and a client could count any word there.
FORMATS = {
    *("atom", "bib", "csl", "csv", "docx", "geojson", "iati", "ics", "json", "jsonld", "jsonl", "md", "pdf", "png"),
    *("ris", "svg", "xlsx"),
}
REFUSED = (DataError, IntegrityError, ValueError)  # psycopg raises one of them for a text that PostgreSQL cannot hold

Kind = UsageCount.Kind


class UsageCounter:
    """The counts of this process that are not stored yet. Thread-safe."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = Counter()
        self.key = secrets.token_bytes(16)  # of the hashes that stand for networks; no other process has it
        self.words = OrderedDict()  # (language, words) to [networks, searches, searches without a hit], of one day
        self.day = None
        self.written_at = time.monotonic()

    def add(self, kind, language, name):
        """Count one page or file."""
        with self.lock:
            self.counts[timezone.localdate(), kind, language, name] += 1

    def add_search(self, language, words, network, hits):
        """Count one search. Its words count once NETWORKS networks have asked for them on this day.

        The process remembers a hash of each network until then, and none for longer than the day.
        """
        today = timezone.localdate()
        with self.lock:
            if today != self.day:
                self.day, self.words = today, OrderedDict()
            self.counts[today, Kind.SEARCH, language, ""] += 1
            if not hits:
                self.counts[today, Kind.NO_HITS, language, ""] += 1
            key = (language, words)
            asked = self.words.setdefault(key, [set(), 0, 0])
            self.words.move_to_end(key)
            if len(self.words) > MOST_WORDS:
                self.words.popitem(last=False)
            asked[1] += 1
            asked[2] += not hits
            if len(asked[0]) < NETWORKS:
                asked[0].add(blake2b(str(network).encode(), key=self.key, digest_size=8).digest())
            if len(asked[0]) == NETWORKS:
                for kind, times in ((Kind.SEARCH, asked[1]), (Kind.NO_HITS, asked[2])):
                    if times:
                        self.counts[today, kind, language, words] += times
                asked[1] = asked[2] = 0

    def is_due(self):
        """Return True if it is time to write, and then not again for SECONDS."""
        with self.lock:
            is_due = bool(self.counts) and time.monotonic() - self.written_at >= SECONDS
            if is_due:
                self.written_at = time.monotonic()
            return is_due

    def write(self):
        """Add the counts to the stored ones. If the database fails, keep them for the next time and raise its error.

        A count that the database refuses is dropped, or no other would be stored again.
        """
        with self.lock:
            counts, self.counts = self.counts, Counter()
        if not counts:
            return
        try:
            try:
                UsageCount.objects.add(counts)
            except REFUSED:
                while counts:
                    key, number = next(iter(counts.items()))
                    with contextlib.suppress(*REFUSED):
                        UsageCount.objects.add({key: number})
                    del counts[key]
        except Exception:
            with self.lock:
                self.counts.update(counts)
            raise


counter = UsageCounter()


class UsageMiddleware:
    """Counts what readers get, also from the page cache. Turned off by COUNT_USAGE."""

    def __init__(self, get_response):
        if not settings.COUNT_USAGE:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.method == "GET" and response.status_code in {200, 304} and _is_by_a_person(request):
            _count(request, response)
            if counter.is_due():
                after_response(request, counter.write)
        return response


def _is_by_a_person(request):
    program = request.headers.get("User-Agent", "")
    return bool(program) and not PROGRAM.search(program)


def _count(request, response):
    """Count the response to a request. A page for one reader, such as a preview, is not counted.

    Embeds are not counted either: each view of another site asks for them, and a reader who goes on to the page counts
    there.
    """
    said = response.headers.get("Cache-Control", "")
    if "private" in said or "no-store" in said or "HX-Request" in request.headers:
        return
    path = request.path_info
    if is_embed(path) or path == OEMBED:
        return
    language = translation.get_language_from_path(path) or ""
    form = request.GET.get("format", "").lower()
    form = form if form in FORMATS else ""
    if found := FILE.fullmatch(path):
        form = found[1]
    if form:
        counter.add(Kind.DOWNLOAD, language, form)
    elif language and path.endswith("/"):
        counter.add(Kind.PAGE, language, path.removeprefix(f"/{language}")[: UsageCount.LONGEST_NAME])
        hits = response.headers.get("Search-Hits", "")
        words = " ".join(request.GET.get("q", "").replace("\0", "").lower().split())[:LONGEST_WORDS]
        if hits.isdecimal() and words:
            counter.add_search(language, words, network_of(request), int(hits))
