"""Record pages redirect clients that prefer data, and never show browsers anything else."""

import pytest
from django.utils import timezone

from portal.publishing.preview import preview_links
from tests.make import make_project
from tests.world import SECRET

pytestmark = pytest.mark.django_db

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "ending"),
    [
        ("application/json", "json"),
        ("application/json, text/plain, */*", "json"),
        ("application/ld+json", "jsonld"),
        ("text/markdown", "md"),
        ("application/x-bibtex", "bib"),
        ("application/x-research-info-systems", "ris"),
        ("application/vnd.citationstyles.csl+json, application/json;q=0.5", "csl"),
        ("text/html;q=0.2, application/ld+json;q=0.9", "jsonld"),
    ],
)
def test_client_that_prefers_data_is_sent_to_the_short_address(client, accept, ending):
    make_project(key="trees")
    for _ in range(2):  # the second time, the page could be in the cache
        client.get("/ko/projects/trees/")
        response = client.get("/ko/projects/trees/", headers={"Accept": accept})
        assert (response.status_code, response.headers["Location"]) == (303, f"/ko/projects/trees.{ending}")
        assert response.headers["Cache-Control"] == "no-store"
        assert "Accept" in response.headers["Vary"]
    assert client.get(response.headers["Location"]).status_code == 200


@pytest.mark.parametrize("accept", [None, "*/*", "text/html", BROWSER, "text/html, application/json", "image/png"])
def test_all_others_get_the_page(client, accept):
    make_project(key="trees")
    client.get("/en/projects/trees/", headers={"Accept": "application/json"})
    response = client.get("/en/projects/trees/", headers={"Accept": accept} if accept else {})
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Accept" in response.headers["Vary"].split(", ")


def test_page_that_is_no_record_ignores_the_preference(client):
    assert client.get("/en/projects/", headers={"Accept": "application/json"}).status_code == 200


def test_page_of_a_day_offers_references_only(client):
    make_project(key="trees")
    address = f"/en/projects/trees/on/{timezone.localdate().isoformat()}/"
    assert client.get(address, headers={"Accept": "application/json"}).status_code == 200
    response = client.get(address, headers={"Accept": "application/x-bibtex"})
    assert (response.status_code, response.headers["Location"]) == (303, f"{address[:-1]}.bib")
    assert client.get(response.headers["Location"]).status_code == 200


def test_preview_is_a_page_for_every_client(client):
    [(_code, _name, address), *_others] = preview_links(make_project(publication="draft", title_en=SECRET))
    assert client.get(address, headers={"Accept": "application/json"}).status_code == 200
