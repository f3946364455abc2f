"""The API: every kind of record, filters and sorting of lists, errors, and cache headers."""

import json
from functools import partial

import pytest
from django.test import Client

from portal.api.resources import CHANGED, RESOURCES
from portal.core.choices import PublicationStatus
from tests import make, reading
from tests.counting import counts_of_one_world_and_three, settle
from tests.lists import LISTS
from tests.make import (
    UNPUBLISHED,
    make_country,
    make_former_key,
    make_indicator,
    make_observation,
    make_place,
    make_project,
    make_reporting_organisation,
    make_source,
    make_tombstone,
)
from tests.projects.iati.reports import make_reportable
from tests.world import SECRET, link, make_world, records, unpublished

pytestmark = pytest.mark.django_db

PATHS = [resource.path for resource in RESOURCES]
KEYED = [resource.path for resource in RESOURCES if resource.has_keys]
# The lists that readers see, by their path in the API.
PAGES = {
    "issues": "issues",
    "projects": "projects",
    "organisations": "organisations",
    "agreements": "agreements",
    "results": "lessons",
    "indicators": "indicators",
    "sources": "sources",
    "terms": "glossary",
}


def get(client, path, **query):
    response = client.get(f"/api/v1/{path}", query)
    assert response.status_code == 200, response.content
    return response.json()


def keys(client, path, **query):
    return [item["key"] for item in get(client, path, **query)["items"]]


def refused(client, address, status=400):
    response = client.get(address)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == status
    return told["detail"]


# ── What there is ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", PATHS)
def test_every_kind_is_listed(client, path):
    make_world()
    found = get(client, path)
    assert found["count"] == len(found["items"]) >= 1
    assert set(found) == {"count", "limit", "offset", "next", "previous", "licence", "retrieved", "items"}


@pytest.mark.parametrize("path", KEYED)
def test_record_is_at_its_key_and_says_what_the_list_says(client, path):
    make_world()
    for item in get(client, path)["items"]:
        assert get(client, f"{path}/{item['key']}") == item


def test_countries_are_places_that_are_countries(client):
    make_country(key="uz"), make_place(key="nukus")
    assert keys(client, "countries") == ["uz"]
    assert keys(client, "places") == ["nukus", "uz"]
    refused(client, "/api/v1/countries/nukus", 404)
    make_country(key="de", group="")
    assert keys(client, "countries", group="central-asia") == ["uz"]
    assert keys(client, "places", kind="city") == ["nukus"]


def test_observations_by_indicator_place_source_and_year(client):
    area, level = make_indicator(key="area"), make_indicator(key="level")
    uz, kz = make_country(key="uz"), make_country(key="kz")
    one = make_observation(indicator=area, place=uz, year=2000, value="1.5")
    make_observation(indicator=area, place=kz, year=2010)
    make_observation(indicator=level, place=uz, year=2020)

    def found(**query):
        items = get(client, "observations", **query)["items"]
        return [(item["indicator"]["key"], item["place"]["key"], item["year"]) for item in items]

    assert found(indicator="area") == [("area", "kz", 2010), ("area", "uz", 2000)]
    assert found(place="uz", year_from=2001) == [("level", "uz", 2020)]
    assert found(sort="-year")[0] == ("level", "uz", 2020)
    assert found(source=one.source.key) == [("area", "uz", 2000)]
    assert get(client, "observations", indicator="area", place="uz")["items"][0]["value"] == 1.5


@pytest.mark.parametrize(("path", "page"), PAGES.items())
def test_order_is_that_of_the_list_and_of_each_of_its_columns(client, path, page):
    for _ in range(4):
        LISTS[page]()
    [resource] = [one for one in RESOURCES if one.path == path]
    for sort in ("", *(sort for sort in resource.sorts if sort not in CHANGED)):
        query = {"sort": sort} if sort else {}
        shown = reading.shown(client.get(f"/en/{page}/", query))
        found = keys(client, path, **query)
        assert set(found) == set(shown) if page == "issues" else found == shown, sort


def test_filters_are_those_of_the_list(client):
    uz = make_country(key="uz")
    for key, status in (("a", "closed"), ("b", "pipeline"), ("c", "closed")):
        make_project(key=key, status=status, start="2020").countries.add(uz)
    make_project(key="d", status="closed")
    assert keys(client, "projects", country="uz", status="closed") == ["a", "c"]
    assert keys(client, "projects", status=["closed", "pipeline"], sort="-title", q="trees") != []


def test_drafts_are_nowhere(client):
    world = make_world()
    new = unpublished(UNPUBLISHED[0])
    for record in records(world):
        link(record, new, SECRET)
    for path in PATHS:
        found = json.dumps(get(client, path, limit=100))
        assert f"{SECRET.lower()}-" not in found, path
    for publication in set(UNPUBLISHED) - {PublicationStatus.ARCHIVED}:
        make_project(key=f"hidden-{publication}", publication=publication)
        refused(client, f"/api/v1/projects/hidden-{publication}", 404)


