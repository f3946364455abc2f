"""The page of what changed and its feed, of all records and of the records of a list."""

import feedparser
import pytest
from django.urls import reverse
from django.utils.http import urlencode

from portal.core.choices import PublicationStatus
from portal.tracking.history import without_history
from portal.views import changed
from portal.views.list_query import ListQuery
from tests import reading
from tests.counting import queries, settle
from tests.lists import LISTS
from tests.make import (
    UNPUBLISHED,
    make_correction,
    make_country,
    make_issue,
    make_outcome,
    make_project,
    make_result,
)
from tests.pages import LANGUAGES

pytestmark = pytest.mark.django_db

PAGE, FEED = "/en/changes/", "/en/changes/feed/"


@pytest.fixture(autouse=True)
def _today(on):
    on("2026-11-27")


def loaded(make, **fields):
    """Make a record as the first load of the content does."""
    with without_history():
        return make(**fields)


def close(project):
    project.status = "closed"
    project.save()


def entries(client, path=PAGE):
    """Return the entries of the page in words: kind of change and name of the record."""
    settle()
    page = reading.page(client.get(path))
    return [
        (reading.words(entry.find_class("tag")[0]), reading.words(entry.find_class("entry-title")[0]))
        for entry in page.xpath("//main//ol/li[@class='entry']")
    ]


def test_page_has_substantive_changes_only_the_newest_first(client, on):
    trees = loaded(make_project, title_en="Trees", status="implementation")
    loaded(make_project, title_en="Wells")
    make_issue(name_en="Heat")
    on("2026-11-28")
    close(trees)
    trees.summary_en = "Pines."
    trees.save()
    on("2026-11-29")
    make_correction(record=trees, what_en="The year was 2024.")
    assert entries(client) == [("Corrected", "Trees"), ("Status changed", "Trees"), ("New", "Heat")]
    text = reading.words(reading.page(client.get(PAGE)).xpath("//main")[0])
    assert "The year was 2024." in text
    assert "Status: Under way → Completed" in text


def test_page_has_the_changes_of_twelve_months(client, on):
    make_issue(name_en="Heat")
    on("2027-11-27")
    assert entries(client) == [("New", "Heat")]
    on("2027-11-28")
    assert entries(client) == []


def test_twelve_months_across_a_leap_day_are_whole(client, on):
    on("2027-03-01")
    make_issue(name_en="Heat")
    on("2028-03-01")
    assert entries(client) == [("New", "Heat")]
    on("2028-03-02")
    assert entries(client) == []


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_drafts_do_not_leak(client, publication):
    project = make_project(title_en="Secret wells", publication=publication)
    make_result(project=project, text_en="Secret result.", publication=PublicationStatus.DRAFT)
    make_outcome(project=project)
    make_correction(record=project)
    for path in (PAGE, FEED, "/en/changes/?list=projects", "/en/changes/feed/?list=results"):
        settle()
        text = client.get(path).content.decode()
        assert "Secret" not in text
        assert project.get_absolute_url() not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_portal_without_changes_states_so_and_why(client, language):
    loaded(make_project)
    page = reading.page(client.get(f"/{language}/changes/"))
    assert len(page.xpath("//main//*[@class='empty']")) == 1
    assert entries(client, f"/{language}/changes/") == []


# ── Filters ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_records_are_filtered_as_in_the_search(client):
    kz = loaded(make_country, key="kz")
    heat = make_issue(key="heat", name_en="Heat")
    project = make_project(title_en="Trees")
    project.countries.add(kz)
    project.issues.add(heat)
    make_project(title_en="Wells")
    assert sorted(entries(client, f"{PAGE}?country=kz")) == [("New", "Trees")]
    assert sorted(entries(client, f"{PAGE}?issue=heat")) == [("New", "Heat"), ("New", "Trees")]
    assert sorted(entries(client, f"{PAGE}?kind=project")) == [("New", "Trees"), ("New", "Wells")]
    assert sorted(entries(client, f"{PAGE}?q=wells")) == [("New", "Wells")]


def test_kind_of_change_is_a_filter(client):
    project = loaded(make_project, title_en="Trees", status="implementation")
    make_issue(name_en="Heat")
    close(project)
    assert entries(client, f"{PAGE}?change=status") == [("Status changed", "Trees")]
    assert entries(client, f"{PAGE}?change=new") == [("New", "Heat")]


def test_list_has_its_own_filters_and_the_results_of_its_records(client):
    trees, wells = (loaded(make_project, title_en=name, status="closed") for name in ("Trees", "Wells"))
    loaded(make_project, status="pipeline")
    kz = loaded(make_country, key="kz")
    trees.countries.add(kz)
    make_result(project=trees, text_en="12 ha were planted.")
    make_result(project=wells, text_en="Two wells.")
    make_issue()
    found = [("Result added", "12 ha were planted.")]
    assert entries(client, f"{PAGE}?list=projects&country=kz&status=closed") == found
    assert len(entries(client, f"{PAGE}?list=projects")) == 2
    assert len(entries(client, f"{PAGE}?list=issues")) == 1


