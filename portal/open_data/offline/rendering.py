"""Renders pages of the portal for a reader without an account, in this process and without throttling."""

import io
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.handlers.wsgi import WSGIRequest
from django.http import Http404
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils.translation import get_language_from_path, override
from django_htmx.middleware import HtmxDetails


@dataclass(frozen=True)
class RenderedPage:
    """A page: its status, its text, and the context it was made from."""

    status: int
    text: str
    context: dict


def anonymous_request(address: str) -> WSGIRequest:
    """Return a GET request of a reader without an account for a path with its query, at PUBLIC_URL."""
    portal, asked = urlsplit(settings.PUBLIC_URL), urlsplit(address)
    request = WSGIRequest(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": asked.path,
            "QUERY_STRING": asked.query,
            "SERVER_NAME": portal.hostname,
            "SERVER_PORT": str(portal.port or (443 if portal.scheme == "https" else 80)),
            "HTTP_HOST": portal.netloc,
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": portal.scheme,
            "wsgi.input": io.BytesIO(),
        }
    )
    request.LANGUAGE_CODE = get_language_from_path(request.path_info) or settings.LANGUAGE_CODE
    request.user = AnonymousUser()
    request.htmx = HtmxDetails(request)
    return request


def render(address: str) -> RenderedPage:
    """Return the page at `address`, in the language of its path. A missing page has status 404 and no text."""
    request = anonymous_request(address)
    with override(request.LANGUAGE_CODE):
        match = request.resolver_match = resolve(request.path_info)
        try:
            response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        except Http404:
            return RenderedPage(404, "", {})
        if hasattr(response, "render"):
            response.render()
        return RenderedPage(
            response.status_code, response.content.decode(), getattr(response, "context_data", None) or {}
        )
