"""Read pages of the coverage table in tests, and make its projects."""

import csv
import io
import itertools

from django.http import QueryDict

from portal.views.coverage.axes import AXES
from portal.views.coverage.table import Coverage
from tests.make import (
    make_answer,
    make_area,
    make_project,
)
from tests.reading import page, words

LANGUAGES = ("en", "ko", "ru")
PAIRS = list(itertools.combinations(AXES, 2))
# Filters with axes to test them on. On some of them a filter is also an axis.
FILTERED = {
    "country=uz&country=kz": ("area", "country"),
    "issue=water-scarcity&area=education": ("issue", "period"),
    "organisation=koica&role=funding&level=national": ("issue", "area"),
    "organisation_kind=private-sector&year_from=2015": ("organisation-kind", "level"),
    "started_from=2012&started_to=2022&country=kg": ("area", "period"),
    "q=water&confidence=high&year_to=2024": ("issue", "organisation-kind"),
}


def coverage_of(query=""):
    return Coverage(QueryDict(query))


def ask(client, query="", language="en"):
    response = client.get(f"/{language}/coverage/{query and '?'}{query}")
    assert response.status_code == 200
    return response


def table(response):
    """Return the table as rows of words: head, body, foot; an empty cell is 0."""
    [found] = page(response).find_class("coverage-table")
    for absent in [*found.find_class("gap-words"), *found.xpath(".//small")]:
        absent.drop_tree()
    return [[words(cell) for cell in row] for row in found.iter("tr")]


def file(client, query):
    content = b"".join(client.get(f"/en/coverage/?{query}&format=csv").streaming_content)
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def make(key, *, countries=(), areas=(), issues=(), **fields):
    project = make_project(key=key, **fields)
    project.countries.set(countries)
    for area in areas:
        make_area(project, area)
    for issue in issues:
        make_answer(project=project, issue=issue)
    return project
