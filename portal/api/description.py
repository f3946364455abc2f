"""Describes the API as OpenAPI 3.1, generated from its filters, sort orders and fields."""

from django.utils.translation import override

from portal.api import overlap
from portal.api.answering import CHANGED_FROM, FARTHEST, KEY, KEY_LENGTH, LIMIT, MOMENT, MOST
from portal.api.samples import samples
from portal.core.licences import OWN_LICENCE
from portal.facets.filters import Facet, YearFilter
from portal.formats.fields import LANGUAGES
from projects.models import StatusNow
from projects.models.project_status import CURRENT_MONTHS

TEXT = {"type": "string"}
WORDS = {
    "description": "A text in the languages of the portal, null where there is none; with `lang`, the text alone.",
    "anyOf": [
        {
            "title": "WordsByLanguage",
            "type": "object",
            "properties": {language: {"type": ["string", "null"]} for language in LANGUAGES},
            "required": list(LANGUAGES),
            "additionalProperties": False,
        },
        {"type": ["string", "null"]},
    ],
}
PROBLEM = {
    "description": "What went wrong (RFC 9457).",
    "type": "object",
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "successor": {"type": "string", "description": "The key of the record to go to, where there is one."},
    },
    "required": ["type", "title", "status", "detail"],
}
PROBLEM_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
TOO_MANY = {
    "description": "The network of the asker has used up its limit. Ask again after the seconds that Retry-After says.",
    "headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}},
    "content": PROBLEM_CONTENT,
}
# Example values of parameters whose values only the database has.
EXAMPLES = {
    "q": "aral",
    "country": ["uz"],
    "issue": ["aral-sea-depletion"],
    "organisation": ["koica"],
    "place": ["aral-sea"],
    "works_in": ["kg"],
    "sector": ["14010"],
    "sdg": ["6"],
    "language": ["ko"],
    "indicator": ["aral-sea-area"],
    "source": ["wikipedia-aral-sea"],
    "year_from": 2015,
    "year_to": 2024,
}


def document(resources, base):
    """Return the OpenAPI document of the API. `base` is the address of the portal, for the code that it shows."""
    paths = {}
    for resource in resources:
        words = resource.words
        paths[f"/api/v1/{resource.path}"] = operation(resource, "list", words, of_list(resource, base))
        if resource.has_keys:
            words = f"One of: {words[0].lower()}{words[1:]}"
            paths[f"/api/v1/{resource.path}/{{key}}"] = operation(resource, "get", words, of_record(resource))
    paths["/api/v1/overlap"] = overlap.described(PROBLEM_CONTENT, TOO_MANY)
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/"}],  # the host that serves the description
        "security": [],  # no key is needed
        "tags": [
            *({"name": resource.path, "description": resource.words} for resource in resources),
            {"name": "overlap", "description": "Whether a planned project overlaps with others"},
        ],
        "paths": paths,
        "components": {"schemas": components(resources)},
    }


def operation(resource, verb, summary, described):
    """Return the path item of a URL that can only be read."""
    return {"get": {"tags": [resource.path], "operationId": f"{verb}_{resource.path}", "summary": summary} | described}


def schema_name(resource):
    """Return the name of the schema of one record."""
    return resource.serialiser.model.__name__


def components(resources):
    """Return the schemas that the responses refer to."""
    schemas = {"Words": WORDS, "Problem": PROBLEM}
    with override("en"):
        for resource in resources:
            schemas |= record_schemas(resource)
            schemas[f"{schema_name(resource)}Page"] = page_schema(resource)
    found = {}
    hoist(overlap.schema(), found)
    named = {name: hoist(schema, found) for name, schema in schemas.items()}
    return named | dict(sorted(found.items()))


