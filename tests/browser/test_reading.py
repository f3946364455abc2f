"""Lists, charts and languages in a browser, with and without JavaScript."""

import itertools
import re

import pytest
from playwright.sync_api import expect


def test_a_ticked_filter_refreshes_the_list_in_place_and_the_address_follows(page, site):
    page.goto(f"{site.url}/en/projects/")
    page.evaluate("window.untouched = true")
    page.get_by_role("checkbox", name=re.compile("^Turkmenistan")).check()
    expect(page.locator(".results-count")).to_have_text("19 projects of 271")
    expect(page).to_have_url(f"{site.url}/en/projects/?country=tm")
    assert page.evaluate("window.untouched"), "the whole page was loaded anew"


def test_a_chip_takes_its_filter_away_and_back_brings_it_again(page, site):
    page.goto(f"{site.url}/en/projects/?country=tm&level=national")
    page.get_by_role("link", name=re.compile("Country: Turkmenistan")).click()
    expect(page).to_have_url(f"{site.url}/en/projects/?level=national")
    page.go_back()
    expect(page.get_by_role("link", name=re.compile("Country: Turkmenistan"))).to_be_visible()


def test_pages_and_sorting_keep_the_filters(page, site):
    page.goto(f"{site.url}/en/projects/?country=uz")
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(f"{site.url}/en/projects/?country=uz&page=2")
    page.get_by_role("columnheader", name="Budget").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"\?country=uz&sort=-?budget$"))


@pytest.mark.parametrize("path", ["projects", "agreements", "organisations", "sources", "timeline"])
def test_a_list_serves_without_javascript(new_context, site, path):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{site.url}/en/{path}/")
    page.locator(".facet .option input").first.check()
    page.get_by_role("button", name="Apply filters").click()
    expect(page.locator(".chip")).to_have_count(1)
    assert "=&" not in page.url
    assert not page.url.endswith("=")


@pytest.mark.parametrize("path", ["projects", "coverage"])
def test_filters_open_and_close_on_a_phone_by_keyboard(new_context, site, path):
    page = new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{site.url}/ko/{path}/")
    expect(page.locator("#filters")).to_be_hidden()
    page.locator("#filters-button").press("Enter")
    expect(page.locator("#filters")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("#filters-button")).to_be_focused()


def test_three_filters_are_ticked_in_a_row_on_a_phone(new_context, site):
    page = new_context(viewport={"width": 390, "height": 844}, has_touch=True).new_page()
    page.goto(f"{site.url}/en/projects/")
    page.locator("#filters-button").tap()
    filters = page.locator("#filters")
    for number, name in enumerate(["Uzbekistan", "Kazakhstan", "National"], 1):
        option = filters.get_by_role("checkbox", name=re.compile(f"^{name}")).first
        option.scroll_into_view_if_needed()
        scroll = filters.evaluate("form => form.scrollTop")
        option.tap()
        expect(page.locator(".chip")).to_have_count(number)
        expect(filters).to_be_visible()
        expect(option).to_be_focused()
        assert filters.evaluate("form => form.scrollTop") == pytest.approx(scroll, abs=1)
    count = page.locator(".results-count").inner_text().split(" of ")[0]
    filters.get_by_role("button", name=f"Show {count}").tap()
    expect(filters).to_be_hidden()
    expect(page.locator(".results-count")).to_be_focused()
    expect(page.locator(".chip")).to_have_count(3)


def test_the_panel_of_filters_serves_without_javascript(new_context, site):
    page = new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False).new_page()
    page.goto(f"{site.url}/ru/projects/")
    page.locator("#filters-button").click()
    page.locator(".facet .option input").first.check()
    page.get_by_role("button", name="Применить фильтры").click()
    expect(page.locator(".chip")).to_have_count(1)


@pytest.mark.parametrize("path", ["projects", "timeline", "map"])
def test_focus_stays_on_the_filter_that_was_chosen(page, site, path):
    page.goto(f"{site.url}/en/{path}/")
    if (button := page.locator("#filters-button")).is_visible():
        button.click()
    option = page.locator(".facet .option input:enabled").nth(1)
    name, value = option.get_attribute("name"), option.get_attribute("value")
    chosen = page.locator(f".option input[name='{name}'][value='{value}']")
    option.focus()
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile(f"[?&]{name}={value}"))
    expect(page.locator(".chip")).to_have_count(1)
    expect(chosen).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(".chip")).to_have_count(0)
    expect(chosen).to_be_focused()


def test_open_parts_of_the_filters_stay_open_after_a_refresh(new_context, site):
    page = new_context(viewport={"width": 390, "height": 844}).new_page()
    page.goto(f"{site.url}/en/projects/")
    page.locator("#filters-button").click()
    area = page.get_by_role("group", name="Area of cooperation")
    area.locator("summary").click()
    option = area.locator("details input:enabled").first
    chosen = page.locator(f".option input[value='{option.get_attribute('value')}'][name='area']")
    option.focus()
    page.keyboard.press("Space")
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator("#filters")).to_be_visible()
    expect(area.locator("details")).to_have_attribute("open", "")
    expect(chosen).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(".chip")).to_have_count(0)
    expect(chosen).to_be_focused()


