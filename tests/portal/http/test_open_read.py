"""Scripts of other sites may read what is public, and nothing else."""

import pytest

from tests.make import make_country, make_project

pytestmark = pytest.mark.django_db

PUBLIC = (
    *("/en/projects/", "/en/projects/trees/", "/ko/projects.csv", "/en/projects/trees.json", "/en/projects.atom"),
    *(
        "/data/projects.csv",
        "/data/datapackage.json",
        "/data/catalogue.ttl",
        "/data/csv-metadata.json",
        "/data/places.geojson",
    ),
    *("/llms.txt", "/en/projects/trees.md", "/ogc/", "/ogc/collections/projects/items"),
    *("/api/v1/projects", "/oai?verb=Identify", "/sitemap.xml", "/en/search/?q=trees", "/en/opensearch.xml"),
    *("/en/coverage.csv", "/picture/central-asia.png", "/robots.txt", "/en/no-such-page/", "/api/v1/projects/none"),
)


@pytest.mark.any_database
@pytest.mark.parametrize("path", PUBLIC)
def test_public_answer_is_open_to_scripts(client, path):
    make_project(key="trees")
    make_country(key="uz")
    for origin in ({}, {"Origin": "https://example.org"}) * 2:  # the same from the page cache
        response = client.get(path, headers=origin)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        if not response.headers["Content-Type"].startswith("text/html"):
            assert "ETag" in response.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in response.headers


def test_script_that_prefers_json_can_follow_the_redirect_of_a_record(client):
    make_project(key="trees")
    response = client.get(
        "/en/projects/trees/", headers={"Accept": "application/json", "Origin": "https://example.org"}
    )
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (303, "*")


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/accounts/login/", "/metrics"])
def test_desk_and_accounts_are_closed(client, path):
    response = client.get(path, headers={"Origin": "https://example.org"})
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("path", [path for path in PUBLIC if path.startswith("/data/")])
def test_all_of_the_data_has_a_tag(client, path):
    make_project()
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
