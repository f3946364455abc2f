"""What is kept ready for as long as the content stays as it is: pages as they went out, and counts of lists.

Everything is kept under the number of the content's state (`portal.tracking.content_version`), which every change
moves: what was made of an older state is never asked for again, in whichever process the change was made. The cache
`pages` is one of the process, or Redis where CACHE_URL names one.
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
from portal.tracking import content_version

# Not for freshness, since the number moves with each commit: this frees memory, and ends what was made under settings
# of before, which are no part of the keys.
SECONDS = 10 * 60
LONGEST_ADDRESS = 1_000
# The headers by which a page of one address has another form, beside those of language and compression.
HTMX = ("HX-Request", "HX-History-Restore-Request")
# Whoever keeps a page asks each time whether it is still the newest; so may a cache that serves many.
PUBLIC = "public, max-age=0, must-revalidate"


@functools.cache
def release_hash():
    """What tells one release of the portal from another: pages are made of the content and of these files."""
    digest = hashlib.sha256()
    for folder in ("portal", "issues", "projects", "templates", "static"):
        for path in sorted((settings.BASE_DIR / folder).rglob("*")):
            if path.suffix in {".py", ".html", ".mo", ".js", ".css", ".svg", ".json"}:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_key(number, *parts):
    """The key of what is made of the content in the state with a number, and of these parts."""
    named = repr((number, release_hash(), settings.PUBLIC_URL, *parts))
    return hashlib.sha256(named.encode(errors="surrogatepass")).hexdigest()


def cached_for_version(make, *parts):
    """What `make` gives of the content as it stands; made once for each state. `parts` name it."""
    if content_version.is_changing():
        return make()  # what is not committed is nobody else’s
    return caches["pages"].get_or_set(cache_key(content_version.current_version(), *parts), make, SECONDS)


class ETagMiddleware:
    """Gives pages a tag of their content. It stands inside the compression, which may give other bytes each time."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if _is_page(request, response) and not response.has_header("ETag"):
            digest = hashlib.sha256(response.content).hexdigest()[:32]
            response.headers["ETag"] = f'"{digest}"'
        return response


class PageCacheMiddleware:
    """Serves public pages again as they were made first, and tells a reader who has one that it is the newest.

    Pages under a language are the same for all readers, signed in or not; one that is not says so by a cookie or by its
    Cache-Control, and is not kept. Compressed pages are kept compressed. While the database does not answer, pages are
    served as they were when it last did.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        self.last_number = None  # for while the database does not answer

    def __call__(self, request):
        parts = vary_key(request)
        if parts is None:
            return self.get_response(request)
        # A local: another thread may read another number meanwhile.
        try:
            number = self.last_number = content_version.current_version()
        except Exception:  # whoever asks next will be told, in the reader’s language
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
        return get_conditional_response(request, etag=response.headers["ETag"], response=response)


def vary_key(request):
    """All that a page depends on besides the content; None if what is asked for is no page of all readers."""
    address = request.get_full_path()
    if request.method not in {"GET", "HEAD"} or len(address) > LONGEST_ADDRESS:
        return None
    if not translation.get_language_from_path(request.path_info):
        return None
    try:
        request.get_host()
    except DisallowedHost:
        return None  # CommonMiddleware answers 400
    return (
        timezone.localdate(),  # pages say when they were read
        address,
        sorted(accepted_encodings(request)),
        [request.headers.get(name) for name in HTMX],
    )


def _is_page(request, response):
    """Whether it is a whole page that was asked for and is there."""
    return (
        request.method in {"GET", "HEAD"}
        and response.status_code == 200
        and not response.streaming
        and response.headers.get("Content-Type", "").startswith("text/html")
    )


def _is_for_all(response):
    """Whether a page is the same for all readers."""
    said = response.headers.get("Cache-Control", "")
    varies = {name.strip().lower() for name in response.headers.get("Vary", "").split(",")}
    return not response.cookies and "private" not in said and "no-store" not in said and not varies & {"*", "cookie"}
