"""Documentation of the API: a page for people with queries to try, the OpenAPI document, and the index of resources."""

import functools
from dataclasses import dataclass

from django.conf import settings
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from portal.api.answering import LIMIT, MOST
from portal.api.description import EXAMPLES, INFO, document
from portal.api.resources import RESOURCES
from portal.api.samples import question, samples
from portal.core.licences import OWN_LICENCE
from portal.facets.filters import Facet, YearFilter
from portal.formats import responses
from portal.formats.fields import LANGUAGES
from portal.http.parameters import takes


@dataclass(frozen=True)
class Parameter:
    """A parameter on the page: its name, its label, what it accepts in words, and its values if they are few."""

    name: str
    label: str
    takes: str
    values: list


@require_safe
def index(request):
    """`/api/v1/`: the URL of each resource and of the OpenAPI document."""
    base = settings.PUBLIC_URL
    return responses.description(
        request,
        {
            "title": INFO["title"],
            "version": INFO["version"],
            "description": base + reverse("openapi"),
            "documentation": base + reverse("api-docs"),
            "licence": OWN_LICENCE,
            "resources": {
                resource.path: {"url": f"{base}/api/v1/{resource.path}", "about": resource.words}
                for resource in RESOURCES
            },
        },
    )


@require_safe
def openapi(request):
    """`/api/v1/openapi.json`: the OpenAPI 3.1 document of the API."""
    return responses.description(request, _schema(settings.PUBLIC_URL))


@functools.cache
def _schema(base):
    """Return the OpenAPI document, in English. It changes only with the code, so each process builds it once."""
    with override("en"):
        return document(RESOURCES, base)


@takes(page=True)
@require_safe
def docs(request):
    """`/api/docs`: the documentation page, in the language that the browser prefers."""
    context = {
        "title": _("The API"),
        "trail": [(_("The API"), None)],
        "resources": [(resource, *described(resource), code_of(resource)) for resource in RESOURCES],
        "shape": shape(),
        "limit": LIMIT,
        "most": MOST,
    }
    return render(request, "portal/api_docs.html", context)


def code_of(resource):
    """Return pairs of a language and code that reads the list of a resource."""
    return [(name, text) for name, _code, text in samples(settings.PUBLIC_URL, resource.path)]


def described(resource):
    """Return the title, URL, parameters, fields and example query of a resource."""
    address = f"/api/v1/{resource.path}"
    parameters = [parameter(name, item) for name, item in resource.filterset_class.base_filters.items()]
    if resource.sorts:
        sorts = [(sort, "") for sort in resource.sorts]
        parameters.append(
            Parameter("sort", _("Sort order"), _("one of these; prefix with minus for descending order"), sorts)
        )
    fields = [(field.name, field.label) for field in resource.serialiser.fields]
    words = resource.serialiser.model._meta.verbose_name_plural
    if resource.path == "countries":
        words = _("countries")
    return words, address, parameters, fields, question(resource.path)


def parameter(name, item):
    """Return a filter as a `Parameter`."""
    if isinstance(item, Facet):
        values = list(item.options.choices) if hasattr(item.options, "choices") else []
        takes = (
            _("codes; repeat the parameter for several")
            if values
            else _("keys or codes; repeat the parameter for several")
        )
        example = EXAMPLES.get(name)
        if not values and example:
            takes = f"{takes}: {example[0]}"
        return Parameter(name, item.label, takes, values)
    if isinstance(item, YearFilter):
        return Parameter(name, item.label, _("a year"), [])
    return Parameter(name, item.label, _("keywords in any of the three languages"), [])


def shape():
    """Return the parameters that all lists accept."""
    return [
        Parameter("limit", _("Maximum number"), _("a whole number from 1 to {most}").format(most=MOST), []),
        Parameter("offset", _("Number to skip"), _("a whole number"), []),
        Parameter("lang", _("Texts in one language only"), ", ".join(LANGUAGES), []),
        Parameter("fields", _("Only these fields"), _("field names, separated by commas"), []),
    ]
