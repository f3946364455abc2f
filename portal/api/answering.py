"""The views of the API: they parse a request, reject invalid parameters and return JSON."""

import contextlib
import hashlib
import re
from datetime import UTC, datetime

from django.http import HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from portal.core.choices import PublicationStatus
from portal.core.licences import OWN_LICENCE
from portal.formats.fields import LANGUAGES
from portal.formats.json import dumps
from portal.formats.responses import HEADERS
from portal.http import throttling
from portal.http.parameters import checks_parameters_itself, unknown_sentence, without_empty_values
from portal.http.problems import ProblemDetail, one_of_sentence
from portal.models import FormerKey, Tombstone
from portal.tracking import content_version

LIMIT, MOST, FARTHEST = 25, 100, 10_000_000
SHAPE = ("lang", "fields")  # the shape of each response, of lists and records
PAGE = ("limit", "offset", "sort")
CHANGED_FROM = "changed_from"
MOMENT = r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z?)?$"
KEY, KEY_LENGTH = r"^[-a-zA-Z0-9_]+$", 60


def endpoint(view):
    """Return a view of the API: it allows only GET and HEAD, and uses English whatever language the browser prefers.

    It is exempt from CSRF checks. Otherwise a POST would get 403 from that check instead of 405 from the view.
    """
    return checks_parameters_itself(csrf_exempt(require_safe(override("en")(view))))


@endpoint
def listing(request, resource):
    """Return a page of the records that match the filters.

    Raise ProblemDetail with status 400 if a parameter is invalid, and Throttled if the network has used up its limit.
    """
    since = (CHANGED_FROM,) if resource.has_changes else ()
    asked = QueryParameters(request, {*resource.filterset_class.base_filters, *PAGE, *since, *SHAPE})
    limit = asked.number("limit", LIMIT, 1, MOST)
    offset = asked.number("offset", 0, 0, FARTHEST)
    sort = asked.one_of("sort", resource.sorts)
    changed_from = asked.moment(CHANGED_FROM)
    fields = asked.fields(resource.serialiser)

    def answer():
        filters = asked.only(resource.filterset_class.base_filters)
        count, pks = resource.page(filters, sort, offset, limit, changed_from)
        return {
            "count": count,
            "limit": limit,
            "offset": offset,
            "next": asked.page(offset + limit) if offset + limit < count else None,
            "previous": asked.page(max(offset - limit, 0)) if offset else None,
            "licence": OWN_LICENCE,
            "retrieved": timezone.localdate().isoformat(),
            "items": resource.items(pks, asked.language, fields),
        }

    return asked.answered(answer)


@endpoint
def record(request, resource, key):
    """Return one record; redirect permanently if its key has changed.

    Raise ProblemDetail with status 404 if there is no published record with this key, 410 if it was removed or
    archived.
    """
    if len(key) > KEY_LENGTH or not re.fullmatch(KEY, key):
        raise ProblemDetail(404, "There is no published record with this key here.")
    asked = QueryParameters(request, set(SHAPE))
    fields = asked.fields(resource.serialiser)

    def answer():
        pk = resource.records().filter(key=key).values_list("pk", flat=True).first()
        if pk is None:
            raise gone(resource, key)
        [item] = resource.items([pk], asked.language, fields)
        return item

    if present := FormerKey.present_key(resource.kind, key):
        return HttpResponsePermanentRedirect(request.path.removesuffix(key) + present)
    return asked.answered(answer)


def gone(resource, key):
    """Return the ProblemDetail for a missing record: 410 if it was removed or archived, else 404."""
    stone = Tombstone.objects.filter(kind=resource.kind, key=key).first()
    archived = resource.queryset.filter(key=key, publication=PublicationStatus.ARCHIVED).exists()
    if stone is None and not archived:
        return ProblemDetail(404, f"There is no published record with the key “{key}” here.")
    reason = stone.get_reason_display() if stone else "It was archived."
    return ProblemDetail(
        410, f"This record is no longer published. {reason}", successor=stone.successor if stone else ""
    )


