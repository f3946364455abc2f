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
from portal.views import map, map_list
from projects.filters import ProjectFilter
from projects.models import Project
from tests import reading
from tests.counting import settle
from tests.make import (
    make_answer,
    make_country,
    make_issue,
    make_place,
    make_project,
)
from tests.maps import NUKUS, located_projects, marks, of_class, rows

pytestmark = pytest.mark.django_db

NUKUS_OF_PROVINCE = ("Nukus: 1 project", "/en/projects/?level=provincial&place=nukus")


def data(client, **query):
    response = client.get("/en/map/", {"format": "json", **query})
    assert response.status_code == 200
    assert response["Content-Type"] == "application/geo+json"
    return response.json()


def test_large_map_lists_its_marks_by_country(located, client):
    found = reading.page(client.get("/en/map/"))
    assert rows(found) == [("2 Nukus City", "/en/places/nukus/"), ("1 Tashkent City", "/en/places/tashkent/")]
    assert [reading.words(h) for h in found.xpath("//section[@id='places']//h3")] == ["Uzbekistan", "Uzbekistan"]
    assert "draft" not in reading.words(found).lower()
    assert "Hidden" not in reading.words(found)


def test_large_map_says_honestly_what_it_does_not_show(located, client):
    found = reading.page(client.get("/en/map/"))
    [sums] = of_class(found, "map-sums")
    assert reading.words(sums) == "2 projects are on the map. 1 project has locations only outside the map."
    unplaced, outside = of_class(found, "map-below")
    assert reading.words(unplaced.find("summary")) == "2 projects name neither a place nor a country of the map."
    assert sorted(reading.words(item.find("a")) for item in unplaced.iter("li")) == ["Project nowhere", "Project vague"]
    assert reading.words(outside) == "Places outside the map Seoul 1"


def test_projects_known_only_by_country_are_counted_at_its_centre(located, five, client):
    Project.objects.get(key="vague").countries.add(five["uz"], five["kz"])
    Project.objects.get(key="trees").countries.add(five["uz"])
    found = reading.page(client.get("/en/map/"))
    assert marks(found)[-2:] == [("Kazakhstan: 1 project", "#only-kz"), ("Uzbekistan: 1 project", "#only-uz")]
    dashed = of_class(found, "map-approximate")
    assert {link.get("data-mark") for link in dashed} == {"kz", "uz"}
    assert "A dashed circle counts projects that are known only by country." in reading.words(found)
    assert ("1 Uzbekistan known only by country", "#only-uz") in rows(found)
    assert [reading.words(item) for item in found.xpath("//ul[@id='only-uz']/li/a")] == ["Project vague"]
    [sums] = of_class(found, "map-sums")
    assert reading.words(sums) == (
        "2 projects are on the map. 1 more is known only by country and is counted there. "
        "1 project has locations only outside the map."
    )


def test_country_without_a_shape_is_not_on_the_map_but_its_projects_are_named(five, client):
    make_project(key="steppe", title_en="Steppe").countries.add(make_country(key="mn", name_en="Mongolia"))
    found = reading.page(client.get("/en/map/"))
    assert marks(found) == rows(found) == []
    [unplaced] = of_class(found, "map-below")
    assert [reading.words(item) for item in unplaced.iterfind(".//li/a")] == ["Steppe"]


FILTERS = ("country=uz", "country=tm", "level=provincial", "bbox=66,38,76,43")


@pytest.mark.parametrize("query", ["", *FILTERS])
@pytest.mark.parametrize("size", ["coarse", "fine"])
def test_list_has_a_row_for_each_mark_of_the_drawing(content, client, size, query):
    found = reading.page(client.get(f"/en/map/?{query}"))
    check_rows(found, f"map-rows map-rows-{size}", found.xpath(f"//*[@class='map-{size}']//a[@data-mark]"))


@pytest.mark.parametrize("query", ["", *FILTERS])
def test_list_has_a_row_for_each_province_with_projects(content, client, query):
    found = reading.page(client.get(f"/en/map/?view=provinces&{query}".strip("&")))
    marked = of_class(found, "map-province") + found.xpath("//*[contains(@class, 'map-fine')]//a[@data-mark]")
    check_rows(found, "map-rows", marked)


def check_rows(found, name, marked):
    """Check that each mark has a row with its number and URL, and each row a mark."""
    listed = found.xpath(f"//*[@class='{name}']//li[@data-mark]")
    said = {link.get("data-mark"): (link.get("href"), link.find("title").text) for link in marked}
    assert len(listed) == len(marked) == len(said) > 0
    for row in listed:
        url, title = said[row.get("data-mark")]
        assert row.find("a").get("href") == url
        count = reading.words(row.find("a/b"))
        assert title.endswith(f": {count} project{'' if count == '1' else 's'}")


