"""The rows of a comparison of issues."""

import pytest

from portal.core.choices import PublicationStatus
from tests.make import (
    make_answer,
    make_citation,
    make_country,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_issue_link,
    make_key_figure,
    make_project,
    make_sdg,
    make_source,
)
from tests.portal.views.compare.pages import ask, notes, row, rows
from tests.reading import count, words

pytestmark = pytest.mark.django_db


def test_key_figures_stand_with_unit_year_and_source(client):
    sea, soil = make_issue(name_en="The sea"), make_issue(name_en="The soil")
    figure = make_key_figure(issue=sea, value="68000", unit_en="km²", year=1960, label_en="Area of the sea")
    make_key_figure(issue=sea, position=2, value="-2.5", unit_en="m", year=None, label_en="Change of level")
    make_citation(figure, make_source(title="Micklin 2016"))

    response = ask(client, "issue", sea, soil)

    [here, there] = rows(response)["Key figures"]
    assert [words(item) for item in here.xpath(".//li")] == [
        "68,000 km² 19601 Area of the sea",
        "−2.5 m Change of level (year not stated)",
    ]
    assert words(there) == "no data"
    assert "Micklin 2016" in notes(response)["1"]


def test_an_issue_says_its_main_issue_or_that_it_is_one(client):
    water = make_issue(name_en="Water scarcity")
    wells = make_issue(name_en="Dry wells", parent=water)
    dust = make_issue(name_en="Dust", parent=make_issue(name_en="Hidden", publication=PublicationStatus.DRAFT))

    response = ask(client, "issue", water, wells, dust)

    assert row(response, "Top-level issue") == ["This is a top-level issue.", "Water scarcity compared here", "no data"]


def test_causes_and_effects_are_counted_and_linked(client):
    canal, sea, dust = (make_issue(name_en=name) for name in ("Leaky canals", "The dry sea", "Dust storms"))
    storm = make_issue_link(cause=sea, effect=dust, mechanism_en="The wind lifts the salt.")
    make_issue_link(cause=canal, effect=sea, mechanism_en="The rivers run out.")
    make_citation(storm, make_source(title="Orlovsky 2012"))

    response = ask(client, "issue", sea, dust)

    assert row(response, "Number of causes") == ["1", "1"]
    assert row(response, "Number of effects") == ["1", "0"]
    assert row(response, "What causes or worsens it") == [
        "Leaky canals The rivers run out.",
        "The dry sea1 compared here The wind lifts the salt.",
    ]
    assert row(response, "What it causes or worsens") == [
        "Dust storms1 compared here The wind lifts the salt.",
        "none in the portal",
    ]
    assert rows(response)["What causes or worsens it"][0].xpath(".//a/@href") == [canal.get_absolute_url()]


def test_projects_that_answer_are_counted_as_the_list_counts_them(client):
    water = make_issue(name_en="Water scarcity")
    wells = make_issue(name_en="Dry wells", parent=water)
    for issue in (water, wells, wells):
        make_answer(issue=issue)
    make_answer(issue=wells, project=make_project(publication=PublicationStatus.DRAFT))

    response = ask(client, "issue", water, wells)

    assert row(response, "Related projects") == ["3", "2"]
    addresses = [cell.xpath(".//a/@href")[0] for cell in rows(response)["Related projects"]]
    assert [count(client.get(href)) for href in addresses] == ["3 projects of 3", "2 projects of 3"]


def test_what_issues_share_is_marked(client):
    sea, soil = make_issue(), make_issue()
    for issue, codes in ((sea, ("6.4", "6.5", "13")), (soil, ("6", "15.3"))):
        for code in codes:
            make_sdg(issue, code)
    rivers, camels = make_indicator(name_en="Inflow", position=1), make_indicator(name_en="Camels", position=2)
    rivers.issues.set([sea, soil])
    camels.issues.set([sea])

    response = ask(client, "issue", sea, soil)

    assert row(response, "Sustainable Development Goals") == [
        "6 Clean water and sanitation shared by all targets 6.4, 6.5 | 13 Climate action",
        "6 Clean water and sanitation shared by all | 15 Life on land targets 15.3",
    ]
    assert row(response, "Indicators") == ["Inflow shared by all | Camels", "Inflow shared by all"]


def test_an_issue_is_compared_country_by_country(client):
    sea, soil = make_issue(), make_issue()
    make_issue_in_country(issue=soil, country=make_country(name_en="Uzbekistan"), note_en="Salt rises.")

    assert row(ask(client, "issue", sea, soil), "Uzbekistan") == ["not listed there", "Salt rises."]
