"""Readers choose projects for a comparison from suggestions, or from a search without JavaScript, and compare."""

import re

import pytest
from playwright.sync_api import expect

GRIP, FOREST = "koica-gggi-aral-sea-grip", "kfs-aral-sea-forest-restoration-kz"


def take(page, field, text, name):
    """Type into the field and choose the suggestion."""
    page.wait_for_load_state()  # its scripts suggest
    page.locator(field).fill(text)
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
    expect(page.locator(".compare-chosen")).to_contain_text("Aral Sea GRIP")
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


PHONE = {"width": 390, "height": 844}
COUNTRIES = "country=uz&country=kz"


@pytest.mark.parametrize(
    ("language", "query"),
    [
        ("en", COUNTRIES),
        ("ko", "country=tj&country=tm&country=kr&country=kg"),
        ("ru", f"project={GRIP}&project={FOREST}"),
        ("ru", "issue=aral-sea-depletion&issue=aralkum"),
    ],
)
def test_comparison_on_a_phone_is_short_and_its_two_names_stay_in_view(new_context, site, language, query):
    page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(f"{site.url}/{language}/compare/?{query}")
    boxes = [page.locator(f"{name}").first.bounding_box() for name in ("html", ".compare-chosen", "h1")]
    assert boxes[0]["height"] <= 6_000
    assert boxes[0]["width"] == PHONE["width"]
    assert boxes[1]["height"] <= 110
    for row in page.locator("table.compare tbody tr:visible").all():
        head, *cells = [cell.bounding_box() for cell in row.locator("> :visible").all()]
        assert len(cells) == 2
        assert cells[0]["y"] == cells[1]["y"] >= head["y"] + head["height"] - 1
        assert cells[0]["x"] + cells[0]["width"] <= cells[1]["x"]
    for place in (".section >> nth=1", "table.compare >> nth=1", "#sources" if "project" in query else ".site-footer"):
        page.locator(place).scroll_into_view_if_needed()
        expect(page.locator(".compare-chosen li:visible")).to_have_count(2)
        expect(page.locator(".compare-chosen")).to_be_in_viewport(ratio=1)


def test_third_country_comes_beside_the_first_on_a_phone(new_context, site):
    page = new_context(viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(f"{site.url}/ko/compare/?{COUNTRIES}&country=tm")
    names = page.locator(".compare-chosen li:visible .compare-name")
    expect(names).to_have_text(["우즈베키스탄", "카자흐스탄"])
    page.get_by_role("navigation", name="둘째 열:").get_by_role("link", name="투르크메니스탄").click()
    expect(names).to_have_text(["우즈베키스탄", "투르크메니스탄"])


@pytest.mark.parametrize("width", [390, 1280])
def test_only_differences_are_shown_and_marked_in_words(new_context, site, width):
    page = new_context(viewport={"width": width, "height": 844}, java_script_enabled=False).new_page()
    page.goto(f"{site.url}/ru/compare/?{COUNTRIES}")
    page.get_by_role("link", name="Только различия").click()
    expect(page).to_have_url(f"{site.url}/ru/compare/?{COUNTRIES}&only=differences")
    page.wait_for_load_state()
    rows = page.locator("table.compare tbody tr")
    assert rows.count() > 20
    expect(rows.locator("th .tag", has_text=re.compile("^(Сильное различие|Различается)"))).to_have_count(rows.count())


@pytest.mark.parametrize("width", [1280, 1600])
def test_table_of_a_comparison_has_its_head_above_its_columns(new_context, site, width):
    page = new_context(viewport={"width": width, "height": 800}).new_page()
    page.goto(f"{site.url}/en/compare/?{COUNTRIES}&country=kr&country=tm")
    page.locator("#areas").scroll_into_view_if_needed()
    names = page.locator(".compare-name")
    expect(names).to_have_count(4)
    cells = page.locator("table.compare tbody tr").first.locator("td")
    for number in range(4):
        expect(names.nth(number)).to_be_in_viewport(ratio=1)
        assert names.nth(number).bounding_box()["x"] == pytest.approx(cells.nth(number).bounding_box()["x"], abs=1)


def test_bar_of_a_value_does_not_cover_it(new_context, site):
    page = new_context(viewport=PHONE).new_page()
    page.goto(f"{site.url}/en/compare/?{COUNTRIES}")
    value = page.locator("#values ~ table .compare-value").first
    bar = page.locator("#values ~ table .compare-share").first
    assert bar.bounding_box()["height"] == 4
    assert value.bounding_box()["y"] + value.bounding_box()["height"] <= bar.bounding_box()["y"] + 4
