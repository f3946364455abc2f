"""The header and its panels in a browser: on a phone and a desktop, by keyboard, without JavaScript."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def phone(new_context, request):
    """Return a page of 390 pixels, with and without JavaScript."""
    return new_context(viewport={"width": 390, "height": 844}, java_script_enabled=request.param).new_page()


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
@pytest.mark.parametrize(("width", "highest"), [(320, 64), (390, 64), (959, 64), (960, 104), (1280, 104), (1600, 104)])
def test_the_header_is_low_and_no_wider_than_the_page(page, site, language, width, highest):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site.url}/{language}/glossary/")
    box = page.locator(".site-header").bounding_box()
    assert box["height"] <= highest
    assert page.evaluate("document.documentElement.scrollWidth") == width
    overflowing = page.evaluate(
        """[...document.querySelectorAll('.site-header :is(a, span, button, li)')]
        .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth).length"""
    )
    assert overflowing == 0


def test_on_a_phone_each_page_of_the_menu_is_two_taps_away(phone, site):
    phone.goto(f"{site.url}/ko/sources/")
    expect(phone.locator("#menu")).to_be_hidden()
    phone.get_by_role("button", name="메뉴").click()
    menu = phone.locator("#menu")
    expect(menu.get_by_role("link", name="출처", exact=True)).to_have_attribute("aria-current", "page")
    menu.get_by_role("link", name="비교", exact=True).click()
    expect(phone).to_have_url(f"{site.url}/ko/compare/")


def test_on_a_phone_the_search_and_the_languages_open_from_the_header(phone, site):
    phone.goto(f"{site.url}/en/projects/?country=uz")
    search = phone.locator("[popovertarget=search-panel]")
    search.click()
    expect(phone.locator("#site-search")).to_be_visible()
    search.click()
    expect(phone.locator("#site-search")).to_be_hidden()
    phone.get_by_role("button", name="Language").click()
    phone.get_by_role("link", name="Русский").click()
    expect(phone).to_have_url(f"{site.url}/ru/projects/?country=uz")


def test_the_panel_of_the_search_opens_with_the_field_in_focus(new_context, site):
    page = new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{site.url}/en/")
    page.locator("[popovertarget=search-panel]").click()
    expect(page.locator("#site-search")).to_be_focused()
    page.keyboard.type("water")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/en/search/\?q=water"))


def test_escape_closes_the_menu_and_the_focus_returns_to_its_button(page, site):
    page.goto(f"{site.url}/en/")
    button = page.get_by_role("button", name="More")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#menu")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).to_be_hidden()
    expect(button).to_be_focused()


def test_the_footer_of_a_short_page_is_at_the_bottom_of_the_window(page, site):
    page.set_viewport_size({"width": 1600, "height": 3000})
    page.goto(f"{site.url}/en/nothing-here/")
    box = page.locator(".site-footer").bounding_box()
    assert box["y"] + box["height"] == pytest.approx(3000, abs=1)
