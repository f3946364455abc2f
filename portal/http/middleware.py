"""Middlewares for the language in the URL, compression, the Permissions-Policy header and private pages."""

import re
from http import HTTPStatus

import brotli
from django.conf import settings
from django.http import HttpResponseRedirect
from django.middleware.gzip import GZipMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from portal.core.urls import PRIVATE_PATHS
from portal.http.parameters import takes
from portal.tracking.audit_log import AuditEntry, log_refusal


class UrlLanguageMiddleware(LocaleMiddleware):
    """LocaleMiddleware without its redirect of unknown URLs to a URL with a guessed language.

    A page under /ko/ is Korean for every client, so a cache may share it, and Content-Language is that of the URL. `/`
    and the URLs without a language prefix (admin, accounts, health) use the language cookie, which a page of the
    accounts sets, or else Accept-Language. Only their responses get `Vary: Accept-Language`.
    """

    def process_response(self, request, response):
        language = translation.get_language()
        in_address = translation.get_language_from_path(request.path_info)
        if not in_address:
            patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", in_address or language)
        return response


ENCODINGS = re.compile(r"\b(br|gzip)\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


def accepted_encodings(request) -> set[str]:
    """Return those of "br" and "gzip" that the client accepts, by Accept-Encoding. A value with q=0 is not accepted."""
    return set(ENCODINGS.findall(request.headers.get("Accept-Encoding", "")))


# Media types of text, and that of the SQLite file, which holds text. Pictures, PDF, Office files and archives are
# compressed already: a second time takes 0.7 s of processor time for a PDF of 20 MB, and saves nothing.
COMPRESSIBLE = re.compile(
    r"text/.+|.+[/+](?:json|jsonl|xml)|application/(?:javascript|x-bibtex|x-research-info-systems|vnd\.sqlite3)",
    re.IGNORECASE,
)


def is_compressible(response) -> bool:
    """Return True if compression makes the response smaller, judged by its media type."""
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
    return bool(COMPRESSIBLE.fullmatch(media_type))


class GZipTextMiddleware(GZipMiddleware):
    """Django's GZipMiddleware, for text only."""

    def process_response(self, request, response):
        return super().process_response(request, response) if is_compressible(response) else response


class BrotliMiddleware:
    """Compresses pages with Brotli for clients that accept it: a sixth smaller than with gzip, and in less time.

    It is inside GZipTextMiddleware, which compresses for the other clients and compresses streaming responses.
    """

    SMALLEST = 200  # bytes; compressing less is not worth the work
    QUALITY = 8  # of 11; level 9 takes 11 ms of processor time a page instead of 1.2, and saves 0.3 % of its bytes

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.streaming or len(response.content) < self.SMALLEST or response.has_header("Content-Encoding"):
            return response
        if not is_compressible(response):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if "br" not in accepted_encodings(request):
            return response
        small = brotli.compress(response.content, quality=self.QUALITY)
        if len(small) < len(response.content):
            response.content = small
            response.headers["Content-Encoding"] = "br"
            if response.has_header("Content-Length"):
                response.headers["Content-Length"] = str(len(small))
            tag = response.headers.get("ETag", "")
            if tag.startswith('"'):
                response.headers["ETag"] = f"W/{tag}"  # weak: the same content, in other bytes
        return response


class PermissionsPolicyMiddleware:
    """Sets Permissions-Policy from `settings.PERMISSIONS_POLICY`, so that injected code cannot use browser features."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.policy = ", ".join(f"{name}={who}" for name, who in settings.PERMISSIONS_POLICY.items())

    def __call__(self, request):
        response = self.get_response(request)
        response.headers["Permissions-Policy"] = self.policy
        return response


class OpenReadMiddleware:
    """Lets scripts of any site read what is public. Pages of the accounts and the admin, and metrics, stay closed.

    The names of the headers that scripts may read are left out of pages, where no script needs them.

    A reader's cookies are never part of it: browsers send none for "*". Scripts that send data or headers of their own
    ask first; django-cors-headers answers them where that is allowed.
    """

    CLOSED = (*PRIVATE_PATHS, "/metrics")

    def __init__(self, get_response):
        self.get_response = get_response
        self.exposed = ", ".join(settings.CORS_EXPOSE_HEADERS)

    def __call__(self, request):
        response = self.get_response(request)
        if not request.path_info.startswith(self.CLOSED):
            response.headers["Access-Control-Allow-Origin"] = "*"
            if not response.headers.get("Content-Type", "").startswith("text/html"):
                response.headers["Access-Control-Expose-Headers"] = self.exposed
        return response


class PrivateCacheMiddleware:
    """Keeps pages of the accounts and the admin out of caches and search engines, with any status.

    It also adds refused requests to these pages to the audit log, and Retry-After to responses with status 429.
    """

    WAIT = 5 * 60  # seconds for Retry-After; the longest rate limit of allauth

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.path_info.startswith(PRIVATE_PATHS):
            add_never_cache_headers(response)
            response.headers["X-Robots-Tag"] = "noindex"
            self._note_refusal(request, response.status_code)
            if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                response.headers.setdefault("Retry-After", str(self.WAIT))
        return response

    @staticmethod
    def _note_refusal(request, status):
        """Add an audit log entry for status 429, and for 403 or 400 that a signed-in user gets in the admin."""
        user = getattr(request, "user", None)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            log_refusal(AuditEntry.Action.THROTTLED, request, user)
        elif (
            status in {HTTPStatus.FORBIDDEN, HTTPStatus.BAD_REQUEST}
            and request.path_info.startswith("/admin/")
            and user is not None
            and user.is_authenticated
        ):
            log_refusal(AuditEntry.Action.REFUSED, request, user, status=status)


@takes(page=True)
def redirect_to_language(request):
    """Redirect `/` to the home page in the language of the cookie, or else of Accept-Language."""
    response = HttpResponseRedirect(f"/{translation.get_language_from_request(request)}/")
    patch_vary_headers(response, ("Accept-Language", "Cookie"))  # the language cookie
    return response
