"""Pages of countries in a browser: what the first view shows, and how long the pages are."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_policy import MOST_BYTES, Visit

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 800}
LANGUAGES = ("en", "ko", "ru")
MOST_HEIGHT = {"phone": 7_500, "wide": 5_200}


def bottoms(page, selector):
    """Return the lower edges of elements in pixels from the top of the page."""
    return [round(box["y"] + box["height"]) for one in page.locator(selector).all() if (box := one.bounding_box())]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", ["uz", "tm"])
def test_first_view_has_the_key_figures_and_the_number_of_projects(new_context, site, country, language):
    for name, viewport, count in (("wide", WIDE, 6), ("phone", PHONE, 3)):
        page = new_context(viewport=viewport, color_scheme="dark").new_page()
        page.goto(f"{site.url}/{language}/countries/{country}/")
        figures = bottoms(page, ".key-figure")
        assert len(figures) == 6
        assert sum(edge <= viewport["height"] for edge in figures) >= count
        assert bottoms(page, ".stat")[0] <= viewport["height"]
        width, height = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert width == viewport["width"]
        assert height <= MOST_HEIGHT[name]


def test_places_are_folded_behind_the_map_and_open_from_it(new_context, site):
    page = new_context(viewport=PHONE).new_page()
    page.goto(f"{site.url}/en/countries/uz/")
    expect(page.locator("#map-list")).to_be_hidden()
    page.locator(".map summary").click()
    expect(page.locator("#map-list")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_of_korea_shows_its_projects_first_and_is_short(new_context, site, language):
    for name, viewport in (("wide", WIDE), ("phone", PHONE)):
        page = new_context(viewport=viewport).new_page()
        page.goto(f"{site.url}/{language}/countries/kr/")
        assert bottoms(page, ".stat")[0] <= viewport["height"] / 2
        expect(page.locator("#provinces ~ table a[href$='/gyeonggi/']")).to_be_visible()
        width, height = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert width == viewport["width"]
        assert height <= MOST_HEIGHT[name]


@pytest.mark.parametrize("country", ["kr", "kz"])
def test_other_countries_are_light_too(site, new_context, country):
    visit = Visit(site, new_context, f"/ru/countries/{country}/", PHONE)
    assert visit.complaints == []
    assert sum(visit.sizes.values()) <= MOST_BYTES, visit.sizes
