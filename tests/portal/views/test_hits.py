"""Hits of the search: their facts, and the groups in which the page shows them."""

import pytest

from portal.models.search_index import Kind
from portal.views.hits import FACTS, OF_A_GROUP
from tests import reading
from tests.make import (
    make_agreement,
    make_alias,
    make_answer,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_issue_in_country,
    make_observation,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_project,
    make_result,
    make_source,
    make_term,
)

pytestmark = pytest.mark.django_db


def groups(client, text, language="en", **query):
    """Return the names of the hits by the heading of their group, in the order of the page."""
    page = reading.page(client.get(f"/{language}/search/", {"q": text, **query}, follow=True))
    return {
        reading.words(group.xpath("h2")[0]): [reading.words(name) for name in group.xpath(".//h3")]
        for group in page.xpath("//*[@class='hit-group']")
    }


def facts(client, text, language="en"):
    """Return the line of facts of each hit, by its name."""
    page = reading.page(client.get(f"/{language}/search/", {"q": text}))
    return {
        reading.words(hit.xpath("h3")[0]): "".join(map(reading.words, hit.xpath("p[@class='hit-facts']")))
        for hit in page.xpath("//li[@class='hit']")
    }


# ── Groups ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_kind_of_the_best_hit_comes_first_and_sources_last(client):
    make_project(title_en="Trees", summary_en="Against salt."), make_term(term_en="Salt"), make_source(title="Salt")
    assert list(groups(client, "salt")) == ["Glossary", "Projects", "Sources"]


def test_source_that_alone_has_the_name_comes_first(client):
    make_source(title="The salt report", key="salt-2020"), make_project(title_en="Trees against salt")
    assert list(groups(client, "the salt report")) == ["Sources", "Projects"]
    assert next(iter(groups(client, "salt-2020"))) == "Sources"


@pytest.mark.parametrize(
    ("issue", "expected"),
    [("Depletion of the Aral Sea", ["Issues", "Places"]), ("Salt storms", ["Places", "Issues"])],
)
def test_issue_comes_before_a_place_only_if_its_name_matches_too(client, issue, expected):
    make_place(name_en="Aral"), make_issue(name_en=issue, summary_en="What the Aral has lost.")
    assert list(groups(client, "aral")) == expected


def test_main_issue_comes_before_its_sub_issues_that_match_as_much(client):
    main = make_issue(name_en="Depletion of the Aral", position=2)
    part = make_issue(name_en="Fisheries", parent=main, position=1)
    make_alias(part, text="Aral"), make_place(name_en="Aral Sea")
    assert groups(client, "aral")["Issues"] == ["Depletion of the Aral", "Fisheries"]


def test_group_shows_its_best_hits_and_leads_to_all_of_the_kind(client):
    for number in range(OF_A_GROUP + 2):
        make_project(title_en=f"Salt {number}", start="2020")
    make_source(title="Salt", date="2020")
    found = groups(client, "salt", year_from="2019")
    assert {heading: len(names) for heading, names in found.items()} == {"Projects": OF_A_GROUP, "Sources": 1}
    page = reading.page(client.get("/en/search/?q=salt&year_from=2019"))
    [link] = page.xpath("//*[@class='hit-group']/p/a")
    assert reading.words(link) == f"Projects: show all {OF_A_GROUP + 2}"
    assert link.get("href") == "?q=salt&year_from=2019&kind=project"
    assert len(groups(client, "salt", year_from="2019", kind="project")["Projects"]) == OF_A_GROUP + 2


def test_filters_alone_show_each_kind_however_many_hits_one_has(client, monkeypatch):
    monkeypatch.setattr("portal.search.ranking.CANDIDATES", 2)
    for _ in range(3):
        make_project(start="2020")
    make_event(date="2020"), make_source(date="2020")
    found = groups(client, "", year_from="2019")
    assert {heading: len(names) for heading, names in found.items()} == {"Projects": 3, "Events": 1, "Sources": 1}


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Issues: show all 5"), ("ko", "환경 문제 모두 보기(5)"), ("ru", "Проблемы: показать все (5)")],
)
def test_link_to_a_whole_group_is_in_the_readers_language(client, language, words):
    for number in range(5):
        make_issue(name_en=f"Salt {number}")
    make_source(title="Salt")
    [link] = reading.page(client.get(f"/{language}/search/?q=salt")).xpath("//*[@class='hit-group']/p/a")
    assert reading.words(link) == words


