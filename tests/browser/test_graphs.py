"""The graph of causes and effects in a browser: names fit their boxes in the machine's own fonts."""

import pytest
from playwright.sync_api import expect

from tests.browser.served import VIEWPORTS
from tests.pages import LANGUAGES

OUT_OF_ITS_BOX = """svg => [...svg.querySelectorAll('.node')].filter(node => {
    const box = node.querySelector('rect').getBBox(), name = node.querySelector('text').getBBox();
    return name.x < box.x || name.y < box.y || name.x + name.width > box.x + box.width
        || name.y + name.height > box.y + box.height;
}).map(node => node.textContent.trim())"""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["issues/?view=causes", "issues/water-scarcity/", "issues/aral-sea-depletion/"])
def test_names_fit_their_boxes_and_one_picture_is_shown(new_context, site, path, language):
    for width, viewport in VIEWPORTS.items():
        page = new_context(viewport=viewport).new_page()
        page.goto(f"{site.url}/{language}/{path}")
        page.evaluate("for (const part of document.querySelectorAll('details.folded, details.more')) part.open = true")
        [svg] = [svg for svg in page.locator("svg.graph").all() if svg.is_visible()]
        assert ("chart-wide" in svg.get_attribute("class")) == (width == "desktop")
        assert svg.evaluate(OUT_OF_ITS_BOX) == []
        # Letters are not smaller than about 11 pixels.
        assert svg.evaluate("svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width") > 0.9


def test_a_line_leads_to_its_link_in_the_list(page, site):
    page.goto(f"{site.url}/en/issues/?view=causes")
    page.locator(".chart-wide a[href='#link-drought--pasture-degradation']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#link-drought--pasture-degradation")).to_be_in_viewport()
    expect(page).to_have_url(f"{site.url}/en/issues/?view=causes#link-drought--pasture-degradation")


def test_a_filter_of_the_graph_refreshes_it_in_place(page, site):
    page.goto(f"{site.url}/en/issues/?view=causes")
    page.get_by_role("button", name="Filters").press("Enter")
    page.get_by_role("checkbox", name="Tajikistan").check()
    expect(page).to_have_url(f"{site.url}/en/issues/?country=tj&view=causes")
    expect(page.locator(".results-count")).to_contain_text(" of 28")
    expect(page.locator("svg.graph.chart-wide")).to_be_visible()
