"""Korea is a partner, not a recipient: what its organisations take part in is its own. Doubles are shown once."""

import json

import pytest

from portal.facets import registry
from portal.search.indexing import rebuild
from projects.models import Project
from tests import reading
from tests.make import (
    UNPUBLISHED,
    make_agreement,
    make_country,
    make_event,
    make_issue,
    make_organisation,
    make_participation,
    make_party,
    make_place,
    make_project,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def korea():
    """Korea and Uzbekistan, a project, an agreement and an event between them, and one of each without Korea."""
    uz = make_country(key="uz", name_en="Uzbekistan")
    korea = make_country(key="kr", name_en="Korea", group="korea")
    koica = make_organisation(key="koica", country=korea)
    usaid = make_organisation(key="usaid", country=make_country(key="us", name_en="United States", group=""))
    for key, organisation in (("trees", koica), ("wells", usaid)):
        project = make_project(key=key, start="2021")
        project.countries.add(uz)
        make_participation(project=project, organisation=organisation)
        make_participation(project=project, organisation=organisation, role="funding")
        agreement = make_agreement(key=f"{key}-agreed")
        make_party(agreement=agreement, organisation=organisation)
    make_event(key="visit", kind="relations", title_en="A visit").countries.add(uz)
    make_event(key="storm", kind="environment", title_en="A storm").countries.add(uz)
    return korea


def keys(client, address):
    return [item["key"] for item in json.loads(client.get(address).getvalue())["items"]]


@pytest.mark.parametrize(
    ("path", "found"),
    [("projects", ["trees"]), ("agreements", ["trees-agreed"]), ("events", ["visit"])],
)
def test_korea_has_what_its_organisations_take_part_in(client, korea, path, found):
    assert keys(client, f"/api/v1/{path}?country=kr") == found
    assert len(keys(client, f"/api/v1/{path}?country=kr&country=uz")) == 2 - (path == "agreements")


def test_counts_of_facets_are_those_of_the_lists(client, korea):
    for path, count in (("projects", 1), ("agreements", 1), ("timeline", 2)):
        response = client.get(f"/en/{path}/")
        assert reading.options(response, "country")["kr"] == count
        assert reading.count(client.get(f"/en/{path}/?country=kr")).startswith(f"{count} ")


@pytest.mark.parametrize("words", [{}, {"q": "forests river visit storm"}])
def test_search_finds_and_counts_for_korea_what_the_lists_show(client, korea, words):
    Project.objects.update(title_en="Forests along the river")
    rebuild()
    response = client.get("/en/search/", words | {"country": "kr"})
    kinds = {"project": 1, "agreement": 1, "event": 1, "organisation": 1}
    if words:
        kinds.pop("organisation")
    assert reading.options(response, "kind") == kinds
    assert reading.options(response, "country")["kr"] == sum(kinds.values())
    assert reading.count(response).startswith(f"{sum(kinds.values())} records of ")
    links = reading.page(response).xpath("//main//ol/li//a/@href")
    assert {"/en/projects/trees/", "/en/agreements/trees-agreed/", "/en/timeline/visit/"} <= set(links)
    without = client.get("/en/search/", words or {"kind": ["project", "event"]})
    assert reading.options(without, "country")["kr"] == (3 if words else 2)


def test_search_counts_for_korea_no_record_twice(client, korea):
    Project.objects.get(key="trees").countries.add(korea)
    assert reading.options(client.get("/en/search/?kind=project"), "country") == {"kr": 1, "uz": 2}
    assert reading.count(client.get("/en/search/?country=kr&kind=project")) == "1 record of 11"


def test_page_of_korea_shows_and_counts_them(client, korea):
    response = client.get("/en/countries/kr/")
    [stats] = reading.said(response, "stats")
    assert stats == "1 project 1 agreement 1 organisation 1 event"
    links = reading.page(response).xpath("//main//a/@href")
    assert {"/en/projects/trees/", "/en/agreements/trees-agreed/", "/en/timeline/visit/"} <= set(links)
    assert not {"/en/projects/wells/", "/en/agreements/wells-agreed/", "/en/timeline/storm/"} & set(links)


def test_home_counts_the_projects_of_korea(client, korea):
    text = " ".join(reading.said(client.get("/en/"), "counts"))
    assert "Korea 1 project" in text


@pytest.mark.parametrize("state", UNPUBLISHED)
def test_unpublished_organisation_gives_korea_no_project(client, korea, state):
    koica = korea.organisations.get()
    koica.publication = state
    koica.save()
    assert keys(client, "/api/v1/projects?country=kr") == []


def test_project_follows_when_its_organisation_moves(client, korea):
    koica = korea.organisations.get()
    koica.country = None
    koica.save()
    assert keys(client, "/api/v1/projects?country=kr") == []


def test_countries_of_a_project_and_coverage_stay_those_that_it_concerns(client, korea):
    project = json.loads(client.get("/api/v1/projects/trees").content)
    assert [country["key"] for country in project["countries"]] == ["uz"]
    countries = registry.facet_index(Project).facets["country"]
    assert {key: len(ids) for key, ids in countries.items() if not isinstance(key, tuple)} == {"uz": 2}


# ── Doubles ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def signed():
    """An agreement of 2021-07-02 that stands as an event too, and an event of the same day with another title."""
    country = make_country(key="uz")
    issue = make_issue(key="drought")
    for make, key in ((make_agreement, "forests"), (make_event, "ev-forests")):
        record = make(key=key, title_en="Memorandum on forests", date="2021-07-02")
        record.issues.add(issue)
    make_party(agreement=issue.agreements.get(), country=country)
    issue.events.get().countries.add(country)
    make_event(key="ev-forum", title_en="Forum on forests", date="2021-07-02").countries.add(country)
    return issue


@pytest.mark.parametrize("path", ["timeline/", "countries/uz/", "issues/drought/", ""])
def test_agreement_that_is_an_event_too_is_shown_once(client, signed, path):
    links = reading.page(client.get(f"/en/{path}")).xpath("//main//a/@href")
    assert links.count("/en/agreements/forests/") == 1
    assert "/en/timeline/ev-forests/" not in links


def test_timeline_counts_what_is_both_once(client, signed):
    response = client.get("/en/timeline/")
    assert reading.count(response).startswith("2 entries")
    assert reading.options(response, "country") == {"uz": 2}
    assert keys(client, "/en/timeline/?format=json") == ["forests", "ev-forum"]


def test_search_finds_what_is_both_once_as_the_agreement(client, signed):
    response = client.get("/en/search/?q=forests")
    links = reading.page(response).xpath("//ol[@class='hits']//a/@href")
    assert sorted(links) == ["/en/agreements/forests/", "/en/timeline/ev-forum/"]
    assert reading.options(response, "kind") == {"agreement": 1, "event": 1}
    assert reading.options(response, "country") == {"uz": 2}
    assert reading.count(client.get("/en/search/?q=forests&country=uz")) == "2 records of 4"
    assert reading.count(client.get("/en/search/?kind=event")) == "1 record of 4"


def test_search_finds_the_agreement_by_words_of_its_event(client, signed):
    signed.events.get().places.add(make_place(name_en="Nukus"))
    response = client.get("/en/search/?q=nukus+memorandum&kind=agreement")
    assert reading.page(response).xpath("//ol[@class='hits']//a/@href") == ["/en/agreements/forests/"]


def test_suggestions_have_what_is_both_once_but_for_events_alone(client, signed):
    for query, found in (("", ["forests"]), ("&kind=event", ["ev-forests"])):
        answer = json.loads(client.get(f"/en/search/suggest/?q=memorandum{query}").content)
        assert [one["key"] for one in answer["suggestions"]] == found


@pytest.mark.parametrize("change", [{"title_en": "Another title"}, {"date": "2021-07"}, {"publication": "draft"}])
def test_event_is_shown_if_the_agreement_is_another_or_hidden(client, signed, change):
    agreement = signed.agreements.get()
    for name, value in change.items():
        setattr(agreement, name, value)
    agreement.save()
    assert "ev-forests" in keys(client, "/en/timeline/?format=json")
    assert "/en/timeline/ev-forests/" in reading.addresses(client.get("/en/search/?kind=event"), "//main")