# ── Pages and links ──────────────────────────────────────────────────────────────────────────────────────────────


def test_pages_lead_on_and_back(client):
    for number in range(5):
        make_project(key=f"p{number}", start=str(2010 - number))
    first = get(client, "projects", limit=2, country=[])
    second = client.get(first["next"].removeprefix("http://testserver")).json()
    third = client.get(second["next"].removeprefix("http://testserver")).json()
    pages = [[item["key"] for item in page["items"]] for page in (first, second, third)]
    assert pages == [["p0", "p1"], ["p2", "p3"], ["p4"]]
    assert (first["previous"], third["next"]) == (None, None)
    assert client.get(third["previous"].removeprefix("http://testserver")).json()["items"] == second["items"]
    assert get(client, "projects", offset=99)["items"] == []


def test_one_language_and_some_fields(client):
    make_project(key="trees", title_ko="나무", status="closed")
    assert get(client, "projects/trees", lang="ko", fields="title,summary,status") == {
        "key": "trees",
        "title": "나무",
        "summary": "Saxaul is planted on the dry bed.",
        "status": {"code": "closed", "iati": "4", "name": "완료"},
    }
    assert get(client, "projects", fields="title")["items"] == [
        {"key": "trees", "title": {"en": "Trees for the Aralkum", "ko": "나무", "ru": None}}
    ]
    assert get(client, "projects/trees", lang="ru", fields="url")["url"] == "http://testserver/ru/projects/trees/"


def test_answer_does_not_hang_on_the_language_of_the_browser(client):
    make_project(key="trees")
    told = [
        client.get("/api/v1/projects", headers={"Accept-Language": language}).content for language in ("ko", "en", "ru")
    ]
    assert len(set(told)) == 1


def test_letters_stay_letters(client):
    make_project(key="trees", title_ko="나무", title_ru="Деревья")
    assert "나무" in client.get("/api/v1/projects").content.decode()


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("x=1", "x"),
        ("page=2", "page"),
        ("country=zz", "zz"),
        ("status=closed&status=finished", "finished"),
        ("year_from=long ago", "year_from"),
        ("year_from=1", "year_from"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=²", "limit"),
        ("offset=-1", "offset"),
        ("offset=99999999999999", "offset"),
        ("sort=colour", "sort"),
        ("sort=title&sort=start", "sort"),
        ("lang=de", "lang"),
        ("fields=title,secret", "secret"),
    ],
)
def test_what_means_nothing_is_refused_in_words(client, query, named):
    make_country(key="uz")
    assert named in refused(client, f"/api/v1/projects?{query}")


@pytest.mark.parametrize(
    "query", ["country=", "language=", "year_from=", "q=%20", "limit=", "offset=", "sort=", "lang=", "fields="]
)
def test_empty_value_is_no_filter(client, query):
    make_source(key="one")
    make_project(key="one")
    path = "sources" if "language" in query else "projects"
    assert client.get(f"/api/v1/{path}?{query}").json()["items"] == get(client, path)["items"] != []


@pytest.mark.parametrize("query", [{"country": "UZ"}, {"status": "Closed"}, {"lang": "KO"}])
def test_codes_match_in_any_case(client, query):
    make_project(key="one", status="closed").countries.add(make_country(key="uz"))
    make_project(status="pipeline")
    lower = {name: value.lower() for name, value in query.items()}
    assert get(client, "projects", **query)["items"] == get(client, "projects", **lower)["items"] != []


def test_key_of_a_record_without_hits_gives_no_rows(client):
    make_observation()
    make_place(key="almaty-region")
    make_country(key="fr", name_en="France", group="")
    make_project()
    assert get(client, "indicators", place="almaty-region")["count"] == 0
    assert get(client, "projects", country="fr")["count"] == 0
    assert get(client, "observations", source=make_source().key)["count"] == 0


@pytest.mark.parametrize(
    ("path", "name", "make"),
    [
        ("indicators", "place", make_place),
        ("projects", "country", make_country),
        ("projects", "source", make_source),
        ("observations", "source", make_source),
    ],
)
@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_key_of_a_draft_is_as_unknown_as_any(client, path, name, make, publication):
    make(key="hidden", publication=publication)
    assert refused(client, f"/api/v1/{path}?{name}=hidden") == f"“{name}”: there is no “hidden”."


@pytest.mark.parametrize("address", ["/api/v1/nothing", "/api/v1/projects/", "/api/v1/observations/1"])
def test_address_that_is_none_is_a_problem_too(client, address):
    assert refused(client, address, 404) == "There is nothing at this address."


