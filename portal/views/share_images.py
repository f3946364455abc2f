"""The share images of records with places on the map of the region."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from issues.models import Issue
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

    def draw():
        throttling.throttle(request, "export")
        return share_image.render_places(name, positions)

    response = HttpResponse(cached_for_version(draw, "share image", kind, key), content_type="image/png")
    response.headers["Cache-Control"] = f"public, max-age={DAY}"
    return response
