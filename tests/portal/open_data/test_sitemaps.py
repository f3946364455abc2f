"""robots.txt and sitemaps: what crawlers may visit, which pages exist in which languages, and when they changed."""

import json
from urllib.parse import urljoin
from urllib.robotparser import RobotFileParser

import feedparser
import pytest
from django.urls import resolve
from django.utils import timezone
from lxml import etree
from protego import Protego
from usp.tree import sitemap_tree_for_homepage
from usp.web_client.abstract_client import (
    AbstractWebClient,
    LocalWebClientSuccessResponse,
    WebClientErrorResponse,
)

from portal.open_data.sitemaps import SITEMAPS, PageSitemap, RecordSitemap
from tests import reading
from tests.counting import queries
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
    make_result,
    make_source,
)
from tests.pages import PAGES, SILENT, address, status

pytestmark = pytest.mark.django_db

NAMESPACES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
SITE = "http://testserver"


def sitemap(client, address):
    return etree.fromstring(client.get(address).content)


def locations(tree):
    return tree.xpath("//s:loc/text()", namespaces=NAMESPACES)


def in_each_language(*paths):
    return [f"{SITE}/{language}/{path}" for path in paths for language in ("en", "ko", "ru")]


# ── robots.txt ───────────────────────────────────────────────────────────────────────────────────────────────


def parsers(client):
    """Return two parsers of robots.txt as functions of a URL.

    That of the standard library knows no wildcards, like many old crawlers. Protego knows them (RFC 9309), like Google
    and Scrapy.
    """
    text = client.get("/robots.txt").content.decode()
    old, new = RobotFileParser(), Protego.parse(text)
    old.parse(text.splitlines())
    return (lambda url: old.can_fetch("anybody", url)), (lambda url: new.can_fetch(url, "anybody"))


def advertised(client, may_fetch):
    """Return every URL that crawlers find: in heads of allowed pages, JSON-LD, feeds, the catalogue and the sitemap."""
    for kind in PAGES:
        if kind not in SILENT and may_fetch(SITE + address(kind, "en")):
            tree = reading.page(client.get(address(kind, "en")))
            yield from tree.xpath("//link[@rel='alternate' or @rel='canonical']/@href")
            for script in tree.xpath("//script[@type='application/ld+json']/text()"):
                yield from addresses_in(json.loads(script))
    for feed in ("/en/feed/", "/ko/projects/?format=atom", "/en/projects.atom?country=uz"):
        yield feed
        links = feedparser.parse(client.get(feed).content).feed.links
        yield from (link.href for link in links if link.rel not in {"alternate", "license"})  # its own sections
    yield from addresses_in(client.get("/data/catalogue.jsonld").json())
    yield from addresses_in(client.get("/api/v1/").json())
    for section in locations(sitemap(client, "/sitemap.xml")):
        yield section
        yield from locations(sitemap(client, section.removeprefix(SITE)))


