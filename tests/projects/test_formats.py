"""What files and the API state of agreements and results."""

import csv
import datetime
import io
import json

import pytest
from django.utils import timezone

from tests.make import (
    make_activity,
    make_agreement,
    make_answer,
    make_area,
    make_citation,
    make_country,
    make_issue,
    make_outcome,
    make_project,
    make_result,
    make_result_figure,
    make_source,
)

pytestmark = pytest.mark.django_db


def told(client, path, *fields):
    """Return these fields of a record in the API, in English."""
    said = json.loads(client.get(f"/api/v1/{path}?lang=en").content)
    return {field: said[field] for field in fields}


def test_project_states_when_results_were_looked_for(client):
    make_project(key="trees", looked_on=datetime.date(2026, 11, 26))
    assert told(client, "projects/trees", "looked_on") == {"looked_on": "2026-11-26"}


def test_agreement_states_what_came_of_it(client, monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *args: datetime.date(2026, 11, 26))
    agreement = make_agreement(key="mou", looked_on=datetime.date(2026, 11, 26), outcome_note_en="One of two.")
    outcome = make_outcome(agreement=agreement, project=make_project(key="trees", title_en="Trees"), how_en="Named.")
    make_citation(outcome, make_source(key="ministry"))
    make_citation(outcome, make_source(key="draft", publication="draft"))
    make_outcome(agreement=agreement, project=make_project(publication="draft"))
    make_activity(agreement=agreement, date="2023", text_en="They met.")
    make_activity(agreement=agreement, date="2024-12", text_en="They met again.")
    said = told(client, "agreements/mou", "state", "ended", "outcomes", "activities", "outcome_note", "looked_on")
    [source] = said["outcomes"][0].pop("sources")
    assert source["key"] == "ministry"
    assert said == {
        "state": {"code": "active", "name": "Active"},
        "ended": False,
        "outcomes": [{"project": {"key": "trees", "name": "Trees"}, "how": "Named."}],
        "activities": [
            {"date": "2024-12", "text": "They met again.", "sources": []},
            {"date": "2023", "text": "They met.", "sources": []},
        ],
        "outcome_note": "One of two.",
        "looked_on": "2026-11-26",
    }


@pytest.mark.parametrize(
    ("fields", "date", "code"),
    [({"ended": True}, "2026-01", "ended"), ({}, "2020", "quiet"), ({}, None, "unknown")],
)
def test_state_of_an_agreement_is_that_of_today(client, fields, date, code):
    agreement = make_agreement(key="mou", **fields)
    if date:
        make_activity(agreement=agreement, date=date)
    assert told(client, "agreements/mou", "state")["state"]["code"] == code
    [row] = csv.DictReader(io.StringIO(client.get("/en/agreements/?format=csv").getvalue().decode("utf-8-sig")))
    assert (row["state"], row["ended"]) == (code, str(agreement.ended))


def test_result_has_the_issues_areas_and_countries_of_its_project(client):
    project = make_project(key="trees", title_en="Trees")
    project.countries.add(make_country(key="uz"), make_country(key="kz", publication="draft"))
    make_answer(project=project, issue=make_issue(key="salt"))
    make_area(project)
    result = make_result(key="watering", project=project, planned_end="2022", actual_end="2023-05-04")
    make_result_figure(result=result, label_en="Area", value="12.50", unit_en="ha", year=2023)
    said = told(
        client,
        *("results/watering", "kind", "project", "planned_end", "actual_end"),
        *("countries", "areas", "issues", "figures"),
    )
    assert [
        [one.get("key", one.get("code")) for one in said.pop(name)] for name in ("countries", "areas", "issues")
    ] == [
        ["uz"],
        ["forestry"],
        ["salt"],
    ]
    assert said == {
        "kind": {"code": "lesson", "name": "Lesson"},
        "project": {"key": "trees", "name": "Trees"},
        "planned_end": "2022",
        "actual_end": "2023-05-04",
        "figures": [{"label": "Area", "value": 12.5, "unit": "ha", "year": 2023}],
    }


def test_result_without_a_project_has_its_own(client):
    result = make_result(key="watering")
    result.countries.add(make_country(key="uz"))
    result.issues.add(make_issue(key="salt"))
    make_area(result)
    said = told(client, "results/watering", "project", "countries", "areas", "issues")
    assert said.pop("project") is None
    assert {name: [one.get("key", one.get("code")) for one in found] for name, found in said.items()} == {
        "countries": ["uz"],
        "areas": ["forestry"],
        "issues": ["salt"],
    }


def test_results_of_an_unpublished_project_state_nothing_of_it(client):
    project = make_project(publication="draft")
    project.countries.add(make_country())
    make_area(project)
    make_result(key="watering", project=project)
    assert told(client, "results/watering", "project", "countries", "areas", "issues") == {
        "project": None,
        "countries": [],
        "areas": [],
        "issues": [],
    }


def test_table_of_results_has_the_values_of_projects_in_its_columns(client):
    project = make_project(key="trees")
    project.countries.add(make_country(key="uz"))
    make_area(project)
    make_result(key="a", project=project)
    make_area(make_result(key="b"))
    text = b"".join(client.get("/data/results.csv").streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["key"], row["project"], row["countries"], row["areas"]) for row in rows] == [
        ("a", "trees", "uz", "forestry"),
        ("b", "", "", "forestry"),
    ]