class QueryParameters:
    """The parameters of a request.

    Raise ProblemDetail (400) if one is unknown or invalid, or if one of `PAGE` and `SHAPE` is repeated.
    """

    def __init__(self, request, known):
        # An empty value is ignored, as in a form.
        self.request, self.query = request, without_empty_values(request.GET)
        if unknown := sorted(set(self.query) - known):
            raise ProblemDetail(400, unknown_sentence(unknown[0], known))
        for name in {*PAGE, *SHAPE, CHANGED_FROM} & set(self.query):
            if len(self.query.getlist(name)) > 1:
                raise ProblemDetail(400, f"“{name}” may be said once.")
        self.language = self.one_of("lang", LANGUAGES)

    def one_of(self, name, choices):
        """Return the value of a parameter out of `choices`, ignoring case; None if it is not given."""
        value = self.query.get(name)
        if value is None:
            return None
        found = [choice for choice in choices if choice.casefold() == value.casefold()]
        if not found:
            raise ProblemDetail(400, one_of_sentence(name, choices))
        return found[0]

    def number(self, name, default, least, most):
        """Return the value of a parameter as an integer from `least` to `most`."""
        value = self.query.get(name)
        if value is None:
            return default
        if not (value.isascii() and value.isdecimal() and len(value) < 12 and least <= int(value) <= most):
            raise ProblemDetail(400, f"“{name}” is a whole number from {least} to {most}.")
        return int(value)

    def moment(self, name):
        """Return the value of a parameter, a day or a time in UTC, as a time; None if it is not given."""
        value = self.query.get(name)
        if value is None:
            return None
        if re.fullmatch(MOMENT, value, re.ASCII):
            with contextlib.suppress(ValueError):
                return datetime.fromisoformat(value.removesuffix("Z")).replace(tzinfo=UTC)
        raise ProblemDetail(400, f"“{name}” is a day or a time in UTC, such as 2026-11-28 or 2026-11-28T09:30:00Z.")

    def fields(self, serialiser):
        """Return the requested fields, or None for all. The key is always included."""
        value = self.query.get("fields")
        if value is None:
            return None
        names = set(value.split(","))
        if unknown := sorted(names - set(serialiser.by_name)):
            known = ", ".join(serialiser.by_name)
            raise ProblemDetail(400, f"There is no field “{unknown[0][:60]}”. Known are: {known}.")
        return [field for name, field in serialiser.by_name.items() if name in names or name == "key"]

    def only(self, names):
        """Return the part of the query with these names, which is for the filters."""
        query = QueryDict(mutable=True)
        for name in names:
            if name in self.query:
                query.setlist(name, self.query.getlist(name))
        return query

    def page(self, offset):
        """Return the URL of another page of this list. It has the host of the request, so that a client stays there."""
        query = self.query.copy()
        query["offset"] = offset
        return self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")

    def answered(self, answer, media="application/json; charset=utf-8"):
        """Return the result of `answer` as JSON of this media type, or 304 if the client has it already.

        The ETag depends on the content version and the URL. A 304 is not throttled, and `answer` is not called for it.
        """
        state = content_version.state()
        said = repr(self.request.get_full_path())
        etag = f'W/"{state.number}-{hashlib.sha256(said.encode()).hexdigest()[:16]}"'
        headers = {
            "Cache-Control": HEADERS["Cache-Control"],
            "X-Robots-Tag": "noindex",
            "Link": f'<{OWN_LICENCE}>; rel="license"',
            "Content-Language": self.language or ", ".join(LANGUAGES),
        }

        def made():
            throttling.throttle(self.request, "api")
            with override(self.language or "en"):
                return HttpResponse(dumps(answer()), content_type=media)

        return content_version.conditional_response(self.request, etag, state.changed_at, made, headers)
