"""`/api/v1/reconcile`: names of a table become records of the portal, as OpenRefine and others ask.

Reconciliation Service API 0.2 of the W3C Entity Reconciliation Community Group: https://www.w3.org/community/reports/
reconciliation/CG-FINAL-specs-0.2-20230410/. An entity is a record, and its id is its path in the API: `places/nukus`.
"""

import math
import textwrap
import unicodedata
from collections import defaultdict
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import override
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from rapidfuzz import fuzz, process

from portal.api.resources import RESOURCES
from portal.core.database import storable
from portal.formats.json import dumps, loads
from portal.formats.responses import description
from portal.http import throttling
from portal.http.page_cache import cached_for_version
from portal.http.parameters import takes
from portal.http.problems import ProblemDetail
from portal.models import IdentifierScheme, PlaceIdentifier, SearchName
from portal.models.identifier import PLACE_SCHEMES
from portal.models.search_index import Kind, record_of
from portal.search.analyser import normal
from portal.search.indexing import flush_index
from projects.models import OrganisationExternalIdentifier
from projects.models.organisation import ORGANISATION_SCHEMES

TYPES = {
    "places": ("Place", (Kind.COUNTRY, Kind.PLACE)),
    "organisations": ("Organisation", (Kind.ORGANISATION,)),
    "issues": ("Issue", (Kind.ISSUE,)),
    "terms": ("Term of the glossary", (Kind.TERM,)),
}
TYPE_OF_KIND = {kind: name for name, (_label, kinds) in TYPES.items() for kind in kinds}
BY_PATH = {resource.path: resource for resource in RESOURCES if resource.path in TYPES}
LANGUAGE_NAMES = {"en": "English", "ko": "Korean", "ru": "Russian"}

MOST_QUERIES, MOST_IDS = 50, 200  # of one request
MOST_TEXT = 600  # characters of a name
USUAL, MOST = 5, 25  # results of a query
QUERIES_PER_SEARCH = 10  # so many queries cost as much as one search
ALIKE = 60  # the least similarity of a candidate, 0 to 100
CONTRADICTED, UNCONFIRMED = 0.7, 0.9  # factors of the score: a property differs, or the record has none
BODY = "queries", "extend"


@dataclass(frozen=True)
class Property:
    """A property of records: its id is the path of the value in a record of the API. Values may be other records."""

    id: str
    name: str
    types: tuple[str, ...] = tuple(TYPES)
    refers: str = ""

    @property
    def scheme(self):
        """The register of an identifier; "" if the property is none."""
        return self.id.partition("identifiers.")[2]


def _properties():
    places, organisations, issues = ("places",), ("organisations",), ("issues",)
    both = places + organisations
    yield from (Property(f"name.{code}", f"Name in {name}") for code, name in LANGUAGE_NAMES.items())
    yield Property("url", "Page in the portal")
    yield Property("kind", "Kind", both)
    yield Property("country", "Country", both, "places")
    yield Property("countries", "Countries", places + issues, "places")
    yield Property("part_of", "Part of", places, "places")
    yield Property("position.latitude", "Latitude (WGS 84)", places)
    yield Property("position.longitude", "Longitude (WGS 84)", places)
    yield Property("acronym", "Acronym", organisations)
    yield Property("seat", "Seat", organisations, "places")
    yield Property("website", "Website", organisations)
    yield Property("parent", "Wider issue", issues, "issues")
    yield from (Property(f"summary.{code}", f"Summary in {name}", issues) for code, name in LANGUAGE_NAMES.items())
    terms = ("terms",)
    yield from (Property(f"definition.{code}", f"Definition in {name}", terms) for code, name in LANGUAGE_NAMES.items())
    for scheme in IdentifierScheme:
        types = tuple(
            name
            for name, schemes in (("places", PLACE_SCHEMES), ("organisations", ORGANISATION_SCHEMES))
            if scheme in schemes
        )
        yield Property(f"identifiers.{scheme.value}", str(scheme.label), types)


PROPERTIES = {one.id: one for one in _properties()}


# ── The service ──────────────────────────────────────────────────────────────────────────────────────────────────