def test_record_that_has_gone_says_so_and_where_to_go(client):
    make_project(key="archived", publication="archived")
    make_tombstone(kind="project", key="twin", reason="duplicate", successor="stays")
    assert "no longer published" in refused(client, "/api/v1/projects/archived", 410)
    assert "duplicated another record" in refused(client, "/api/v1/projects/twin", 410)
    assert client.get("/api/v1/projects/twin").json()["successor"] == "stays"
    refused(client, "/api/v1/projects/never", 404)


@pytest.mark.parametrize("key", ["a.b", "%00", "a%0A", "a" * 61, "%EA%B0%80"])
def test_key_that_cannot_be_one_has_no_record(client, key):
    detail = "There is no published record with this key here."
    assert refused(client, f"/api/v1/projects/{key}", 404) == detail
    assert refused(client, f"/api/v1/projects/{key}?x=1", 404) == detail


def test_former_key_leads_to_the_present_one(client):
    make_former_key(kind="project", key="then", now="now")
    response = client.get("/api/v1/projects/then")
    assert (response.status_code, response.headers["Location"]) == (301, "/api/v1/projects/now")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(method):
    response = getattr(Client(enforce_csrf_checks=True), method)("/api/v1/projects")
    assert (response.status_code, response.headers["Content-Type"]) == (405, "application/problem+json")
    assert "GET" in response.headers["Allow"]


def test_failure_is_told_as_a_problem(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("portal.api.answering.QueryParameters", None)
    assert "failed" in refused(client, "/api/v1/projects", 500)


# ── Caching and permissions ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("address", ["/api/v1/projects?limit=1", "/api/v1/projects/trees"])
def test_who_has_the_newest_answer_is_told_so(client, address):
    project = make_project(key="trees")
    settle()  # while a change is pending, the time of the last change is now, and may be in the next second
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    since = client.get(address, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert since.status_code == 304
    project.save()
    changed = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_head_is_answered_like_get_without_words(client):
    make_project()
    head, whole = client.head("/api/v1/projects"), client.get("/api/v1/projects")
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", whole.headers["ETag"])


@pytest.mark.parametrize("address", ["/api/v1/projects", "/oai?verb=Identify", "/iati/activities.xml"])
def test_scripts_of_other_sites_may_read_and_not_write(client, address):
    make_reporting_organisation()
    make_reportable()
    asked = {"Origin": "https://example.org"}
    answer = client.get(address, headers=asked)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    before = client.options(
        address,
        headers={
            **asked,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "if-none-match",
        },
    )
    assert before.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS, POST"
    assert "if-none-match" in before.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in before.headers


# ── Query counts ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.any_database
def test_api_asks_the_same_of_the_database_for_one_record_as_for_three(client):
    one, three = counts_of_one_world_and_three({path: partial(get, client, path) for path in PATHS})
    assert three == one


# ── The page for people ──────────────────────────────────────────────────────────────────────────────────────────


# ── What changed ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("resource", [one for one in RESOURCES if one.has_changes], ids=lambda one: one.path)
def test_list_can_be_asked_for_what_changed(client, resource):
    maker = make_country if resource.path == "countries" else getattr(make, f"make_{resource.kind}")
    for key, day in (("old", "2026-03-01"), ("new", "2026-03-09"), ("middle", "2026-03-05")):
        resource.queryset.model.objects.filter(pk=maker(key=key).pk).update(updated_at=f"{day}T12:00:00Z")

    def found(**query):
        items = client.get(f"/api/v1/{resource.path}", query).json()["items"]
        return [item["key"] for item in items if item["key"] in {"old", "new", "middle"}]

    assert found(sort="changed") == ["old", "middle", "new"]
    assert found(sort="-changed", changed_from="2026-03-05") == ["new", "middle"]
    assert found(sort="changed", changed_from="2026-03-05T12:00:00Z") == ["middle", "new"]
    assert found(sort="changed", changed_from="2026-03-05T12:00:01Z") == ["new"]


@pytest.mark.parametrize("value", ["soon", "2026", "2026-02-30", "2026-03-05T25:00:00Z", "0000-01-01", "2026-03-05Z"])
def test_time_of_a_change_that_is_none_is_refused(client, value):
    response = client.get("/api/v1/projects", {"changed_from": value})
    assert (response.status_code, response.json()["detail"]) == (
        400,
        "“changed_from” is a day or a time in UTC, such as 2026-11-28 or 2026-11-28T09:30:00Z.",
    )


def test_observations_have_no_time_of_change(client):
    assert client.get("/api/v1/observations?changed_from=2026-01-01").status_code == 400


def test_numbers_are_numbers(client):
    make_observation(value="24.10", year=2020)
    make_project(key="trees", budget="5600000.00", currency="USD")
    [value] = client.get("/api/v1/observations").json()["items"]
    assert (value["value"], type(value["value"])) == (24.1, float)
    budget = client.get("/api/v1/projects/trees").json()["budget"]
    assert (budget, type(budget["amount"])) == ({"amount": 5600000, "currency": "USD"}, int)
