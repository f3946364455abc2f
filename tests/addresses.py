"""Find every public URL from the URL configuration, and read whole responses."""

import io
import re
import zipfile

from django.urls import URLPattern, get_resolver
from django.utils import timezone

from portal.maps import share_image
from portal.open_data import archive, dcat
from portal.open_data.sitemaps import SITEMAPS

# Not public: the admin, accounts, previews, whose links are signed (tests/portal/publishing/test_preview.py), and kept
# results of the overlap check, whose addresses are random (tests/portal/views/test_plan.py).
PRIVATE = ("admin/", "accounts/", "preview/", "plan/result/")
# The part of a URL that tells the kind of its key.
KINDS = {
    **{name: name.removesuffix("s") for name in ("issues", "indicators", "projects", "organisations", "agreements")},
    **{"sources": "source", "places": "place", "countries": "place", "timeline": "event", "events": "event"},
    **{"terms": "term", "activities": "project", "lessons": "result", "results": "result"},
}


def addresses(resolver=None, before=""):
    """Yield the routes of all public URLs, with their parameters in angle brackets."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if not any(part in route for part in PRIVATE):
            if isinstance(pattern, URLPattern):
                yield "/" + re.sub(r"<\w+:", "<", route).replace("^", "").replace("$", "")
            else:
                yield from addresses(pattern, route)


def filled(route, keys):
    """Return the URLs of a route: one, or one for each value of its parameter.

    `<day>` becomes today’s date, and `<format>` JSON: short addresses are answered by the views of `?format=…`.
    """
    route = route.replace("<format>", "json")
    route = route.replace("<day>", timezone.localdate().isoformat())
    route = route.replace("<number>", "1")
    if "<quarter>" in route:
        return []  # tests/portal/open_data/test_edition_views.py writes editions and reads all of each
    if "<file>" in route:
        return [route.replace("<file>", table.file) for table in archive.all_tables()]
    if "<digest>.<form>" in route:
        return [route.replace("<digest>.<form>", f"{digest}.pdf") for digest in keys.get("document", ())]
    if "<form>" in route:
        return [route.replace("<form>", form) for form in dcat.FORMS]
    if "<name>" in route:
        return [route.replace("<name>", share_image.WHOLE)]
    if "<section>" in route:
        return [route.replace("<section>", section) for section in SITEMAPS]
    if "<digest>" in route:
        return [route.replace("<digest>", digest).replace("<width>", "390") for digest in keys.get("digest", ())]
    if "<key>" in route:
        kind = kind_of_key(route)
        return [route.replace("<key>", key) for key in keys[kind]]
    assert "<" not in route, f"Say here what {route} is filled with."
    return [route]


def kind_of_key(route):
    """Return the kind of the record whose key a route has."""
    return KINDS[re.search(r"(\w+)/(?:items/)?<key>", route)[1]]


def unpacked(response):
    """Return the body of a response. For a ZIP file, return the names and contents of its members."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if not body.startswith(b"PK"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        return b"\n".join(part for name in packed.namelist() for part in (name.encode(), packed.read(name)))
