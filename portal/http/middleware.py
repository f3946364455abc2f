"""The language of a page is the one in its address; pages come small and may do little; those of staff stay private."""

import re
from http import HTTPStatus

import brotli
from django.conf import settings
from django.http import HttpResponseRedirect
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from portal.core.urls import PRIVATE_PATHS
from portal.http.parameters import takes
from portal.tracking.audit_log import AuditEntry, log_refusal


class UrlLanguageMiddleware(LocaleMiddleware):
    """Django's, without its guess: a page under /ko/ is Korean whoever asks, so that a cache may keep it.

    Only `/` looks at Accept-Language. Addresses outside the languages (admin, accounts, health) follow Accept-Language
    too, or the language that was chosen on a page of the accounts, which a cookie keeps.
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
    """The compressions that the portal has and the browser takes."""
    return set(ENCODINGS.findall(request.headers.get("Accept-Encoding", "")))


class BrotliMiddleware:
    """Compresses pages for browsers that take Brotli: a sixth smaller than gzip makes them, and in less time.

    It stands inside Django’s GZipMiddleware, which serves the others and whatever is streamed.
    """

    SMALLEST = 200  # what is smaller is not worth the work
    QUALITY = 7  # a page is compressed once for many readers (portal/http/page_cache.py)

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.streaming or len(response.content) < self.SMALLEST or response.has_header("Content-Encoding"):
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
                response.headers["ETag"] = f"W/{tag}"  # of the same words, in other bytes
        return response


class PermissionsPolicyMiddleware:
    """Says to browsers what the portal’s pages never do, so that nothing that gets into one does it either."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.policy = ", ".join(f"{name}={who}" for name, who in settings.PERMISSIONS_POLICY.items())

    def __call__(self, request):
        response = self.get_response(request)
        response.headers["Permissions-Policy"] = self.policy
        return response


class PrivateCacheMiddleware:
    """Pages of an account and of the desk stay between the portal and whoever asked: no cache and no search engine
    keeps them, whatever they answer.
    """

    WAIT = 5 * 60  # seconds; allauth’s longest limit

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
        """Tell the audit of too many requests, and of pages of the desk that an account may not see or ask so."""
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
    """Lead from `/` to the home page in the language that the browser asks for."""
    response = HttpResponseRedirect(f"/{translation.get_language_from_request(request)}/")
    patch_vary_headers(response, ("Accept-Language", "Cookie"))  # the cookie of whoever chose a language
    return response
