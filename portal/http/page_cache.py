"""The cache of pages and of values such as the counts of lists, which is valid for one content version and one day.

Each cache key contains the content version (`portal.tracking.content_version`), which grows with every change of
content. So no process reads a value of an older version, whichever process made the change. Each key contains the day
in the portal's time zone too, because readers see values that depend on it, such as the status of a project today. The
cache `pages` is in the memory of the process, or in Redis if CACHE_URL is set.
"""

import functools
import hashlib

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import DisallowedHost
from django.http import HttpResponse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response

from portal.http.middleware import accepted_encodings
from portal.http.negotiation import preferred_format
from portal.tracking import content_version

# The timeout does not keep pages up to date: the version does. It frees memory, and ends values made with former
# settings, which are not part of the keys (except PUBLIC_URL).
SECONDS = 10 * 60
LONGEST_ADDRESS = 1_000  # characters; pages with longer URLs are not cached
# Request headers that change the content of a page, besides those for compression.
HTMX = ("HX-Request", "HX-History-Restore-Request")
# Browsers and shared caches may store a page, and must revalidate it before each use.
PUBLIC = "public, max-age=0, must-revalidate"


@functools.cache
def release_hash():
    """Return 16 hex digits that identify the release: a hash of all files that pages are made from.

    It reads these files once for each process.
    """
    digest = hashlib.sha256()
    for folder in ("portal", "issues", "projects", "templates", "static"):
        for path in sorted((settings.BASE_DIR / folder).rglob("*")):
            if path.suffix in {".py", ".html", ".mo", ".js", ".css", ".svg", ".json"}:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_key(number, *parts):
    """Return the cache key, a SHA-256 in hex, of a value for the content version `number` and today.

    `parts` identify the value.
    """
    named = repr((number, timezone.localdate(), release_hash(), settings.PUBLIC_URL, *parts))
    return hashlib.sha256(named.encode(errors="surrogatepass")).hexdigest()


def cached_for_version(make, *parts):
    """Return `make()`, cached until the content version changes or the day ends. `parts` identify the value.

    Within a transaction that has changed content, the value is made anew and not cached.
    """
    if content_version.is_changing():
        return make()  # other processes must not get uncommitted content
    return caches["pages"].get_or_set(cache_key(content_version.current_version(), *parts), make, SECONDS)


def version_token(number):
    """Return 16 hex digits that change with everything that all pages depend on: content, day, release and settings.

    `number` is the content version. A cache in front of the portal compares them with those of its pages.
    """
    return cache_key(number)[:16]


class ETagMiddleware:
    """Sets an ETag, a hash of the content, on pages without one.

    It is inside the compression, which may produce different bytes for the same page.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if _is_page(request, response) and not response.has_header("ETag"):
            digest = hashlib.sha256(response.content).hexdigest()[:32]
            response.headers["ETag"] = f'"{digest}"'
        return response


class PageCacheMiddleware:
    """Serves public pages from the cache, and answers 304 to a client that has the current page.

    Pages under a language prefix are the same for all readers, signed in or not. A page that is not sets a cookie or a
    private Cache-Control, and is not cached. Compressed pages are cached compressed. If the database fails, the
    middleware serves cached pages of the last version that this process has read.

    These pages have the header Content-Version, and no others: a cache in front may store them. It is the version from
    before the page was made, so that a page is never older than it says.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        self.last_number = None  # the last content version, used while the database fails

    def __call__(self, request):
        parts = vary_key(request)
        if parts is None:
            return self.get_response(request)
        # A local variable: another thread may set `last_number` before it is used here.
        try:
            number = self.last_number = content_version.current_version()
        except Exception:  # a page that is not cached queries the database too, and gets the 503 page
            number = self.last_number
        if number is None:
            return self.get_response(request)
        key = cache_key(number, *parts)
        kept = caches["pages"].get(key)
        if kept is not None:
            headers, content = kept
            response = HttpResponse(content, headers=headers)
        else:
            response = self.get_response(request)
            if not _is_page(request, response) or not _is_for_all(response):
                return response
            response.headers.setdefault("Cache-Control", PUBLIC)
            caches["pages"].set(key, (dict(response.items()), response.content), SECONDS)
        response = get_conditional_response(request, etag=response.headers["ETag"], response=response)
        response.headers["Content-Version"] = version_token(number)
        return response


def vary_key(request):
    """Return all that a page depends on besides the content, or None if the request cannot be served from the cache.

    Cached are GET and HEAD requests under a language prefix, with an allowed host and at most LONGEST_ADDRESS
    characters.
    """
    address = request.get_full_path()
    if request.method not in {"GET", "HEAD"} or len(address) > LONGEST_ADDRESS:
        return None
    if not translation.get_language_from_path(request.path_info):
        return None
    try:
        request.get_host()
    except DisallowedHost:
        return None  # CommonMiddleware causes the 400 response
    return (
        address,
        sorted(accepted_encodings(request)),
        [request.headers.get(name) for name in HTMX],
        preferred_format(request),  # the page of a record redirects to it
    )


def _is_page(request, response):
    """Return True for a complete HTML page: GET or HEAD, status 200, not streaming."""
    return (
        request.method in {"GET", "HEAD"}
        and response.status_code == 200
        and not response.streaming
        and response.headers.get("Content-Type", "").startswith("text/html")
    )


def _is_for_all(response):
    """Return True if a page is the same for all readers, by its cookies, Cache-Control and Vary."""
    said = response.headers.get("Cache-Control", "")
    varies = {name.strip().lower() for name in response.headers.get("Vary", "").split(",")}
    return not response.cookies and "private" not in said and "no-store" not in said and not varies & {"*", "cookie"}