def record_schemas(resource):
    """Return the schemas of a whole record, which has all fields, and of one with the fields that a request names."""
    name = schema_name(resource)
    described = str(resource.serialiser.model._meta.verbose_name).capitalize()
    fields = resource.serialiser.schema()["properties"]
    properties = {
        field: fields[field] | {"description": str(one.label)} for field, one in resource.serialiser.by_name.items()
    }
    record = {"type": "object", "properties": properties, "additionalProperties": False}
    whole = {"description": f"{described}. All fields are there, null if unknown.", "required": [*properties]}
    chosen = {"description": f"{described}, if the request has `fields`: only these and the key."}
    chosen["required"] = ["key"] if resource.has_keys else []
    return {name: record | whole, f"{name}Fields": record | chosen}


def record_reference(resource):
    """Return the schema of a record in a response."""
    names = (schema_name(resource), f"{schema_name(resource)}Fields")
    return {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}


def hoist(schema, found):
    """Return a schema with references instead of the schemas in it that have a title.

    They are added to `found` by their title, so that generated clients have a class for each, named by it. The
    description of such a schema is that of its place and stays there, beside the reference.
    """
    if isinstance(schema, list):
        return [hoist(one, found) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: hoist(one, found) for name, one in schema.items()}
    if not isinstance(inner.get("title"), str):
        return inner
    title, described = inner.pop("title"), inner.pop("description", None)
    if found.setdefault(title, inner) != inner:
        raise ValueError(f"Two schemas have the title {title}.")
    return {"$ref": f"#/components/schemas/{title}"} | ({"description": described} if described else {})


def of_list(resource, base):
    """Return the description, parameters, responses and code samples of a list."""
    with override("en"):
        filters = [parameter(name, item) for name, item in resource.filterset_class.base_filters.items()]
    sort = query("sort", "In which order; with a minus, the other way.", {"enum": resource.sorts})
    page = [
        sort,
        query("limit", "How many at most.", {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}, 10),
        query(
            "offset",
            "How many to pass over first.",
            {"type": "integer", "minimum": 0, "maximum": FARTHEST, "default": 0},
            0,
        ),
    ]
    since = query(
        CHANGED_FROM,
        "Only records that changed on this day (UTC) or at this time, or later. Removed ones: see OAI-PMH.",
        {"type": "string", "pattern": MOMENT, "maxLength": 20},
        "2026-11-01",
    )
    return {
        "description": "A record is in the list if all filters let it through. `next` is the address of the next page.",
        "x-codeSamples": [
            {"lang": code, "label": name, "source": text} for name, code, text in samples(base, resource.path)
        ],
        "parameters": [*filters, *([since] if resource.has_changes else []), *page, *shape(resource)],
        "responses": answers(
            "A page of records.", {"$ref": f"#/components/schemas/{schema_name(resource)}Page"}, "400"
        ),
    }


def page_schema(resource):
    """Return the schema of a page of a list."""
    count = {"type": "integer", "minimum": 0}
    return {
        "description": "A page of a list.",
        "type": "object",
        "properties": {
            "count": count | {"description": "How many the filters let through."},
            "limit": count,
            "offset": count,
            "next": {"type": ["string", "null"], "description": "The address of the next page."},
            "previous": {"type": ["string", "null"], "description": "The address of the page before."},
            "licence": {**TEXT, "description": "Of the portal’s own words; figures and sources carry their own."},
            "retrieved": {**TEXT, "format": "date"},
            "items": {"type": "array", "items": record_reference(resource)},
        },
        "required": ["count", "limit", "offset", "next", "previous", "licence", "retrieved", "items"],
        "additionalProperties": False,
    }


def of_record(resource):
    """Return the description, parameters and responses of one record."""
    key = {
        "name": "key",
        "in": "path",
        "required": True,
        "description": "The key of the record.",
        "schema": {**TEXT, "pattern": KEY, "maxLength": KEY_LENGTH},
    }
    return {
        "description": "All fields of one record, in all languages, unless `fields` or `lang` chooses.",
        "parameters": [key, *shape(resource)],
        "responses": {"301": {"description": "The record has another key now."}}
        | answers("The record.", record_reference(resource), "400", "404", "410"),
    }


