"""The large map: marks, list, filters and its data, in three languages."""

import json
import re

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from issues.models import Issue
from portal.core.choices import Level
from portal.maps import geometry
from portal.views import map
from projects.filters import ProjectFilter
from projects.models import Project
from tests import reading
from tests.counting import settle
from tests.make import (
    make_answer,
    make_issue,
    make_place,
    make_project,
)
from tests.maps import NUKUS, located_projects, marks, of_class

pytestmark = pytest.mark.django_db


def data(client, **query):
    response = client.get("/en/map/", {"format": "json", **query})
    assert response.status_code == 200
    assert response["Content-Type"] == "application/geo+json"
    return response.json()


def test_large_map_lists_places_with_their_projects(located, client):
    found = reading.page(client.get("/en/map/"))
    places = {item.get("id"): item for item in found.xpath("//ul[@class='map-places-list']/li")}
    assert list(places) == ["place-nukus", "place-tashkent", "place-seoul"]
    assert reading.words(places["place-nukus"]).startswith("Nukus · City · 2 projects")
    named = places["place-nukus"].xpath("./ul/li/a")
    assert sorted(reading.words(link) for link in named) == ["Project trees", "Project water"]
    assert {link.get("href") for link in named} == {"/en/projects/trees/", "/en/projects/water/"}
    assert [reading.words(h) for h in found.xpath("//section[@id='places']/h3")] == [
        "Uzbekistan",
        "Republic of Korea outside the map",
        "Without a place with known coordinates",
    ]
    assert "draft" not in reading.words(found).lower()
    assert "Hidden" not in reading.words(found)


def test_large_map_says_honestly_what_it_does_not_show(located, client):
    found = reading.page(client.get("/en/map/"))
    [sums] = of_class(found, "map-sums")
    assert reading.words(sums) == (
        "2 projects are on the map. 1 project has locations only outside the map. 2 projects have no place "
        "with known coordinates."
    )
    [unlocated] = of_class(found, "map-unlocated")
    assert sorted(reading.words(item.find("a")) for item in unlocated) == ["Project nowhere", "Project vague"]


def test_marks_of_the_large_map_lead_to_the_list(located, client):
    found = reading.page(client.get("/en/map/"))
    assert marks(found) == [("Nukus: 2 projects", "#place-nukus"), ("Tashkent: 1 project", "#place-tashkent")]
    for _title, url in marks(found):
        assert found.xpath(f"//li[@id='{url[1:]}']")


def test_clusters_of_the_drawing_lead_closer(content, client):
    found = reading.page(client.get("/en/map/"))
    clusters = [url for title, url in marks(found) if "bbox=" in url]
    assert clusters
    closer = reading.page(client.get(clusters[0].partition("#")[0]))
    assert len(marks(closer)) >= 2
    assert closer.xpath("//*[contains(@class, 'map-whole')]/@href") == ["/en/map/?#map"]


def test_filters_hold_on_the_map_and_in_its_list(located, client):
    response = client.get("/en/map/", {"level": "provincial"})
    assert reading.count(response) == "1 project of 5"
    assert reading.chips(response) == [("Lead (Korean side): Provincial", "/en/map/")]
    assert marks(reading.page(response)) == [("Nukus: 1 project", "#place-nukus")]
    assert [feature["id"] for feature in data(client, level="provincial")["features"]] == ["nukus"]


def test_a_wrong_filter_is_a_message_and_the_others_hold(located, client):
    response = client.get("/en/map/", {"level": ["provincial", "galactic"]})
    assert reading.problems(response) == ["Lead (Korean side): “galactic” was not found and was ignored."]
    assert marks(reading.page(response)) == [("Nukus: 1 project", "#place-nukus")]
    refused = client.get("/en/map/", {"format": "json", "level": ["provincial", "galactic"]})
    assert (refused.status_code, refused.json()["detail"]) == (400, "“level”: there is no “galactic”.")
    # The request of the interactive map has only the filters in use.
    [url] = reading.page(response).xpath("//*[@data-url]/@data-url")
    assert url == "/en/map/?level=provincial&format=json"


def test_a_filter_without_projects_offers_to_widen(located, client):
    response = client.get("/en/map/", {"q": "zeppelin"})
    assert response.status_code == 200
    assert "Nothing here matches" in reading.words(reading.page(response))
    assert data(client, q="zeppelin")["features"] == []


