"""`/ogc/`: records with positions by OGC API – Features, Part 1 (17-069r4), for GIS programs.

The conformance classes are Core and GeoJSON. Features are those of GeoJSON files; their filters are those of the API.
"""

import re

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from portal.api.answering import KEY, KEY_LENGTH, QueryParameters, endpoint, gone
from portal.api.resources import RESOURCES
from portal.core.choices import PublicationStatus
from portal.core.licences import OWN_LICENCE
from portal.formats.fields import LANGUAGES, as_stored, moment
from portal.formats.json import feature
from portal.formats.responses import FORMATS
from portal.formats.serialisers import RecordSelection
from portal.http.problems import ProblemDetail
from portal.maps.outlines import COUNTRY_POINTS, area_outlines
from portal.models import IdentifierScheme, Place, PlaceIdentifier

COLLECTIONS = [one for one in RESOURCES if one.serialiser.where and one.path != "countries"]
CLASSES = [f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "geojson")]
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GEOJSON = FORMATS["geojson"].type
DEFINITION = "application/vnd.oai.openapi+json;version=3.0"
LIMIT, MOST = 100, 1_000  # features in an answer; a larger number is taken as MOST
FARTHEST = 10_000_000
# From a kind of record to the columns with its first and its last date. Others have no time.
TIMES = {"event": ("date", "date"), "project": ("start", "end")}
INSTANT = r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?"


def _link(path, rel, media="application/json"):
    return {"href": settings.PUBLIC_URL + path, "rel": rel, "type": media}


@endpoint
def landing(request):
    """Return the landing page: links to all else."""
    asked = QueryParameters(request, set())
    return asked.answered(
        lambda: {
            "title": str(settings.PORTAL_NAME),
            "description": "Places, and records that have places.",
            "links": [
                _link("/ogc/", "self"),
                _link("/ogc/api", "service-desc", DEFINITION),
                _link("/ogc/conformance", "conformance"),
                _link("/ogc/collections", "data"),
                {"href": OWN_LICENCE, "rel": "license"},
            ],
        }
    )


@endpoint
def conformance(request):
    """Return the conformance classes."""
    return QueryParameters(request, set()).answered(lambda: {"conformsTo": CLASSES})


@endpoint
def collections(request):
    """Return the collections."""
    asked = QueryParameters(request, set())
    return asked.answered(
        lambda: {
            "links": [_link("/ogc/collections", "self")],
            "collections": [_described(resource) for resource in COLLECTIONS],
        }
    )


@endpoint
def collection(request, resource):
    """Return one collection."""
    return QueryParameters(request, set()).answered(lambda: _described(resource))


def _described(resource):
    path = f"/ogc/collections/{resource.path}"
    return {
        "id": resource.path,
        "title": str(resource.serialiser.model._meta.verbose_name_plural),
        "description": resource.words,
        "itemType": "feature",
        "crs": [CRS84],
        "links": [
            _link(path, "self"),
            _link(f"{path}/items", "items", "application/geo+json"),
            {"href": OWN_LICENCE, "rel": "license"},
        ],
    }


@endpoint
def items(request, resource):
    """Return a page of the features of a collection, in the order of their keys.

    Raise ProblemDetail with status 400 if a parameter is invalid.
    """
    filters = resource.filterset_class.base_filters
    asked = QueryParameters(request, {*filters, "limit", "offset", "bbox", "datetime", "lang"})
    limit = min(asked.number("limit", LIMIT, 1, 10**10), MOST)
    offset = asked.number("offset", 0, 0, FARTHEST)
    box, period = _box(asked.query.getlist("bbox")), _period(asked.query.getlist("datetime"))

    def answer():
        filterset = resource.filterset_class(asked.only(filters), resource.records())
        filterset.raise_for_errors()
        found = filterset.qs
        if box:
            found = found.filter(in_box(resource, *box))
        if period and resource.kind in TIMES:
            found = in_period(found, *TIMES[resource.kind], *period)
        count = found.count()
        pks = list(found.prefetch_related(None).order_by("key").values_list("pk", flat=True)[offset : offset + limit])
        features = _features(resource, pks, asked.language)
        links = [_link(request.get_full_path(), "self", "application/geo+json")]
        for rel, start in (("next", offset + limit), ("prev", max(offset - limit, 0))):
            if start < count if rel == "next" else offset:
                links.append({"href": asked.page(start), "rel": rel, "type": "application/geo+json"})
        links.append(_link(f"/ogc/collections/{resource.path}", "collection"))
        return {
            "type": "FeatureCollection",
            "features": features,
            "links": links,
            "timeStamp": moment(timezone.now()),
            "numberMatched": count,
            "numberReturned": len(features),
        }

    return asked.answered(answer, GEOJSON)