@pytest.mark.parametrize("name", ListQuery.LISTS)
def test_every_list_leads_to_its_changes_with_the_same_filters(client, name):
    make = LISTS.get(reverse(name).split("/", 2)[2].rstrip("/"), make_project)
    record = make()
    filters = {"year_from": "2000"} if "year_from" in ListQuery.names_of(name) else {}
    settle()
    page = reading.page(client.get(f"{reverse(name)}?{urlencode(filters)}"))
    links = page.xpath("//p[@class='results-follow']/a/@href")
    query = urlencode({"list": name} | filters)
    assert links == [f"/en/changes/?{query}", f"/en/digests/?{query}"]
    assert [client.get(link).status_code for link in links] == [200, 200]
    if name in LISTS:
        assert [found for _kind, found in entries(client, f"{PAGE}?list={name}")] == [record.name_and_language()[0]]


def test_map_leads_to_the_changes_of_its_projects(client):
    page = reading.page(client.get("/en/map/?status=closed"))
    links = page.xpath("//p[@class='results-follow']/a/@href")
    assert links[0] == "/en/changes/?list=projects&status=closed"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("country=zz", "“zz” was not found"),
        ("list=nothing", "no such list"),
        ("change=nothing", "no such kind of change"),
    ],
)
def test_wrong_filter_is_a_message_on_the_page_and_400_in_the_feed(client, query, told):
    make_issue(name_en="Heat")
    assert told in " ".join(reading.problems(client.get(f"{PAGE}?{query}")))
    assert entries(client, f"{PAGE}?{query}") == [("New", "Heat")]
    assert client.get(f"{FEED}?{query}").status_code == 400


def test_filter_of_another_list_is_removed_from_the_address(client):
    response = client.get(f"{PAGE}?list=sources&status=closed&language=ko")
    assert (response.status_code, response["Location"]) == (302, f"{PAGE}?list=sources&language=ko")
    assert client.get(f"{FEED}?list=sources&status=closed").status_code == 400


def test_form_keeps_the_chosen_values(client):
    loaded(make_country, key="kz")
    page = reading.page(client.get(f"{PAGE}?country=kz&change=new&q=water"))
    form = page.xpath("//form[@class='changes-form']")[0]
    chosen = {select.get("name"): select.xpath("option[@selected]/@value") for select in form.xpath(".//select")}
    assert chosen == {"change": ["new"], "kind": [], "country": ["kz"], "issue": [], "area": []}
    assert form.xpath(".//input/@name") == ["q"]


# ── The feed, bounds and costs ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", LANGUAGES)
def test_feed_has_the_changes_of_the_page(client, language, on):
    project = loaded(make_project, title_en="Trees", title_ko="나무", title_ru="Деревья", status="implementation")
    on("2026-11-28")
    close(project)
    address = f"/{language}/changes/?list=projects"
    page = reading.page(client.get(address))
    [link] = set(page.xpath("//main//a[@type='application/atom+xml']/@href"))
    feed = feedparser.parse(client.get(link).content)
    assert not feed.bozo
    [entry] = feed.entries
    assert reading.words(page.find_class("entry-title")[0]) in entry.title
    assert entry.summary in reading.words(page.find_class("entry")[0])
    assert entry.link == f"http://testserver/{language}/projects/{project.key}/"
    assert ",2026:change/project/" in entry.id
    assert feed.feed.links[0].href.endswith(address)


def test_feed_has_an_etag(client):
    make_issue()
    settle()
    first = client.get(FEED)
    again = {"If-None-Match": first.headers["ETag"]}
    assert client.get(FEED, headers=again).status_code == 304
    make_issue()
    settle()
    assert client.get(FEED, headers=again).status_code == 200


def test_long_list_has_pages(client, monkeypatch):
    monkeypatch.setattr(changed, "PER_PAGE", 2)
    for number in range(5):
        make_issue(name_en=f"Issue {number}")
    seen = [name for page in (1, 2, 3) for _kind, name in entries(client, f"{PAGE}?page={page}")]
    assert sorted(seen) == [f"Issue {number}" for number in range(5)]


@pytest.mark.any_database
@pytest.mark.parametrize("query", ["", "?list=projects&status=closed", "?country=kz", "?list=timeline"])
def test_number_of_queries_does_not_grow(client, query):
    def grow():
        project = make_project(status="closed")
        make_result(project=project), make_outcome(project=project), make_correction(record=project), make_issue()
        settle()

    loaded(make_country, key="kz")
    grow()
    client.get(PAGE)
    before = queries(client, PAGE + query)
    for _time in range(3):
        grow()
    assert len(queries(client, PAGE + query)) == len(before)
