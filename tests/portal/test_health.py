"""What machines ask: is the portal alive, is it ready, what may be read, what is there."""

import pytest
from django.db import OperationalError, connection
from django.urls import resolve
from django.utils import timezone
from lxml import etree

from portal.index import keeping
from portal.index.tables import SearchEntry
from tests.make import (
    UNPUBLISHED,
    make_agreement,
    make_country,
    make_event,
    make_indicator,
    make_issue,
    make_organisation,
    make_place,
    make_project,
    make_source,
)
from tests.pages import PAGES, status

pytestmark = pytest.mark.django_db

NAMESPACES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
SITE = "http://testserver"


def sitemap(client, address):
    return etree.fromstring(client.get(address).content)


def locations(tree):
    return tree.xpath("//s:loc/text()", namespaces=NAMESPACES)


def in_each_language(*paths):
    return [f"{SITE}/{language}/{path}" for path in paths for language in ("en", "ko", "ru")]


def test_healthz_says_that_the_process_answers(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response.headers["Cache-Control"]


def test_readyz_says_that_records_and_index_are_missing(client):
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (
        503,
        {
            "database": True,
            "content": False,
            "search": False,
            "search_index": "The index was made by another version of the portal.",
        },
    )


def test_readyz_says_that_all_is_well(client):
    make_source()
    keeping.settle()
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"database": True, "content": True, "search": True})
    assert "no-store" in response.headers["Cache-Control"]


def test_readyz_says_that_the_index_lacks_records(client):
    make_source(), make_source(), make_place()
    keeping.settle()
    SearchEntry.objects.filter(kind="source").first().delete()
    response = client.get("/readyz")
    assert (response.status_code, response.json()["search_index"]) == (503, "The index has 1 of 2 sources.")


def test_readyz_says_that_the_database_does_not_answer(client, monkeypatch):
    def refuse():
        raise OperationalError("could not connect")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"database": False, "content": False, "search": False})


def test_robots_may_read_all_but_the_desk_and_find_the_sitemap(client):
    response = client.get("/robots.txt")
    assert (response.headers["Content-Type"], response.content.decode()) == (
        "text/plain",
        f"User-agent: *\nDisallow: /admin/\nDisallow: /accounts/\nSitemap: {SITE}/sitemap.xml\n",
    )


# ── Sitemap ──────────────────────────────────────────────────────────────────────────────────────────────────

RECORDS = {
    "issues": (make_issue, "issues/{}/"),
    "indicators": (make_indicator, "indicators/{}/"),
    "events": (make_event, "timeline/{}/"),
    "projects": (make_project, "projects/{}/"),
    "organisations": (make_organisation, "organisations/{}/"),
    "agreements": (make_agreement, "agreements/{}/"),
    "places": (make_place, "places/{}/"),
    "sources": (make_source, "sources/{}/"),
}


def test_sitemap_names_a_section_for_pages_and_each_kind_of_record(client):
    assert locations(sitemap(client, "/sitemap.xml")) == [
        f"{SITE}/sitemap-{section}.xml" for section in ("pages", *RECORDS)
    ]


def test_sitemap_of_pages_has_every_page_that_is_no_records(client):
    paths = [path for kind, path in PAGES.items() if status(kind) == 200 and "?" not in path]
    own = [path for path in paths if not resolve(f"/en/{path}").kwargs]
    assert sorted(locations(sitemap(client, "/sitemap-pages.xml"))) == sorted(in_each_language(*own))


@pytest.mark.parametrize("section", RECORDS)
def test_sitemap_has_the_published_records_and_no_other(client, section):
    make, path = RECORDS[section]
    first, second = make(key="a"), make(key="b")
    for publication in UNPUBLISHED:
        make(publication=publication)
    tree = sitemap(client, f"/sitemap-{section}.xml")
    theirs = [address for address in locations(tree) if f"/{path.partition('/')[0]}/" in address]
    assert sorted(theirs) == sorted(in_each_language(path.format("a"), path.format("b")))
    assert set(tree.xpath("//s:lastmod/text()", namespaces=NAMESPACES)) <= {
        f"{timezone.localtime(record.updated_at):%Y-%m-%d}" for record in (first, second)
    }


def test_sitemap_has_countries_at_their_own_address(client):
    make_country(key="uz")
    make_place(key="world", kind="world")
    assert sorted(locations(sitemap(client, "/sitemap-places.xml"))) == sorted(
        in_each_language("countries/uz/", "places/world/")
    )


@pytest.mark.parametrize(("section", "path"), [("pages", "issues/"), ("projects", "projects/trees/")])
def test_sitemap_names_the_same_page_in_every_language(client, section, path):
    make_project(key="trees")
    tree = sitemap(client, f"/sitemap-{section}.xml")
    entries = [url for url in tree if url.find("s:loc", NAMESPACES).text in in_each_language(path)]
    alternates = [
        {link.get("hreflang"): link.get("href") for link in url.findall("x:link", NAMESPACES)} for url in entries
    ]
    english, korean, russian = in_each_language(path)
    assert alternates == [{"en": english, "ko": korean, "ru": russian, "x-default": f"{SITE}/{path}"}] * 3


def test_sitemap_costs_the_same_for_many_records(client, django_assert_num_queries):
    for _ in range(3):
        make_project()
    with django_assert_num_queries(1):
        client.get("/sitemap-projects.xml")
