"""Problems as JSON for programs and as pages for people."""

import pytest

from portal.http import problems


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),  # a browser
        ("text/*", False),
        ("Text/HTML", False),
        ("application/json, text/html;q=0.5", False),
        ("*/*", True),  # curl
        ("", True),
        ("application/json", True),
        ("text/html;q=0, */*", True),
        ("application/problem+json, text/html;q=0.5", True),
    ],
)
def test_problem_is_for_programs_unless_html_is_preferred(rf, accept, expected):
    assert problems.is_for_programs(rf.get("/en/projects/", headers={"accept": accept})) is expected


def test_problem_of_the_api_is_for_programs_whatever_they_accept(rf):
    assert problems.is_for_programs(rf.get("/api/v1/projects", headers={"accept": "text/html"}))


def test_problem_without_an_accept_header_is_for_programs(rf):
    assert problems.is_for_programs(rf.get("/en/projects/"))
