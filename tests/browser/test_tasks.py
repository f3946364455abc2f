"""Ten tasks of readers, each from the home page in at most three clicks or by one search, without JavaScript.

Each task runs in three languages, on a phone and on a desktop; not each language at each size.
"""

import re

import pytest
from playwright.sync_api import expect

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
READERS = [("en", DESKTOP), ("ko", PHONE), ("ru", PHONE)]
MOST_CLICKS = 3
A_LETTER = 220  # milliseconds, as people type: the form of reports takes longer than its shortest time


class Reader:
    """A reader on the home page, with a budget of clicks. One search needs the whole budget.

    To follow a link, to open a panel and to send a form are clicks. To choose and to type in a form are part of sending
    it.
    """

    def __init__(self, page, url, language, is_on_phone):
        self.page, self.language, self.is_on_phone = page, language, is_on_phone
        self.clicks = 0
        page.goto(f"{url}/{language}/")

    def click(self, target):
        self._spend(1)
        self.page.wait_for_load_state()  # before its styles are there, a page shows what it hides
        target.click()
        self.page.wait_for_load_state()  # a click goes on before the next page is there whole

    def link(self, end):
        """Return the first visible link of the page's content whose URL ends with `end`."""
        return self.page.locator(f'main a[href$="{end}"]:visible').first

    def open_from_menu(self, end):
        self.click(self.page.locator("[popovertarget=menu]:visible"))
        self.click(self.page.locator(f'#menu a[href$="{end}"]'))

    def search(self, words):
        self._spend(MOST_CLICKS)
        self.page.locator("#home-search").fill(words[self.language])
        self.page.locator("#home-search").press("Enter")
        self.page.wait_for_load_state()

    def _spend(self, clicks):
        self.clicks += clicks
        assert self.clicks <= MOST_CLICKS


@pytest.fixture(params=READERS, ids=lambda reader: reader[0])
def reader(request, new_context, desk):
    language, viewport = request.param
    page = new_context(viewport=viewport, java_script_enabled=False, locale=language).new_page()
    return Reader(page, desk.url, language, is_on_phone=viewport is PHONE)


def section(page, heading):
    return page.locator(f'section[aria-labelledby="{heading}"]')


def test_how_large_the_aral_sea_is_now_and_why(reader):
    reader.click(reader.link("/issues/aral-sea-depletion/"))
    values = section(reader.page, "sea").locator('details:has(th a[href$="/aral-sea-area/"])')
    reader.click(values.locator("summary"))
    row = values.locator('tr:has(a[href$="/aral-sea-area/"])')
    expect(row).to_contain_text("1960")
    last = row.get_by_role("cell").last.inner_text()
    assert re.search(r"\d[\d  ,]+", last)
    assert int(re.search(r"20\d\d", last)[0]) >= 2018
    reasons = section(reader.page, "drivers").or_(reader.page.locator(".dpsir-drivers")).first
    expect(reasons).to_be_visible()
    assert len(reasons.inner_text()) > 150


def test_size_of_the_aral_sea_is_found_by_one_search(reader):
    reader.search({"en": "Aral Sea area", "ko": "아랄해 면적", "ru": "площадь Аральского моря"})
    figure = reader.page.locator(".found-figure")
    expect(figure.locator(".stat-value")).to_contain_text("km²" if reader.language != "ru" else "км²")
    expect(figure.locator('[href*="/sources/"]')).to_be_visible()
    assert figure.bounding_box()["y"] < reader.page.locator(".hit-group").first.bounding_box()["y"]


def test_what_korea_does_about_the_aral_sea(reader):
    reader.click(reader.link("/issues/aral-sea-depletion/"))
    answers = section(reader.page, "answers")
    count = answers.locator('.counts a[href$="/projects/?issue=aral-sea-depletion"] + b').inner_text()
    assert int(count) > 0
    expect(answers.locator(".entry .tag-status").first).to_be_visible()
    assert answers.locator(".entry").first.bounding_box()["y"] < 1_300


def test_cities_with_ties_in_kazakhstan_and_what_came_of_them(reader):
    page = reader.page
    reader.click(page.locator('main .door a[href$="/gyeonggi/"]'))
    reader.click(reader.link("/gyeonggi/ties/"))
    page.locator("#tie-country").select_option("kz")
    reader.click(page.locator(".tie-filters [type=submit]"))
    expect(page).to_have_url(re.compile("country=kz"))
    ties = page.locator(".ties .tie")
    assert ties.count() > 3
    assert ties.locator(".tag").count() >= ties.count()  # the state of each
    expect(page.locator("#ansan .tie").first).to_be_visible()
    expect(page.locator('#gyeonggi .tie-label + .tie-acts a[href*="/projects/"]').first).to_be_visible()


