"""Issues that an import suggests for a project."""

import pytest

from projects.models import ProjectIssue, SuggestedIssue
from tests.make import make_issue
from tests.projects.iati.files import activity, file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("central_asia")]


def test_issues_are_suggested_and_none_is_linked(run):
    make_issue(key="desertification"), make_issue(key="inefficient-irrigation"), make_issue(key="water-scarcity")
    run(file())
    found = {row.issue.key: (row.score, row.decision) for row in SuggestedIssue.objects.select_related("issue").all()}
    # desertification: the marker (3) and purpose code 31130 (2); irrigation: purpose code 31140 (2) and words (2).
    assert found == {"desertification": (5, "open"), "inefficient-irrigation": (4, "open")}
    assert ProjectIssue.objects.count() == 0


def test_what_only_says_that_it_is_environmental_suggests_some_issue(run):
    changes = (
        ('code="31140"', 'code="41010"'),
        ('code="31130"', 'code="11110"'),
        ('    <policy-marker vocabulary="1" code="8" significance="2"/>\n', ""),
        ("Drip irrigation", "Planning"),
        ("Water is saved in fields", "Plans are made"),
        ("Less water", "More plans"),
        ("점적관개", "계획"),
    )
    run(file(activity("1", *changes)))
    assert list(SuggestedIssue.objects.values_list("issue", "score", "reasons")) == [(None, 1, [["sector", "41010"]])]


def test_suggestions_that_were_decided_are_not_asked_again(run):
    make_issue(key="desertification"), make_issue(key="inefficient-irrigation")
    run(file())
    SuggestedIssue.objects.filter(issue__key="desertification").update(decision="dismissed")
    run(file(activity("1", ("Water is saved", "Much water is saved"))))
    assert sorted(SuggestedIssue.objects.values_list("issue__key", "decision")) == [
        ("desertification", "dismissed"),
        ("inefficient-irrigation", "open"),
    ]