def test_focus_goes_to_the_results_when_its_filter_is_removed(page, site):
    page.goto(f"{site.url}/en/projects/?country=uz")
    page.locator(".chip").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator(".results-count")).to_be_focused()


def test_the_language_chooser_keeps_page_and_query(page, site):
    page.goto(f"{site.url}/en/projects/?country=uz&sort=title")
    page.get_by_role("link", name="Русский").click()
    expect(page).to_have_url(f"{site.url}/ru/projects/?country=uz&sort=title")
    expect(page.locator("html")).to_have_attribute("lang", "ru")


def test_arrow_keys_read_a_chart_year_by_year(page, site):
    page.goto(f"{site.url}/en/indicators/water-stress/")
    frame = page.locator(".chart-frame")
    frame.focus()
    page.keyboard.press("End")
    expect(page.locator(".chart-reading")).to_have_text(re.compile(r"^2022: .*Kazakhstan 34\.6"))
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".chart-reading")).to_have_text(re.compile(r"^2021: "))
    page.keyboard.press("Home")
    expect(page.locator(".chart-reading")).to_have_text(re.compile(r"^1990: "))
    page.keyboard.press("Escape")
    expect(page.locator(".chart-reading")).to_have_text(re.compile(r"^2022: "))


def test_arrow_keys_read_a_small_chart_from_its_table(page, site):
    page.goto(f"{site.url}/en/countries/uz/")
    figure = page.locator("#chart-water-stress")
    figure.locator(".chart-frame").focus()
    page.keyboard.press("Home")
    expect(figure.locator(".chart-reading")).to_have_text("1990: Republic of Korea 60")


def test_a_pointer_reads_a_chart_too(page, site):
    page.goto(f"{site.url}/en/indicators/water-stress/")
    page.locator(".chart-wide .years rect").first.hover()
    expect(page.locator(".chart-reading")).to_have_text(re.compile(r"^1990: "))


def test_a_finger_reads_a_chart_and_its_year_stays_when_it_is_lifted(new_context, site):
    page = new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    page.goto(f"{site.url}/ko/indicators/water-stress/")
    box = page.locator(".chart-narrow .years").bounding_box()
    page.touchscreen.tap(box["x"] + 2, box["y"] + box["height"] / 2)
    expect(page.locator(".chart-reading")).to_have_text(re.compile(r"^1990: "))


WORD_SIZES = """
    [...document.querySelectorAll("svg.chart text")]
        .filter((word) => word.ownerSVGElement.getBoundingClientRect().width > 0 && !word.closest(".sankey, .map"))
        .map((word) => word.getScreenCTM().a * parseFloat(getComputedStyle(word).fontSize))
"""


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_words_of_charts_have_12_pixels_or_more(new_context, site, width):
    page = new_context(viewport={"width": width, "height": 844}).new_page()
    sizes = {}
    for path in ("indicators/water-stress/", "issues/aral-sea-depletion/", "countries/uz/", "countries/", "gyeonggi/"):
        page.goto(f"{site.url}/ru/{path}")
        found = page.evaluate(WORD_SIZES)
        assert len(found) > 5, path
        sizes[path] = min(found)
    assert {path: size for path, size in sizes.items() if size < 11.99} == {}


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
@pytest.mark.parametrize("language", ["en", "ko", "ru"])
@pytest.mark.parametrize("key", ["water-stress", "renewable-energy-final-share", "drinking-water-safely-managed"])
def test_the_whole_chart_of_an_indicator_is_in_the_first_view(new_context, site, key, language, width, height):
    page = new_context(viewport={"width": width, "height": height}, java_script_enabled=False).new_page()
    page.goto(f"{site.url}/{language}/indicators/{key}/")
    chart = page.locator(".chart-frame svg:visible").bounding_box()
    assert chart["y"] + chart["height"] <= height
    # Without JavaScript, the readout states the latest year.
    expect(page.locator(".chart-reading")).to_have_text(re.compile(r"^20\d\d: "))


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("key", ["precipitation", "temperature-anomaly", "water-use-efficiency", "red-list-index"])
def test_labels_at_the_ends_of_lines_do_not_overlap(new_context, site, key, width):
    page = new_context(viewport={"width": width, "height": 844}).new_page()
    page.goto(f"{site.url}/ru/indicators/{key}/")
    rows = page.locator(".chart-frame svg:visible .label tspan").evaluate_all(
        "rows => rows.map(row => { const box = row.getBoundingClientRect(); return [box.top, box.bottom]; })"
    )
    assert len(rows) > 5
    # A box has the height of the font, which is more than that of its letters.
    assert all(after[0] - before[0] >= 12 for before, after in itertools.pairwise(sorted(rows)))


