"""Serves what the portal reports to IATI as a stream, with validators for conditional requests."""

import datetime
import itertools

from django.conf import settings
from django.http import Http404, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.formats import responses
from portal.http import throttling
from portal.http.parameters import takes
from portal.tracking import content_version
from projects.iati import exporting, writing
from projects.models import Project

BATCH = 100


@takes("imported")
@require_safe
def activities(request):
    """Serve `/iati/activities.xml`: every project that can be reported.

    Activities that others report are included only with `?imported=1`.
    """
    projects = Project.objects.published()
    if request.GET.get("imported") != "1":
        projects = projects.filter(iati_identifier=None, imported=None)
    return response(request, projects)


@require_safe
def activity(request, key):
    """Serve `/iati/activities/<key>.xml`: one project, also if others report it."""
    return response(request, Project.objects.published().filter(key=key))


def response(request, projects):
    """Return the IATI file of `projects`, or 304 if the client has the current version.

    Raise Http404 if no reporting organisation is set, or if no project can be reported, because IATI does not allow a
    file without activities. Raise Throttled if the client exports too much.
    """
    publisher = exporting.publisher()
    if publisher is None:
        raise Http404(_("The portal does not report to IATI yet: no reporting organisation has been set."))
    state = content_version.state()

    def made():
        throttling.throttle(request, "export")
        throttling.throttle(request, "export", throttling.cost_of_rows("iati", projects.count()))
        parts = reported(projects, publisher, absolute_url)
        first = next(parts, None)
        if first is None:
            raise Http404(_("There is nothing here to report to IATI."))
        xml = writing.document(itertools.chain([first], parts), changed_at)
        return StreamingHttpResponse(xml, content_type="application/xml")

    changed_at = state.changed_at.astimezone(datetime.UTC).replace(microsecond=0)
    headers = responses.HEADERS | {"Access-Control-Allow-Origin": "*"}
    return content_version.conditional_response(
        request, responses.tag_of(request, (), state), changed_at, made, headers
    )


def absolute_url(path):
    return settings.PUBLIC_URL + path


def reported(projects, publisher, address):
    """Yield the activities of all `projects` that can be reported, ordered by key. Only one batch is in memory."""
    for project in exporting.with_parts(projects.order_by("key")).iterator(chunk_size=BATCH):
        if not exporting.kept_out_by(project):
            yield exporting.activity_of(project, publisher, address)
