"""A glossary term shows its definition by keyboard and by touch, without JavaScript, but not in print."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.served import VIEWPORTS

ADDRESSES = {
    "en": ("desertification", "rangeland"),
    "ko": ("water-scarcity", "water-stress"),
    "ru": ("desertification", "rangeland"),
}


def opened(page, site, language):
    """Open the issue page in that language. Return it, the first marked term and the term's definition."""
    issue, term = ADDRESSES[language]
    page.goto(f"{site.url}/{language}/issues/{issue}/")
    page.evaluate("for (const part of document.querySelectorAll('details.folded, details.more')) part.open = true")
    return page.locator(f'[popovertarget="gloss-term-{term}"]').first, page.locator(f"#gloss-term-{term}")


@pytest.mark.parametrize("language", ADDRESSES)
def test_a_term_opens_and_closes_by_keyboard(page, site, language):
    term, definition = opened(page, site, language)
    expect(definition).to_be_hidden()
    term.focus()
    page.keyboard.press("Enter")
    expect(definition).to_be_visible()
    page.keyboard.press("Tab")
    expect(definition.get_by_role("link")).to_be_focused()
    page.keyboard.press("Escape")
    expect(definition).to_be_hidden()
    expect(term).to_be_focused()


def test_a_term_is_described_by_its_definition(page, site):
    term, _definition = opened(page, site, "en")
    expect(term).to_have_accessible_description(re.compile(r"^Rangeland\. Natural grazing land"))


@pytest.mark.parametrize("language", ADDRESSES)
def test_a_tap_opens_a_term_beside_it_and_inside_a_narrow_window(new_context, site, language):
    page = new_context(viewport=VIEWPORTS["phone"], has_touch=True, java_script_enabled=False).new_page()
    term, definition = opened(page, site, language)
    term.tap()
    expect(definition).to_be_visible()
    box, word, window = definition.bounding_box(), term.bounding_box(), VIEWPORTS["phone"]
    assert 0 <= box["x"] <= box["x"] + box["width"] <= window["width"]
    assert 0 <= box["y"] <= box["y"] + box["height"] <= window["height"]
    assert box["y"] >= word["y"] + word["height"] - 1 or box["y"] + box["height"] <= word["y"] + 1
    page.locator("h1").tap()
    expect(definition).to_be_hidden()


def test_a_definition_leads_to_the_glossary(page, site):
    term, definition = opened(page, site, "en")
    term.click()
    definition.get_by_role("link").click()
    expect(page).to_have_url(f"{site.url}/en/glossary/#term-rangeland")


def test_paper_has_the_words_alone(page, site):
    term, definition = opened(page, site, "en")
    term.click()
    expect(definition).to_be_visible()
    page.emulate_media(media="print")
    expect(term).to_have_css("text-decoration-line", "none")
    expect(definition).to_be_hidden()
