"""The tools of `/mcp`. Each reads what readers can see, and says its licence, address and date."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import override

from portal.api.answering import LIMIT, gone
from portal.api.overlap import parameters as parameters_of_a_plan
from portal.api.overlap import plan_of
from portal.api.resources import RESOURCES
from portal.core.database import storable
from portal.core.languages import text_and_language
from portal.core.licences import OWN_LICENCE
from portal.core.urls import with_query
from portal.formats.fields import LANGUAGES
from portal.formats.serialisers import SERIALISERS
from portal.http.problems import ProblemDetail, one_of_sentence
from portal.models import SearchEntry
from portal.models.search_index import Kind, record_of
from portal.views.brief import BriefForm
from portal.views.search import SearchFilter
from projects.brief.content import write_brief
from projects.overlap.answer import answer_plan, with_base

BY_PATH = {resource.path: resource for resource in RESOURCES}
WITH_KEYS = [path for path, resource in BY_PATH.items() if resource.has_keys]
TYPES = {"string": str, "integer": int, "object": dict, "array": list}

LANGUAGE = {"type": "string", "enum": list(LANGUAGES), "description": "Language of the texts; en if not given."}
NUMBER_OF_RESULTS = {"type": "integer", "minimum": 1, "maximum": LIMIT, "description": "Results; 10 if not given."}
OFFSET = {"type": "integer", "minimum": 0, "maximum": 1_000_000, "description": "Results to pass over."}
KEY = {"type": "string", "description": "Key of a record, such as uz or water-scarcity; search gives it."}


@dataclass(frozen=True)
class Tool:
    """A tool. `answer(request, **arguments)` returns JSON; `limit` and `cost` say against what it counts."""

    name: str
    description: str
    parameters: dict
    required: tuple[str, ...]
    answer: Callable
    limit: str = "api"
    cost: int = 1

    def described(self):
        """Return the tool as the protocol lists it."""
        return {
            "name": self.name,
            "description": self.description,
            "inputSchema": {
                "type": "object",
                "properties": self.parameters,
                "required": list(self.required),
                "additionalProperties": False,
            },
            "annotations": {"readOnlyHint": True, "openWorldHint": False},
        }

    def checked(self, arguments):
        """Return the arguments without null values. Raise ProblemDetail (400) if they are not as the schema says."""
        if not isinstance(arguments, dict):
            raise ProblemDetail(400, "“arguments” is a JSON object.")
        given = {name: value for name, value in arguments.items() if value is not None}
        if unknown := sorted(set(given) - set(self.parameters)):
            known = ", ".join(self.parameters)
            raise ProblemDetail(400, f"There is no argument “{unknown[0][:60]}”. Known are: {known}.")
        if missing := [name for name in self.required if name not in given]:
            raise ProblemDetail(400, f"“{missing[0]}” is missing.")
        for name, value in given.items():
            schema = self.parameters[name]
            if type(value) is not TYPES[schema["type"]]:
                raise ProblemDetail(400, f"“{name}” is of type {schema['type']}.")
            if "enum" in schema and value not in schema["enum"]:
                raise ProblemDetail(400, one_of_sentence(name, schema["enum"]))
            if "minimum" in schema and not schema["minimum"] <= value <= schema["maximum"]:
                raise ProblemDetail(400, f"“{name}” is from {schema['minimum']} to {schema['maximum']}.")
        return given


def _told(path, **more):
    """Return an answer with its licence, its day, and the absolute URL of a path of the portal."""
    day = timezone.localdate().isoformat()
    return {"licence": OWN_LICENCE, "retrieved": day, "url": settings.PUBLIC_URL + path} | more


def _query(values):
    return QueryDict(urlencode(values, doseq=True))


def _records(resource, pks, language):
    with override(language):
        return resource.items(pks, language)


# ── Search ───────────────────────────────────────────────────────────────────────────────────────────────────────


def search(request, q, language="en", limit=10, **filters):
    """Return the best hits of a search with their names, summaries and URLs."""
    asked = {"q": q} | filters
    filterset = SearchFilter(_query(asked), SearchEntry.objects.all())
    filterset.raise_for_errors()
    entries = filterset.best[:limit]
    by_kind: dict = {}
    for entry in entries:
        kind, pk = record_of(entry)
        by_kind.setdefault(kind, []).append(pk)
    with override(language):
        hits = {}
        for kind, pks in by_kind.items():
            serialiser = SERIALISERS["place" if kind == Kind.COUNTRY else kind]
            for record in serialiser.model.objects.published().filter(pk__in=pks):
                summary = text_and_language(record, serialiser.summary)[0] if serialiser.summary else ""
                hits[kind, record.pk] = {
                    "kind": _path_of(serialiser.kind),
                    "key": record.key,
                    "name": record.name_and_language()[0],
                    "summary": summary or None,
                    "url": settings.PUBLIC_URL + record.get_absolute_url(),
                }
        found = [hits[record_of(entry)] for entry in entries if record_of(entry) in hits]
        return _told(with_query(reverse("search"), asked), count=filterset.total, items=found)


def _path_of(kind):
    return next(resource.path for resource in RESOURCES if resource.kind == kind and resource.path != "countries")


# ── Records ──────────────────────────────────────────────────────────────────────────────────────────────────────


def list_records(request, kind, filters=None, language="en", limit=10, offset=0):
    """Return the records of a kind that match the filters of its list in the API."""
    resource, filters = BY_PATH[kind], filters or {}
    known = set(resource.filterset_class.base_filters)
    if unknown := sorted(set(filters) - known):
        raise ProblemDetail(400, f"There is no filter “{unknown[0][:60]}”. Known are: {', '.join(sorted(known))}.")
    if not all(isinstance(value, str | int) for value in filters.values()):
        raise ProblemDetail(400, "The value of a filter is a text or a number.")
    count, pks = resource.page(_query(filters), None, offset, limit)
    address = with_query(f"/api/v1/{kind}", filters | {"lang": language, "limit": limit, "offset": offset})
    return _told(address, count=count, items=_records(resource, pks, language))


def get_record(request, kind, key, language="en"):
    """Return a record with its sources."""
    resource = BY_PATH[kind]
    pks = list(resource.records().filter(key__in=storable([key])).values_list("pk", flat=True))
    if not pks:
        raise gone(resource, key) if storable([key]) else ProblemDetail(404, "There is no record with this key.")
    [record] = _records(resource, pks, language)
    return _told(f"/api/v1/{kind}/{key}?lang={language}", record=record)


def observations(request, indicator, **rest):
    """Return the values of an indicator."""
    shape = {name: rest.pop(name) for name in ("language", "limit", "offset") if name in rest}
    return list_records(request, "observations", {"indicator": indicator} | rest, **shape)


# ── Planning ─────────────────────────────────────────────────────────────────────────────────────────────────────


def overlap_check(request, **plan):
    """Return the projects that are near to a plan. Nothing of it is stored."""
    plan = plan_of(json.dumps(plan))
    with override(plan.language):
        return _told(reverse("plan")) | with_base(answer_plan(plan), settings.PUBLIC_URL)


def brief(request, language="en", **subject):
    """Return a brief on an issue or an area in a country."""
    with override(language):
        form = BriefForm(_query(subject))
        if form.mistakes:
            raise ProblemDetail(400, " ".join(form.mistakes))
        if form.subject is None:
            raise ProblemDetail(400, "State an issue or an area.")
        address = with_query(reverse("brief"), subject)
        written = write_brief(form.subject, form.as_of, settings.PUBLIC_URL + address, settings.PUBLIC_URL)
        sections = [
            {"heading": section.heading, "lines": [line for block in section.blocks for line in _lines(block)]}
            for section in written.sections
        ]
        sources = [{"number": one.number, "text": one.text, "url": one.url} for one in written.sources]
        return _told(address, title=written.title, made=written.made, sections=sections, sources=sources)


def _lines(block):
    """Return the lines of a part of a brief. The numbers of the sources stand in brackets."""
    if block.kind == "paragraph":
        return [_text(block.text)]
    return [" | ".join(filter(None, map(_text, row))) for row in block.rows]


def _text(text):
    return f"{text.text} [{', '.join(map(str, text.notes))}]" if text.notes else text.text


# ── The list ─────────────────────────────────────────────────────────────────────────────────────────────────────

TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "search",
            "Search all records: issues, countries, places, projects, agreements, results, organisations, indicators, "
            "events, terms and sources. The best hits come first.",
            {
                "q": {"type": "string", "description": "Words in English, Korean or Russian."},
                "kind": {"type": "string", "enum": Kind.values, "description": "Only records of one kind."},
                "country": KEY | {"description": "Key of a country: kz, kg, tj, tm, uz or kr."},
                "issue": KEY | {"description": "Key of an environmental issue."},
                "language": LANGUAGE,
                "limit": NUMBER_OF_RESULTS,
            },
            ("q",),
            search,
            "search",
        ),
        Tool(
            "list_records",
            "List the records of a kind with filters, such as projects with country uz and issue water-scarcity. "
            "A wrong filter is answered with the names of those that exist.",
            {
                "kind": {"type": "string", "enum": list(BY_PATH), "description": "Kind of record."},
                "filters": {
                    "type": "object",
                    "additionalProperties": {"type": ["string", "integer"]},
                    "description": "Filters by name, as the lists of /api/v1 have them.",
                },
                "language": LANGUAGE,
                "limit": NUMBER_OF_RESULTS,
                "offset": OFFSET,
            },
            ("kind",),
            list_records,
        ),
        Tool(
            "get_record",
            "Get one record with all its fields and sources.",
            {
                "kind": {"type": "string", "enum": WITH_KEYS, "description": "Kind of record."},
                "key": KEY,
                "language": LANGUAGE,
            },
            ("kind", "key"),
            get_record,
        ),
        Tool(
            "observations",
            "Get the values of an indicator by place and year, each with its source.",
            {
                "indicator": KEY | {"description": "Key of an indicator, such as aral-sea-area."},
                "place": KEY | {"description": "Key of a place or country."},
                "year_from": {"type": "integer", "minimum": 1800, "maximum": 2200, "description": "First year."},
                "year_to": {"type": "integer", "minimum": 1800, "maximum": 2200, "description": "Last year."},
                "language": LANGUAGE,
                "limit": NUMBER_OF_RESULTS,
                "offset": OFFSET,
            },
            ("indicator",),
            observations,
        ),
        Tool(
            "overlap_check",
            "Find existing Korean projects that overlap with a planned one, graded, with reasons and results.",
            parameters_of_a_plan(),
            (),
            overlap_check,
            "search",
            2,
        ),
        Tool(
            "brief",
            "Get a brief on an issue or an area of cooperation in a country: figures, causes, projects, results, "
            "agreements, gaps and what is not known, each statement with its sources.",
            {
                "country": KEY | {"description": "Key of a country: kz, kg, tj, tm or uz."},
                "issue": KEY | {"description": "Key of an environmental issue. Give it or an area."},
                "area": {"type": "string", "description": "Area of cooperation, such as water or forestry."},
                "day": {
                    "type": "string",
                    "description": "The day that the brief is as of, YYYY-MM-DD; today if not given.",
                },
                "language": LANGUAGE,
            },
            ("country",),
            brief,
            "export",
            4,
        ),
    )
}