def test_data_of_a_place_and_of_several(located, client):
    apart = {feature["id"]: feature for feature in data(client, zoom="3")["features"]}
    assert set(apart) == {"nukus", "tashkent", "seoul"}
    nukus = apart["nukus"]
    assert nukus["geometry"] == {"type": "Point", "coordinates": [59.6022, 42.4647]}
    assert nukus["properties"]["title"] == "Nukus: 2 projects"
    assert nukus["properties"]["url"] == "/en/places/nukus/"
    assert {link["url"] for link in nukus["properties"]["links"]} == {"/en/projects/trees/", "/en/projects/water/"}


def test_data_of_several_places_as_one(five, client):
    for key, lat in (("osh", "40.52"), ("ozgur", "40.53")):
        make_project().places.add(make_place(key=key, name_en=key.title(), latitude=lat, longitude="72.79"))
    [feature] = data(client, zoom="4.5")["features"]
    it = feature["properties"]
    assert (it["name"], it["title"], it["places"], it["projects"]) == ("Osh +1", "Osh, Ozgur: 2 projects", 2, 2)
    assert it["bbox"] == [72.79, 40.52, 72.79, 40.53]
    assert [(link["text"], link["url"], link["count"]) for link in it["links"]] == [
        ("Osh", "/en/places/osh/", "1 project"),
        ("Ozgur", "/en/places/ozgur/", "1 project"),
    ]


@pytest.mark.parametrize("zoom", ["0", "1", "2.25", "4.5"])
def test_clusters_sum_to_the_totals(content, client, zoom):
    found = data(client, zoom=zoom)
    here = located_projects()
    assert sum(feature["properties"]["places"] for feature in found["features"]) == len(here.places)
    assert (found["projects_on_map"], found["projects_beyond"]) == here.counts()
    for feature in found["features"]:
        inside = feature["properties"]
        assert inside["projects"] >= 1
        assert inside["places"] == 1 or len(inside["links"]) == inside["places"]
    at = [geometry.project(*feature["geometry"]["coordinates"]) for feature in found["features"]]
    apart = 44 / geometry.pixels_per_unit(float(zoom))
    assert all(geometry.math.dist(a, b) >= apart for i, a in enumerate(at) for b in at[:i])


def test_counts_of_single_places_match_the_records(content, client):
    found = {feature["id"]: feature["properties"] for feature in data(client, zoom="4.5")["features"]}
    alone = {key: it["projects"] for key, it in found.items() if it["places"] == 1}
    assert len(alone) > 20
    for key, count in alone.items():
        listed = ProjectFilter(QueryDict(f"place={key}"), queryset=Project.objects.published())
        assert listed.qs.count() == count, key


def test_bbox_keeps_what_lies_in_it(content, client):
    whole = data(client, zoom="2")["features"]
    part = data(client, zoom="2", bbox="66,38,80,45")["features"]
    inside = [
        feature
        for feature in whole
        if 66 <= feature["geometry"]["coordinates"][0] <= 80 and 38 <= feature["geometry"]["coordinates"][1] <= 45
    ]
    assert part == inside
    assert 0 < len(part) < len(whole)


@pytest.mark.parametrize(
    "query",
    [
        {"bbox": "here"},
        {"bbox": "1,2,3"},
        {"bbox": "73,37,56,46"},
        {"bbox": "56,46,73,37"},
        {"bbox": "nan,nan,nan,nan"},
        {"bbox": "-inf,0,inf,50"},
        {"bbox": "0,0,400,50"},
        {"zoom": "near"},
        {"zoom": "99"},
        {"zoom": "-1"},
        {"zoom": "nan"},
    ],
)
def test_a_part_of_the_map_that_cannot_be_read_is_a_kind_400(located, client, query):
    response = client.get("/en/map/", {"format": "json", **query})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["title"] == "The map could not be drawn"
    assert re.search("could not be read|Zoom must be a number", problem["detail"])
    page = client.get("/en/map/", query)
    assert page.status_code == 200
    assert reading.problems(page) == [problem["detail"]]
    assert len(marks(reading.page(page))) == 2


def test_a_part_beyond_the_region_shows_the_whole(located, client):
    found = reading.page(client.get("/en/map/", {"bbox": "120,30,130,40"}))
    assert len(marks(found)) == 2
    assert found.xpath("//*[contains(@class, 'map-whole')]") == []


