"""Signposting: programs find the data, licence and author of a record in the headers of its page."""

import pytest
from django.utils import timezone
from requests.utils import parse_header_links

from tests.make import make_indicator, make_observation, make_project

pytestmark = pytest.mark.django_db


def links(response):
    """Return the URLs of the Link header by relation."""
    found = {}
    for link in parse_header_links(response.headers["Link"]):
        found.setdefault(link["rel"], []).append(link["url"])
    return found


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_record_names_its_address_descriptions_licence_author_and_type(client, language):
    make_project(key="trees")
    here = f"http://testserver/{language}/projects/trees"
    for _ in range(2):  # the second page comes from the cache
        found = links(client.get(f"/{language}/projects/trees/"))
        assert found == {
            "cite-as": [f"{here}/"],
            "license": ["https://creativecommons.org/licenses/by/4.0/"],
            "author": ["http://testserver/#portal"],
            "type": ["https://schema.org/AboutPage", "https://schema.org/Project"],
            "describedby": [f"{here}.jsonld"],
        }
    for url in found["describedby"]:
        assert client.get(url.removeprefix("http://testserver")).status_code == 200


def test_indicator_names_its_values(client):
    make_observation(indicator=make_indicator(key="area"))
    found = links(client.get("/en/indicators/area/"))
    assert found["item"] == [f"http://testserver/en/indicators/area.{name}" for name in ("csv", "xlsx")]
    assert found["type"][1] == "https://schema.org/Dataset"


def test_page_of_a_day_is_cited_as_itself(client):
    make_project(key="trees")
    address = f"/en/projects/trees/on/{timezone.localdate().isoformat()}/"
    found = links(client.get(address))
    assert found["cite-as"] == [f"http://testserver{address}"]
    assert "describedby" not in found  # a past version has no JSON-LD


def test_list_has_no_signposts(client):
    make_project()
    assert "Link" not in client.get("/en/projects/").headers