def test_tabs_of_an_indicator_keep_places_and_years(page, site):
    page.goto(f"{site.url}/en/indicators/water-stress/?place=uz&place=kz&year_from=2010")
    tabs = page.get_by_role("navigation", name="Chart, map or table")
    expect(tabs.locator("[aria-current=page]")).to_have_text("Chart")
    tabs.get_by_role("link", name="Table").click()
    expect(page).to_have_url(f"{site.url}/en/indicators/water-stress/?place=uz&place=kz&year_from=2010&view=table")
    expect(page.locator("table.values thead th")).to_have_count(3)
    page.get_by_role("checkbox", name="Uzbekistan").uncheck()
    page.get_by_role("button", name="Update table").click()
    expect(page).to_have_url(re.compile(r"view=table.*place=kz"))
    expect(page.locator("table.values thead th")).to_have_count(2)
    tabs.get_by_role("link", name="Map").click()
    expect(page.locator(".map-values")).to_be_visible()


@pytest.mark.parametrize(("width", "most"), [(1280, 700), (1600, 700), (390, 1000)])
@pytest.mark.parametrize("language", ["en", "ko", "ru"])
@pytest.mark.parametrize("key", ["aral-sea-depletion", "water-scarcity", "coal-and-energy-transition"])
def test_an_issue_shows_a_korean_project_near_its_top(new_context, site, key, language, width, most):
    page = new_context(viewport={"width": width, "height": 800}, java_script_enabled=False).new_page()
    page.goto(f"{site.url}/{language}/issues/{key}/")
    assert page.locator("section[aria-labelledby=answers] .entry-title").first.bounding_box()["y"] <= most


def test_contents_of_an_issue_stay_in_view(new_context, site):
    page = new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(f"{site.url}/en/issues/climate-change/")
    contents = page.get_by_role("navigation", name="On this page")
    contents.get_by_role("link", name="Events and agreements").click()
    expect(page.locator("#events")).to_be_in_viewport()
    expect(contents).to_be_in_viewport(ratio=1)


def test_contents_of_an_issue_are_a_bar_on_a_phone_that_does_not_cover_what_was_chosen(new_context, site):
    page = new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False).new_page()
    page.goto(f"{site.url}/ko/issues/climate-change/")
    bar = page.locator(".contents-bar")
    page.locator("#events").scroll_into_view_if_needed()
    expect(bar).to_be_in_viewport()
    bar.locator("summary").click()
    bar.locator("a[href='#impacts']").click()
    expect(page.locator("#impacts")).to_be_in_viewport()
    bottom = bar.bounding_box()["y"] + bar.bounding_box()["height"]
    assert page.locator("#impacts").bounding_box()["y"] >= min(bottom, 0)


def test_a_footnote_of_an_issue_opens_the_folded_sources(page, site):
    page.goto(f"{site.url}/en/issues/climate-change/")
    expect(page.locator("#note-1")).to_be_hidden()
    page.locator("a[href='#note-1']").first.click()
    expect(page.locator("#note-1")).to_be_in_viewport()


def test_the_skip_link_leads_to_the_content(page, site):
    page.goto(f"{site.url}/en/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
@pytest.mark.parametrize(
    "path", ["", "projects/", "issues/aral-sea-depletion/", "countries/uz/", "indicators/water-stress/"]
)
def test_nothing_runs_out_of_a_narrow_phone(new_context, site, path, language):
    page = new_context(viewport={"width": 360, "height": 740}).new_page()
    page.goto(f"{site.url}/{language}/{path}")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    outside = page.evaluate(
        """() => [...document.querySelectorAll("svg.chart")].filter((svg) => svg.getBoundingClientRect().width > 0)
        .flatMap((svg) => { const room = svg.getBoundingClientRect();
          return [...svg.querySelectorAll("text")].filter((text) => { const box = text.getBoundingClientRect();
            return box.right > room.right + 1 || box.left < room.left - 1; }).map((text) => text.textContent); })"""
    )
    assert outside == []


@pytest.mark.parametrize("width", [768, 1024, 1240, 1360])
@pytest.mark.parametrize("path", ["projects/", "agreements/", "organisations/", "indicators/", "sources/", "coverage/"])
def test_no_list_runs_out_of_the_page(new_context, site, path, width):
    page = new_context(viewport={"width": width, "height": 800}).new_page()
    page.goto(f"{site.url}/ru/{path}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", ["coverage/", "indicators/water-stress/?view=table", "timeline/"])
def test_on_paper_every_table_stands_whole(new_context, site, path):
    page = new_context(viewport={"width": 690, "height": 720}).new_page()
    page.goto(f"{site.url}/en/{path}")
    page.emulate_media(media="print")
    boxes = page.evaluate(
        "[...document.querySelectorAll('main .scroll')].map((box) => [box.clientHeight, box.scrollHeight])"
    )
    assert boxes
    assert [shown for shown, _whole in boxes] == [whole for _shown, whole in boxes]
