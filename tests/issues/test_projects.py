"""The projects that answer an issue, on its page and as counts."""

import pytest

from issues.models import Issue
from issues.projects import with_project_counts
from tests import reading
from tests.issues.pages import section
from tests.make import UNPUBLISHED, make_answer, make_issue, make_project

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
