"""The home page."""

import pytest

from portal.core.choices import Area
from tests import reading
from tests.make import (
    make_agreement,
    make_answer,
    make_area,
    make_citation,
    make_event,
    make_issue,
    make_key_figure,
    make_observation,
    make_organisation,
    make_participation,
    make_place,
    make_project,
    make_source,
)
from tests.portal.views.sections import keys

pytestmark = pytest.mark.django_db


def test_home_gives_each_main_issue_its_figure_with_the_source_and_its_projects(client):
    main = make_issue(name_en="Depletion of the Aral Sea")
    under = make_issue(parent=main)
    figure = make_key_figure(issue=main, value="68000", unit_en="km²", label_en="Area of the sea", headline=True)
    make_key_figure(issue=main, position=2, label_en="Another figure")
    make_citation(figure, make_source(publisher="Springer", date="2016-05"))
    both = make_project()
    for issue in (main, under):
        make_answer(project=both, issue=issue)
    make_answer(issue=under)
    [card] = reading.said(client.get("/en/"), "card-issue")
    assert card == (
        "Depletion of the Aral Sea 68,000 km² Area of the sea, 1960 Source: Springer, 2016 2 projects address it"
    )


def test_home_counts_the_records_and_leads_to_their_lists(client):
    make_project(), make_project(), make_agreement()
    [totals] = reading.said(client.get("/en/"), "totals")
    assert totals == "Projects 2 · Agreements 1 · Organisations 0 · Issues 0 · Indicators 0 · Sources 0"


def test_home_has_three_doors_with_today_s_numbers(client):
    make_project()
    make_participation(
        project=make_project(), organisation=make_organisation(kind="11", seat=make_place(key="gyeonggi"))
    )
    make_observation()
    doors = [reading.words(door) for door in reading.page(client.get("/en/")).find_class("door")]
    assert doors == [
        "Gyeonggi 1 project of the province, its cities and institutions",
        "Plan Check a plan for overlap with all projects",
        "Indicators 1 sourced value",
    ]


def test_home_searches_and_suggests_searches(client):
    page = reading.page(client.get("/ru/"))
    [form] = page.xpath("//main//form")
    assert (form.get("action"), form.xpath(".//input/@name")) == ("/ru/search/", ["q"])
    [examples] = page.find_class("search-examples")
    for address in examples.xpath(".//a/@href"):
        assert client.get(address).status_code == 200


def test_home_shows_the_newest_projects_and_events(client):
    for year in range(2000, 2009):
        make_project(key=f"p{year}", start=str(year))
        make_event(key=f"e{year}", date=str(year))
    make_project(key="undated")
    tree = reading.page(client.get("/en/"))
    newest = [tree.xpath(f"//section[@aria-labelledby='{part}']//li//a/@href") for part in ("projects", "events")]
    assert [keys(found) for found in newest] == [
        [f"{letter}{year}" for year in range(2008, 2004, -1)] for letter in ("p", "e")
    ]


def test_home_leads_into_the_projects_of_each_area_the_most_first(client):
    for area, number in ((Area.ENERGY, 1), (Area.FORESTRY, 2)):
        for _ in range(number):
            make_area(make_project(), area)
    response = client.get("/en/")
    assert reading.addresses(response, "//section[@aria-labelledby='areas']") == [
        "/en/projects/?area=forestry",
        "/en/projects/?area=energy",
    ]
