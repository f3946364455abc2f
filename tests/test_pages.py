"""Every page exists in three languages, all links work, and unpublished content is hidden."""

import re
from collections import Counter, deque
from urllib.parse import parse_qsl, urldefrag, urljoin

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import Resolver404, URLPattern, get_resolver, resolve
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from lxml import etree

from portal.core.choices import PublicationStatus
from portal.models import FormerKey
from tests import reading
from tests.lists import LISTS
from tests.make import (
    UNPUBLISHED,
    make_agreement,
    make_country,
    make_event,
    make_former_key,
    make_indicator,
    make_issue,
    make_observation,
    make_organisation,
    make_place,
    make_project,
    make_result,
    make_source,
)
from tests.pages import EMBEDS, LANGUAGES, PAGES, SILENT, address, status
from tests.world import SECRET, link, make_world, records, unpublished

pytestmark = pytest.mark.django_db

EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)
NAMES = dict(settings.LANGUAGES)

# From kinds of records with their own page to the path of the page and the function that makes the record.
RECORDS = {
    "issues": make_issue,
    "indicators": make_indicator,
    "timeline": make_event,
    "projects": make_project,
    "organisations": make_organisation,
    "agreements": make_agreement,
    "lessons": make_result,
    "countries": make_country,
    "places": make_place,
    "sources": make_source,
}


def in_language(path, language):
    """Return the same URL in another language."""
    return f"/{language}/{path.split('/', 2)[2]}"


def language_links(response):
    """Return the links of the language menu: the name of each language and its URL."""
    links = reading.page(response).xpath("//nav[@class='languages']//a")
    return {reading.words(link): (link.get("lang"), link.get("href")) for link in links}


def alternates(response):
    links = reading.page(response).xpath("//link[@rel='alternate'][@hreflang]")
    return {link.get("hreflang"): link.get("href") for link in links}


# ── Every kind of page, in three languages ───────────────────────────────────────────────────────────────────


def named_patterns(resolver):
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name
        else:
            yield from named_patterns(pattern)


def test_a_page_of_every_kind_is_looked_at():
    """A new kind of page must be added to tests/pages.py. URLs for scripts and feeds are not pages.

    Previews, changelogs and snapshots count as the page of their record.
    """
    [under_language] = [found for found in get_resolver().url_patterns if hasattr(found.pattern, "language_prefix")]
    looked_at = {resolve(address(kind, "en").partition("?")[0]).url_name for kind in PAGES if status(kind) == 200}
    names = set(named_patterns(under_language)) - {"suggest", "preview", "feed", "corrections-feed", "manifest"}
    names -= {"what-changed-feed", "indicator-card", "opensearch"}
    names -= {"plan-brief", "plan-result", "plan-kept"}  # the first redirects, the others need a stored check
    names -= {"digest-confirm", "digest-stop"}  # they need a signed link
    names -= {"edition"}  # needs a stored edition: tests/portal/open_data/test_edition_views.py
    embeds = {name for name in names if name.startswith("embed-")}  # tests/portal/views/test_embeds.py
    assert embeds == {resolve(f"/en/{path.partition('?')[0]}").url_name for path in EMBEDS.values()}
    names -= embeds
    changes = {name for name in names if name.endswith(("-changes", "-changes-feed"))}
    past = {name for name in names if name.endswith("-on")}
    assert (len(changes), len(past)) == (20, 10)
    assert names - changes - past | {"issues-changes", "projects-on"} == looked_at


@pytest.mark.any_database
@EVERY_LANGUAGE
@pytest.mark.parametrize("kind", PAGES)
def test_page_has_one_heading_a_title_and_its_language(content, client, kind, language):
    response = client.get(address(kind, language))
    tree = reading.page(response)
    assert response.status_code == status(kind)
    assert tree.get("lang") == response.headers["Content-Language"] == language
    [heading] = tree.xpath("//h1")
    assert reading.words(heading) != ""
    title, _dot, portal = reading.words(tree.find("head/title")).rpartition(" · ")
    assert title != ""
    assert portal != ""
    assert tree.xpath("//meta[@name='description']/@content") != [""]


@pytest.mark.any_database
@EVERY_LANGUAGE
@pytest.mark.parametrize("kind", [kind for kind in PAGES if status(kind) == 200])
def test_page_leads_to_itself_in_every_language(content, client, kind, language):
    asked = address(kind, language)
    response = client.get(asked)
    others = {code: f"http://testserver{in_language(asked, code)}" for code in LANGUAGES}
    others["x-default"] = others["en"] if kind != "home" else "http://testserver/"
    assert alternates(response) == ({} if kind in SILENT else others)
    assert language_links(response) == {NAMES[code]: (code, in_language(asked, code)) for code in LANGUAGES}
    chosen = reading.page(response).xpath("//nav[@class='languages']//a[@aria-current]/@lang")
    assert chosen == [language]


