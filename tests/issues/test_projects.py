"""The projects that answer an issue, on its page and as counts."""

import pytest
from django.utils import timezone

from issues.models import Issue
from issues.projects import with_project_counts
from portal.models import Place
from tests import reading
from tests.issues.pages import section
from tests.make import (
    UNPUBLISHED,
    make_answer,
    make_country,
    make_issue,
    make_organisation,
    make_participation,
    make_place,
    make_project,
    make_result,
)

pytestmark = pytest.mark.django_db


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
        "25 projects. Showing 24, starting with those that target this "
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


def test_issue_states_what_korea_and_gyeonggi_do_in_numbers_that_lead_to_the_same_projects(client):
    issue = make_issue(key="aral")
    korea = make_country(key="kr", group=Place.Group.KOREA)
    leader = make_organisation(name_en="Forest Service", country=korea)
    abroad = make_organisation(name_en="Ministry abroad", country=make_country(key="uz"))
    town = make_place(key="suwon", part_of=make_place(key="gyeonggi", country=korea), country=korea)
    today = timezone.localdate().isoformat()
    for status, as_of in (
        ("implementation", today),
        ("implementation", "2001"),
        ("closed", "2010"),
        ("pipeline", today),
    ):
        project = make_project(status=status, status_as_of=as_of, end=None)
        make_answer(issue=issue, project=project)
        make_participation(project=project, organisation=leader, role="funding")
        make_participation(project=project, organisation=abroad, role="implementing")
    project.places.add(town)
    make_result(project=project)
    make_result().issues.add(issue)
    for publication in UNPUBLISHED:
        make_answer(issue=issue, project=make_project(publication=publication, status="closed"))
        make_result(publication=publication).issues.add(issue)
    part = section(client.get("/en/issues/aral/"), "answers")
    [counts] = part.find_class("counts")
    told = {reading.words(one.find("a")): int(one.findtext("b")) for one in counts if one.find("a") is not None}
    assert told == {"Projects": 4, "Under way": 1, "Completed": 1, "Gyeonggi": 1, "Results and lessons": 2}
    for link in counts.xpath(".//a"):
        listed = client.get(link.get("href"))
        assert listed.context["count"] == told[reading.words(link)]
    assert reading.words(part.find_class("leading")[0]) == "Most often in the lead on the Korean side: Forest Service"


def test_three_projects_are_shown_and_the_others_folded(client):
    issue = make_issue(key="aral")
    for number in range(5):
        make_answer(issue=issue, project=make_project(title_en=f"Project {number}", start=f"201{number}"))
    part = section(client.get("/en/issues/aral/"), "answers")
    folded = [reading.words(one) for one in part.xpath(".//details//*[@class='entry-title']")]
    shown = [reading.words(one) for one in part.find_class("entry-title")]
    assert shown == ["Project 4", "Project 3", "Project 2", "Project 1", "Project 0"]
    assert folded == ["Project 1", "Project 0"]