def test_provincial_water_projects_in_uzbekistan_since_2018(reader):
    page = reader.page
    reader.click(reader.link("/projects/?issue=water-scarcity"))
    if reader.is_on_phone:
        reader.click(page.locator("#filters-button"))
    page.locator("[name=country][value=uz]").check()
    page.locator("[name=level][value=provincial]").check()
    page.locator("[name=year_from]").fill("2018")
    reader.click(page.locator("#filters [type=submit]"))
    expect(page.locator("table.records")).to_have_count(0)
    without = page.locator('.empty li a:not([href*="level="])')
    count = int(re.search(r"\d+", without.inner_text())[0])
    without.click()  # not part of the task: the link holds what it says
    expect(page.locator("table.records tbody tr")).to_have_count(count)


def test_projects_are_exported_and_cited(reader):
    page = reader.page
    format, start = {"en": ("csv", "url,key,"), "ko": ("bib", "@"), "ru": ("ris", "TY  - ")}[reader.language]
    reader.click(reader.link("/projects/?issue=water-scarcity"))
    reader.click(page.locator(".formats summary").first)
    with page.expect_download() as download:
        reader.click(page.locator(f'.formats a[href*=".{format}"]').first)
    with open(download.value.path(), encoding="utf-8-sig") as file:
        assert file.read(100).startswith(start)


def test_water_stress_of_two_countries_is_compared(reader):
    page = reader.page
    reader.open_from_menu("/compare/")
    page.locator("[name=country][value=kz]").check()
    page.locator("[name=country][value=uz]").check()
    reader.click(page.locator('.compare-form[aria-labelledby="choose-country"] [type=submit]'))
    values = page.locator('tr:has([href*="/indicators/water-stress/?place="]) .compare-value')
    expect(values).to_have_count(2)
    for place in (0, 1):
        expect(values.nth(place)).to_be_visible()


def test_who_worked_on_desertification_in_kyrgyzstan(reader):
    page = reader.page
    reader.click(reader.link("/issues/desertification/"))
    if reader.is_on_phone:
        reader.click(section(page, "in-countries").locator("summary").first)
    reader.click(reader.link("/organisations/?works_in=kg&issue=desertification"))
    organisations = page.locator("table.records tbody .name a")
    expect(organisations.first).to_be_visible()
    expect(organisations.nth(9)).to_be_attached()
    expect(page.locator(".chip")).to_have_count(2)


def test_what_is_there_in_nukus(reader):
    reader.search({"en": "Nukus", "ko": "누쿠스", "ru": "Нукус"})
    groups = reader.page.locator(".hit-group")
    expect(groups.first.locator("a").first).to_have_attribute("href", f"/{reader.language}/places/nukus/")
    expect(groups.first.locator(".hit-facts").first).to_be_visible()
    for kind in ("events", "projects"):
        heading = kind.removesuffix("s")
        expect(section(reader.page, f"hits-{heading}").locator(".hit-facts").first).to_be_visible()


def test_what_changed_and_how_to_follow_it(reader):
    """The content was loaded and nothing has changed since. This portal has no mail server."""
    page = reader.page
    reader.open_from_menu("/changes/")
    expect(page.locator("main .empty")).to_be_visible()
    page.locator("main select[name=country]").select_option("uz")
    reader.click(page.locator("main .changes-form [type=submit]"))
    expect(page).to_have_url(re.compile(r"country=uz"))
    expect(page.locator("main .chip b")).to_be_visible()
    page.goto(page.locator(f'main a[href^="/{reader.language}/digests/"]').evaluate("link => link.href"))
    expect(page.locator("main .empty a")).to_have_attribute("href", re.compile(r"/changes/feed/\?country=uz"))


def test_a_mistake_is_reported(reader):
    page = reader.page
    reader.click(page.locator('footer a[href*="/report/?address="]'))
    page.locator("[name=message]").press_sequentially("The sea is smaller.", delay=A_LETTER)
    reader.click(page.locator("main form [type=submit]"))
    expect(page).to_have_url(re.compile("/report/sent/"))
    thanks = {"en": "Thank you", "ko": "감사합니다", "ru": "Спасибо"}
    expect(page.get_by_role("heading", level=1)).to_have_text(thanks[reader.language])
