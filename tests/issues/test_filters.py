"""Filters of issues, indicators and events that do more than compare a value."""

import pytest

from portal.models import Place
from tests import reading
from tests.make import (
    UNPUBLISHED,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_observation,
    make_place,
    make_sdg,
    make_term,
)

pytestmark = pytest.mark.django_db


def get(client, name, **query):
    return client.get(f"/en/{name}/", query)


def found(client, name, **query):
    return sorted(reading.shown(get(client, name, **query)))


def offered(client, name, facet, **query):
    return reading.options(get(client, name, **query), facet)


# ── Issues as a tree ─────────────────────────────────────────────────────────────────────────────────────────


def tree(response):
    """Return the main issues with those below each, by their keys."""
    sections = reading.page(response).find_class("tree-main")
    keys = [[address.rstrip("/").rpartition("/")[2] for address in part.xpath(".//a/@href")] for part in sections]
    return {main: under for main, *under in keys}


@pytest.fixture
def two_mains():
    """Make water scarcity with glacier melt and pollution below it, and desertification with dust storms."""
    scarcity = make_issue(key="water-scarcity", position=1)
    desert = make_issue(key="desertification", position=0)
    return {
        "water-scarcity": scarcity,
        "desertification": desert,
        "glacier-melt": make_issue(key="glacier-melt", parent=scarcity, position=2),
        "water-pollution": make_issue(key="water-pollution", parent=scarcity, position=3),
        "dust-storms": make_issue(key="dust-storms", parent=desert, position=4),
    }


def test_issues_stand_under_their_main_ones_in_the_editors_order(client, two_mains):
    response = get(client, "issues")
    assert list(tree(response).items()) == [
        ("desertification", ["dust-storms"]),
        ("water-scarcity", ["glacier-melt", "water-pollution"]),
    ]
    assert reading.count(response) == "5 issues"


def test_issue_that_is_found_stands_under_its_main_one_though_that_is_not_found(client, two_mains):
    make_issue_in_country(issue=two_mains["glacier-melt"], country=make_country(key="kg"))
    response = get(client, "issues", country="kg")
    assert tree(response) == {"water-scarcity": ["glacier-melt"]}
    assert reading.count(response) == "1 issue of 5"


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_issue_whose_main_one_is_not_published_stands_by_itself(client, publication):
    hidden = make_issue(key="hidden", publication=publication)
    make_issue(key="glacier-melt", parent=hidden)
    response = get(client, "issues")
    assert tree(response) == {"glacier-melt": []}
    assert reading.count(response) == "1 issue"


def test_issues_are_counted_by_goal_through_their_targets(client):
    for key, codes in {"targets": ["6.4", "6.5"], "goal": ["6"], "other": ["13.1"]}.items():
        issue = make_issue(key=key)
        for code in codes:
            make_sdg(issue, code)
    assert found(client, "issues", sdg="6") == ["goal", "targets"]
    assert offered(client, "issues", "sdg") == {"6": 2, "13": 1}


# ── A place includes its parts ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("indicators", make_indicator),
        ("timeline", make_event),
    ],
)
def test_main_issue_covers_the_issues_under_it(client, two_mains, name, make):
    for key in ("water-scarcity", "glacier-melt", "dust-storms"):
        make(key=f"of-{key}").issues.add(two_mains[key])
    make(key="of-both").issues.add(two_mains["water-scarcity"], two_mains["glacier-melt"])
    assert found(client, name, issue="water-scarcity") == ["of-both", "of-glacier-melt", "of-water-scarcity"]
    assert found(client, name, issue="glacier-melt") == ["of-both", "of-glacier-melt"]
    assert offered(client, name, "issue") == {
        "water-scarcity": 3,
        "glacier-melt": 2,
        "desertification": 1,
        "dust-storms": 1,
    }


def test_place_of_events_covers_its_parts(client):
    sea = make_place(key="aral-sea", kind=Place.Kind.LAKE)
    make_event(key="in-the-whole").places.add(sea)
    make_event(key="in-the-part").places.add(make_place(key="north-aral-sea", part_of=sea))
    assert found(client, "timeline", place="aral-sea") == ["in-the-part", "in-the-whole"]
    assert found(client, "timeline", place="north-aral-sea") == ["in-the-part"]
    assert offered(client, "timeline", "place") == {"aral-sea": 2, "north-aral-sea": 1}


def test_place_of_indicators_is_one_that_has_values(client):
    make_place(key="unmeasured")
    world = make_place(key="world", kind=Place.Kind.WORLD)
    for year in (1990, 2020):
        make_observation(indicator=make_indicator(key=f"in-{year}"), place=world, year=year)
    assert found(client, "indicators", place="world") == ["in-1990", "in-2020"]
    assert offered(client, "indicators", "place") == {"world": 2}
    assert reading.problems(get(client, "indicators", place="nowhere")) == [
        "Place with data: “nowhere” was not found and was ignored."
    ]


def test_place_without_values_finds_no_indicator(client):
    make_observation()
    place = make_place(key="unmeasured")
    response = get(client, "indicators", place="unmeasured")
    assert reading.problems(response) == []
    assert reading.shown(response) == []
    assert [words for words, _address in reading.chips(response)] == [f"Place with data: {place}"]


# ── The timeline and the glossary ────────────────────────────────────────────────────────────────────────────


def test_timeline_gathers_events_by_decade(client):
    for key, date in {"a": "1959-12-31", "b": "1960", "c": "1969-05", "d": "2005-08-08"}.items():
        make_event(key=key, date=date)
    sections = reading.page(get(client, "timeline")).xpath("//section[starts-with(@aria-labelledby, 'decade-')]")
    assert {
        reading.words(part.find("h2")): [item.rstrip("/").rpartition("/")[2] for item in part.xpath(".//h3/a/@href")]
        for part in sections
    } == {"1950s": ["a"], "1960s": ["b", "c"], "2000s": ["d"]}


def test_words_are_looked_for_in_titles_of_every_language(client):
    make_event(key="dam", title_en="The dam is finished", title_ko="댐 완공", title_ru="Плотина достроена")
    make_event(key="other", title_en="The sea falls")
    for words in ("dam", "댐", "плотина"):
        assert found(client, "timeline", q=words) == ["dam"]


def test_glossary_is_sorted_as_the_reader_sees_it(client):
    make_term(key="a", term_en="Aquifer", term_ko="하천")
    make_term(key="b", term_en="Basin", term_ko="나무")
    assert reading.shown(client.get("/ko/glossary/")) == ["b", "a"]
    assert reading.shown(client.get("/en/glossary/")) == ["a", "b"]