def answers(words, schema, *problems):
    """Return the responses of an operation. `problems` are the status codes of its errors."""
    said = {
        "400": "The request names what is not there, or says it wrongly.",
        "404": "There is no published record with this key.",
        "410": "The record is no longer published.",
    }
    return {
        "200": {
            "description": words,
            "headers": {"ETag": {"schema": TEXT}, "Last-Modified": {"schema": TEXT}, "Link": {"schema": TEXT}},
            "content": {"application/json": {"schema": schema}},
        },
        "304": {"description": "What the asker has is still the newest (If-None-Match, If-Modified-Since)."},
        "429": TOO_MANY,
        **{status: {"description": said[status], "content": PROBLEM_CONTENT} for status in problems},
    }


def query(name, description, schema, example=None):
    """Return a query parameter that must not be repeated. An empty value counts as not given."""
    said = {"name": name, "in": "query", "required": False, "allowEmptyValue": True, "description": description}
    said["schema"] = schema
    return said if example is None else said | {"example": example}


def parameter(name, item):
    """Return a filter of a list as a query parameter. A facet can be repeated: a record matches if any value does."""
    if isinstance(item, Facet):
        static = hasattr(item.options, "choices")
        value = {"type": "string", "enum": [value for value, _label in item.options.choices]} if static else TEXT
        words = f"{item.label}: repeated for several, of which any may hold."
        if static:
            words += " " + "; ".join(f"`{value}`: {label}" for value, label in item.options.choices) + "."
        if item.hint:
            words += f" {item.hint}"
        example = [value["enum"][0]] if static else EXAMPLES[name]
        said = query(name, words, {"type": "array", "items": value}, example)
        return said | {"style": "form", "explode": True}
    if isinstance(item, YearFilter):
        year = {"type": "integer", "minimum": 1800, "maximum": 2200}
        return query(name, f"{item.label}: a year.", year, EXAMPLES.get(name, 2015))
    words = "Words in any of the languages, as the portal’s search takes them."
    return query(name, words, {"type": "string", "maxLength": 200}, EXAMPLES[name])


def shape(resource):
    """Return the parameters that choose the language and the fields of a response."""
    some = list(resource.serialiser.by_name)[1:4]
    return [
        query(
            "lang",
            "Texts in this language alone, in English where there is none; without it, all languages.",
            {"type": "string", "enum": list(LANGUAGES)},
            "en",
        ),
        query(
            "fields",
            "Only these fields, parted by commas: " + ", ".join(f"`{name}`" for name in resource.serialiser.by_name),
            {
                "type": "string",
                "pattern": f"^({'|'.join(resource.serialiser.by_name)})(,({'|'.join(resource.serialiser.by_name)}))*$",
            },
            ",".join(some),
        ),
    ]


INFO = {
    "title": "Central Asia Environment and Cooperation Portal",
    "version": "1.0.0",
    "summary": "Issues, indicators, projects and agreements, with the sources of every claim, in three languages.",
    "description": (
        "Everything that readers see, for reading, and the check of a plan for overlap: no key is needed. "
        "Values of parameters are keys and codes, never "
        "numbers of rows. Every answer has an ETag; ask with If-None-Match, and 304 says that nothing has changed. "
        "A project has `status`, what its newest source states, and `status_as_of`, the date of that source or null. "
        "`status_now` is what readers see today: another code where the end has passed or the source is older than "
        f"{CURRENT_MONTHS} months or has no date. Its codes: {', '.join(f'`{code}`' for code in StatusNow.values)}. "
        "The filter `status` is about the stated status, `status_now` about that of today. "
        "The lists of the portal are to be had whole, too: `/en/projects.csv`, and in other forms."
    ),
    "contact": {"name": "The editors of the portal"},
    "license": {"name": "CC BY 4.0 (the portal’s own words; figures and sources carry their own)", "url": OWN_LICENCE},
}