def test_zooming_out_again_ends_at_the_whole(located, client):
    address = "/en/map/?bbox=58,41,61,44&level=provincial"
    for _ in range(12):
        found = reading.page(client.get(address.partition("#")[0]))
        wider = found.xpath("//a[@data-zoom='-1']/@href")
        if not wider:
            break
        [address] = wider
        assert "level=provincial" in address
    assert "bbox" not in address


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_large_map_stands_in_each_language(located, client, language):
    response = client.get(f"/{language}/map/")
    page = reading.page(response)
    assert page.get("lang") == language
    assert len(page.xpath("//h1")) == 1
    assert all(url.startswith(f"/{language}/") for url in page.xpath("//section[@id='places']//li/a/@href"))


def test_more_projects_than_are_named_lead_to_the_list_with_the_same_filters(five, client):
    nukus = make_place(key="nukus", country=five["uz"], **NUKUS)
    for _ in range(6):
        make_project(level=Level.PROVINCIAL).places.add(nukus)
    found = reading.page(client.get("/en/map/?level=provincial"))
    [item] = found.xpath("//li[@id='place-nukus']")
    assert len(item.xpath("./ul/li")) == 4
    assert item.xpath("./ul/li[last()]/a/@href") == ["/en/projects/?level=provincial&place=nukus"]
    [feature] = data(client, level="provincial")["features"]
    assert feature["properties"]["more"] == "/en/projects/?level=provincial&place=nukus"


def test_list_beside_the_map_names_the_places_with_the_most_projects(five, client, monkeypatch):
    monkeypatch.setattr(map, "LISTED", 2)
    for key, count in {"a": 1, "b": 3, "c": 2}.items():
        place = make_place(key=key, name_en=key.upper(), latitude="42", longitude=f"{60 + 3 * count}")
        for _ in range(count):
            make_project().places.add(place)
    found = reading.page(client.get("/en/map/"))
    assert [item.get("id") for item in found.xpath("//ul[@class='map-places-list']/li")] == ["place-b", "place-c"]
    [lead] = found.xpath("//section[@id='places']/p[@class='section-lead']")
    assert reading.words(lead) == "The 2 places with the most projects, out of 3. The map shows all."
    assert dict(marks(found)) == {
        "A: 1 project": "/en/places/a/",
        "B: 3 projects": "#place-b",
        "C: 2 projects": "#place-c",
    }


def test_large_map_does_not_grow_with_the_projects(five, client):
    def add(count):
        for _ in range(count):
            make_project(start="2020").places.add(nukus)
            make_project()

    def asked():
        queries = counted_queries(client, {})
        response = client.get("/en/map/")
        [item] = reading.page(response).xpath("//li[@id='place-nukus']")
        listed = reading.count(client.get(item.xpath("./ul/li[last()]/a/@href")[0])).split()[0]
        assert reading.words(item).startswith(f"Nukus · City · {listed} projects")
        return queries, len(response.content)

    nukus = make_place(key="nukus", country=five["uz"], **NUKUS)
    add(map.UNLOCATED + 30)
    few, size = asked()
    add(60)
    many, larger = asked()
    assert few == many
    assert abs(larger - size) < size / 50


def counted_queries(client, query):
    settle()
    with CaptureQueriesContext(connection) as queries:
        response = client.get("/en/map/", query)
    assert response.status_code == 200
    return len(queries)


def grow(five, count):
    for i in range(count):
        place = make_place(country=five["uz"], latitude=f"{40 + i / 3:.2f}", longitude=f"{60 + i / 2:.2f}")
        for _ in range(count):
            project = make_project()
            project.places.add(place)
            make_answer(project=project, issue=Issue.objects.first() or make_issue())
        make_project()


@pytest.mark.parametrize("query", [{}, {"format": "json", "zoom": "4.5"}], ids=["page", "data"])
def test_large_map_asks_the_same_of_the_database_for_one_place_as_for_nine(five, client, query):
    grow(five, 1)
    client.get("/en/map/", query)
    few = counted_queries(client, query)
    grow(five, 8)
    assert counted_queries(client, query) == few


def test_data_is_utf8_and_names_are_in_the_readers_language(content, client):
    response = client.get("/ko/map/", {"format": "json"})
    assert "타슈켄트" in response.content.decode()
    names = {name["name"]: name for name in json.loads(response.content)["names"]}
    assert "카자흐스탄" in names
    assert all(abs(name["lat"]) < 90 for name in names.values())