LETTERS = {"ko": re.compile("[가-힣]"), "ru": re.compile("[А-яЁё]")}


@pytest.mark.any_database
@pytest.mark.parametrize("language", LETTERS)
@pytest.mark.parametrize("kind", PAGES)
def test_headings_are_in_the_language_of_the_page(content, client, kind, language):
    tree = reading.page(client.get(address(kind, language)))
    headings = tree.xpath("//*[self::h1 or self::h2 or self::h3][not(.//@lang)]")
    foreign = [said for said in map(reading.words, headings) if not LETTERS[language].search(said)]
    assert foreign == []


def test_language_chooser_keeps_the_query(client):
    query = "q=%EC%95%84%EB%9E%84&country=uz&country=kz&page=2"
    assert language_links(client.get(f"/ko/projects/?{query}"))["Русский"] == ("ru", f"/ru/projects/?{query}")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("ko-KR,ko;q=0.9,en-US;q=0.8", "ko"),
        ("ru", "ru"),
        ("uz-UZ,uz;q=0.9,ru;q=0.8,en;q=0.7", "ru"),
        ("en-GB,en;q=0.9,ko;q=0.8", "en"),
        ("de,fr;q=0.8", "en"),
        ("*", "en"),
        ("nonsense;;q=", "en"),
        ("", "en"),
    ],
)
def test_home_is_in_the_language_that_the_browser_asks_for(client, accepted, language):
    response = client.get("/", headers={"Accept-Language": accepted})
    assert (response.status_code, response.headers["Location"]) == (302, f"/{language}/")
    assert "Accept-Language" in response.headers["Vary"].split(", ")


@EVERY_LANGUAGE
def test_page_is_in_the_language_of_its_address_whoever_asks(client, language):
    response = client.get(f"/{language}/about/", headers={"Accept-Language": "ko" if language == "ru" else "ru"})
    assert reading.page(response).get("lang") == language
    assert "Accept-Language" not in response.headers.get("Vary", "")


# ── Redirects and unknown URLs ───────────────────────────────────────────────────────────────────────────────


@EVERY_LANGUAGE
@pytest.mark.parametrize("kind", RECORDS)
def test_unknown_key_is_told_in_the_readers_language_with_a_search(client, kind, language):
    response = client.get(f"/{language}/{kind}/no-such-key/")
    tree = reading.page(response)
    assert (response.status_code, tree.get("lang")) == (404, language)
    [form] = tree.xpath("//main//form[.//input[@name='q']]")
    assert form.get("action") == f"/{language}/search/"
    assert tree.xpath("//main//li/a/@href") == [
        f"/{language}/{path}" for path in ("", "issues/", "projects/", "countries/")
    ]
    assert language_links(response) == {NAMES[code]: (code, f"/{code}/{kind}/no-such-key/") for code in LANGUAGES}


@pytest.mark.parametrize(
    "path", ["/en/no-such-page/", "/fr/", "/projects/", "/en/projects/a/b/", "/en/issues/UPPER CASE/"]
)
def test_address_that_is_none_is_told(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert [reading.words(heading) for heading in reading.page(response).xpath("//h1")] == ["Page not found"]


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/ko/no-such-page/", "/{}/no-such-page/"),
        ("/ko/issues/UPPER CASE/", "/{}/issues/UPPER%20CASE/"),
        ("/ko/프로젝트", "/{}/%ED%94%84%EB%A1%9C%EC%A0%9D%ED%8A%B8"),
        ("/projects/", "/{}/"),
        ("/fr/", "/{}/"),
    ],
)
def test_address_that_is_none_keeps_its_path_in_other_languages_or_leads_home(client, path, there):
    assert language_links(client.get(path)) == {NAMES[code]: (code, there.format(code)) for code in LANGUAGES}


@pytest.mark.parametrize("publication", UNPUBLISHED)
@pytest.mark.parametrize("kind", RECORDS)
def test_record_that_is_not_published_has_no_page(client, kind, publication):
    record = RECORDS[kind](publication=publication)
    gone = publication == PublicationStatus.ARCHIVED
    assert client.get(record.get_absolute_url()).status_code == (410 if gone else 404)


