"""Only embeds may be framed by other sites, with any answer; no other page may."""

import pytest
from django.test import Client
from django.utils import translation

from tests.make import make_indicator, make_project
from tests.pages import EMBEDS, LANGUAGES

pytestmark = pytest.mark.django_db


def framing(response):
    """Return frame-ancestors of the content policy, and X-Frame-Options."""
    [ancestors] = [
        part.removeprefix("frame-ancestors ")
        for part in response.headers["Content-Security-Policy"].split("; ")
        if part.startswith("frame-ancestors ")
    ]
    return ancestors, response.headers.get("X-Frame-Options")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["map/", "projects/", "projects/no-such/", "no/such/address/", "projects", ""])
def test_every_answer_where_embeds_are_may_be_framed(client, language, path):
    response = client.get(f"/{language}/embed/{path}")
    assert framing(response) == ("*", None)
    assert response.headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(
    "path",
    [
        "/en/",
        "/en/projects/",
        "/en/no-such/embed/",
        "/en/embedded/",
        "/fr/embed/map/",
        "/embed/map/",
        "/oembed",
        "/admin/",
    ],
)
def test_no_other_page_may_be_framed(client, path):
    assert framing(client.get(path)) == ("'none'", "DENY")


def test_setting_names_the_sites_that_may_frame(client, settings):
    settings.EMBED_ANCESTORS = ["https://a.example.org", "https://*.b.example"]
    assert framing(client.get("/en/embed/map/")) == ("https://a.example.org https://*.b.example", None)


def test_rest_of_the_content_policy_is_that_of_every_page(client):
    page, embed = (
        client.get(path).headers["Content-Security-Policy"].split("; ") for path in ("/en/map/", "/en/embed/map/")
    )
    assert set(page) ^ set(embed) == {"frame-ancestors 'none'", "frame-ancestors *"}


def test_throttled_answer_may_be_framed(settings):
    settings.THROTTLE_RATES = settings.THROTTLE_RATES | {"pages": 10}
    client = Client()
    answers = [client.get(f"/en/embed/projects/?q=a{number}") for number in range(14)]
    assert answers[-1].status_code == 429
    assert framing(answers[-1]) == ("*", None)


def test_embed_comes_from_the_page_cache_with_its_headers(client, django_assert_num_queries):
    make_project(key="trees")
    first, second = (client.get("/en/embed/projects/trees/") for _time in range(2))
    assert framing(second) == framing(first) == ("*", None)
    assert second.headers["ETag"] == first.headers["ETag"]
    assert client.get("/en/embed/projects/trees/", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("kind", EMBEDS)
def test_embed_sets_no_cookie_and_is_the_same_for_all(content, admin_client, client, kind):
    with translation.override("ko"):
        answers = [one.get(f"/ko/{EMBEDS[kind]}") for one in (client, admin_client)]
    assert [response.status_code for response in answers] == [200, 200]
    assert [bool(response.cookies) for response in answers] == [False, False]
    assert answers[0].content == answers[1].content
    assert "Cookie" not in answers[0].headers.get("Vary", "")


def test_draft_is_as_unknown_as_a_key_that_nobody_gave(client):
    make_indicator(key="hidden-one", publication="draft")
    make_project(key="hidden-one", publication="archived")
    for kind in ("indicators", "projects"):
        answers = [client.get(f"/ru/embed/{kind}/{key}/") for key in ("hidden-one", "nobody-one")]
        assert [response.status_code for response in answers] == [404, 404]
        assert answers[0].content == answers[1].content
