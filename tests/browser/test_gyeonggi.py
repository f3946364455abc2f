"""The front page of Gyeonggi and the page of ties in a browser, on a phone and on a wide screen."""

import re

import pytest
from playwright.sync_api import expect

PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 800}
LANGUAGES = ("en", "ko", "ru")


def size(page):
    """Return the width and height of the whole page in pixels."""
    return page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")


@pytest.mark.parametrize("language", LANGUAGES)
def test_front_page_on_a_phone_has_no_sideways_scroll_and_is_short(new_context, site, language):
    page = new_context(viewport=PHONE).new_page()
    page.goto(f"{site.url}/{language}/gyeonggi/")
    width, height = size(page)
    assert width == 390
    assert height <= 4_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_ties_on_a_phone_are_cards_without_sideways_scroll(new_context, site, language):
    page = new_context(viewport=PHONE, color_scheme="dark").new_page()
    page.goto(f"{site.url}/{language}/gyeonggi/ties/?korea=1")
    assert size(page)[0] == 390
    card = page.locator("#yongin")
    expect(card).to_be_visible()
    expect(card.locator(".tie-none").first).to_be_hidden()
    assert card.bounding_box()["width"] <= 390


def test_table_of_ties_has_headers_for_screen_readers_at_both_widths(new_context, site):
    for viewport in (PHONE, WIDE):
        page = new_context(viewport=viewport).new_page()
        page.goto(f"{site.url}/en/gyeonggi/ties/")
        table = page.get_by_role("table")
        expect(table.get_by_role("columnheader", name="Uzbekistan")).to_have_count(1)
        expect(table.get_by_role("rowheader", name="Yongin")).to_have_count(1)
        expect(table.get_by_role("row", name=re.compile("^Yongin")).get_by_role("cell").last).to_contain_text(
            "Sister-city ties, 2008"
        )


def test_cities_with_ties_in_kazakhstan_are_three_clicks_from_home(new_context, site):
    page = new_context(java_script_enabled=False, viewport=PHONE).new_page()
    page.goto(f"{site.url}/en/")
    page.locator("main .door").get_by_role("link", name="Gyeonggi").click()
    page.get_by_role("link", name="All ties, with filters").click()
    page.get_by_label("Country").select_option("kz")
    page.get_by_role("button", name="Apply filters").click()
    expect(page).to_have_url(re.compile("country=kz"))
    assert "=&" in page.url or page.url.endswith("?country=kz")
    expect(page.locator("#ansan")).to_contain_text("Almaty")
    expect(page.locator("#gyeonggi")).to_contain_text("What came of it")


def test_a_thread_ends_at_links_that_the_keyboard_reaches(new_context, site):
    page = new_context(viewport=WIDE).new_page()
    page.goto(f"{site.url}/en/gyeonggi/")
    link = page.locator(".threads-figure").get_by_role("link", name="Yongin")
    link.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/en/gyeonggi/ties/#yongin$"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_ledger_of_all_agreements_has_no_sideways_scroll(new_context, site, language, width):
    page = new_context(viewport={"width": width, "height": 844}).new_page()
    for query in ("scope=all&per_page=100", "scope=all&view=years"):
        page.goto(f"{site.url}/{language}/agreements/ledger/?{query}")
        assert size(page)[0] == width


def test_quiet_ties_of_a_city_are_found_without_scripts(new_context, site):
    page = new_context(java_script_enabled=False, viewport=WIDE).new_page()
    page.goto(f"{site.url}/en/gyeonggi/ties/")
    page.get_by_role("link", name="The same agreements one by one, with the next step due").click()
    expect(page).to_have_url(re.compile(r"/agreements/ledger/\?gyeonggi=1$"))
    page.get_by_role("checkbox", name=re.compile("^Quiet")).check()
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("row", name=re.compile("Quiet since")).first).to_be_visible()
    page.get_by_role("link", name="All agreements").click()
    expect(page).to_have_url(re.compile("scope=all"))
    expect(page.get_by_role("checkbox", name=re.compile("^Quiet"))).to_be_checked()