def test_row_of_several_places_names_them(five, client):
    for key, lat in (("osh", "40.52"), ("ozgur", "40.53")):
        place = make_place(key=key, name_en=key.title(), country=five["kg"], latitude=lat, longitude="72.79")
        make_project().places.add(place)
    found = reading.page(client.get("/en/map/"))
    # They are so near to each other that no zoom separates them.
    together = "/en/projects/?place=osh&place=ozgur"
    assert rows(found) == [("2 Osh + 1 place", together)]
    assert marks(found) == [("Osh + 1 place: 2 projects", together)]
    assert reading.count(client.get(together)) == "2 projects of 2"
    nested = found.xpath("//*[contains(@class, 'map-rows-fine')]//ul[@class='map-nested']/li")
    assert [reading.words(item) for item in nested] == ["Osh 1", "Ozgur 1"]


def test_provinces_are_shaded_by_the_number_of_projects_at_places_in_them(located, five, client):
    for project in Project.objects.all():
        project.countries.add(five["uz"])
    found = reading.page(client.get("/en/map/?view=provinces"))
    assert len(of_class(found, "map-province")) == 2
    assert len(found.xpath("//*[contains(@class, 'map-class-')][@d]")) == 53
    assert rows(found, "") == [
        ("2 Republic of Karakalpakstan", "/en/projects/?place=nukus"),
        ("1 Tashkent", "/en/projects/?place=tashkent"),
        ("3 Uzbekistan known only by country", "#only-uz"),
    ]
    assert found.xpath("//a[@data-mark='uz-karakalpakstan']/title/text()") == ["Republic of Karakalpakstan: 2 projects"]
    assert "Samarkand Region: no sourced project" in found.xpath("//svg//title/text()")
    [legend] = found.xpath("//*[contains(@class, 'map-legend')]")
    assert [reading.words(item) for item in legend] == ["no sourced project", "1 project", "2 projects"]
    [sums] = of_class(found, "map-sums")
    assert reading.words(sums).startswith("2 projects are at places in provinces. 3 more are known only by country")


def test_number_of_a_province_is_the_length_of_the_list_behind_it(content, client):
    found = reading.page(client.get("/en/map/?view=provinces&level=provincial"))
    links = of_class(found, "map-province")
    assert len(links) > 3
    for link in links[:6]:
        said = link.find("title").text.rpartition(": ")[2]
        assert reading.count(client.get(link.get("href"))).partition(" of ")[0] == said


def test_views_of_the_map_are_links_that_keep_the_filters(located, client):
    found = reading.page(client.get("/en/map/?level=provincial&view=provinces"))
    links = found.xpath("//nav[@class='tabs']//a")
    assert [(reading.words(link), link.get("href"), link.get("aria-current")) for link in links] == [
        ("Points", "/en/map/?level=provincial", None),
        ("By province", "/en/map/?level=provincial&view=provinces", "true"),
    ]
    [closer] = found.xpath("//a[@data-zoom='1']/@href")
    assert "view=provinces" in closer


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
    assert marks(reading.page(response)) == [NUKUS_OF_PROVINCE]
    assert [feature["id"] for feature in data(client, level="provincial")["features"]] == ["nukus"]


def test_a_wrong_filter_is_a_message_and_the_others_hold(located, client):
    response = client.get("/en/map/", {"level": ["provincial", "galactic"]})
    assert reading.problems(response) == ["Lead (Korean side): “galactic” was not found and was ignored."]
    assert marks(reading.page(response)) == [NUKUS_OF_PROVINCE]
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
    assert (it["name"], it["more_places"], it["title"]) == ("Osh", "+ 1 place", "Osh + 1 place: 2 projects")
    assert (it["places"], it["projects"]) == (2, 2)
    assert it["bbox"] == [72.79, 40.52, 72.79, 40.53]
    assert [(link["text"], link["url"], link["count"]) for link in it["links"]] == [
        ("Osh", "/en/places/osh/", "1 project"),
        ("Ozgur", "/en/places/ozgur/", "1 project"),
    ]


@pytest.mark.parametrize("zoom", ["0", "1", "2.25", "4.5"])
def test_clusters_sum_to_the_totals(content, client, zoom):
    found = data(client, zoom=zoom)
    exact = [feature for feature in found["features"] if not feature["properties"]["approximate"]]
    here = located_projects()
    assert sum(feature["properties"]["places"] for feature in exact) == len(here.places)
    assert found["projects_on_map"] == len(here.on_map)
    assert found["projects_on_map"] + found["projects_only_by_country"] + found["projects_beyond"] == found["projects"]
    for feature in exact:
        inside = feature["properties"]
        assert inside["projects"] >= 1
        assert inside["places"] == 1 or len(inside["links"]) == inside["places"]
    at = [geometry.project(*feature["geometry"]["coordinates"]) for feature in exact]
    apart = 44 / geometry.pixels_per_unit(float(zoom))
    assert all(geometry.math.dist(a, b) >= apart for i, a in enumerate(at) for b in at[:i])


