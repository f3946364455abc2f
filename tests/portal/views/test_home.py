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


def test_home_counts_cooperation_and_leads_to_it(client):
    make_project(), make_project(), make_agreement()
    [numbers] = reading.page(client.get("/en/")).find_class("stats-links")
    found = {link.get("href"): reading.words(link) for link in numbers.xpath(".//a")}
    assert (found["/en/projects/"], found["/en/agreements/"]) == ("2 projects", "1 agreement")
    assert found["/en/organisations/"] == "0 organisations"


def test_home_shows_the_newest_projects_and_events(client):
    for year in range(2000, 2009):
        make_project(key=f"p{year}", start=str(year))
        make_event(key=f"e{year}", date=str(year))
    make_project(key="undated")
    tree = reading.page(client.get("/en/"))
    newest = [tree.xpath(f"//section[@aria-labelledby='{part}']//li//a/@href") for part in ("projects", "events")]
    assert [keys(found) for found in newest] == [
        [f"{letter}{year}" for year in range(2008, 2002, -1)] for letter in ("p", "e")
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