@endpoint
def item(request, resource, key):
    """Return one feature. Raise ProblemDetail with status 404 or 410 if there is no published record with this key."""
    if len(key) > KEY_LENGTH or not re.fullmatch(KEY, key):
        raise ProblemDetail(404, "There is no published record with this key here.")
    asked = QueryParameters(request, {"lang"})

    def answer():
        pk = resource.records().filter(key=key).values_list("pk", flat=True).first()
        if pk is None:
            raise gone(resource, key)
        [found] = _features(resource, [pk], asked.language)
        path = f"/ogc/collections/{resource.path}"
        own = _link(f"{path}/items/{key}", "self", "application/geo+json")
        page = {"href": found["properties"]["url"], "rel": "alternate", "type": "text/html"}
        return found | {"links": [own, page, _link(path, "collection")]}

    return asked.answered(answer, GEOJSON)


def _features(resource, pks, language):
    """Return records as features in the order of `pks`, with texts in a language; English for None."""
    records = RecordSelection(
        pks,
        kind=resource.kind,
        label=resource.path,
        title=resource.words,
        about="",
        base=settings.PUBLIC_URL,
        language=language or "en",
    )
    return [feature(properties, found) for properties, found in records.located()]


# ── Where and when ───────────────────────────────────────────────────────────────────────────────────────────────


def _box(given):
    """Return west, south, east, north of the parameter `bbox`; None if it is not given. Heights are passed over."""
    if not given:
        return None
    wrong = "“bbox” is west,south,east,north in degrees, such as 55,40,62,46."
    parts = given[0].split(",")
    # A number has at most 20 characters, none of them e or _, which float() takes too.
    if len(given) > 1 or len(parts) not in {4, 6} or not all(re.fullmatch(r"[+-]?[0-9.]{1,20}", one) for one in parts):
        raise ProblemDetail(400, wrong)
    try:
        numbers = [float(one) for one in parts]
    except ValueError as error:
        raise ProblemDetail(400, wrong) from error
    west, south, east, north = numbers if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise ProblemDetail(400, wrong)
    return west, south, east, north


def _period(given):
    """Return the first and the last day of the parameter `datetime`, "" for an open end; None if it is not given."""
    if not given:
        return None
    ends = given[0].split("/")
    if len(given) > 1 or len(ends) > 2 or not all(end in {"", ".."} or re.fullmatch(INSTANT, end) for end in ends):
        raise ProblemDetail(
            400, "“datetime” is a day, a time or a period, such as 2020-01-01/2024-12-31 or 2020-01-01/..."
        )
    first, last = ("" if end == ".." else end[:10] for end in (ends[0], ends[-1]))
    if last and first > last:
        raise ProblemDetail(400, "“datetime” ends before it begins.")
    return first, last