@takes(*BODY)
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@override("en")
def reconcile(request):
    """Return the manifest, the candidates for `queries`, or the values that `extend` asks for, as JSON.

    Both parameters are JSON, in the address or in the body of a form. Raise ProblemDetail with status 400 if they are
    not as described, and Throttled if the network has used up its limit of searches.
    """
    sent = request.POST if request.method == "POST" else request.GET
    if "queries" in sent:
        queries = _queries(_parsed(sent, "queries"))
        throttling.throttle(request, "search", math.ceil(len(queries) / QUERIES_PER_SEARCH))
        return _answer(_candidates(queries))
    if "extend" in sent:
        ids, properties = _extension(_parsed(sent, "extend"))
        throttling.throttle(request, "search", math.ceil(len(ids) / QUERIES_PER_SEARCH))
        return _answer(_extended(ids, properties))
    if request.method == "POST":
        raise ProblemDetail(400, "Send “queries” or “extend” as a field of a form, in JSON.")
    return description(request, manifest())


def manifest():
    """Return what the service can do, as the specification describes it."""
    here = settings.PUBLIC_URL + reverse("api:reconcile")
    return {
        "versions": ["0.2"],
        "name": str(settings.PORTAL_NAME),
        "identifierSpace": f"{settings.ID_BASE_URL}/api/v1/",
        "schemaSpace": f"{settings.ID_BASE_URL}/api/v1/",
        "documentation": settings.PUBLIC_URL + reverse("api-docs"),
        "defaultTypes": [_type(name) for name in TYPES],
        "view": {"url": f"{here}/view?id={{{{id}}}}"},
        "preview": {"url": f"{here}/preview?id={{{{id}}}}", "width": 400, "height": 160},
        "suggest": {
            kind: {"service_url": here, "service_path": f"/suggest/{kind}"} for kind in ("entity", "type", "property")
        },
        "extend": {
            "propose_properties": {"service_url": here, "service_path": "/properties"},
            "property_settings": [],
        },
        "batchSize": MOST_QUERIES,
    }


def _type(name):
    return {"id": name, "name": TYPES[name][0]}


def _answer(value):
    response = HttpResponse(dumps(value), content_type="application/json; charset=utf-8")
    response["X-Robots-Tag"] = "noindex"
    add_never_cache_headers(response)
    return response


# ── What is sent ─────────────────────────────────────────────────────────────────────────────────────────────────


def _parsed(sent, name):
    try:
        value = loads(sent[name])
    except ValueError as error:
        raise ProblemDetail(400, f"“{name}” is JSON in UTF-8.") from error
    if not isinstance(value, dict):
        raise ProblemDetail(400, f"“{name}” is a JSON object.")
    return value


def _queries(sent):
    if len(sent) > MOST_QUERIES:
        raise ProblemDetail(400, f"One request has at most {MOST_QUERIES} queries.")
    return {str(name): _query(query) for name, query in sent.items()}


@dataclass(frozen=True)
class NameQuery:
    """A name to be found, of some types, with values of properties that the record should have."""

    text: str
    types: tuple[str, ...]
    limit: int
    properties: tuple[tuple[str, tuple[str, ...]], ...]


def _query(sent):
    if not isinstance(sent, dict):
        raise ProblemDetail(400, "Each query is a JSON object.")
    text, limit, wanted = sent.get("query", ""), sent.get("limit", USUAL), sent.get("type", [])
    if not isinstance(text, str) or len(text) > MOST_TEXT:
        raise ProblemDetail(400, f"“query” is a text of at most {MOST_TEXT} characters.")
    if type(limit) is not int or limit < 1:
        raise ProblemDetail(400, "“limit” is a whole number above 0.")
    types = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(types, list) or not all(isinstance(one, str) for one in types):
        raise ProblemDetail(400, "“type” is a type, or a list of types.")
    properties = sent.get("properties", [])
    if not isinstance(properties, list) or len(properties) > len(PROPERTIES):
        raise ProblemDetail(400, "“properties” is a list of objects with “pid” and “v”.")
    known = tuple(one for one in TYPES if one in types) if types else tuple(TYPES)
    return NameQuery(text, known, min(limit, MOST), tuple(map(_condition, properties)))