def test_page_of_groups_has_no_further_pages(client):
    for number in range(30):
        make_project(title_en=f"Salt {number}")
    make_source(title="Salt")
    page = reading.page(client.get("/en/search/?q=salt"))
    assert page.xpath("//nav[@class='pagination']") == []
    assert groups(client, "salt", page="2") == groups(client, "salt")


# ── Facts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_kind_has_facts():
    assert set(FACTS) == set(Kind)


def test_each_hit_has_a_line_of_what_is_stored(client, on):
    on("2026-11-27")
    uzbekistan = make_country(key="uz", name_en="Uzbekistan")
    kazakhstan = make_country(key="kz", name_en="Kazakhstan", publication="draft")
    issue = make_issue(name_en="Salt storms")
    make_issue_in_country(issue=issue, country=uzbekistan), make_issue_in_country(issue=issue, country=kazakhstan)
    agency = make_organisation(name_en="Salt agency", kind="government", country=uzbekistan)
    place = make_place(name_en="Salt lake", kind="lake")
    place.countries.set([uzbekistan, kazakhstan])
    project = make_project(
        title_en="Salt trees", status="implementation", status_as_of="2026-03", start="2021", end="2027"
    )
    project.countries.set([uzbekistan, kazakhstan]), project.places.add(place)
    make_answer(project=project, issue=issue), make_participation(project=project, organisation=agency)
    agreement = make_agreement(title_en="Salt letter", kind="mou", date="2025-05-06")
    make_party(agreement=agreement, country=uzbekistan), make_party(agreement=agreement, organisation=agency)
    event = make_event(title_en="Salt storm", kind="environment", date="2018-05")
    event.countries.add(uzbekistan)
    indicator = make_indicator(name_en="Salt in water", unit_en="per cent")
    make_observation(indicator=indicator, place=uzbekistan, year=2010)
    make_observation(indicator=indicator, place=uzbekistan, year=2022)
    make_result(text_en="Salt fell by half.", kind="result", project=project)
    make_term(term_en="Salt", definition_en="What the wind carries.")
    make_source(title="Salt report", publisher="FAO", date="2022", language="ru", kind="report")
    found = facts(client, "salt")
    assert found == {
        "Salt storms": "1 country · 1 project",
        "Salt agency": "Government · Uzbekistan · 1 project",
        "Salt lake": "Lake or sea · Uzbekistan · 1 project",
        "Salt trees": "Under way · last reported March 2026 · 2021–2027 · Uzbekistan",
        "Salt letter": "Memorandum of understanding · 6 May 2025 · Outcome not recorded yet · Uzbekistan, Salt agency",
        "Salt storm": "Environment and policy · May 2018 · Outcome not recorded yet · Uzbekistan",
        "Salt in water": "per cent · 1 place · 2010–2022",
        "Salt fell by half.": "Result · Salt trees",
        "Salt": "",
        "Salt report": "FAO · 2022 · Report · Russian",
    }
    assert facts(client, "uzbekistan")["Uzbekistan"] == "Central Asia · 1 project"


def test_what_is_not_known_has_no_empty_place_between_facts(client):
    make_issue(name_en="Salt storms"), make_organisation(name_en="Salt fund", kind="multilateral", country=None)
    make_indicator(name_en="Salt in water", unit_en="per cent"), make_source(title="Salt", date=None, language="en")
    found = facts(client, "salt")
    assert found["Salt storms"] == ""
    assert found["Salt fund"] == "Multilateral organisation · Several countries"
    assert found["Salt in water"] == "per cent"
    assert " ·  · " not in "".join(found.values())


def test_text_of_a_result_is_not_repeated_under_its_beginning(client):
    text = "Salt " + "and dust were kept from the fields of forty villages by rows of trees " * 3 + "Harvests rose."
    make_result(text_en=text, text_ko="소금이 줄었다."), make_source(title="Salt")
    page = reading.page(client.get("/en/search/?q=salt"))
    [result] = page.xpath("//section[@aria-labelledby='hits-result']")
    assert result.xpath(".//p[@class='hit-excerpt']") == []
    page = reading.page(client.get("/en/search/?q=salt+harvests"))
    assert "Harvests rose." in reading.words(page.xpath("//p[@class='hit-excerpt']")[0])
