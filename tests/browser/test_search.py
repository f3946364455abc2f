"""The search in a browser: suggestions by keyboard, by touch and without JavaScript."""

import pytest
from playwright.sync_api import expect

FIELD = "#search-q"


def typed(page, site, text, language="en"):
    """Open the search page, type `text` and wait for the suggestions."""
    page.goto(f"{site.url}/{language}/search/")
    page.locator(FIELD).fill(text)  # at once: suggestions for a part of the text would replace those of the text
    expect(page.locator("#suggestions-1 [role=option]").first).to_be_visible()


def test_suggestion_is_chosen_with_the_arrow_keys(page, site):
    typed(page, site, "karakum")
    field = page.locator(FIELD)
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "suggestions-1-0")
    expect(page.locator("#suggestions-1-0")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#suggestions-1-0")).to_contain_text("Karakum Desert")
    field.press("ArrowDown")
    field.press("ArrowUp")
    field.press("Enter")
    expect(page).to_have_url(f"{site.url}/en/places/karakum-desert/")


def test_escape_closes_the_suggestions_and_enter_searches(page, site):
    typed(page, site, "drought")
    page.locator(FIELD).press("Escape")
    expect(page.locator("#suggestions-1")).to_be_hidden()
    expect(page.locator(FIELD)).to_have_value("drought")
    page.locator(FIELD).press("Enter")
    expect(page).to_have_url(f"{site.url}/en/search/?q=drought")
    expect(page.locator(".hit").first).to_be_visible()


@pytest.mark.parametrize(
    ("language", "text", "name"), [("ko", "아랄해 고", "아랄해 고갈"), ("ru", "высы", "Высыхание")]
)
def test_suggestion_is_tapped_on_a_phone(new_context, site, language, text, name):
    page = new_context(viewport={"width": 360, "height": 740}, has_touch=True).new_page()
    page.goto(f"{site.url}/{language}/")
    page.locator("[popovertarget=search-panel]").tap()
    page.locator("#site-search").press_sequentially(text)
    option = page.locator("#suggestions-0 [role=option]", has_text=name)
    expect(option).to_be_visible()
    box = page.locator("#suggestions-0").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    option.tap()
    expect(page).to_have_url(f"{site.url}/{language}/issues/aral-sea-depletion/")


def test_leaving_the_field_closes_the_suggestions(page, site):
    typed(page, site, "kara")
    page.locator(FIELD).press("Tab")
    expect(page.locator("#suggestions-1")).to_be_hidden()


def test_text_of_a_suggestion_is_never_markup(page, site):
    page.route(
        "**/suggest/**",
        lambda route: route.fulfill(
            json={"suggestions": [{"url": "/en/", "name": "<img src=x>", "language": "en", "kind": "<b>"}]}
        ),
    )
    typed(page, site, "anything")
    expect(page.locator("#suggestions-1-0")).to_have_text("<img src=x> <b>")


def test_form_works_where_the_suggestions_do_not_come(page, site):
    page.route("**/suggest/**", lambda route: route.abort())
    page.goto(f"{site.url}/en/search/")
    page.locator(FIELD).press_sequentially("drought")
    page.locator(FIELD).press("Enter")
    expect(page).to_have_url(f"{site.url}/en/search/?q=drought")


def test_search_serves_without_javascript(new_context, site):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{site.url}/ru/")
    page.locator("#site-search").fill("засуха")
    page.locator("#site-search").press("Enter")
    expect(page.locator(".hit mark").first).to_be_visible()
    page.get_by_role("checkbox", name="Проекты").check()
    page.get_by_role("button", name="Применить фильтры").click()
    expect(page.locator(".chip")).to_have_count(1)
    assert "kind=project" in page.url


def test_filter_narrows_the_hits_in_place(page, site):
    page.goto(f"{site.url}/en/search/?q=drought")
    page.evaluate("window.untouched = true")
    page.get_by_role("checkbox", name="Projects").check()
    expect(page).to_have_url(f"{site.url}/en/search/?q=drought&kind=project")
    expect(page.locator(".hit-group h2")).to_have_text("Projects")
    assert page.evaluate("window.untouched")