def test_data_have_what_is_known_only_by_country(located, five, client):
    Project.objects.get(key="vague").countries.add(five["kz"])
    [kazakhstan] = [one for one in data(client, zoom="2")["features"] if one["properties"]["approximate"]]
    it = kazakhstan["properties"]
    assert (kazakhstan["id"], it["projects"], it["approximate"]) == ("kz", 1, "known only by country")
    assert [link["text"] for link in it["links"]] == ["Project vague"]


def test_counts_of_single_places_match_the_records(content, client):
    found = {feature["id"]: feature["properties"] for feature in data(client, zoom="4.5")["features"]}
    alone = {key: it["projects"] for key, it in found.items() if it["places"] == 1 and not it["approximate"]}
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
    assert all(url.startswith(f"/{language}/") for _name, url in rows(page))


def test_marks_and_rows_lead_to_the_list_with_the_same_filters(five, client):
    nukus = make_place(key="nukus", country=five["uz"], **NUKUS)
    for _ in range(6):
        make_project(level=Level.PROVINCIAL).places.add(nukus)
    make_project().places.add(nukus)
    [(name, url)] = rows(reading.page(client.get("/en/map/?level=provincial")))
    assert (name, url) == ("6 Nukus City", "/en/projects/?level=provincial&place=nukus")
    assert reading.count(client.get(url)) == "6 projects of 7"
    [feature] = data(client, level="provincial")["features"]
    assert feature["properties"]["more"] == url


def test_row_of_many_places_names_the_fullest_ones(five, client, monkeypatch):
    monkeypatch.setattr(map_list, "NESTED", 2)
    for key, count in {"a": 1, "b": 3, "c": 2}.items():
        place = make_place(key=key, name_en=key.upper(), country=five["uz"], latitude=f"42.{count}", longitude="60")
        for _ in range(count):
            make_project().places.add(place)
    found = reading.page(client.get("/en/map/"))
    nested = found.xpath("//*[contains(@class, 'map-rows-fine')]//ul[@class='map-nested']/li")
    assert [reading.words(item) for item in nested] == ["B 3", "C 2", "And 1 more."]


def test_row_of_places_on_both_sides_of_a_border_names_their_countries(five, client):
    for key, country, count in (("almaty", "kz", 2), ("karakol", "kg", 1)):
        place = make_place(key=key, name_en=key.title(), country=five[country], latitude="43", longitude="77")
        for _ in range(count):
            make_project().places.add(place)
    found = reading.page(client.get("/en/map/"))
    [listed] = of_class(found, "map-rows-fine")
    assert [reading.words(heading) for heading in listed.findall("h3")] == ["Several countries"]
    nested = listed.xpath(".//ul[@class='map-nested']/li")
    assert [reading.words(item) for item in nested] == ["Almaty (Kazakhstan) 2", "Karakol (Kyrgyzstan) 1"]
    [feature] = data(client)["features"]
    assert feature["properties"]["country"] == "Several countries"


def test_large_map_does_not_grow_with_the_projects(five, client):
    def add(count):
        for _ in range(count):
            make_project(start="2020").places.add(nukus)
            make_project().countries.add(five["kz"])
            make_project()

    def asked():
        queries = counted_queries(client, {})
        response = client.get("/en/map/")
        [(name, _url)] = [row for row in rows(reading.page(response)) if "Nukus" in row[0]]
        assert int(name.split()[0]) == Project.objects.filter(places=nukus).count()
        return queries, len(response.content)

    nukus = make_place(key="nukus", country=five["uz"], **NUKUS)
    add(map.NAMED_BELOW + 10)
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
            project.countries.add(five["kz"])
            make_answer(project=project, issue=Issue.objects.first() or make_issue())
        make_project()


@pytest.mark.any_database
@pytest.mark.parametrize(
    "query", [{}, {"view": "provinces"}, {"format": "json", "zoom": "4.5"}], ids=["points", "provinces", "data"]
)
def test_large_map_asks_the_same_of_the_database_for_one_place_as_for_nine(five, client, query):
    def asked():
        client.get("/en/map/", query)  # reads the facet index
        return counted_queries(client, query)

    grow(five, 1)
    few = asked()
    grow(five, 8)
    assert asked() == few


def test_data_is_utf8_and_names_are_in_the_readers_language(content, client):
    response = client.get("/ko/map/", {"format": "json"})
    assert "타슈켄트" in response.content.decode()
    names = {name["name"]: name for name in json.loads(response.content)["names"]}
    assert "러시아" in names
    assert all(abs(name["lat"]) < 90 for name in names.values())
