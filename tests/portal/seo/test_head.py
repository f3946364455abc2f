"""The metadata of every page: title, canonical URL, languages and link preview."""

import pytest

from tests import reading
from tests.pages import LANGUAGES, PAGES, SILENT, address, status
from tests.portal.seo.heads import SITE, card_of, main, things

pytestmark = pytest.mark.django_db


@pytest.mark.any_database
@pytest.mark.parametrize("kind", PAGES)
def test_page_says_what_it_is_in_few_words(content, client, kind):
    """Each kind is tested in one language in turn; all kinds together cover all languages."""
    language = LANGUAGES[len(kind) % 3]
    asked = address(kind, language)
    response = client.get(asked)
    tree = reading.page(response)
    heads = tree.xpath("//link[@rel='canonical']/@href")
    if kind in SILENT:
        todays = [f"{SITE}{asked.partition('on/')[0]}"] if kind == "past" else []
        assert (heads, tree.xpath("//script[@type='application/ld+json']")) == (todays, [])
        assert "noindex" in tree.xpath("//meta[@name='robots']/@content") or status(kind) == 404
        return
    assert heads == [f"{SITE}{asked}"]
    card = card_of(response)
    assert card["og:url"] == f"{SITE}{asked}"
    assert "" not in (card["og:title"], card["og:description"])
    assert card["og:locale"][:2] == language
    assert client.get(card["og:image"].removeprefix(SITE)).headers["Content-Type"] == "image/png"
    told = things(response)
    page = told[f"{SITE}{asked}"]
    assert page["name"] == card["og:title"]
    assert (page["inLanguage"], page["isPartOf"]["@id"]) == (language, f"{SITE}/#site")
    steps = tree.xpath("//nav[contains(@class, 'breadcrumbs')]//li")
    assert [step["name"] for step in page.get("breadcrumb", {}).get("itemListElement", [])] == [
        *map(reading.words, steps)
    ]
    [script] = tree.xpath("//script[@type='application/ld+json']/text()")
    assert len(script.encode()) < 9_000


@pytest.mark.parametrize(
    ("path", "known_as"),
    [
        ("projects/?page=2", "projects/?page=2"),
        ("projects/?page=1", "projects/"),
        ("projects/?page=99", "projects/?page=11"),
        ("projects/?country=uz&page=2", "projects/"),
        ("projects/?utm_source=letter", "projects/"),
        ("issues/?view=causes&country=uz", "issues/?view=causes"),
        ("indicators/aral-sea-area/?place=aral-sea", "indicators/aral-sea-area/"),
        ("compare/?country=uz&country=kz&utm_source=letter", "compare/?country=uz&country=kz"),
        ("compare/?country=uz", "compare/"),
    ],
)
def test_page_is_known_by_one_address_in_each_language(content, client, path, known_as):
    tree = reading.page(client.get(f"/ko/{path}", follow=True))
    assert tree.xpath("//link[@rel='canonical']/@href") == [f"{SITE}/ko/{known_as}"]
    others = {link.get("hreflang"): link.get("href") for link in tree.xpath("//link[@rel='alternate'][@hreflang]")}
    assert others == {code: f"{SITE}/{code}/{known_as}" for code in LANGUAGES} | {"x-default": f"{SITE}/en/{known_as}"}


def test_page_outside_the_languages_is_itself_alone(client):
    tree = reading.page(client.get("/api/docs"))
    assert tree.xpath("//link[@rel='canonical']/@href") == [f"{SITE}/api/docs"]
    assert tree.xpath("//link[@hreflang]") == []


def test_home_is_where_the_browser_is_asked_for_those_who_read_none_of_the_languages(client):
    links = reading.page(client.get("/ru/")).xpath("//link[@hreflang='x-default']/@href")
    assert links == [f"{SITE}/"]


def test_search_engines_can_search(client):
    site = main(client.get("/ru/"))
    assert (site["@type"], site["@id"]) == ("WebSite", f"{SITE}/#site")
    target = site["potentialAction"]["target"]["urlTemplate"]
    assert target == f"{SITE}/ru/search/?q={{search_term_string}}"
    assert client.get(target.removeprefix(SITE).format(search_term_string="aral")).status_code == 200
