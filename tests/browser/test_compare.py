"""Readers choose projects for a comparison from suggestions, or from a search without JavaScript."""

import pytest
from playwright.sync_api import expect

GRIP, FOREST = "koica-gggi-aral-sea-grip", "kfs-aral-sea-forest-restoration-kz"


def take(page, field, text, name):
    """Type into the field and choose the suggestion."""
    page.locator(field).press_sequentially(text)
    page.locator(".suggestions:visible [role=option]", has_text=name).click()


@pytest.mark.parametrize("width", [360, 1280])
def test_projects_are_taken_from_the_suggestions(new_context, site, width):
    page = new_context(viewport={"width": width, "height": 800}).new_page()
    page.goto(f"{site.url}/en/compare/")
    take(page, "#find", "aral sea g", "Aral Sea GRIP")
    expect(page).to_have_url(f"{site.url}/en/compare/?project={GRIP}")
    expect(page.get_by_role("checkbox", name="Aral Sea GRIP")).to_be_checked()
    take(page, "#find", "forest restoration", "Kyzylorda")
    expect(page).to_have_url(f"{site.url}/en/compare/?project={GRIP}&project={FOREST}")
    expect(page.locator(".compare thead").first).to_contain_text("Aral Sea GRIP")
    take(page, "#add", "woosong", "Woosong University Kazakhstan")
    expect(page.locator(".compare-chosen li")).to_have_count(3)
    expect(page.locator("body")).to_have_js_property("scrollWidth", width)


def test_projects_are_chosen_without_javascript(new_context, site):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{site.url}/en/compare/")
    page.get_by_label("Find projects").fill("aral sea")
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("checkbox", name="Aral Sea GRIP").check()
    page.get_by_label("Find projects").fill("forest restoration")
    page.get_by_label("Find projects").press("Enter")
    expect(page.get_by_role("checkbox", name="Aral Sea GRIP")).to_be_checked()
    page.get_by_role("checkbox", name="Forest restoration on the dried bed").check()
    page.get_by_role("button", name="Compare projects").click()
    expect(page).to_have_url(f"{site.url}/en/compare/?project={GRIP}&project={FOREST}")
    expect(page.locator(".compare-chosen li")).to_have_count(2)


@pytest.mark.parametrize("script", [True, False])
def test_two_projects_ticked_in_the_list_are_compared(new_context, site, script):
    page = new_context(viewport={"width": 390, "height": 844}, java_script_enabled=script).new_page()
    page.goto(f"{site.url}/ko/projects/")
    button = page.get_by_role("button", name="선택한 사업 비교")
    expect(button).to_be_hidden()
    ticks = page.locator("input[name=project]")
    keys = [ticks.nth(number).get_attribute("value") for number in (0, 2)]
    ticks.nth(0).check()
    ticks.nth(2).check()
    button.click()
    expect(page).to_have_url(f"{site.url}/ko/compare/?project={keys[0]}&project={keys[1]}")
    expect(page.get_by_role("heading", level=1)).to_have_text("사업 비교")
