"""Pages of projects, agreements and organisations in a browser: their facts come first, and evidence opens."""

import pytest
from playwright.sync_api import expect

PHONE = {"width": 390, "height": 844}
# The longest Russian titles of projects and the longest parties of agreements.
LONG_TITLES = ("kopia-koica-kg-agri-water-2026", "seongnam-namangan-oda-2012")
RECORDS = (*(f"projects/{key}" for key in LONG_TITLES), "agreements/moe-kg-renewables-2023", "organisations/koica")


@pytest.mark.parametrize("record", RECORDS)
@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_facts_of_a_record_are_in_the_first_view_of_a_phone(new_context, site, record, language):
    page = new_context(viewport=PHONE, java_script_enabled=False, color_scheme="dark").new_page()
    page.goto(f"{site.url}/{language}/{record}/")
    facts = page.locator(".fact-strip > div")
    expect(facts).to_have_count(6)
    assert all(box["y"] + box["height"] <= 844 for box in (fact.bounding_box() for fact in facts.all()))
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_number_of_a_note_opens_the_folded_sources(new_context, site):
    page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(f"{site.url}/en/projects/koica-gggi-aral-sea-grip/")
    note = page.locator("#note-9")
    expect(note).to_be_hidden()
    page.locator("#results ~ * a[href='#note-9']").first.click()
    expect(note).to_be_in_viewport()


def test_who_worked_on_desertification_in_kyrgyzstan_is_a_choice_of_two_filters(new_context, site):
    page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(f"{site.url}/en/organisations/?works_in=kg")
    issue = page.locator("input[name=issue][value=desertification]")
    count = int(issue.locator("xpath=ancestor::label").inner_text().split()[-1])
    page.goto(f"{site.url}/en/organisations/?works_in=kg&issue=desertification")
    expect(page.get_by_role("status")).to_contain_text(f"{count} organisations of ")
    expect(page.get_by_role("link", name="Works in: Kyrgyzstan")).to_be_visible()
    expect(page.get_by_role("link", name="Korea Forest Service")).to_be_visible()