@EVERY_LANGUAGE
@pytest.mark.parametrize(
    ("kind", "path", "make"),
    [
        (FormerKey.Kind.SOURCE, "sources", make_source),
        (FormerKey.Kind.PLACE, "places", make_place),
        (FormerKey.Kind.ORGANISATION, "organisations", make_organisation),
        (FormerKey.Kind.PROJECT, "projects", make_project),
    ],
)
def test_former_key_leads_to_the_record_that_stays(client, kind, path, make, language):
    make(key="stays")
    make_former_key(kind=kind, key="went", now="stays")
    response = client.get(f"/{language}/{path}/went/")
    assert (response.status_code, response.headers["Location"]) == (301, f"/{language}/{path}/stays/")
    assert client.get(response.headers["Location"]).status_code == 200


def test_former_key_of_another_kind_leads_nowhere(client):
    make_project(key="stays")
    make_former_key(kind=FormerKey.Kind.SOURCE, key="went", now="stays")
    assert client.get("/en/projects/went/").status_code == 404


@EVERY_LANGUAGE
def test_country_among_the_places_leads_to_its_page(client, language):
    make_country(key="uz")
    response = client.get(f"/{language}/places/uz/")
    assert (response.status_code, response.headers["Location"]) == (301, f"/{language}/countries/uz/")


def test_place_that_is_no_country_is_not_among_the_countries(client):
    make_place(key="nukus")
    assert client.get("/en/countries/nukus/").status_code == 404


def test_request_that_cannot_be_understood_is_told_in_words(client):
    response = client.get("/en/", headers={"Host": "elsewhere.example.org"})
    assert response.status_code == 400
    assert [reading.words(heading) for heading in reading.page(response).xpath("//h1")] == ["Bad request"]


# ── What is not published ────────────────────────────────────────────────────────────────────────────────────


def pages_of(world):
    """Yield every page of a small world, its lists and its data files, in three languages."""
    own = {record.get_absolute_url() for record in records(world) if hasattr(record, "get_absolute_url")}
    today = timezone.localdate().isoformat()
    own |= {f"{path}{more}" for path in own if "#" not in path for more in ("changes/", f"on/{today}/")}
    others = [PAGES[kind] for kind in PAGES if "/" not in PAGES[kind].rstrip("/") and status(kind) == 200]
    asked = [f"{name}/?q={SECRET}" for name in (*LISTS, "search")]
    paths = {*(path.split("#")[0] for path in own), *(f"/en/{path}" for path in (*others, *asked, "about/data/"))}
    sections = (
        "pages",
        "issues",
        "indicators",
        "events",
        "projects",
        "organisations",
        "agreements",
        "results",
        "places",
        "sources",
    )
    return sorted(in_language(path, language) for path in paths for language in LANGUAGES) + [
        f"/sitemap-{section}.xml" for section in sections
    ]


TOKEN = re.compile(r'name="token" value="[^"]+"')


def read(client, paths):
    """Return the text of each page, without the tokens of forms, which are new each time."""
    return {path: TOKEN.sub("", client.get(path).content.decode()) for path in paths}


@pytest.mark.long
def test_what_is_not_published_changes_nothing_that_readers_see(client):
    world = make_world()
    paths = pages_of(world)
    before = read(client, paths)
    for publication in UNPUBLISHED:
        for record in records(world):
            link(record, unpublished(publication), SECRET)
    after = read(client, paths)
    assert len(paths) > 80
    assert [path for path in paths if SECRET.lower() in after[path].lower() and f"?q={SECRET}" not in path] == []
    assert [path for path in paths if before[path] != after[path]] == []


@pytest.mark.parametrize("publication", UNPUBLISHED)
def test_what_a_record_belongs_to_is_not_named_before_it_is_published(client, publication):
    secret = unpublished(publication)
    country, place, source = secret(make_country), secret(make_place), secret(make_source)
    shown = [
        make_issue(parent=secret(make_issue)),
        (town := make_place(country=country, latitude="43", longitude="77")),
        make_place(part_of=place),
        make_organisation(country=country),
        make_result(project=secret(make_project)),
        make_indicator(source=source),
        (measured := make_indicator()),
    ]
    make_project().places.add(town)
    make_observation(indicator=measured, place=place)
    make_observation(indicator=measured, source=source)
    paths = [record.get_absolute_url() for record in shown]
    paths += [f"{path}on/{timezone.localdate()}/" for path in paths]
    paths += [f"/en/{name}/" for name in LISTS] + ["/en/map/", "/en/map/?format=json"]
    pages = {path: client.get(path) for path in paths}
    assert {path: response.status_code for path, response in pages.items()} == dict.fromkeys(paths, 200)
    assert [path for path in paths if SECRET.lower() in pages[path].content.decode().lower()] == []


# ── Crawling all links ───────────────────────────────────────────────────────────────────────────────────────