def _condition(sent):
    if not isinstance(sent, dict) or not isinstance(sent.get("pid"), str) or "v" not in sent:
        raise ProblemDetail(400, "“properties” is a list of objects with “pid” and “v”.")
    values = sent["v"] if isinstance(sent["v"], list) else [sent["v"]]
    values = [one.get("id", "") if isinstance(one, dict) else one for one in values]
    if len(values) > MOST or not all(isinstance(one, str | int | float) for one in values):
        raise ProblemDetail(400, "“v” is a text, a number, an object with “id”, or a short list of these.")
    return sent["pid"], tuple(str(one)[:MOST_TEXT] for one in values)


def _extension(sent):
    ids, properties = sent.get("ids"), sent.get("properties")
    if not isinstance(ids, list) or len(ids) > MOST_IDS or not all(isinstance(one, str) for one in ids):
        raise ProblemDetail(400, f"“ids” is a list of at most {MOST_IDS} ids.")
    if not isinstance(properties, list) or not all(isinstance(one, dict) for one in properties):
        raise ProblemDetail(400, "“properties” is a list of objects with “id”.")
    names = [one.get("id") for one in properties]
    if unknown := [name for name in names if not isinstance(name, str) or name not in PROPERTIES]:
        raise ProblemDetail(400, f"There is no property “{str(unknown[0])[:60]}”.")
    return list(dict.fromkeys(ids)), [PROPERTIES[name] for name in dict.fromkeys(names)]


# ── Candidates ───────────────────────────────────────────────────────────────────────────────────────────────────


def _letters(text):
    """Return a name as it is compared: Korean syllables by their letters, so that one wrong letter is one letter."""
    return unicodedata.normalize("NFD", normal(text))


def _names():
    """Return two lists by type: the names of its records in all languages, with aliases, and their entries."""
    flush_index()
    found = {name: ([], []) for name in TYPES}
    rows = SearchName.objects.filter(kind__in=TYPE_OF_KIND, whole=True).order_by("is_alias", "pk")
    for kind, entry, text in rows.values_list("kind", "entry", "text"):
        letters, entries = found[TYPE_OF_KIND[kind]]
        letters.append(_letters(text))
        entries.append(entry)
    return found


def _similar(text, types, most, names):
    """Return the score of the best name of each record by type and primary key, the best `most` of each type."""
    wanted, scores = _letters(text), {}
    if not wanted:
        return scores
    for name in types:
        letters, entries = names[name]
        for scorer in (fuzz.ratio, fuzz.token_sort_ratio):
            # A record has several names.
            for _name, score, at in process.extract(
                wanted, letters, scorer=scorer, score_cutoff=ALIKE, limit=most * len(LANGUAGE_NAMES)
            ):
                record = (name, record_of(entries[at])[1])
                # Only the name itself is certain, not its words in another order.
                score = score if letters[at] == wanted else min(score, 99)
                scores[record] = max(score, scores.get(record, 0))
    return dict(sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:most])


def _identified(queries):
    """Return the records that have an identifier of a query: by type, scheme and value. One database query a type."""
    found = {}
    stated = defaultdict(set)
    for query in queries.values():
        for pid, values in query.properties:
            if pid in PROPERTIES and PROPERTIES[pid].scheme:
                stated[PROPERTIES[pid].scheme] |= set(storable(values))
    if not stated:
        return found
    for name, model in (("places", PlaceIdentifier), ("organisations", OrganisationExternalIdentifier)):
        which = Q()
        for scheme, values in stated.items():
            which |= Q(scheme=scheme, value__in=values)
        rows = model.objects.filter(which).values_list("scheme", "value", f"{BY_PATH[name].kind}_id")
        found |= {(name, scheme, value): pk for scheme, value, pk in rows}
    return found


def _candidates(queries):
    """Return the result of each query by its name. The number of database queries does not depend on the queries."""
    names = cached_for_version(_names, "names for reconciliation")
    by_identifier = _identified(queries)
    scores = {}
    for name, query in queries.items():
        found = _similar(query.text, query.types, max(query.limit, MOST), names)
        for pid, values in query.properties:
            scheme = PROPERTIES[pid].scheme if pid in PROPERTIES else ""
            pks = {(kind, by_identifier.get((kind, scheme, value))) for kind in query.types for value in values}
            found |= {(kind, pk): 100 for kind, pk in pks if pk is not None}
        scores[name] = found
    items = _items({record for found in scores.values() for record in found})
    return {name: {"result": _ranked(query, scores[name], items)} for name, query in queries.items()}


