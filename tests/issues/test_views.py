"""The content of issue and event pages."""

import re

import pytest

from tests import reading
from tests.issues.pages import section
from tests.make import (
    make_answer,
    make_citation,
    make_country,
    make_event,
    make_issue,
    make_issue_in_country,
    make_issue_link,
    make_key_figure,
    make_organisation,
    make_participation,
    make_project,
    make_source,
)

pytestmark = pytest.mark.django_db


def notes(response):
    """Return the notes at the end of the page: a dict from number to title."""
    items = reading.page(response).xpath("//ol[@class='note-list']/li")
    return {int(item.get("value")): reading.words(item.find("a")) for item in items}


# ── Marks and notes ─────────────────────────────────────────────────────────────────────────────────────────────


def test_marks_of_an_issue_lead_to_its_notes(client):
    issue = make_issue(key="aral", drivers_en="Cotton [cotton].", responses_en="A dam [dam][cotton].")
    for key in ("dam", "cotton", "overview"):
        make_citation(issue, make_source(key=key, title=f"On the {key}"))
    response = client.get("/en/issues/aral/")
    assert section(response, "drivers").xpath(".//sup/a/@href") == ["#note-1"]
    assert section(response, "responses").xpath(".//sup/a/@href") == ["#note-2", "#note-1"]
    assert notes(response) == {1: "On the cotton", 2: "On the dam", 3: "On the overview"}


def test_notes_of_figures_come_before_those_of_causes_and_the_rest(client):
    issue = make_issue(key="aral", drivers_en="Cotton.")
    make_citation(issue, make_source(title="Of the issue"))
    make_citation(make_issue_link(effect=issue), make_source(title="Of the cause"))
    make_citation(make_key_figure(issue=issue), make_source(title="Of the figure"))
    response = client.get("/en/issues/aral/")
    [figure] = reading.page(response).find_class("stat")
    assert figure.xpath(".//sup/a/@href") == ["#note-1"]
    assert section(response, "links").xpath(".//sup/a/@href") == ["#note-2"]
    assert notes(response) == {1: "Of the figure", 2: "Of the cause", 3: "Of the issue"}


def test_sections_in_english_say_so_on_a_korean_page(client):
    make_issue(key="aral", drivers_ko="목화 재배.", drivers_en="Cotton.")
    response = client.get("/ko/issues/aral/")
    assert section(response, "drivers").xpath("div/@lang") == []
    assert section(response, "state").xpath("div/@lang") == ["en"]


@pytest.mark.parametrize(
    ("label", "year", "expected"),
    [
        ("Area of the sea", 1960, "Area of the sea, 1960"),
        ("Area of the sea in 1960", 1960, "Area of the sea in 1960"),
        ("Area of the sea", None, "Area of the sea, year not stated"),
    ],
)
def test_figure_says_its_year_once(client, label, year, expected):
    make_key_figure(issue=make_issue(key="aral"), label_en=label, year=year)
    assert reading.said(client.get("/en/issues/aral/"), "stat-label") == [expected]


# ── Order of the blocks ─────────────────────────────────────────────────────────────────────────────────────────


def test_issue_begins_with_the_answer_and_the_state(client):
    issue = make_issue(key="aral")
    for number in range(6):
        make_key_figure(issue=issue, label_en=f"Figure {number}", year=2000, position=number)
    make_issue_link(effect=issue)
    issue.events.add(make_event())
    make_citation(issue)
    response = client.get("/en/issues/aral/")
    page = reading.page(response)
    headings = [heading.get("id") for heading in page.xpath("//article//h2[@id]")]
    assert headings == [
        "answers",
        "state",
        "drivers",
        "pressures",
        "impacts",
        "responses",
        "links",
        "events",
        "sources",
        "cite",
    ]
    stats = [len(one.find_class("stat")) for one in page.find_class("stats")]
    assert stats == [4, 2]
    for contents in page.xpath("//nav[@class='contents-side' or parent::details[@class='contents-bar']]"):
        assert contents.xpath(".//a/@href") == [f"#{id}" for id in headings if id != "cite"]


def test_five_latest_events_are_shown_and_older_ones_folded_by_decade(client):
    issue = make_issue(key="aral")
    for year in (1961, 1968, 1995, 2001, 2002, 2003, 2004, 2005, 2006):
        issue.events.add(make_event(title_en=f"Event of {year}", date=str(year)))
    part = section(client.get("/en/issues/aral/"), "events")
    shown = part.xpath("ol/li//a")
    assert [reading.words(one) for one in shown] == [f"Event of {year}" for year in range(2006, 2001, -1)]
    folded = {
        reading.words(one.find("summary")): [reading.words(link) for link in one.xpath(".//li//a")]
        for one in part.xpath("details/details")
    }
    assert folded == {
        "2000s (1)": ["Event of 2001"],
        "1990s (1)": ["Event of 1995"],
        "1960s (2)": ["Event of 1968", "Event of 1961"],
    }


# ── Links to other records ──────────────────────────────────────────────────────────────────────────────────────


def test_issue_names_its_causes_and_effects_with_the_mechanism(client):
    issue = make_issue(key="aral", name_en="The Aral Sea")
    make_issue_link(cause=make_issue(name_en="Irrigation"), effect=issue, mechanism_en="It takes the water.")
    make_issue_link(cause=issue, effect=make_issue(name_en="Salt dust"), mechanism_en="The bed lies bare.")
    said = reading.words(section(client.get("/en/issues/aral/"), "links"))
    assert re.search(r"Irrigation\b.*It takes the water\.", said)
    assert re.search(r"Salt dust\b.*The bed lies bare\.", said)


def test_issue_leads_to_what_korea_does_about_it_in_each_country(client):
    kyrgyzstan, turkmenistan = make_country(key="kg"), make_country(key="tm")
    issue = make_issue(key="drought")
    part = make_issue(key="dust", parent=issue)
    for country in (kyrgyzstan, turkmenistan):
        make_issue_in_country(issue=issue, country=country)
    for addressed in (issue, part):
        project = make_project()
        project.countries.add(kyrgyzstan)
        (
            make_answer(project=project, issue=addressed),
            make_participation(project=project, organisation=make_organisation()),
        )
    make_project().countries.add(turkmenistan)
    [line] = section(client.get("/en/issues/drought/"), "in-countries").xpath(".//*[@class='by-country-work']")
    assert reading.words(line) == "2 projects · Organisations involved"
    projects, organisations = line.xpath("a/@href")
    assert projects == "/en/projects/?issue=drought&country=kg"
    assert organisations == "/en/organisations/?works_in=kg&issue=drought"
    for link in (projects, organisations):
        assert reading.count(client.get(link)).startswith("2 ")


def test_event_leads_to_the_ones_before_and_after_it(client):
    for key, date in {"first": "1960", "this": "1960-05", "last": "2005-08-08"}.items():
        make_event(key=key, date=date)
    links = reading.page(client.get("/en/timeline/this/")).xpath("//a[@rel]")
    assert {link.get("rel"): link.get("href") for link in links if link.get("rel") in {"prev", "next"}} == {
        "prev": "/en/timeline/first/",
        "next": "/en/timeline/last/",
    }
