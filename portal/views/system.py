"""Health checks, robots.txt and error pages."""

import sys

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, pgettext
from django.views import defaults
from django.views.decorators.cache import never_cache

from portal.http import throttling
from portal.http.outage import is_service_failure, service_unavailable
from portal.http.parameters import checks_parameters_itself
from portal.ops.health import health_checks


@checks_parameters_itself  # monitors may add what they like
@never_cache
def healthz(request):
    """That the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@checks_parameters_itself
@never_cache
def readyz(request):
    """That the database answers, holds records and a whole search index: 200, or 503 with what is missing."""
    ready, amiss = health_checks()
    return JsonResponse(ready | ({"search_index": amiss} if amiss else {}), status=200 if all(ready.values()) else 503)


def robots(request):
    """What crawlers may read: every public page."""
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /accounts/",
        # Every part of a list has an address: that a crawler does not go through all of them, it asks nothing of a page
        # but the next one of the whole list. The longest rule that fits holds (RFC 9309).
        "Disallow: /*?",
        "Allow: /*?page=",
        "Disallow: /*?page=*&",
        "Allow: /*/issues/?view=causes$",
        # What feeds, JSON-LD and the catalogue of the datasets lead to.
        "Allow: /*?*format=atom",
        "Allow: /*/indicators/*?format=",
        "Allow: /sitemap-*.xml?p=",
        "Allow: /oai?",
        f"Sitemap: {settings.PUBLIC_URL}{reverse('sitemap')}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain")


def not_found(request, exception):
    """404 in the reader's language, with ways on. It has to be made like any page, and counts as one."""
    if request.resolver_match is None:  # else it is counted
        try:
            throttling.throttle(request, "pages")
        except throttling.Throttled as error:
            return throttling.refusal(request, error)
    return render(request, "404.html", {"title": gettext("Page not found")}, status=404)


def bad_request(request, exception):
    """400 in words. Without the request: its host may be what is wrong with it."""
    return render(None, "400.html", {"title": pgettext("error", "Bad request")}, status=400)


def server_error(request):
    """500 without a database; or 503, where that is what failed."""
    error = sys.exception()
    return service_unavailable(request, error) if is_service_failure(error) else defaults.server_error(request)
