"""The Atom feed of the portal: the records of all kinds that were published or changed last."""

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from portal.formats import atom
from portal.formats.responses import HEADERS, entry_of
from portal.formats.serialisers import SERIALISERS, short_records
from portal.tracking import content_version


@require_safe
def feed(request):
    """`/<language>/feed/`: the 50 latest changes."""
    state = content_version.state()
    etag = f'W/"{state.number}-{get_language()}"'

    def made():
        records = newest(atom.PAGE)
        said = atom.feed(
            title=str(settings.PORTAL_NAME),
            about=settings.PUBLIC_URL + reverse("home"),
            links=[("self", settings.PUBLIC_URL + reverse("feed"))],
            identity=settings.ID_BASE_URL + reverse("feed"),
            updated=records[0].updated_at if records else state.changed_at,
            entries=[entry_of(record, settings.PUBLIC_URL) for record in records],
        )
        return HttpResponse(said, content_type=atom.TYPE)

    return content_version.conditional_response(request, etag, state.changed_at, made, HEADERS)


def newest(count):
    """Return the `count` published records that changed last, newest first."""
    times = []
    for kind, serialiser in SERIALISERS.items():
        if "changed" in serialiser.by_name:
            rows = serialiser.published().order_by("-updated_at", "pk").values_list("updated_at", "pk")
            times += [(changed, kind, pk) for changed, pk in rows[:count]]
    times.sort(key=lambda one: (-one[0].timestamp(), one[1], one[2]))
    wanted = {}
    for _changed, kind, pk in times[:count]:
        wanted.setdefault(kind, []).append(pk)
    found = {
        (kind, record.pk): record
        for kind, pks in wanted.items()
        for record in short_records(SERIALISERS[kind].model).filter(pk__in=pks)
    }
    return [found[kind, pk] for _changed, kind, pk in times[:count] if (kind, pk) in found]
