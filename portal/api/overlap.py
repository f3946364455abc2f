"""`POST /api/v1/overlap`: the overlap check for programs. Nothing of what is sent is stored."""

from django.conf import settings
from django.http import HttpResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.core.licences import OWN_LICENCE
from portal.formats.fields import LANGUAGES
from portal.formats.json import dumps, loads
from portal.http import throttling
from portal.http.parameters import takes
from portal.http.problems import ProblemDetail, one_of_sentence
from portal.search.analyser import clean
from projects.budgets import CONVERTIBLE
from projects.overlap.answer import answer_plan, with_base
from projects.overlap.plan import (
    FIRST_YEAR,
    LAST_YEAR,
    MOST_BUDGET,
    MOST_NAME,
    MOST_TEXT,
    MOST_TITLE,
    MOST_VALUES,
    Plan,
)

COST = 2  # of a check, beside a search
TEXTS = {"title": MOST_TITLE, "text": MOST_TEXT}
LISTS = ("countries", "places", "areas", "issues", "organisations")
FIELDS = ("language", *TEXTS, *LISTS, "years", "budget", "currency")


@takes()
@csrf_exempt
@require_POST
@override("en")
def overlap(request):
    """Return the projects that are near to a plan, as JSON.

    Raise ProblemDetail with status 400 if the body is not as described, and Throttled if the network has used up its
    limit.
    """
    plan = plan_of(request.body)
    throttling.throttle(request, "search", COST)
    answer = {"licence": OWN_LICENCE} | with_base(answer_plan(plan), settings.PUBLIC_URL)
    response = HttpResponse(dumps(answer), content_type="application/json; charset=utf-8")
    response["Content-Language"] = plan.language
    response["X-Robots-Tag"] = "noindex"
    add_never_cache_headers(response)
    return response


def plan_of(body):
    """Return the Plan in the body of a request. Null counts as not given. Raise ProblemDetail with status 400."""
    try:
        told = loads(body)
    except ValueError as error:
        raise ProblemDetail(400, "The body is JSON in UTF-8.") from error
    if not isinstance(told, dict):
        raise ProblemDetail(400, "The body is a JSON object.")
    told = {name: value for name, value in told.items() if value is not None}
    if unknown := sorted(set(told) - set(FIELDS)):
        raise ProblemDetail(400, f"There is no field “{clean(unknown[0])[:60]}”. Known are: {', '.join(FIELDS)}.")
    language = told.get("language", "en")
    if language not in LANGUAGES:
        raise ProblemDetail(400, one_of_sentence("language", LANGUAGES))
    return Plan(
        language=language,
        **{name: _text(told, name, most) for name, most in TEXTS.items()},
        **{name: _names(told, name) for name in LISTS},
        years=_years(told),
        budget=_budget(told),
        currency=_currency(told),
    )


def _text(told, name, most):
    value = told.get(name, "")
    if not isinstance(value, str) or len(value) > most:
        raise ProblemDetail(400, f"“{name}” is a text of at most {most} characters.")
    return clean(value)


def _names(told, name):
    values = told.get(name, [])
    if (
        not isinstance(values, list)
        or len(values) > MOST_VALUES
        or not all(isinstance(value, str) and len(value) <= MOST_NAME for value in values)
    ):
        raise ProblemDetail(400, f"“{name}” is a list of at most {MOST_VALUES} texts of {MOST_NAME} characters.")
    return tuple(dict.fromkeys(filter(None, (" ".join(clean(value).split()) for value in values))))


def _years(told):
    years = told.get("years", [])
    if (
        not isinstance(years, list)
        or len(years) > 2
        or not all(type(year) is int and FIRST_YEAR <= year <= LAST_YEAR for year in years)
        or years != sorted(years)
    ):
        raise ProblemDetail(400, f"“years” is empty, or the first and the last year, {FIRST_YEAR} to {LAST_YEAR}.")
    return tuple(years)


def _budget(told):
    budget = told.get("budget", 0)
    if type(budget) is not int or not 0 <= budget <= MOST_BUDGET:
        raise ProblemDetail(400, f"“budget” is a whole number from 0 to {MOST_BUDGET}.")
    return budget


def _currency(told):
    currency = told.get("currency", CONVERTIBLE[0])
    if currency not in CONVERTIBLE:
        raise ProblemDetail(400, one_of_sentence("currency", CONVERTIBLE))
    return currency


# ── The description ──────────────────────────────────────────────────────────────────────────────────────────

TEXT = {"type": "string"}
NUMBER = {"type": "number", "minimum": 0}
STRINGS = {"type": "array", "items": TEXT}
EXAMPLE = {
    "language": "en",
    "title": "Saxaul on the dry bed of the Aral Sea",
    "text": "Plant saxaul on 3,000 ha north of the town, with a nursery and jobs for residents.",
    "countries": ["uz"],
    "places": ["muynak"],
    "areas": ["forestry"],
    "issues": ["aralkum"],
    "organisations": ["Korea Forest Service"],
    "years": [2027, 2030],
    "budget": 5_000_000,
    "currency": "USD",
}


