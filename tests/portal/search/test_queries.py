"""Search quality on labelled queries: what people type, and the expected records."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[3] / "fixtures"
QUERIES = Path(__file__).with_name("search_queries.csv")
ALIAS_QUERIES = Path(__file__).with_name("alias_queries.csv")
KINDS = {
    "issues.issue": "issue",
    "issues.indicator": "indicator",
    "issues.event": "event",
    "issues.term": "term",
    "projects.project": "project",
    "projects.organisation": "organisation",
    "projects.agreement": "agreement",
    "portal.place": "place",
    "portal.source": "source",
}
NAMES = ("name", "title", "term")


def rows():
    with QUERIES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def names():
    """Return the names of each record of the content in every language, by its `kind:key`."""
    called = {}
    for path in FIXTURES.glob("*.json"):
        for record in json.loads(path.read_text(encoding="utf-8")):
            kind, fields = KINDS.get(record["model"]), record["fields"]
            if kind is None:
                continue
            if kind == "place" and fields["kind"] == "country":
                kind = "country"
            own = (fields.get(name + end) for name in NAMES for end in ("", "_original", "_en", "_ko", "_ru"))
            called[f"{kind}:{fields['key']}"] = {name.casefold() for name in own if name}
    return called


def test_every_language_has_enough_queries():
    counts = Counter(row["language"] for row in rows())

    assert set(counts) == {"en", "ko", "ru"}
    assert min(counts.values()) >= 50


def test_no_query_is_asked_twice_in_a_language():
    asked = Counter((row["language"], row["query"].casefold()) for row in rows())

    assert [query for query, times in asked.items() if times > 1] == []


def test_every_answer_is_a_record_of_the_content(names):
    answers = {answer for row in rows() for answer in row["expected"].split()}

    assert answers - set(names) == set()


def test_every_answer_to_a_query_in_a_language_of_the_region_is_a_record_of_the_content(names):
    with ALIAS_QUERIES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = {name.partition(":")[::2] for name in names}
    answers = {
        (kind, key) for row in rows for kind, key in zip(row["kind"].split(","), row["keys"].split(","), strict=True)
    }

    assert len({row["query"] for row in rows}) == 75
    assert answers - known == set()


def test_every_query_has_answers_that_fit_in_ten_hits_and_none_twice():
    lists = {(row["language"], row["query"]): row["expected"].split() for row in rows()}

    assert [asked for asked, answers in lists.items() if not 1 <= len(set(answers)) == len(answers) <= 10] == []


def test_no_query_is_the_title_of_its_answer(names):
    titles = [
        (row["query"], answer)
        for row in rows()
        for answer in row["expected"].split()
        if row["query"].casefold() in names[answer]
    ]

    assert titles == []
