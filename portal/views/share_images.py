"""The share images of records: their places on the map of the region, or their chart."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from issues.charts import card_image
from issues.models import Indicator, Issue, Observation
from portal.http import throttling
from portal.http.page_cache import cached_for_version
from portal.maps import share_image
from portal.models import Place
from projects.models import Project

DAY = 86_400  # seconds
# How each kind of record is shown: a function for its places, and one for the countries in colour.
KINDS = {
    "project": (Project, lambda project: project.places.published(), lambda project: project.countries.all()),
    "issue": (
        Issue,
        lambda issue: issue.places.published(),
        lambda issue: [one.country for one in issue.in_countries.all()],
    ),
    "place": (Place, lambda place: [place], lambda place: place.all_countries),
}


@require_safe
def record_share_image(request, kind, key):
    """Return `/picture/<kind>s/<key>.png`; raise Http404 for an unknown record or one without places on the map.

    It is drawn once for each content version. Any cache may keep it for a day.
    """
    model, places_of, countries_of = KINDS[kind]
    record = get_object_or_404(model.objects.published(), key=key)
    positions = share_image.positions_of(places_of(record))
    if not positions:
        raise Http404
    name = share_image.name_of([country.key for country in countries_of(record)])

    return _drawn_once(request, lambda: share_image.render_places(name, positions), kind, key)


@require_safe
def indicator_share_image(request, key):
    """Return `/<language>/picture/indicators/<key>.png`; raise Http404 for one that is unknown or has no values.

    Its chart has words in the reader's language. It is drawn once for each content version.
    """
    indicator = get_object_or_404(Indicator.objects.published(), key=key)
    if not Observation.objects.shown_of(indicator).exists():
        raise Http404
    return _drawn_once(request, lambda: card_image(indicator), "indicator", key, get_language())


def _drawn_once(request, draw, *names):
    """Return the response with the PNG that `draw` returns, which is kept by `names` for the content version."""

    def draw_and_count():
        throttling.throttle(request, "export")
        return draw()

    response = HttpResponse(cached_for_version(draw_and_count, "share image", *names), content_type="image/png")
    response.headers["Cache-Control"] = f"public, max-age={DAY}"
    return response