def parameters():
    """Return the JSON schema of each field of a plan, by name."""
    names = {**STRINGS, "items": TEXT | {"maxLength": MOST_NAME}, "maxItems": MOST_VALUES}
    said = {
        "countries": "Keys or names of countries",
        "places": "Keys or names of places, in any language",
        "areas": "Codes or names of areas of cooperation",
        "issues": "Keys or names of issues",
        "organisations": "Keys or names of organisations, in any language",
    }
    return {
        "language": {"type": "string", "enum": list(LANGUAGES), "default": "en", "description": "Of the answer."},
        **{name: TEXT | {"maxLength": most} for name, most in TEXTS.items()},
        **{name: names | {"description": f"{words}. Unknown ones are reported."} for name, words in said.items()},
        "years": {
            "type": "array",
            "items": {"type": "integer", "minimum": FIRST_YEAR, "maximum": LAST_YEAR},
            "maxItems": 2,
            "description": "The first and the last year.",
        },
        "budget": {
            "type": "integer",
            "minimum": 0,
            "maximum": MOST_BUDGET,
            "description": "In units of `currency`. It is compared with the budgets that are found, and finds none.",
        },
        "currency": {"type": "string", "enum": list(CONVERTIBLE), "default": CONVERTIBLE[0]},
    }


def described(problem, too_many):
    """Return the operation as OpenAPI describes it. `problem` is the content of an error, `too_many` the 429."""
    nullable = {name: {"anyOf": [schema, {"type": "null"}]} for name, schema in parameters().items()}
    return {
        "post": {
            "tags": ["overlap"],
            "operationId": "check_overlap",
            "summary": "Projects that are near to a planned one",
            "description": "All fields are optional. Nothing of what is sent is stored.",
            "parameters": [],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"type": "object", "properties": nullable, "additionalProperties": False},
                        "example": EXAMPLE,
                    }
                },
            },
            "responses": {
                "200": {
                    "description": "What is near, best first, and what was read from the plan.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Overlap"}}},
                },
                "400": {"description": "The body says it wrongly.", "content": problem},
                "429": too_many,
            },
        }
    }


def _object(title, /, **properties):
    """Return the schema of an object. Generated clients call its class by the title."""
    return {
        "title": title,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def schema():
    """Return the schema of the answer."""
    outcome = _object(
        "OverlapOutcome", key={"type": ["string", "null"]}, kind=TEXT, text=TEXT, text_language=TEXT, url=TEXT
    )
    organisation = _object("OverlapOrganisation", key=TEXT, name=TEXT, name_language=TEXT, roles=STRINGS, url=TEXT)
    item = _object(
        "OverlapItem",
        key=TEXT,
        title=TEXT,
        title_language=TEXT,
        url=TEXT,
        grade={
            "type": "integer",
            "enum": [1, 2, 3],
            "description": "3 the same or continues it, 2 strongly overlaps, 1 related.",
        },
        grade_label=TEXT,
        fit={"type": "integer", "minimum": 0, "description": "Points as a percentage of what the plan can reach."},
        reasons=STRINGS,
        points={"type": "object", "additionalProperties": NUMBER, "description": "Points by signal."},
        status=TEXT,
        years={"type": "array", "items": {"type": ["string", "null"]}},
        budget={"type": ["string", "null"]},
        budget_share={"type": ["integer", "null"], "minimum": 0, "description": "Percentage of the planned budget."},
        outcome={"type": "array", "items": outcome, "description": "What came of it."},
        looked_on_words=TEXT | {"description": "When somebody last looked for results; empty before the end."},
        organisations={"type": "array", "items": organisation, "description": "Whom to ask."},
    )
    agreement = _object(
        "OverlapAgreement",
        key=TEXT,
        title=TEXT,
        title_language=TEXT,
        url=TEXT,
        date=TEXT,
        date_label=TEXT,
        kind=TEXT,
        reasons=STRINGS,
    )
    read = _object(
        "OverlapReading",
        **dict.fromkeys(LISTS, STRINGS),
        years={"type": "array", "items": {"type": "integer"}},
        words=STRINGS,
    )
    return _object(
        "Overlap",
        licence=TEXT,
        language=TEXT,
        checked_on={**TEXT, "format": "date"},
        searched={"type": "integer", "description": "Published projects."},
        compared={"type": "integer", "description": "Of these, the ones that were compared one by one."},
        read=read | {"description": "What was read from the plan."},
        read_as={
            "type": "array",
            "items": _object("OverlapName", typed=TEXT, name=TEXT),
            "description": "Names that were taken for similar ones.",
        },
        unknown=STRINGS | {"description": "Names that the portal does not have."},
        items={"type": "array", "items": item},
        agreements={"type": "array", "items": agreement, "description": "Agreements that may cover the plan."},
        gaps=STRINGS | {"description": "What no published project serves."},
        brief={
            "anyOf": [TEXT, {"type": "null"}],
            "description": "The address of a brief on the country and the topic with the near projects.",
        },
    )
