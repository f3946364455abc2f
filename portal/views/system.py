"""Health checks, robots.txt, the web app manifest and error pages."""

import sys

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, gettext, pgettext
from django.views import defaults
from django.views.decorators.cache import never_cache

from portal.core.urls import is_embed
from portal.http import page_cache, throttling
from portal.http.outage import is_service_failure, service_unavailable
from portal.http.parameters import checks_parameters_itself
from portal.ops.health import health_checks
from portal.tracking import content_version


@checks_parameters_itself  # monitors may add any parameter
@never_cache
def healthz(request):
    """Return 200: the process responds."""
    return HttpResponse("ok\n", content_type="text/plain")


@checks_parameters_itself
@never_cache
def readyz(request):
    """Return 200 if the database responds, has records and has a complete search index; otherwise 503.

    The body is JSON. It says which of the three is ready, and what is wrong with the search index.
    """
    ready, amiss = health_checks()
    return JsonResponse(ready | ({"search_index": amiss} if amiss else {}), status=200 if all(ready.values()) else 503)


@checks_parameters_itself
@never_cache
def version(request):
    """Return an empty response with the Content-Version of current pages, for a cache in front of the portal."""
    token = page_cache.version_token(content_version.current_version())
    return HttpResponse(headers={"Content-Version": token}, content_type="text/plain")


def robots(request):
    """Return robots.txt, which allows crawlers to read every public page."""
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /accounts/",
        # Every filter of a list has a URL. Crawlers must not request all combinations, so the only query that they may
        # add to a page is the next page of the unfiltered list. The longest matching rule applies (RFC 9309).
        "Disallow: /*?",
        "Allow: /*?page=",
        "Disallow: /*?page=*&",
        "Allow: /*/issues/?view=causes$",
        # Files of lists and records have a point in their path; pages have none. Allowed are those that feeds, JSON-LD
        # llms.txt and the data catalogue name, share images and the web app manifest.
        *(f"Disallow: /{code}/*." for code, _name in settings.LANGUAGES),
        "Allow: /*/*.atom",
        "Allow: /*/*.md$",
        "Allow: /*/indicators/*.",
        "Allow: /*/picture/",
        "Allow: /*/manifest.",
        "Allow: /*/opensearch.",
        # The former addresses of these files.
        "Allow: /*?*format=atom",
        "Allow: /*/indicators/*?format=",
        "Allow: /sitemap-*.xml?p=",
        "Allow: /oai?",
        "Allow: /oembed?",
        f"Sitemap: {settings.PUBLIC_URL}{reverse('sitemap')}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain")


def manifest(request):
    """Return the web app manifest: the names and icons of a portal that a reader puts on the home screen of a phone."""
    colour = "#fbfaf6"  # --paper of static/css/tokens.css
    icons = [
        ("icon-192", "192x192", "any"),
        ("icon-512", "512x512", "any"),
        ("icon-maskable-512", "512x512", "maskable"),
    ]
    content = {
        "name": gettext("Central Asia Environment and Cooperation Portal"),
        "short_name": gettext("Central Asia"),
        "lang": get_language(),
        "start_url": reverse("home"),
        "scope": reverse("home"),
        "display": "minimal-ui",
        "theme_color": colour,
        "background_color": colour,
        "icons": [
            {"src": static(f"img/{name}.png"), "sizes": size, "type": "image/png", "purpose": purpose}
            for name, size, purpose in icons
        ],
    }
    return JsonResponse(content, content_type="application/manifest+json")


def opensearch(request):
    """Return the OpenSearch description, by which browsers offer the portal's search beside their own."""
    context = {"base": settings.PUBLIC_URL, "language": get_language()}
    return render(request, "portal/opensearch.xml", context, "application/opensearchdescription+xml")


def favicon(request):
    """Redirect to the icon. Programs that read no HTML ask for it at this address."""
    return redirect(static("img/favicon.ico"))


def not_found(request, exception):
    """Return the 404 page in the language of the reader, with links to continue; a short one for the frame of an embed.

    Rendering it costs as much as any page, so the request counts towards the throttle rate "pages".
    """
    if request.resolver_match is None:  # otherwise the throttling middleware has counted it
        try:
            throttling.throttle(request, "pages")
        except throttling.Throttled as error:
            return throttling.refusal(request, error)
    if is_embed(request.path_info):
        return render(request, "embeds/404.html", {"title": gettext("This content is not available")}, status=404)
    return render(request, "404.html", {"title": gettext("Page not found")}, status=404)


def bad_request(request, exception):
    """Return the 400 page, or 503 if a session could not be stored because the database has failed.

    The template gets no request, because its host may be the error.
    """
    if isinstance(exception, SessionInterrupted):
        # Django takes each failed update of a session for one that was deleted. UpdateError is between the two errors.
        failure = exception.__context__.__context__
        if is_service_failure(failure):
            return service_unavailable(request, failure)
    return render(None, "400.html", {"title": pgettext("error", "Bad request")}, status=400)


def server_error(request):
    """Return a 500 page without using the database, or 503 if the database or another service has failed."""
    error = sys.exception()
    return service_unavailable(request, error) if is_service_failure(error) else defaults.server_error(request)
