"""The rows of a comparison of projects."""

import pytest

from portal.core.choices import Area
from projects.models import Participation, Project, ProjectIssue, RioMarker
from tests.make import (
    make_answer,
    make_area,
    make_citation,
    make_country,
    make_issue,
    make_organisation,
    make_participation,
    make_project,
    make_rio_marker,
    make_sector,
    make_source,
)
from tests.portal.views.compare.pages import ask, notes, row, rows
from tests.reading import words

pytestmark = pytest.mark.django_db


def test_a_project_says_what_it_is_and_what_is_not_known(client):
    whole = make_project(
        title_en="Trees",
        summary_en="Saxaul is planted.",
        status=Project.Status.CLOSED,
        start="2020-05",
        end="2023",
        budget="5600000",
        currency="USD",
        finance=Project.Finance.GRANT,
        results_en="A forest.",
    )
    whole.countries.add(make_country(name_en="Uzbekistan"))
    make_area(whole, Area.FORESTRY)
    whole.sectors.add(make_sector(code="31220", name_en="Forestry development"))
    make_citation(whole, make_source(title="The ministry"))
    make_citation(whole, make_source(title="The newspaper"))
    bare = make_project(title_en="Wells", confidence="low")

    response = ask(client, "project", whole, bare)

    said = {label: [words(cell) for cell in cells] for label, cells in rows(response).items()}
    assert said == {
        "Summary": ["Saxaul is planted.", "Saxaul is planted on the dry bed."],
        "Status today": ["Completed", "Under way; date of the report not known"],
        "Start date": ["May 2020", "not known"],
        "End": ["2023", "not known"],
        "Budget": ["USD 5,600,000", "not known"],
        "Funding type": ["Grant", "not known"],
        "Lead (Korean side)": ["National", "National"],
        "Countries": ["Uzbekistan", "not known"],
        "Areas": ["Forestry", "not known"],
        "Issues it addresses": ["linked to no environmental issue"] * 2,
        "Sectors (OECD DAC)": ["31220 Forestry development", "not known"],
        "Sustainable Development Goals": ["none named", "none named"],
        "Rio marker: Biodiversity": ["not stated in a source"] * 2,
        "Rio marker: Climate change mitigation": ["not stated in a source"] * 2,
        "Rio marker: Climate change adaptation": ["not stated in a source"] * 2,
        "Rio marker: Desertification": ["not stated in a source"] * 2,
        "Results": ["A forest.", "None of the sources we read reports results."],
        "Confidence": [
            "High An official or peer-reviewed source was read.",
            "Low One weak or partial source was read.",
        ],
        "Number of sources": ["21 2", "0"],
    }
    assert rows(response)["Start date"][0].xpath(".//time/@datetime") == ["2020-05"]
    assert list(notes(response)) == ["1", "2"]


def test_a_budget_of_zero_and_a_marker_of_zero_are_no_silence(client):
    free, silent = make_project(budget="0", currency="KRW"), make_project()
    make_rio_marker(project=free, significance=RioMarker.Significance.NOT_TARGETED)

    response = ask(client, "project", free, silent)

    assert row(response, "Budget") == ["KRW 0", "not known"]
    assert row(response, "Rio marker: Desertification") == ["0 Not targeted", "not stated in a source"]


def test_parties_stand_by_their_role(client):
    trees, wells = make_project(), make_project()
    koica = make_organisation(name_en="KOICA")
    make_participation(project=trees, organisation=koica, role=Participation.Role.FUNDING)
    make_participation(project=wells, organisation=koica, role=Participation.Role.FUNDING)
    make_participation(project=wells, organisation=make_organisation(name_en="Nukus"), role=Participation.Role.PARTNER)

    response = ask(client, "project", trees, wells)

    assert row(response, "Funding") == ["KOICA shared by all", "KOICA shared by all"]
    assert row(response, "Partner") == ["none named", "Nukus"]
    assert "Extending" not in rows(response)


def test_issues_that_projects_answer_stand_with_how_much(client):
    trees, wells = make_project(), make_project()
    make_answer(project=trees, issue=make_issue(name_en="Dust"), significance=ProjectIssue.Significance.SIGNIFICANT)

    assert row(ask(client, "project", trees, wells), "Issues it addresses") == [
        "Dust Significant objective",
        "linked to no environmental issue",
    ]