def _items(records):
    """Return the published ones of these records as the API has them, by type and primary key."""
    pks = defaultdict(list)
    for kind, pk in records:
        pks[kind].append(pk)
    found = {}
    for kind, some in pks.items():
        resource = BY_PATH[kind]
        fields = [field for field in resource.serialiser.fields if field.name in _FIELDS]
        by_key = {item["key"]: item for item in resource.items(some, fields=fields)}
        keys = resource.queryset.model.objects.filter(pk__in=some).values_list("pk", "key")
        found |= {(kind, pk): by_key[key] for pk, key in keys if key in by_key}
    return found


# The fields of the API that properties and descriptions come from.
_FIELDS = {"key", "name", "term", *(pid.partition(".")[0] for pid in PROPERTIES)}


def _ranked(query, scores, items):
    """Return the candidates of a query, the best first. One is a match if no other is as good and nothing differs."""
    found = []
    for (kind, pk), score in scores.items():
        item = items.get((kind, pk))
        if item is None:
            continue
        factors = [_agreement(kind, item, pid, values) for pid, values in query.properties]
        found.append((score * math.prod(factors), CONTRADICTED in factors, kind, item))
    found.sort(key=lambda one: (-one[0], one[2], one[3]["key"]))
    best = [one for one in found if one[0] >= 99.5]
    results = []
    for score, differs, kind, item in found[: query.limit]:
        results.append(
            {
                **_entity(kind, item),
                "type": [_type(kind)],
                "score": round(score, 1),
                "match": score >= 99.5 and len(best) == 1 and not differs,
            }
        )
    return results


def _agreement(kind, item, pid, wanted):
    """Return the factor of the score by a property: 1 if a value is among `wanted`, or if the type has no such one."""
    one = PROPERTIES.get(pid)
    if one is None or kind not in one.types:
        return 1
    values = _values(kind, item, one)
    if not values:
        return UNCONFIRMED
    known = set()
    for value in values:
        known |= {_letters(str(part)) for part in value.values()}
        if "id" in value:
            known.add(_letters(value["id"].partition("/")[2]))
    return 1 if known & {_letters(value) for value in wanted} else CONTRADICTED


def _entity(kind, item):
    entity = {"id": f"{kind}/{item['key']}", "name": _name(item)}
    if description := _description(kind, item):
        entity["description"] = description
    return entity


def _name(item):
    words = item.get("name") or item["term"]
    return next((words[code] for code in LANGUAGE_NAMES if words.get(code)), item["key"])


def _description(kind, item):
    """Return a few words that tell a record from others of its name."""
    if kind == "terms":
        text = item["definition"]["en"]
    elif kind == "issues":
        text = item["summary"]["en"]
    else:
        parts = [item["kind"]["name"]["en"], *([item["country"]["name"]["en"]] if item["country"] else [])]
        text = ", ".join(parts)
    return textwrap.shorten(text or "", 160, placeholder="…")


# ── Values of properties ─────────────────────────────────────────────────────────────────────────────────────────


def _values(kind, item, one):
    """Return the values of a property of a record as the specification writes them; [] if none is known."""
    if kind not in one.types:
        return []
    if one.scheme:
        return [{"str": row["value"]} for row in item["identifiers"] if row["scheme"] == one.scheme]
    path = one.id.split(".")
    value = item["term" if kind == "terms" and path[0] == "name" else path[0]]
    for part in path[1:]:
        value = value and value[part]
    return [_value(part, one) for part in (value if isinstance(value, list) else [value]) if part is not None]


def _value(value, one):
    if one.refers:
        return {"id": f"{one.refers}/{value['key']}", "name": _name(value)}
    if isinstance(value, dict):  # a code and its label
        return {"str": value["name"]["en"]}
    return {"float": value} if isinstance(value, float) else {"str": value}


