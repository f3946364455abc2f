"""The gaps on a phone: one country at a time, as rows with bars, without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_each_country_is_one_tap_away_and_nothing_is_hidden_sideways(new_context, site, language):
    page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(f"{site.url}/{language}/coverage/")
    countries = page.locator(".coverage-columns a")
    expect(countries).to_have_count(6)  # the first is the total
    for number in range(6):
        countries.nth(number).click()
        expect(countries.nth(number)).to_have_attribute("aria-current", "true")
        page.wait_for_load_state()
        rows = page.locator(".coverage-rows > li")
        expect(rows).to_have_count(21)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        for scroll in page.locator(".results .scroll:visible").all():
            assert scroll.evaluate("box => box.scrollWidth <= box.clientWidth")
    assert page.evaluate("document.documentElement.scrollHeight") <= 4_000


def test_number_of_a_row_leads_to_as_many_projects(new_context, site):
    page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(f"{site.url}/en/coverage/?column=kg")
    link = page.locator(".coverage-number").first
    number = link.inner_text()
    link.click()
    expect(page.locator(".results-count")).to_have_text(f"{number} projects of 271")


def test_only_gaps_are_hatched_and_said_in_words(new_context, site):
    page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(f"{site.url}/ru/coverage/?column=tm")
    page.get_by_role("link", name="Только пробелы").click()
    page.wait_for_load_state()
    gaps = page.locator(".coverage-rows .gap")
    expect(gaps).to_have_count(page.locator(".coverage-rows > li").count())
    expect(gaps.first).to_have_text("нет подтверждённых проектов")
    expect(gaps.first).to_have_css("background-image", re.compile("repeating-linear-gradient"))


@pytest.mark.parametrize(("width", "is_folded"), [(390, True), (1280, False), (1600, False)])
def test_rows_and_columns_are_folded_on_a_phone_only(new_context, site, width, is_folded):
    page = new_context(viewport={"width": width, "height": 844}, java_script_enabled=False).new_page()
    page.goto(f"{site.url}/ko/coverage/")
    expect(page.get_by_label("행", exact=True)).to_be_visible(visible=not is_folded)
    expect(page.locator(".coverage-table")).to_be_visible(visible=not is_folded)
    expect(page.locator(".streams-picture")).to_be_visible(visible=not is_folded)
    expect(page.locator(".streams-numbers")).to_be_visible(visible=is_folded)
    if is_folded:
        page.get_by_text("표 바꾸기").click()
        page.get_by_label("행", exact=True).select_option("issue")
        page.get_by_role("button", name="표에 적용").click()
        expect(page.locator(".coverage-list-caption")).to_contain_text("환경 문제")
