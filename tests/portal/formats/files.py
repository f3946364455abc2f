"""Read export files in tests."""

import csv
import io
import json

from portal.core.choices import Area
from portal.formats.fields import ReadContext
from portal.formats.serialisers import SERIALISERS
from tests.make import (
    make_area,
    make_citation,
    make_country,
    make_organisation,
    make_participation,
    make_place,
    make_project,
    make_source,
)

FORMS = ("csv", "xlsx", "json", "jsonl", "geojson", "atom", "ics", "ris", "bib", "csl")


def content(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def table(response):
    """Return the rows of a CSV file as dictionaries."""
    text = content(response).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


def items(response):
    return json.loads(content(response))["items"]


def all_stated(records, language="en"):
    """Return the JSON objects of records of one kind in the API, with texts in one language."""
    serialiser = SERIALISERS[records[0]._meta.model_name]
    reading = ReadContext("http://testserver", "en", language)
    rows = serialiser.rows([record.pk for record in records], reading)
    return list(map(serialiser.data_of(reading), rows))


def stated(record, language="en"):
    """Return the JSON object of a record in the API, with texts in one language."""
    [found] = all_stated([record], language)
    return found


def full_project():
    project = make_project(
        key="trees",
        title_en="Trees",
        title_ko="나무",
        title_ru="Деревья",
        start="2020",
        end="2023-05",
        budget="5600000.50",
        currency="USD",
        status="closed",
    )
    # One by one: add() of several stores them in the order of a set.
    project.countries.add(make_country(key="uz", name_ko="우즈베키스탄"))
    project.countries.add(make_country(key="kz", name_en="Kazakhstan"))
    project.places.add(make_place(key="nukus", latitude="42.46000", longitude="59.61000"))
    for area in (Area.FORESTRY, Area.ENERGY):
        make_area(project, area)
    make_participation(project=project, organisation=make_organisation(key="koica", name_en="KOICA"), role="funding")
    make_citation(project, make_source(key="paper", title="A paper", url="https://example.org/paper"))
    return project
