"""How long pages are: what is secondary is folded on a phone, and no page is endless on a desktop."""

import itertools

import pytest
from playwright.sync_api import expect

from tests.pages import LANGUAGES, PAGES, address

MOST_WIDE = dict.fromkeys(PAGES, 6_000) | {"issue": 5_600, "country": 5_200}
MOST_ON_A_PHONE = {
    "home": 3_600,
    "issue": 8_000,
    "project": 3_000,
    "country": 7_500,
    "coverage": 4_000,
    "compare-countries": 6_000,
    "gyeonggi": 4_000,
}
WATER_SCARCITY = "issues/water-scarcity/"


def height(new_context, url, width):
    """Return the height of a page in CSS pixels, without JavaScript, as a reader first sees it."""
    page = new_context(viewport={"width": width, "height": 844}, java_script_enabled=False).new_page()
    page.goto(url)
    return page.locator("html").bounding_box()["height"]


def rotated(kinds):
    """Return pairs of kind and language. The languages take turns."""
    return list(zip(sorted(kinds), itertools.cycle(LANGUAGES), strict=False))


@pytest.mark.parametrize(("kind", "language"), rotated(MOST_WIDE))
def test_page_is_not_too_long_on_a_desktop(new_context, site, kind, language):
    assert height(new_context, site.url + address(kind, language), 1280) <= MOST_WIDE[kind]


@pytest.mark.parametrize(
    ("kind", "language"), [(kind, language) for kind in ("home", "issue", "project") for language in LANGUAGES]
)
def test_most_read_pages_are_short_on_a_phone(new_context, site, kind, language):
    assert height(new_context, site.url + address(kind, language), 390) <= MOST_ON_A_PHONE[kind]


@pytest.mark.parametrize(("kind", "language"), rotated(set(MOST_ON_A_PHONE) - {"home", "issue", "project"}))
def test_page_is_not_too_long_on_a_phone(new_context, site, kind, language):
    assert height(new_context, site.url + address(kind, language), 390) <= MOST_ON_A_PHONE[kind]


@pytest.mark.parametrize(("width", "most"), [(1280, 5_600), (390, 8_000)])
def test_issue_with_many_projects_is_as_short(new_context, site, width, most):
    assert height(new_context, f"{site.url}/ru/{WATER_SCARCITY}", width) <= most


def test_parts_folded_on_a_phone_are_open_on_a_desktop_and_on_paper(new_context, site):
    parts = "section[aria-labelledby=parties] dl, section[aria-labelledby=issues] .entries, #map"
    for width, media, is_visible in ((390, "screen", False), (1280, "screen", True), (390, "print", True)):
        page = new_context(viewport={"width": width, "height": 844}, java_script_enabled=False).new_page()
        page.emulate_media(media=media)
        page.goto(f"{site.url}{address('project', 'en')}")
        expect(page.locator(parts)).to_have_count(3)
        for part in page.locator(parts).all():
            expect(part).to_be_visible(visible=is_visible)


def test_folded_issues_of_a_project_are_named_and_open_by_keyboard(new_context, site):
    page = new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False).new_page()
    page.goto(f"{site.url}{address('project', 'en')}")
    part = page.locator("section[aria-labelledby=issues]")
    expect(part.locator(".folded-gist")).to_contain_text("Depletion of the Aral Sea")
    part.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(part.locator(".entry").first).to_be_visible()


def test_contents_mark_the_section_that_is_read(new_context, site):
    page = new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(f"{site.url}{address('issue', 'en')}")
    contents = page.locator(".contents-side")
    for name in ("Impacts", "Events and agreements"):
        contents.get_by_role("link", name=name).click()
        expect(contents.locator("[aria-current]")).to_have_text(name)


def test_contents_of_a_phone_name_the_section_and_open_a_folded_one(new_context, site):
    page = new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{site.url}{address('issue', 'ko')}")
    bar = page.locator(".contents-bar")
    bar.locator("summary").click()
    bar.get_by_role("link", name="영향", exact=True).click()
    expect(bar.locator("summary")).to_have_text("이 페이지의 내용: 영향")
    expect(page.locator(".dpsir-impacts p").first).to_be_visible()
