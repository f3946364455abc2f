"""Every address that is for readers, found by walking the portal's own list of them, and all that an answer says."""

import io
import re
import zipfile

from django.urls import URLPattern, get_resolver
from django.utils import timezone

from portal.formats.serialisers import SERIALISERS
from portal.maps import share_image
from portal.open_data import archive, dcat
from portal.open_data.sitemaps import SITEMAPS

# Not for readers: the desk, accounts; and previews, whose links are signed (tests/portal/publishing/test_preview.py).
PRIVATE = ("admin/", "accounts/", "preview/")
# The part of an address that says of which kind its key is.
KINDS = {
    **{name: name.removesuffix("s") for name in ("issues", "indicators", "projects", "organisations", "agreements")},
    **{"sources": "source", "places": "place", "countries": "place", "timeline": "event", "events": "event"},
    **{"terms": "term", "activities": "project"},
}


def addresses(resolver=None, before=""):
    """The routes of all addresses that are for readers, with their parameters in angle brackets."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if not any(part in route for part in PRIVATE):
            if isinstance(pattern, URLPattern):
                yield "/" + re.sub(r"<\w+:", "<", route).replace("^", "").replace("$", "")
            else:
                yield from addresses(pattern, route)


def filled(route, keys):
    """The addresses of a route: one, or one for each value that its parameter can have; of a day, today’s."""
    route = route.replace("<day>", timezone.localdate().isoformat())
    if "<file>" in route:
        return [route.replace("<file>", SERIALISERS[kind].file) for kind in archive.KINDS]
    if "<form>" in route:
        return [route.replace("<form>", form) for form in dcat.FORMS]
    if "<name>" in route:
        return [route.replace("<name>", share_image.WHOLE)]
    if "<section>" in route:
        return [route.replace("<section>", section) for section in SITEMAPS]
    if "<key>" in route:
        kind = KINDS[re.search(r"(\w+)/<key>", route)[1]]
        return [route.replace("<key>", key) for key in keys[kind]]
    assert "<" not in route, f"Say here what {route} is filled with."
    return [route]


def unpacked(response):
    """All that an answer says; of a file that is packed, what its parts say, and what they are called."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if not body.startswith(b"PK"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        return b"\n".join(part for name in packed.namelist() for part in (name.encode(), packed.read(name)))
