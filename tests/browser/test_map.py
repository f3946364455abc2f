"""The large map in a browser: rendered by the server first, then interactive, by pointer and by keyboard."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.served import VIEWPORTS

MARKS = ".explorer-mark"
ROWS = ".map-rows:visible li[data-mark]"
WIDTHS = {"phone": VIEWPORTS["phone"], 1280: {"width": 1280, "height": 800}, 1600: {"width": 1600, "height": 900}}

# Return the names of plates that overlap another plate or the circle of another mark.
PLATES = """() => {
  const items = [...document.querySelectorAll('.map-drawing .map-item')].filter(item => item.checkVisibility());
  const boxes = items.flatMap(item => [...item.querySelectorAll('.map-plate, .map-dot')].map(shape =>
    ({item, plate: shape.matches('.map-plate'), box: shape.getBoundingClientRect()})));
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  return boxes.filter(one => one.plate).flatMap(one => boxes
    .filter(other => other.item !== one.item && meet(one.box, other.box))
    .map(other => `${one.item.textContent.trim()} / ${other.item.textContent.trim()}`));
}"""

# Return the names that are wider than their plates.
TOO_WIDE = """() => [...document.querySelectorAll('.map-drawing .map-plate')].filter(plate => plate.checkVisibility())
  .map(plate => [plate.getBoundingClientRect(), plate.parentNode.querySelector('.map-words')])
  .filter(([plate, words]) => words.getBoundingClientRect().left < plate.left - 1
    || words.getBoundingClientRect().right > plate.right + 1)
  .map(([, words]) => words.textContent)"""

# Return the pairs of overlapping names. The box of a text is higher than its letters by about a third.
OVERLAPS = """() => {
  const texts = [...document.querySelectorAll('.map-drawing .map-words')].filter(text => text.checkVisibility());
  const boxes = texts.map(text => [text.textContent, text.getBoundingClientRect()]);
  const meet = (a, b) => {
    const slack = 0.3 * Math.min(a.height, b.height);
    return a.left < b.right - 3 && b.left < a.right - 3 && a.top < b.bottom - slack && b.top < a.bottom - slack;
  };
  return boxes.flatMap(([name, box], i) =>
    boxes.slice(0, i).filter(([, other]) => meet(box, other)).map(([other]) => `${name} / ${other}`));
}"""


@pytest.fixture
def complaints(page):
    """Return the errors of the browser, with violations of the content policy."""
    found = []
    page.on("console", lambda message: found.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def moving(page, site, path="en/map/"):
    """Open the page of the map and wait until it is interactive."""
    page.goto(f"{site.url}/{path}")
    page.get_by_role("button", name="Move and zoom the map").click()
    expect(page.locator(MARKS).first).to_be_visible()
    expect(page.locator(".explorer-country")).to_have_count(5)


def mark(page, key):
    return page.locator(f'.explorer-map [data-mark="{key}"]')


def projects_of(page):
    """Return the sum of the numbers in the marks, with those that are known only by country."""
    return sum(int(text) for text in page.locator(f"{MARKS} > div > span:first-child").all_inner_texts())


def test_the_drawn_map_moves_when_asked_to(page, site, complaints):
    page.goto(f"{site.url}/en/map/")
    expect(page.locator(".map-fine .map-mark").first).to_be_visible()
    assert page.evaluate("typeof L") == "undefined", "Leaflet came before anyone asked for it"
    moving(page, site)
    assert page.locator(MARKS).count() > 10
    expect(page.locator(".explorer-bed")).to_have_count(1)  # the Aral Sea of the late 1950s, below …
    assert page.locator(".explorer-lake").count() > 10  # … that of the 2010s, and the lakes
    names = page.locator(".explorer-name").all_inner_texts()
    assert {"Russia", "China"} <= set(names)
    expect(mark(page, "kz")).to_have_class(re.compile("explorer-approximate"))
    assert complaints == []


def test_the_map_speaks_korean(page, site, complaints):
    page.goto(f"{site.url}/ko/map/")
    page.locator(".map-start").click()
    expect(mark(page, "astana")).to_contain_text("아스타나")
    expect(mark(page, "kz")).to_contain_text("카자흐스탄")
    assert complaints == []


def test_a_place_opens_by_keyboard_and_closes_again(page, site, complaints):
    moving(page, site)
    mark(page, "balkan-region").focus()
    page.keyboard.press("Enter")
    popup = page.get_by_role("dialog", name=re.compile("^Balkan Region: 5 projects"))
    expect(popup).to_be_visible()
    assert popup.get_by_role("link").count() >= 4
    assert page.evaluate("document.querySelector('.leaflet-popup').contains(document.activeElement)")
    page.keyboard.press("Tab")
    expect(popup.get_by_role("link", name="Balkan Region: 5 projects")).to_be_focused()
    page.keyboard.press("Escape")
    expect(popup).to_be_hidden()
    expect(mark(page, "balkan-region")).to_be_focused()
    assert complaints == []


def test_several_places_part_by_keyboard_and_the_focus_stays(page, site, complaints):
    moving(page, site)
    tashkent = mark(page, "tashkent")
    expect(tashkent).to_have_attribute("aria-label", re.compile(r"^Tashkent \+ \d+ places: 58 projects$"))
    tashkent.focus()
    page.keyboard.press("Enter")
    expect(tashkent).to_have_attribute("aria-label", re.compile(r"^Tashkent \+ 1 place: 46 projects$"))
    expect(tashkent).to_be_focused()
    expect(mark(page, "chirchiq")).to_be_visible()
    assert complaints == []


def test_places_at_one_spot_say_which_they_are(page, site):
    moving(page, site, "en/map/?bbox=72.5,40.3,73.1,40.8")
    osh = mark(page, "osh-region")
    expect(osh).to_have_class(re.compile("explorer-several"))
    osh.click()
    popup = page.get_by_role("dialog")
    expect(popup.get_by_role("link", name=re.compile("^Osh"))).to_have_count(2)


def test_keys_move_and_zoom_the_map(page, site):
    moving(page, site)
    region = page.get_by_role("region", name="Map of projects by place")
    expect(region).to_be_focused()
    before = page.url
    page.keyboard.press("+")
    expect(page).not_to_have_url(before)
    closer = page.url
    page.keyboard.press("ArrowRight")
    expect(page).not_to_have_url(closer)
    page.keyboard.press("-")
    expect(mark(page, "astana")).to_be_visible()


def test_zooming_in_shows_more_marks_and_loses_none(page, site):
    moving(page, site, "en/map/?bbox=66,39,74,43")
    few = page.locator(MARKS).count()
    page.get_by_role("button", name="Zoom in").click()
    expect(mark(page, "chirchiq")).to_be_visible()
    assert page.locator(MARKS).count() != few
    expect(mark(page, "tashkent")).to_have_attribute("aria-label", re.compile("^Tashkent"))


def test_a_link_of_the_drawing_sets_the_map_going(page, site, complaints):
    page.goto(f"{site.url}/en/map/")
    page.locator(".map-fine .map-mark", has=page.locator(".map-several")).first.click()
    expect(page.locator(MARKS).first).to_be_visible()
    assert "bbox=" in page.url
    assert complaints == []


def test_filters_hold_while_the_map_moves(page, site, complaints):
    moving(page, site)
    assert projects_of(page) > 90
    page.evaluate("document.querySelector('.explorer-map').id = 'the-same'")
    page.get_by_role("button", name="Filters", exact=True).click()
    page.get_by_role("checkbox", name=re.compile("^Turkmenistan")).check()
    expect(page.locator(".results-count")).to_have_text("19 projects of 271")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#the-same")).to_be_visible()  # the map is the same one, not a new one
    expect(page.locator(ROWS)).to_have_count(13)
    expect(page.locator(MARKS)).to_have_count(14)  # Daegu is a mark too; the rows are those of the drawn part
    page.get_by_role("link", name=re.compile("Country: Turkmenistan")).click()
    expect(page.locator(".results-count")).to_have_text("271 projects")
    expect(mark(page, "astana")).to_be_visible()
    assert complaints == []


def test_a_filter_that_leaves_nothing_takes_the_map_away_and_back(page, site, complaints):
    moving(page, site)
    page.get_by_role("button", name="Filters", exact=True).click()
    page.get_by_role("searchbox", name="Keywords", exact=True).fill("zeppelin")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_be_visible()
    page.get_by_role("link", name=re.compile("zeppelin")).click()
    expect(mark(page, "astana")).to_be_visible()
    assert complaints == []


def test_provinces_come_when_asked_for(page, site):
    moving(page, site)
    expect(page.locator(".explorer-province")).to_have_count(0)
    page.get_by_role("checkbox", name="Provinces").check()
    expect(page.locator(".explorer-province")).to_have_count(53)


def test_the_part_of_the_map_is_in_the_address(page, site):
    moving(page, site)
    mark(page, "tashkent").click()
    expect(mark(page, "chirchiq")).to_be_visible()
    address = page.url
    page.reload()
    expect(mark(page, "chirchiq")).to_be_visible()  # who has moved the map once sees that it can be moved
    assert "bbox=" in address


def test_marks_that_do_not_come_are_said_and_the_list_stays(page, site):
    page.route("**/map/?format=json*", lambda route: route.abort())
    page.goto(f"{site.url}/en/map/")
    page.get_by_role("button", name="Move and zoom the map").click()
    expect(page.locator(".map-message")).to_have_text("The markers could not be loaded. They are all in the list.")
    expect(page.locator(ROWS).filter(has_text="Astana")).to_be_visible()


def test_the_skip_link_leads_over_the_map_to_the_list(page, site):
    page.goto(f"{site.url}/en/map/")
    page.get_by_role("link", name=re.compile("^Skip the map")).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#places")).to_be_focused()


def test_the_map_serves_without_javascript(new_context, site):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{site.url}/en/map/")
    expect(page.get_by_role("button", name="Move and zoom the map")).to_be_hidden()
    page.get_by_role("link", name="Zoom in").click()
    expect(page).to_have_url(re.compile("bbox="))
    page.get_by_role("link", name="Whole region").click()
    page.locator(".map-fine .map-mark", has=page.locator(".map-several")).first.click()
    expect(page).to_have_url(re.compile("bbox="))
    expect(page.locator(".map-fine .map-mark").first).to_be_visible()
    page.goto(f"{site.url}/en/map/")
    page.get_by_role("link", name="Mary Region: 2 projects").last.click()
    expect(page).to_have_url(re.compile("/en/places/mary-region/$"))
    page.goto(f"{site.url}/en/map/")
    page.get_by_role("button", name="Filters", exact=True).click()
    page.locator(".facet .option input").first.check()
    page.get_by_role("button", name="Apply filters", exact=True).click()
    expect(page.locator(".chip")).to_have_count(1)
    page.get_by_role("link", name="By province").click()
    expect(page.locator("a.map-province").first).to_be_visible()
    expect(page.locator(".chip")).to_have_count(1)


def test_row_and_mark_show_each_other(page, site, complaints):
    page.goto(f"{site.url}/en/map/")
    row, drawn = (page.locator(f"{where} [data-mark=mary-region]:visible") for where in ("#places", ".map-fine"))
    row.hover()
    expect(drawn).to_have_class(re.compile("is-marked"))
    page.mouse.move(0, 0)
    expect(drawn).not_to_have_class(re.compile("is-marked"))
    row.get_by_role("link").focus()
    expect(drawn).to_have_class(re.compile("is-marked"))
    other = page.locator(".map-fine [data-mark=balkan-region]")
    other.focus()
    expect(page.locator("#places [data-mark=balkan-region]:visible")).to_have_class(re.compile("is-marked"))
    expect(page.locator("#places [data-mark=balkan-region]:visible")).to_be_in_viewport()
    expect(drawn).not_to_have_class(re.compile("is-marked"))
    assert complaints == []


def test_row_and_moving_mark_show_each_other(page, site):
    moving(page, site)
    expect(page.locator(ROWS).first).to_be_visible()
    page.locator("#places [data-mark=balkan-region] button").focus()
    expect(mark(page, "balkan-region")).to_have_class(re.compile("is-marked"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=re.compile("^Balkan Region: 5 projects"))).to_be_visible()


def test_province_opens_by_keyboard_and_shows_its_focus(page, site, complaints):
    page.goto(f"{site.url}/en/map/?view=provinces")
    expect(page.locator(".map-start")).to_have_count(0)
    sughd = page.locator("a.map-province[data-mark=tj-sughd]")
    sughd.focus()
    expect(page.locator("#places [data-mark=tj-sughd]")).to_have_class(re.compile("is-marked"))
    width = sughd.locator("path").evaluate("path => getComputedStyle(path).strokeWidth")
    assert width == "5px" or not sughd.evaluate("link => link.matches(':focus-visible')")
    page.keyboard.press("Enter")
    expect(page.locator(".results-count")).to_contain_text("of 271")
    assert complaints == []


@pytest.mark.parametrize("view", ["", "?view=provinces"])
@pytest.mark.parametrize("width", WIDTHS)
def test_plates_do_not_overlap_and_hold_their_names_in_russian(new_context, site, width, view):
    page = new_context(viewport=WIDTHS[width]).new_page()
    page.goto(f"{site.url}/ru/map/{view}")
    assert page.locator(".map-plate:visible").count() >= 2
    assert page.evaluate(PLATES) == []
    assert page.evaluate(TOO_WIDE) == []
    marks = page.locator(".map-drawing a[data-mark]:visible").count()
    assert page.locator(ROWS).count() == marks > 5


@pytest.mark.parametrize("width", WIDTHS)
def test_marks_of_the_large_map_are_targets_for_a_finger(new_context, site, width):
    page = new_context(viewport=WIDTHS[width]).new_page()
    page.goto(f"{site.url}/ru/map/")
    sizes = page.locator(".map-item:not(.map-approximate) .map-target:visible").evaluate_all(
        "circles => circles.map(circle => circle.getBoundingClientRect().width)"
    )
    assert len(sizes) > 8
    assert min(sizes) >= 43.5


@pytest.mark.parametrize("width", VIEWPORTS)
def test_nothing_is_wider_than_the_window(new_context, site, width):
    page = new_context(viewport=VIEWPORTS[width]).new_page()
    moving(page, site, "en/map/")
    assert page.evaluate("document.documentElement.scrollWidth") <= VIEWPORTS[width]["width"]


@pytest.mark.parametrize(
    "path", ["countries/uz/", "issues/aral-sea-depletion/", "indicators/water-stress/?view=map", "map/"]
)
@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_marks_are_large_enough_to_touch_and_names_to_read_on_a_small_phone(new_context, site, path, language):
    page = new_context(viewport={"width": 360, "height": 740}).new_page()
    page.goto(f"{site.url}/{language}/{path}")
    targets = page.locator(".map-coarse .map-target").evaluate_all(
        "circles => circles.map(circle => circle.getBoundingClientRect().width)"
    )
    letters = page.locator(".map-coarse text").evaluate_all(
        "texts => texts.map(text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)"
    )
    assert all(width >= 24 for width in targets)
    assert letters
    assert min(letters) >= 11


@pytest.mark.parametrize("language", ["en", "ko", "ru"])
def test_names_on_a_drawing_do_not_run_into_each_other(new_context, site, language):
    """The estimate of geo.text_width is at least the width of the browser's letters."""
    for viewport in VIEWPORTS.values():
        page = new_context(viewport=viewport).new_page()
        page.goto(f"{site.url}/{language}/map/")
        overlaps = page.evaluate(OVERLAPS)
        assert overlaps == []
        page.close()
