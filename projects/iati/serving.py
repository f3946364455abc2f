"""Serves what the portal reports to IATI as a stream, with validators for conditional requests."""

import datetime
import hashlib
import itertools

from django.conf import settings
from django.db.models import Count, Max
from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.http import throttling
from portal.http.parameters import takes
from portal.models import Place
from portal.tracking import content_version
from projects.iati import exporting, writing
from projects.models import (
    ImportedActivity,
    Organisation,
    OrganisationIdentifier,
    Participation,
    Project,
    ProjectSdg,
    RioMarker,
    Sector,
)

BATCH = 100
# Rows that are part of an activity. They can be added or deleted without a change of the project's `updated_at`.
ROWS = (Participation, RioMarker, ProjectSdg, OrganisationIdentifier)


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
    moment, tag = state(request, projects, publisher)

    def made():
        throttling.throttle(request, "export")
        throttling.throttle(request, "export", throttling.cost_of_rows("iati", projects.count()))
        parts = reported(projects, publisher, absolute_url)
        first = next(parts, None)
        if first is None:
            raise Http404(_("There is nothing here to report to IATI."))
        xml = writing.document(itertools.chain([first], parts), moment)
        return StreamingHttpResponse(xml, content_type="application/xml")

    headers = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}
    return content_version.conditional_response(request, tag, moment, made, headers)


def absolute_url(path):
    return settings.PUBLIC_URL + path


def reported(projects, publisher, address):
    """Yield the activities of all `projects` that can be reported, ordered by key. Only one batch is in memory."""
    for project in exporting.with_parts(projects.order_by("key")).iterator(chunk_size=BATCH):
        if not exporting.kept_out_by(project):
            yield exporting.activity_of(project, publisher, address)


def state(request, projects, publisher):
    """Return (time of the last change, ETag) of what is reported.

    The ETag covers the records, their rows and the current day, because a planned date becomes an actual one when it
    has passed.
    """
    found, moments = (
        [settings.PUBLIC_URL, request.get_full_path(), publisher.ref, timezone.localdate()],
        [publisher.updated_at],
    )
    for records in (projects, Organisation.objects, Place.objects):
        counted = records.order_by().aggregate(Count("pk"), Max("updated_at"), Max("version"))
        found.append(sorted(counted.items()))
        moments.append(counted["updated_at__max"])
    for model in (*ROWS, *(getattr(Project, name).through for name in ("countries", "places", "sectors"))):
        found.append(sorted(model.objects.aggregate(Count("pk"), Max("pk")).items()))
    found += projects.order_by("pk").values_list("pk", "updated_at")
    found += ImportedActivity.objects.filter(project__in=projects).order_by("pk").values_list("pk", "fingerprint")
    found += Sector.objects.order_by("code").values_list("code", "name_en", "name_ko", "name_ru")
    tag = hashlib.sha256(repr(found).encode()).hexdigest()[:32]
    latest = max(moment for moment in moments if moment is not None)
    return latest.astimezone(datetime.UTC).replace(microsecond=0), f'"{tag}"'
