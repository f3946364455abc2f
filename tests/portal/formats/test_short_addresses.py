"""Short addresses of files: the same files as `format=…`, and 404 where a page has none."""

import json
import re

import pytest
from django.urls import reverse

from portal.formats.responses import FORMATS
from tests.make import make_area, make_former_key, make_indicator, make_observation, make_project
from tests.portal.formats.files import FORMS, content, full_project
from tests.reading import page

pytestmark = pytest.mark.django_db


def without_times(found):
    return re.sub(rb"\d\d:\d\d:\d\dZ?", b"", found)


@pytest.mark.parametrize("form", FORMS)
def test_short_address_of_a_list_is_the_file_of_its_filters_and_order(client, form):
    full_project()
    make_project(key="other")
    asked = {"country": "uz", "sort": "title"}
    short = client.get(f"/en/projects.{form}", asked)
    long = client.get("/en/projects/", asked | {"format": form})
    assert (short.status_code, short.headers["Content-Type"]) == (200, long.headers["Content-Type"])
    assert short.headers["Content-Disposition"] == long.headers["Content-Disposition"]
    assert short.headers["ETag"] == long.headers["ETag"]
    if form != "xlsx":  # a workbook contains the time
        assert content(short) == content(long)


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "jsonld", "md", "geojson", "ris", "bib", "csl"])
def test_short_address_of_a_record_is_its_file(client, form):
    full_project()
    short, long = client.get(f"/ko/projects/trees.{form}"), client.get("/ko/projects/trees/", {"format": form})
    assert (short.status_code, short.headers["Content-Type"]) == (200, long.headers["Content-Type"])
    if form != "xlsx":
        assert content(short) == content(long)


def test_short_address_of_a_table_and_of_a_chart(client):
    make_area(make_project())
    assert client.get("/en/coverage.csv").headers["Content-Type"] == "text/csv; charset=utf-8"
    observation = make_observation(indicator=make_indicator(key="area"), year=2000)
    make_observation(indicator=observation.indicator, place=observation.place, source=observation.source, year=2001)
    for form, media in (("svg", "image/svg+xml; charset=utf-8"), ("png", "image/png")):
        response = client.get(f"/en/indicators/area.{form}")
        assert (response.status_code, response.headers["Content-Type"]) == (200, media)


def test_json_lines_has_a_record_a_line(client):
    for key in ("one", "two"):
        make_project(key=key, title_ko=f"{key}\n사업")
    lines = content(client.get("/en/projects.jsonl")).decode().splitlines()
    found = json.loads(content(client.get("/en/projects.json")))["items"]
    assert len(found) == 2
    assert [json.loads(line) for line in lines] == found


def test_json_lines_of_an_indicator_has_its_values(client):
    make_observation(indicator=make_indicator(key="area"), year=2000, value="12.5")
    [line] = content(client.get("/en/indicators/area.jsonl")).decode().splitlines()
    found = json.loads(line)
    assert (found["indicator"]["key"], found["year"], found["value"]) == ("area", 2000, 12.5)


def test_json_ld_of_a_record_is_what_the_head_of_its_page_states(client):
    full_project()
    found = json.loads(content(client.get("/ko/projects/trees.jsonld")))
    [script] = page(client.get("/ko/projects/trees/")).xpath("//script[@type='application/ld+json']")
    assert found == json.loads(script.text)
    assert found["@graph"][1]["url"] == "http://testserver/ko/projects/trees/"


@pytest.mark.parametrize(
    "address",
    [
        "projects.html",
        "projects.svg",
        "projects.pdf",
        "about.csv",
        "projects/trees.png",
        "projects/no-such.csv",
        ".csv",
    ],
)
def test_address_of_no_file_is_404(client, address):
    full_project()
    response = client.get(f"/en/{address}")
    assert (response.status_code, len(page(response).xpath("//h1"))) == (404, 1)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("projects.csv?country=xx", 400),
        ("projects.csv?colour=red", 400),
        ("projects.csv?format=json", 400),
        ("projects.csv?lang=de", 400),
        ("projects/trees.atom", 406),
        ("glossary.geojson", 406),
    ],
)
def test_wrong_request_for_a_short_address_is_refused(client, address, status):
    full_project()
    assert client.get(f"/en/{address}").status_code == status


def test_former_key_redirects_to_the_file_of_the_record(client):
    full_project()
    make_former_key(kind="project", key="old", now="trees")
    response = client.get("/en/projects/old.csv")
    assert (response.status_code, response.headers["Location"]) == (301, "/en/projects/trees.csv")


def test_short_addresses_have_the_names_of_their_pages():
    assert reverse("projects", kwargs={"format": "csv"}) == "/en/projects.csv"
    assert reverse("project", kwargs={"key": "trees", "format": "bib"}) == "/en/projects/trees.bib"
    assert reverse("project", args=["trees"]) == "/en/projects/trees/"


@pytest.mark.parametrize("path", ["projects/?country=uz", "projects/trees/", "coverage/"])
def test_menu_of_formats_links_to_short_addresses_that_answer(client, path):
    full_project()
    links = page(client.get(f"/en/{path}")).xpath("//details[contains(@class, 'formats')]//a/@href")
    assert len(links) >= 4
    assert all("format=" not in link and link.partition("?")[0].rpartition(".")[2] in FORMATS for link in links)
    assert [client.get(link).status_code for link in links] == [200] * len(links)


def test_not_modified_short_address_is_304(client):
    make_project()
    tag = client.get("/en/projects.csv").headers["ETag"]
    assert client.get("/en/projects.csv", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/en/projects.csv?country=", headers={"If-None-Match": tag}).status_code == 302