def in_box(resource, west, south, east, north):
    """Return the condition that the geometry of a record meets a box. If west is larger than east, it crosses 180°.

    The geometry is that of `location_of`: an outline, positions, or else the points of countries.
    """
    halves = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]

    def holds(longitude, latitude):
        return south <= latitude <= north and any(low <= longitude <= high for low, high in halves)

    def positions(prefix=""):
        sides = Q()
        for low, high in halves:
            sides |= Q(**{f"{prefix}longitude__gte": low, f"{prefix}longitude__lte": high})
        return sides & Q(**{f"{prefix}latitude__gte": south, f"{prefix}latitude__lte": north})

    stand_ins = [key for key, point in COUNTRY_POINTS.items() if holds(*point)]
    if resource.kind != "place":
        fields = resource.serialiser.by_name
        placed = _rows(fields[resource.serialiser.where], latitude__isnull=False)
        return Exists(placed.filter(positions("place__"))) | (
            ~Exists(placed) & Exists(_rows(fields["countries"], key__in=stand_ins))
        )
    outlines = area_outlines()
    met = [code for code, one in outlines.items() if any(one.meets(low, south, high, north) for low, high in halves)]
    countries = [code.lower() for code in outlines if len(code) == 2]
    provinces = PlaceIdentifier.objects.filter(place=OuterRef("pk"), scheme=IdentifierScheme.ISO_3166_2)
    is_country, is_province = Q(kind=Place.Kind.COUNTRY), Q(kind=Place.Kind.PROVINCE)
    outlined = (is_country & Q(key__in=countries)) | (is_province & Exists(provinces.filter(value__in=list(outlines))))
    return (
        (is_country & Q(key__in=[code.lower() for code in met if len(code) == 2]))
        | (is_province & Exists(provinces.filter(value__in=met)))
        | (~outlined & Q(latitude__isnull=False) & positions())
        | (~outlined & is_country & Q(latitude__isnull=True, key__in=stand_ins))
    )


def _rows(field, **conditions):
    """Return the rows of a field that name a published place which meets the conditions, of the record of the query."""
    [name] = [inner.columns[0].removesuffix("_id") for inner, _at in field.inner if inner.columns[0].endswith("_id")]
    conditions |= {"publication": PublicationStatus.PUBLISHED}
    renamed = {f"{name}__{key}": value for key, value in conditions.items()}
    return field.model.objects.filter(**{field.owner: OuterRef("pk")}, **renamed)


def in_period(records, first_column, last_column, first, last):
    """Return the records whose time meets a period from day to day; "" is an open end. Others have no time.

    A date that is known to the month or the year meets each of its days. A record without an end lasts.
    """
    records = records.annotate(first_date=as_stored(first_column), last_date=as_stored(last_column))
    unknown = Q(first_date__isnull=True) & Q(last_date__isnull=True)
    found = records.exclude(unknown)
    if last:
        found = found.filter(Q(first_date__isnull=True) | Q(first_date__lte=last))
    if first:
        ends = Q(last_date__gte=first) | Q(last_date__in=[first[:4], first[:7]])
        found = found.filter(ends | Q(last_date__isnull=True))
    return found


# ── The definition ───────────────────────────────────────────────────────────────────────────────────────────────


@endpoint
def definition(request):
    """Return the description of these addresses as OpenAPI."""
    return QueryParameters(request, set()).answered(_definition, DEFINITION)


def _definition():
    def parameter(name, schema, where="query", **more):
        return {"name": name, "in": where, "required": where == "path", "schema": schema} | more

    def operation(name, media="application/json", parameters=()):
        answers = {
            "200": {"description": "The answer.", "content": {media: {"schema": {"type": "object"}}}},
            "default": {"description": "What went wrong (RFC 9457)."},
        }
        return {"get": {"operationId": name, "parameters": list(parameters), "responses": answers}}

    text, language = {"type": "string"}, parameter("lang", {"type": "string", "enum": list(LANGUAGES)})
    paths = {
        "/ogc/": operation("landing"),
        "/ogc/conformance": operation("conformance"),
        "/ogc/collections": operation("collections"),
    }
    for resource in COLLECTIONS:
        path = f"/ogc/collections/{resource.path}"
        own = [
            parameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}),
            parameter("offset", {"type": "integer", "minimum": 0, "maximum": FARTHEST}),
            parameter("bbox", {"type": "array", "items": {"type": "number"}}, style="form", explode=False),
            parameter("datetime", text),
            language,
            *(parameter(name, text) for name in resource.filterset_class.base_filters),
        ]
        key = parameter("key", text, "path")
        paths |= {
            path: operation(f"{resource.path}-collection"),
            f"{path}/items": operation(f"{resource.path}-items", "application/geo+json", own),
            f"{path}/items/{{key}}": operation(f"{resource.path}-item", "application/geo+json", [key, language]),
        }
    return {
        "openapi": "3.0.3",
        "info": {"title": str(settings.PORTAL_NAME), "version": "1"},
        "servers": [{"url": settings.PUBLIC_URL}],
        "paths": paths,
    }