class Walk:
    """A crawl of the portal that follows the links of each page.

    It follows all links without a query, or `most` of each kind of page. Of links with a query it follows `queries`
    for each kind and combination of parameters. From those pages it follows only links to other pages of the same list.
    """

    def __init__(self, client, start, *, queries, most=None):
        self.client, self.queries, self.most = client, queries, most
        self.kinds, self.broken, self.unanchored, self.visited, self.assets = Counter(), [], [], set(), set()
        waiting = deque([start])
        seen = {start}
        while waiting:
            here = waiting.popleft()
            for there in self.visit(here):
                if there not in seen and self.takes(here, there):
                    seen.add(there)
                    waiting.append(there)

    def visit(self, here):
        """Read a page and return the URLs of its links."""
        response = self.client.get(here)
        if response.status_code != 200:
            self.broken.append((here, response.status_code))
            return
        self.visited.add(here)
        if not response.headers["Content-Type"].startswith("text/html"):
            if response.streaming:
                deque(response.streaming_content, maxlen=0)  # read to the end, which closes the open files
            return
        tree = reading.page(response)
        anchors = set(tree.xpath("//@id"))
        self.assets |= set(tree.xpath("//link[@rel='stylesheet' or @rel='icon']/@href | //script/@src | //img/@src"))
        for href in tree.xpath("//a/@href"):
            address, anchor = urldefrag(urljoin(here, href))
            if address.startswith("/"):
                address = iri_to_uri(address)
                if address == here and anchor and anchor not in anchors:
                    self.unanchored.append((here, anchor))
                if address.startswith("/static/"):
                    self.assets.add(address)
                else:
                    yield address

    def takes(self, here, there):
        """Return False for pages in another language, and for further combinations of filters."""
        path, _question, query = there.partition("?")
        if path.split("/")[1] in set(LANGUAGES) - {here.split("/")[1]}:
            return False
        names = {name for name, _value in parse_qsl(query)}
        if "/changes/" in path:
            names.add("changes")  # there are as many as records, and nothing has changed yet in the content
        if ending := file_ending(path):
            names.add(ending)  # each record has a file of each format
        if query and "?" in here and names != {"page"}:
            return False
        kind = (self.kind(path), *sorted(names))
        limit = self.queries if names - {"page"} else self.most
        self.kinds[kind] += 1
        return limit is None or self.kinds[kind] <= limit

    def kind(self, path):
        try:
            return resolve(path).url_name
        except Resolver404:
            return path


def file_ending(path):
    """Return the ending of the short address of a file, such as `csv`; "" for a page."""
    return path.rpartition("/")[2].partition(".")[2]


def sitemap_of(client, language):
    """Return every URL of the sitemap in a language."""
    index = etree.fromstring(client.get("/sitemap.xml").content)
    found = set()
    for section in index.xpath("//*[local-name()='loc']/text()"):
        tree = etree.fromstring(client.get(section.removeprefix("http://testserver")).content)
        found |= {loc.removeprefix("http://testserver") for loc in tree.xpath("//*[local-name()='loc']/text()")}
    return {path for path in found if path.startswith(f"/{language}/")}


def strays(walk, sitemap):
    """Return the visited URLs that are not in the sitemap, apart from search, forms, changelogs, feeds and data."""
    others = ("/search/", "/report/", "/changes/", "/digests/", "/feed/")
    visited = [path for path in walk.visited if not any(other in path for other in others)]
    visited = [path for path in visited if not path.startswith(("/data/", "/api/", "/oai", "/sitemap.xml"))]
    pages = [path for path in visited if not file_ending(path.partition("?")[0])]
    return [path for path in pages if path.partition("?")[0] not in sitemap]


@pytest.mark.long
@pytest.mark.any_database
def test_every_link_of_the_english_pages_leads_somewhere(content, client):
    """Visit all pages without a query, and three lists for each combination of parameters."""
    walk = Walk(client, "/en/", queries=3)
    sitemap = sitemap_of(client, "en")
    assert walk.broken == []
    assert walk.unanchored == []
    assert strays(walk, sitemap) == []
    assert sitemap - walk.visited == set(), "A page that nothing leads to."
    assert len(walk.visited) > 1_500
    assert [asset for asset in walk.assets if not finders.find(asset.removeprefix("/static/"))] == []


@pytest.mark.long
@pytest.mark.any_database
@pytest.mark.parametrize("language", ["ko", "ru"])
def test_links_of_some_pages_of_each_kind_lead_somewhere(content, client, language):
    """Visit a sample: four pages of each kind."""
    walk = Walk(client, f"/{language}/", queries=1, most=4)
    assert walk.broken == []
    assert walk.unanchored == []
    assert strays(walk, sitemap_of(client, language)) == []
    assert len(walk.visited) > 60
