"""The content of issue and event pages, and the rows whose order an issue maintains."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from issues.models import Issue
from issues.projects import with_project_counts
from tests import reading
from tests.make import (
    UNPUBLISHED,
    make_answer,
    make_citation,
    make_event,
    make_issue,
    make_issue_link,
    make_key_figure,
    make_place,
    make_project,
    make_source,
)

pytestmark = pytest.mark.django_db


def section(response, id):
    [part] = reading.page(response).xpath(f"//section[@aria-labelledby='{id}']")
    return part


def notes(response):
    """Return the notes at the end of the page: a dict from number to title."""
    items = reading.page(response).xpath("//ol[@class='note-list']/li")
    return {int(item.get("value")): reading.words(item.find("a")) for item in items}


# ── Marks and notes ──────────────────────────────────────────────────────────────────────────────────────────


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


# ── Links to other records ───────────────────────────────────────────────────────────────────────────────────


def test_issue_names_its_causes_and_effects_with_the_mechanism(client):
    issue = make_issue(key="aral", name_en="The Aral Sea")
    make_issue_link(cause=make_issue(name_en="Irrigation"), effect=issue, mechanism_en="It takes the water.")
    make_issue_link(cause=issue, effect=make_issue(name_en="Salt dust"), mechanism_en="The bed lies bare.")
    said = reading.words(section(client.get("/en/issues/aral/"), "links"))
    assert re.search(r"Irrigation\b.*It takes the water\.", said)
    assert re.search(r"Salt dust\b.*The bed lies bare\.", said)


def test_issue_shows_the_projects_that_answer_it_the_principal_ones_first(client):
    issue = make_issue(key="aral")
    make_answer(issue=issue, project=make_project(title_en="Beside"), significance="significant")
    make_answer(issue=issue, project=make_project(title_en="Old", start="2010"), rationale_en="It holds the sand.")
    make_answer(issue=issue, project=make_project(title_en="New", start="2020"))
    part = section(client.get("/en/issues/aral/"), "answers")
    assert [reading.words(title) for title in part.find_class("entry-title")] == ["New", "Old", "Beside"]
    assert reading.words(part).count("It holds the sand.") == 1


def test_main_issue_shows_who_answers_one_under_it_after_its_own_and_names_that_one(client):
    main = make_issue(key="main")
    under = make_issue(key="under", parent=main, name_en="Salt dust")
    draft = make_issue(key="draft", parent=main, name_en="Not told yet", publication="draft")
    both, below, unseen = (make_project(title_en=title) for title in ("Both", "Below", "Unseen"))
    make_answer(issue=main, project=both, significance="significant", rationale_en="It waters the steppe.")
    make_answer(issue=under, project=both, rationale_en="It binds the salt.")
    make_answer(issue=under, project=below, rationale_en="It plants saxaul.")
    make_answer(issue=draft, project=unseen, rationale_en="Nobody knows.")
    part = section(client.get("/en/issues/main/"), "answers")
    entries = {reading.words(one.find_class("entry-title")[0]): reading.words(one) for one in part.find_class("entry")}
    assert list(entries) == ["Both", "Below", "Unseen"]
    assert "It waters the steppe." in entries["Both"]
    assert "Salt dust" not in entries["Both"]
    assert "It plants saxaul." in entries["Below"]
    assert "Salt dust" in entries["Below"]
    assert "Nobody knows." not in entries["Unseen"]
    assert "Not told yet" not in entries["Unseen"]
    assert reading.words(part.find_class("section-lead")[0]).startswith(
        "3 projects, each with how far it aims at this issue"
    )


def test_issue_says_how_many_of_its_projects_are_shown(client):
    issue = make_issue(key="aral")
    for _ in range(25):
        make_answer(issue=issue, project=make_project())
    part = section(client.get("/en/issues/aral/"), "answers")
    assert reading.words(part.find_class("section-lead")[0]).startswith(
        "25 projects. Shown are the 24 that aim at this "
    )


def test_issue_that_no_project_answers_says_so(client):
    make_issue(key="aral")
    assert reading.said(client.get("/en/issues/aral/"), "empty") == [
        "We have not yet found a sourced Korean project that addresses this issue."
    ]


def test_project_counts_of_a_main_issue_take_in_the_issues_under_it():
    main = make_issue(key="main")
    under = make_issue(key="under", parent=main)
    both = make_project()
    for issue in (main, under):
        make_answer(project=both, issue=issue)
    make_answer(issue=under)
    for publication in UNPUBLISHED:
        make_answer(issue=under, project=make_project(publication=publication))
    make_issue(key="none")
    counted = {issue.key: issue.project_count for issue in with_project_counts(Issue.objects.all())}
    assert counted == {"main": 2, "under": 2, "none": 0}


def test_event_leads_to_the_ones_before_and_after_it(client):
    for key, date in {"first": "1960", "this": "1960-05", "last": "2005-08-08"}.items():
        make_event(key=key, date=date)
    links = reading.page(client.get("/en/timeline/this/")).xpath("//a[@rel]")
    assert {link.get("rel"): link.get("href") for link in links if link.get("rel") in {"prev", "next"}} == {
        "prev": "/en/timeline/first/",
        "next": "/en/timeline/last/",
    }


# ── What an issue keeps in order ─────────────────────────────────────────────────────────────────────────────


def test_issues_stand_in_two_levels():
    main = make_issue()
    under = make_issue(parent=main)
    under.clean()
    with pytest.raises(ValidationError, match="Issues have two levels"):
        make_issue(parent=under).clean()
    main.parent = make_issue()
    with pytest.raises(ValidationError, match="Issues have two levels"):
        main.clean()


def test_a_mark_without_its_source_is_told_by_field_and_key():
    make_source(key="known")
    issue = make_issue(drivers_en="Cotton [known].", impacts_ru="Пыль [nobody][known]. Соль [noone].")
    with pytest.raises(ValidationError) as refusal:
        issue.clean()
    [(field, [message])] = refusal.value.message_dict.items()
    assert field == "impacts_ru"
    assert "nobody, noone" in message.replace("”, “", ", ")


def test_sources_of_marks_become_citations_after_those_that_stand():
    issue = make_issue(drivers_en="Cotton [b][a].", state_ko="바다 [c][nobody].")
    sources = {key: make_source(key=key) for key in "abc"}
    make_citation(issue, sources["a"], position=5)
    issue.cite_marks()
    issue.cite_marks()
    assert list(issue.citations.values_list("source__key", "position")) == [("a", 5), ("b", 6), ("c", 7)]


def test_country_code_is_its_key_in_capitals():
    assert make_place(key="uz").code == "UZ"


def test_figure_is_called_by_its_label():
    with translation.override("ko"):
        assert str(make_key_figure(label_en="Area of cooperation", label_ko="면적")) == "면적"
