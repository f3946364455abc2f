"""`/oembed`: the embed of a page, which sites ask for by its URL (oEmbed 1.0, as JSON and XML)."""

import hashlib
import json
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve
from django.utils.translation import get_language_from_path, override
from django.views.decorators.http import require_safe

from portal.core.urls import is_embed, page_of_embed
from portal.formats import atom
from portal.formats.responses import HEADERS
from portal.generic.list import RecordListView
from portal.http import problems, throttling
from portal.http.parameters import checks_parameters_itself
from portal.models import FormerKey
from portal.seo.embeds import WIDTH
from portal.tracking import content_version

LONGEST_URL = 2_000  # characters


@checks_parameters_itself  # the specification makes providers ignore parameters that they do not know
@require_safe
def oembed(request):
    """Return the embed of the page at the parameter `url`, no larger than `maxwidth` and `maxheight` (CSS pixels).

    Return 404 if the portal has no embed of that URL, 501 for another `format` than JSON and XML, and 400 for a wrong
    size. Raise Throttled if the network has used up its limit for the API.
    """
    form = request.GET.get("format") or "json"
    if form not in FORMS:
        return problems.response(501, "“format” is one of: json, xml.")
    sizes = [request.GET.get(name, "") for name in ("maxwidth", "maxheight")]
    if any(size and not (size.isascii() and size.isdecimal() and int(size[:9]) > 0) for size in sizes):
        return problems.response(400, "“maxwidth” and “maxheight” are whole numbers above 0.")

    def made():
        throttling.throttle(request, "api")
        found = embed_of(request.GET.get("url", ""))
        if found is None:
            return problems.response(404, "The portal has no embed of the page at “url”.")
        width, height = (
            min(usual, int(size[:9] or usual)) for usual, size in zip((WIDTH, found.height), sizes, strict=True)
        )
        answer = {
            "version": "1.0",
            "type": "rich",
            "title": found.title,
            "provider_name": str(settings.PORTAL_NAME),
            "provider_url": f"{settings.PUBLIC_URL}/",
            "html": found.html(width, height),
            "width": width,
            "height": height,
        }
        write, media = FORMS[form]
        return HttpResponse(write(answer), content_type=media)

    state = content_version.state()
    etag = f'W/"{state.number}-{hashlib.sha256(request.get_full_path().encode()).hexdigest()[:16]}"'
    return content_version.conditional_response(request, etag, state.changed_at, made, HEADERS)


def _xml(answer):
    parts = "".join(atom.element(name, value) for name, value in answer.items())
    return f'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<oembed>{parts}</oembed>\n'


FORMS = {"json": (json.dumps, "application/json"), "xml": (_xml, "text/xml; charset=utf-8")}


def embed_of(url):
    """Return the embed of a page of the portal, whose own URL or that of its embed is given; None if it has none.

    A former key means the record that replaced it. Wrong filters are left out, as on the page.
    """
    try:
        parts = urlsplit(url if len(url) <= LONGEST_URL else "")
    except ValueError:  # such as a host that is no IPv6 address
        return None
    path = unquote(parts.path)
    if parts.scheme not in {"http", "https"} or parts.netloc.lower() != urlsplit(settings.PUBLIC_URL).netloc:
        return None
    path = page_of_embed(path) if is_embed(path) else path
    with override(get_language_from_path(path)):
        try:
            match = resolve(path)
        except Resolver404:
            return None
        view_class = getattr(match.func, "view_class", None)
        if "format" in match.kwargs or not getattr(view_class, "embed_height", 0):
            return None
        request = HttpRequest()
        request.method, request.path, request.GET = "GET", path, QueryDict(parts.query)
        return _embed_of_view(view_class, request, match.kwargs)


def _embed_of_view(view_class, request, kwargs):
    """Return the embed of the page of a view, or None if there is no such record."""
    view = view_class()
    view.setup(request, **kwargs)
    if isinstance(view, RecordListView):
        view.filterset = view.get_filterset(view.filterset_class)
        return view.embed
    view.kwargs["key"] = FormerKey.present_key(view.model._meta.model_name, kwargs["key"]) or kwargs["key"]
    try:
        view.object = view.get_object()
    except Http404:
        return None
    return view.embed
