"""Atom feeds of the portal: records that changed last, substantive changes by filter, and the log of corrections."""

import datetime

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext, pgettext
from django.views.decorators.http import require_safe
from django.views.generic import View

from portal.core.languages import text_and_language
from portal.core.urls import with_query
from portal.formats import atom
from portal.formats.responses import HEADERS, entry_of
from portal.formats.serialisers import SERIALISERS, short_records
from portal.history.substantive import ChangeKind
from portal.http.parameters import unknown_sentence
from portal.http.problems import ProblemDetail, one_of_sentence
from portal.http.throttling import throttle
from portal.models import Correction
from portal.models.corrections import attach_records
from portal.tracking import content_version
from portal.views.changed import chosen_kinds, first_moment
from portal.views.list_query import ListQuery


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


class ChangesFeed(View):
    """`/<language>/changes/feed/`: the 50 latest substantive changes, with the filters of the page."""

    is_page = False
    http_method_names = ("get", "head")

    @classmethod
    def known_parameters(cls, as_file):
        return ListQuery.all_names() | {"change"}

    def get(self, request):
        followed, (kinds, is_wrong) = ListQuery.from_request(request.GET), chosen_kinds(request.GET)
        if foreign := ListQuery.foreign_names(request.GET):
            known = {"list", "change"} | ListQuery.names_of(followed.name)
            raise ProblemDetail(400, unknown_sentence(min(foreign), known))
        if not followed.is_known:
            raise ProblemDetail(400, one_of_sentence("list", list(ListQuery.LISTS)))
        if is_wrong:
            raise ProblemDetail(400, one_of_sentence("change", ChangeKind.values))
        followed.filterset.raise_for_errors()
        state = content_version.state()
        etag = f'W/"{state.number}-{get_language()}"'
        return content_version.conditional_response(
            request, etag, state.changed_at, lambda: self.answer(followed, kinds, state.changed_at), HEADERS
        )

    def answer(self, followed, kinds, changed_at):
        throttle(self.request, "search" if followed.words else "export")
        changes = followed.changes(first_moment(), kinds=kinds).changes[: atom.PAGE]
        parameters = followed.parameters | ({"change": [kinds[0]]} if len(kinds) == 1 else {})
        here, page = (with_query(reverse(name), parameters) for name in ("what-changed-feed", "what-changed"))
        title = pgettext("menu", "What changed")
        said = atom.feed(
            title=" · ".join([title, *([str(followed.title)] if followed.title else []), str(settings.PORTAL_NAME)]),
            about=settings.PUBLIC_URL + page,
            links=[("self", settings.PUBLIC_URL + here)],
            identity=settings.ID_BASE_URL + here,
            updated=changes[0].moment if changes else changed_at,
            entries=[change_entry(change) for change in changes],
        )
        return HttpResponse(said, content_type=atom.TYPE)


def change_entry(change):
    """Return the Atom entry of a substantive change. Its id never changes."""
    text, language = change.text_and_language
    about = change.about.name_and_language()[0] if change.about else ""
    return atom.entry(
        identity=atom.tag("change", change.identity),
        title=f"{change.kind.label}: {change.name_and_language()[0]}",
        address=settings.PUBLIC_URL + change.get_absolute_url(),
        updated=change.moment,
        summary=text or about,
        categories=[(change.kind.value, change.kind.label)],
        language=language,
    )


@require_safe
def corrections_feed(request):
    """`/<language>/corrections/feed/`: the 50 latest entries of the log of corrections."""
    state = content_version.state()
    etag = f'W/"{state.number}-{get_language()}"'

    def made():
        corrections = list(Correction.objects.all()[: atom.PAGE])
        attach_records(corrections)
        page = settings.PUBLIC_URL + reverse("corrections")
        said = atom.feed(
            title=f"{gettext('Corrections')} · {settings.PORTAL_NAME}",
            about=page,
            links=[("self", settings.PUBLIC_URL + reverse("corrections-feed"))],
            identity=settings.ID_BASE_URL + reverse("corrections-feed"),
            updated=start_of(corrections[0].corrected_on) if corrections else state.changed_at,
            entries=[correction_entry(one, page) for one in corrections],
        )
        return HttpResponse(said, content_type=atom.TYPE)

    return content_version.conditional_response(request, etag, state.changed_at, made, HEADERS)


def correction_entry(correction, page):
    """Return the Atom entry of a correction, whose `record` is set. `page` is the URL of the log."""
    if correction.record:
        title = correction.record.name_and_language()[0]
    elif correction.key:
        title = gettext("%(kind)s: %(key)s (no longer published)") % {
            "kind": correction.get_kind_display(),
            "key": correction.key,
        }
    else:
        title = correction.get_kind_display()
    what, language = text_and_language(correction, "what")
    return atom.entry(
        identity=atom.tag("correction", correction.pk),
        title=title,
        address=f"{page}#correction-{correction.pk}",
        updated=start_of(correction.corrected_on),
        summary=f"{what} {text_and_language(correction, 'why')[0]}",
        language=language,
    )


def start_of(day):
    """Return the time at which a day begins."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


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