def _extended(ids, properties):
    """Return the values of the properties of these records."""
    pks = {}
    by_kind = defaultdict(set)
    for one in ids:
        kind, _slash, key = one.partition("/")
        if kind in TYPES:
            by_kind[kind].add(key)
    for kind, keys in by_kind.items():
        rows = BY_PATH[kind].records().filter(key__in=storable(keys)).values_list("key", "pk")
        pks |= {f"{kind}/{key}": (kind, pk) for key, pk in rows}
    items = _items(set(pks.values()))
    rows = {}
    for one in ids:
        kind, item = one.partition("/")[0], items.get(pks.get(one))
        rows[one] = {each.id: _values(kind, item, each) if item else [] for each in properties}
    return {"meta": [_described(one) for one in properties], "rows": rows}


def _described(one):
    return {"id": one.id, "name": one.name} | ({"type": _type(one.refers)} if one.refers else {})


@takes("type", "limit")
@require_safe
def properties(request):
    """Return the properties of a type, or of all types, as JSON."""
    wanted = request.GET.get("type", "")
    found = [_described(one) for one in PROPERTIES.values() if not wanted or wanted in one.types]
    limit = request.GET.get("limit", "")
    if limit.isascii() and limit.isdecimal():
        found = found[: int(limit[:9])]
    return description(request, ({"type": wanted} if wanted else {}) | {"properties": found})


# ── Suggestions, and pages about a record ────────────────────────────────────────────────────────────────────────


@takes("prefix", "cursor")
@require_safe
@override("en")
def suggest(request, what):
    """Return records, types or properties whose name begins with or contains `prefix`, or is similar to it, as JSON."""
    prefix = request.GET.get("prefix", "")[:MOST_TEXT]
    cursor = request.GET.get("cursor", "0")
    start = int(cursor) if cursor.isascii() and cursor.isdecimal() and len(cursor) < 6 else 0
    if what == "entity":
        throttling.throttle(request, "search")
        found = _suggested(prefix)
    else:
        known = [_type(name) for name in TYPES] if what == "type" else [_described(one) for one in PROPERTIES.values()]
        found = [one for one in known if _letters(prefix) in _letters(one["name"])]
    return _answer({"result": found[start : start + MOST]})


def _suggested(prefix):
    names, wanted = cached_for_version(_names, "names for reconciliation"), _letters(prefix)
    if not wanted:
        return []
    scores = {}
    for kind, (letters, entries) in names.items():
        for name, entry in zip(letters, entries, strict=True):
            if wanted in name:
                record = (kind, record_of(entry)[1])
                begins = 2 if name.startswith(wanted) else 1
                scores[record] = max(scores.get(record, 0), begins + len(wanted) / len(name))
    if not scores:
        scores = _similar(prefix, tuple(TYPES), MOST, names)
    best = sorted(scores, key=lambda record: (-scores[record], record))[: 4 * MOST]
    items = _items(best)
    return [_entity(kind, items[kind, pk]) | {"notable": [_type(kind)]} for kind, pk in best if (kind, pk) in items]


def _record(request):
    """Return the type and the published record of the parameter `id`. Raise Http404 if there is none."""
    kind, _slash, key = request.GET.get("id", "").partition("/")
    if kind not in TYPES or not (record := BY_PATH[kind].records().filter(key__in=storable([key])).first()):
        raise Http404
    return kind, record


@takes("id")
@require_safe
@override("en")
def view(request):
    """Redirect to the page of a record. Raise Http404 if there is none."""
    return HttpResponseRedirect(_record(request)[1].get_absolute_url())


@takes("id")
@require_safe
@xframe_options_exempt
@override("en")
def preview(request):
    """Return a few lines about a record as a page for the frame of another program. Raise Http404 if there is none."""
    kind, record = _record(request)
    item = _items({(kind, record.pk)})[kind, record.pk]
    words = item.get("name") or item["term"]
    response = render(
        request,
        "portal/reconciliation_preview.html",
        {
            "name": _name(item),
            "others": [(code, words[code]) for code in LANGUAGE_NAMES if code != "en" and words[code]],
            "type": TYPES[kind][0],
            "description": _description(kind, item),
            "url": item["url"],
        },
    )
    # Other programs show it in a frame. It runs and loads nothing.
    response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors *; sandbox allow-popups"
    response["X-Robots-Tag"] = "noindex"
    return response
