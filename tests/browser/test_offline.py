"""The offline edition, unpacked and opened from a file address without a network, in three languages."""

import csv
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from issues.models import Indicator, Issue
from portal.open_data.offline import building, contents, edition, search_index
from portal.search import indexing
from tests.pages import LANGUAGES

QUERIES = Path(__file__).parents[1] / "portal" / "search" / "search_queries.csv"
INDICATOR, ISSUE = "aral-sea-area", "aral-sea-depletion"
ABORTED = "net::ERR_ABORTED"  # the reader went on to another page
WORDS = {"en": "why did the Aral Sea dry up", "ko": "아랄해가 왜 말랐나", "ru": "высыхания Аральского моря"}


@pytest.fixture(scope="class")
def start(content, tmp_path_factory):
    """Write and unpack the edition, and return the address of its first page."""
    where, unpacked = tmp_path_factory.mktemp("offline"), tmp_path_factory.mktemp("stick")
    indexing.flush_index()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contents, "LISTS", ())
        patch.setattr(contents, "PAGES", (("home", ""), ("map", ""), ("glossary", "")))
        scripts = search_index.index_files(LANGUAGES, contents.page_addresses())
        chosen = {"issues.issue": Issue.objects.filter(key=ISSUE)}
        chosen["issues.indicator"] = Indicator.objects.filter(key=INDICATOR)
        patch.setattr(contents, "record_querysets", lambda: chosen)
        patch.setattr(search_index, "index_files", lambda *_args: scripts)
        building.write_edition(where, lambda _said: None, with_zim=False)
    with zipfile.ZipFile(where / edition.ZIP) as archive:
        archive.extractall(unpacked)
    return (unpacked / "index.html").as_uri()


class TestEdition:
    """An edition of two records, with the search index of all records of the content."""

    @pytest.fixture
    def stick(self, new_context, start):
        """Return a function that opens the first page offline. Errors of any page fail the test at its end."""
        problems = []

        def opened(**options):
            context = new_context(offline=True, **options)
            page = context.new_page()
            page.on("console", lambda said: said.type in {"error", "warning"} and problems.append(said.text))
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("requestfailed", lambda failed: failed.failure != ABORTED and problems.append(failed.url))
            page.goto(start)
            return page

        yield opened
        assert problems == []

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_reader_without_a_network_finds_a_record_by_search_and_reads_its_chart(self, stick, language):
        page = stick()
        page.locator(f"a[hreflang={language}]").click()
        expect(page).to_have_url(re.compile(f"/{language}/index.html$"))
        assert page.locator("html").get_attribute("lang") == language
        page.locator("#site-search").fill(WORDS[language])
        page.locator("#site-search").press("Enter")
        hits = page.locator("#offline-hits a")
        expect(hits.first).to_have_attribute("href", f"issues/{ISSUE}.html")
        expect(page.locator("#offline-count")).to_have_text(re.compile(r"\d"))
        hits.first.click()
        expect(page.locator("h1")).to_be_visible()
        page.goto(page.url.replace(f"issues/{ISSUE}", f"indicators/{INDICATOR}"))
        chart = page.locator("[data-chart]").first
        chart.locator(".chart-frame").press("Home")
        expect(chart.locator(".chart-reading")).to_have_text(re.compile(r"^(1|2)\d{3}"))
        other = "ko" if language != "ko" else "ru"
        page.locator(f".languages a[hreflang={other}]").click()
        expect(page).to_have_url(re.compile(f"/{other}/indicators/{INDICATOR}.html$"))

    def test_menu_leads_to_the_site_index_and_the_map_is_drawn(self, stick):
        page = stick(viewport={"width": 390, "height": 844})
        page.locator("a[hreflang=en]").click()
        page.get_by_role("link", name="Menu").click()
        expect(page.locator("#site-index")).to_be_in_viewport()
        page.locator("#site-index").get_by_role("link", name="Map", exact=True).click()
        drawing = page.locator(".map-drawing")
        expect(drawing).to_be_visible()
        expect(drawing.locator("image")).to_have_count(2)
        page.wait_for_load_state()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def test_search_says_that_it_needs_javascript(self, stick, start):
        page = stick(java_script_enabled=False)
        page.goto(start.replace("index.html", "en/search.html"))
        expect(page.locator("noscript p")).to_be_visible()

    def test_labelled_queries_find_their_records(self, stick, start, record_property):
        """The portal's own search finds 272 of these 278 queries in the first ten, and this one 267."""
        page = stick()
        page.goto(start.replace("index.html", "en/search.html?q=aral"))
        with QUERIES.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        found = page.evaluate(
            "texts => texts.map((text) => offlineSearch(text).slice(0, 10).map(([kind, , , file]) =>"
            " `${kind}:${file.replace(/^.*[#/]/, '').replace('.html', '')}`))",
            [row["query"] for row in rows],
        )
        hits = sum(bool(set(row["expected"].split()) & set(ten)) for row, ten in zip(rows, found, strict=True))
        record_property("figures", f"offline search: {hits} of {len(rows)} labelled queries in the first ten")
        assert hits >= 0.95 * len(rows)
