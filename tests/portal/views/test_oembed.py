"""`/oembed` answers as the oEmbed 1.0 specification says: https://oembed.com."""

import pytest
from lxml import etree, html

from tests.make import make_former_key, make_indicator, make_observation, make_project

pytestmark = pytest.mark.django_db

HERE = "http://testserver"
MEMBERS = {"version", "type", "title", "provider_name", "provider_url", "html", "width", "height"}


@pytest.fixture
def project():
    return make_project(key="trees", title_en="Trees & <b>salt</b>", title_ko="나무")


def ask(client, url, **more):
    return client.get("/oembed", {"url": url} | more)


def test_answer_is_the_frame_of_the_embed(client, project):
    response = ask(client, f"{HERE}/ko/projects/trees/")
    found = response.json()
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert set(found) == MEMBERS
    assert (found["version"], found["type"], found["title"]) == ("1.0", "rich", "나무")
    assert found["provider_url"] == f"{HERE}/"
    [frame] = html.fragments_fromstring(found["html"])
    assert frame.get("src") == f"{HERE}/ko/embed/projects/trees/"
    assert (frame.get("width"), frame.get("height")) == (str(found["width"]), str(found["height"]))


def test_xml_has_the_same_members(client, project):
    response = ask(client, f"{HERE}/en/projects/trees/", format="xml")
    tree = etree.fromstring(response.content)
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert response.content.startswith(b'<?xml version="1.0" encoding="utf-8" standalone="yes"?>')
    asked = ask(client, f"{HERE}/en/projects/trees/", format="json").json()
    assert (tree.tag, {one.tag: one.text for one in tree}) == (
        "oembed",
        {name: str(value) for name, value in asked.items()},
    )
    assert tree.findtext("title") == "Trees & <b>salt</b>"


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({}, (720, 440)),
        ({"maxwidth": "300"}, (300, 440)),
        ({"maxwidth": "300", "maxheight": "200"}, (300, 200)),
        ({"maxwidth": "5000", "maxheight": "99999999999999"}, (720, 440)),
    ],
)
def test_frame_is_no_larger_than_asked_for(client, project, sizes, expected):
    found = ask(client, f"{HERE}/en/projects/trees/", **sizes).json()
    [frame] = html.fragments_fromstring(found["html"])
    assert (found["width"], found["height"]) == expected
    assert (frame.get("width"), frame.get("height")) == tuple(map(str, expected))


def test_parameter_that_the_portal_does_not_know_is_ignored(client, project):
    assert ask(client, f"{HERE}/en/projects/trees/", dnt="true", omitscript="1").status_code == 200


@pytest.mark.parametrize(
    ("url", "embed"),
    [
        (f"{HERE}/en/projects/?country=xx&sort=title&page=3", f"{HERE}/en/embed/projects/?sort=title"),
        (f"{HERE}/en/embed/projects/?sort=title", f"{HERE}/en/embed/projects/?sort=title"),
        ("https://testserver/ru/map/?view=provinces#map", f"{HERE}/ru/embed/map/?view=provinces"),
        (f"{HERE}/en/agreements/", f"{HERE}/en/embed/agreements/"),
        (f"{HERE}/en/projects/old/", f"{HERE}/en/embed/projects/trees/"),
        (f"{HERE}/en/indicators/area/?place=sea&year_from=x", f"{HERE}/en/embed/indicators/area/?place=sea"),
    ],
)
def test_address_of_a_page_or_of_its_embed_is_understood(client, project, url, embed):
    observation = make_observation(indicator=make_indicator(key="area"))
    type(observation.place).objects.filter(pk=observation.place_id).update(key="sea")
    make_former_key(kind="project", key="old", now="trees")
    [frame] = html.fragments_fromstring(ask(client, url).json()["html"])
    assert frame.get("src") == embed


@pytest.mark.parametrize(
    "url",
    [
        "",
        "trees",
        "/en/projects/trees/",
        f"{HERE}/en/projects/no-such/",
        f"{HERE}/en/projects/draft/",
        f"{HERE}/en/projects/trees.json",
        f"{HERE}/en/projects/trees/on/2026-01-01/",
        f"{HERE}/en/issues/",
        f"{HERE}/projects/trees/",
        f"{HERE}/fr/projects/trees/",
        f"{HERE}/en/no-such/",
        f"{HERE}/",
        HERE,
        f"{HERE}/admin/",
        f"{HERE}.example.org/en/projects/trees/",
        "http://user@testserver/en/projects/trees/",
        "ftp://testserver/en/projects/trees/",
        "javascript:alert(1)//testserver/en/projects/trees/",
        "http://[::1/en/projects/trees/",
        f"{HERE}/en/projects/?q={'a' * 3000}",
        f"{HERE}/en/projects/\0/",
    ],
)
def test_address_without_an_embed_is_404(client, project, url):
    make_project(key="draft", title_en="Secret", publication="draft")
    response = ask(client, url)
    assert response.status_code == 404
    assert "Secret" not in response.content.decode()


def test_missing_address_is_404(client):
    assert client.get("/oembed").status_code == 404


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"format": "yaml"}, 501),
        ({"format": "JSON"}, 501),
        ({"maxwidth": "0"}, 400),
        ({"maxwidth": "-5"}, 400),
        ({"maxheight": "wide"}, 400),
        ({"maxheight": "²"}, 400),
    ],
)
def test_wrong_parameter_is_refused(client, project, more, status):
    assert ask(client, f"{HERE}/en/projects/trees/", **more).status_code == status


def test_unchanged_answer_is_304_and_only_reading_is_allowed(client, project):
    tag = ask(client, f"{HERE}/en/projects/trees/").headers["ETag"]
    again = client.get("/oembed", {"url": f"{HERE}/en/projects/trees/"}, headers={"If-None-Match": tag})
    assert again.status_code == 304
    assert client.post("/oembed").status_code == 405


def test_limit_is_that_of_the_api(client, project, settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"api": 10}
    statuses = [ask(client, f"{HERE}/en/projects/trees/", n=number).status_code for number in range(12)]
    assert (statuses[0], statuses[-1]) == (200, 429)