def addresses_in(value):
    """Yield every URL of the portal in a tree of JSON, without the template of the search."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from addresses_in(inner)
    elif isinstance(value, str) and value.startswith(SITE) and "{" not in value:
        yield value


@pytest.mark.any_database
def test_robots_may_fetch_all_that_they_are_led_to(content, client):
    by_prefix, by_wildcard = parsers(client)
    found = {urljoin(SITE, one) for one in advertised(client, by_wildcard)}
    for may_fetch in (by_prefix, by_wildcard):
        assert sorted(url for url in found if not may_fetch(url)) == []
    assert {
        f"{SITE}/en/indicators/aral-sea-area.csv",
        f"{SITE}/en/indicators/aral-sea-area.xlsx",
        f"{SITE}/en/projects.atom",
        f"{SITE}/ko/projects.atom?page=2",
        f"{SITE}/data/projects.csv",
        f"{SITE}/api/v1/projects",
        f"{SITE}/ru/sources/wikipedia-aral-sea/",
    } <= found
    assert len(found) > 3_000


def test_robots_of_either_kind_stay_out_of_the_desk(client):
    for may_fetch in parsers(client):
        assert [may_fetch(f"{SITE}{path}") for path in ("/admin/", "/accounts/login/", "/en/")] == [False, False, True]


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/en/", True),
        ("/ko/projects/trees/", True),
        ("/en/projects/?page=2", True),
        ("/en/issues/?view=causes", True),
        ("/sitemap-sources.xml", True),
        ("/sitemap-sources.xml?p=2", True),
        ("/oai?verb=Identify", True),
        ("/picture/kz-uz.png", True),
        ("/data/catalogue.ttl", True),
        ("/en/projects/?country=uz", False),
        ("/en/projects/?page=2&country=uz", False),
        ("/en/projects/?country=uz&page=2", False),
        ("/en/issues/?view=causes&country=uz", False),
        ("/en/projects/trees/?format=csv", False),
        ("/en/projects/trees.csv", False),
        ("/ru/projects.csv", False),
        ("/ko/projects.json?country=uz", False),
        ("/en/indicators/aral-sea-area.csv", True),
        ("/en/projects.atom", True),
        ("/en/projects.atom?country=uz", True),
        ("/ko/picture/indicators/aral-sea-area.png", True),
        ("/ko/manifest.webmanifest", True),
        ("/en/projects/?format=csv", False),
        ("/en/indicators/aral-sea-area/?format=csv", True),
        ("/en/indicators/?format=xlsx", True),
        ("/en/projects/?format=atom", True),
        ("/en/projects/?country=uz&format=atom", True),
        ("/en/search/?q=aral", False),
        ("/admin/", False),
        ("/accounts/login/", False),
    ],
)
def test_robots_may_read_every_page_and_not_every_part_of_every_list(client, path, may):
    response = client.get("/robots.txt")
    assert response.headers["Content-Type"] == "text/plain"
    lines = [line.split(": ", 1) for line in response.content.decode().splitlines()]
    assert lines[0] == ["User-agent", "*"]
    assert lines[-1] == ["Sitemap", f"{SITE}/sitemap.xml"]
    assert Protego.parse(response.content.decode()).can_fetch(f"{SITE}{path}", "anybody") is may


# ── Sitemap ──────────────────────────────────────────────────────────────────────────────────────────────────

RECORDS = {
    "issues": (make_issue, "issues/{}/"),
    "indicators": (make_indicator, "indicators/{}/"),
    "events": (make_event, "timeline/{}/"),
    "projects": (make_project, "projects/{}/"),
    "organisations": (make_organisation, "organisations/{}/"),
    "agreements": (make_agreement, "agreements/{}/"),
    "results": (make_result, "lessons/{}/"),
    "places": (make_place, "places/{}/"),
    "sources": (make_source, "sources/{}/"),
}


def test_sitemap_names_a_section_for_pages_and_each_kind_of_record(client):
    assert locations(sitemap(client, "/sitemap.xml")) == [
        f"{SITE}/sitemap-{section}.xml" for section in ("pages", *RECORDS)
    ]


def test_sitemap_of_pages_has_every_page_that_is_no_records_and_may_be_indexed(client):
    paths = [path for kind, path in PAGES.items() if status(kind) == 200 and "?" not in path and kind not in SILENT]
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
    assert alternates == [{"en": english, "ko": korean, "ru": russian, "x-default": english}] * 3


def test_sitemap_sends_those_who_read_none_of_the_languages_where_the_browser_is_asked(client):
    [entry] = [
        url for url in sitemap(client, "/sitemap-pages.xml") if url.find("s:loc", NAMESPACES).text == f"{SITE}/ko/"
    ]
    [default] = [
        link.get("href") for link in entry.findall("x:link", NAMESPACES) if link.get("hreflang") == "x-default"
    ]
    assert default == f"{SITE}/"
    assert client.get("/", headers={"Accept-Language": "de"}).status_code == 302


def test_sitemap_says_when_a_section_last_changed(client):
    changed = make_project().updated_at
    index = sitemap(client, "/sitemap.xml")
    dates = {one.find("s:loc", NAMESPACES).text: one.findtext("s:lastmod", None, NAMESPACES) for one in index}
    assert dates[f"{SITE}/sitemap-projects.xml"][:10] == f"{timezone.localtime(changed):%Y-%m-%d}"
    assert dates[f"{SITE}/sitemap-pages.xml"] is not None
    assert dates[f"{SITE}/sitemap-sources.xml"] is None


def test_sitemap_of_pages_dates_what_is_made_of_the_content_alone(client):
    make_project()
    pages = sitemap(client, "/sitemap-pages.xml")
    undated = [url.findtext("s:loc", None, NAMESPACES) for url in pages if url.find("s:lastmod", NAMESPACES) is None]
    assert undated == in_each_language("about/")


def test_sitemap_of_many_records_comes_in_parts_each_record_whole(client, monkeypatch):
    monkeypatch.setattr(RecordSitemap, "limit", 6)
    for key in "abcde":
        make_project(key=key)
    parts = [address for address in locations(sitemap(client, "/sitemap.xml")) if "projects" in address]
    assert parts == [f"{SITE}/sitemap-projects.xml{rest}" for rest in ("", "?p=2", "?p=3")]
    found = [locations(sitemap(client, part.removeprefix(SITE))) for part in parts]
    assert found == [
        in_each_language(*(f"projects/{key}/" for key in keys)) for keys in (("a", "b"), ("c", "d"), ("e",))
    ]
    assert client.get("/sitemap-projects.xml?p=4").status_code == 404
    assert client.get("/sitemap-projects.xml?p=x").status_code == 404


def test_there_is_no_sitemap_of_what_the_portal_has_not(client):
    assert client.get("/sitemap-nothing.xml").status_code == 404


@pytest.mark.parametrize("address", ["/sitemap.xml", "/sitemap-projects.xml"])
def test_crawler_that_has_the_sitemap_is_told_so_until_something_changes(client, address):
    make_project()
    first = client.get(address)
    again = {"If-None-Match": first.headers["ETag"]}
    assert client.get(address, headers=again).status_code == 304
    make_project()
    assert client.get(address, headers=again).status_code == 200


@pytest.mark.parametrize("address", ["/sitemap.xml", "/sitemap-projects.xml"])
def test_sitemap_costs_the_same_for_many_records(client, address):
    make_project()
    one = queries(client, address)
    make_project(), make_project()
    assert len(queries(client, address)) == len(one)


class Crawler(AbstractWebClient):
    """Request what the sitemap reader wants from the portal."""

    def __init__(self, client):
        self.client = client

    def set_max_response_data_length(self, max_response_data_length):
        pass

    def get(self, url):
        response = self.client.get(url.removeprefix(SITE))
        if response.status_code != 200:
            return WebClientErrorResponse(str(response.status_code), retryable=False)
        return LocalWebClientSuccessResponse(url, response.content.decode())


def test_reader_of_sitemaps_finds_every_page_in_every_language(content, client):
    tree = sitemap_tree_for_homepage(SITE, web_client=Crawler(client), use_known_paths=False)
    pages = list(tree.all_pages())
    records = sum(one.queryset.count() for one in SITEMAPS.values() if isinstance(one, RecordSitemap))
    assert len(pages) == len({page.url for page in pages}) == 3 * (records + len(PageSitemap.names))
    assert records > 1_500
    assert [page.url for page in pages if page.last_modified is None] == in_each_language("about/")
    assert {tuple(code for code, _address in page.alternates) for page in pages} == {("en", "ko", "ru", "x-default")}
