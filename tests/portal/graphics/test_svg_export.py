"""Standalone SVG files: complete, coloured, and without references to the page."""

import io
import re
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest
from lxml import etree
from PIL import Image

from portal.core.urls import file_url
from portal.graphics.svg_export import LegendEntry, Panel, SvgDocument, parse_css, picture_file, standalone_svg
from tests import reading

SVG = "{http://www.w3.org/2000/svg}"


def written(css):
    return [f"{rule.selector}{{{rule.style}}}" for rule in parse_css(css)]


def test_colours_are_resolved_and_boxes_stay_behind():
    css = ":root{--ink:#111;--label:var(--ink)} .label{fill:var(--label);margin:1rem;font-weight:600}"
    assert written(css) == [".label{fill:#111;font-weight:600}"]


def test_only_what_holds_on_every_light_screen_goes_along():
    css = """/* .old{fill:red} */ .a, .b text{fill:blue}
    @media (prefers-color-scheme: dark){:root{--ink:#fff} .a{fill:white}}
    .a:hover{fill:green} .c:has(.d) .e{fill:green} .f:not(.g){fill:gold}"""
    assert written(css) == [".a{fill:blue}", ".b text{fill:blue}", ".f:not(.g){fill:gold}"]


def test_rules_are_parsed_as_css_is():
    css = """:root{--ink:#111;--brace:"}"} .a::before{content:"; fill:red} .x{"}
    .b:not(.c, .d) h3{fill:color-mix(in srgb, var(--ink) 20%, red)}
    .e :is(.f, .g){fill:green} @layer y{@supports (x: y){@media print{.h{fill:red}} .i{fill:red}}}
    .j{fill:blue!important}"""
    rules = list(parse_css(css, ".in"))
    assert [(rule.selector, rule.style, sorted(rule.classes), sorted(rule.tags)) for rule in rules] == [
        (".in .b:not(.c, .d) h3", "fill:color-mix(in srgb, #111 20%, red)", ["b", "in"], ["h3"]),
        (".in .j", "fill:blue !important", ["in", "j"], []),
    ]


def test_rule_with_an_unknown_variable_fails():
    with pytest.raises(KeyError, match="--ink"):
        list(parse_css(".a{fill:var(--ink)}"))


def test_a_drawing_loses_its_links_and_targets_and_keeps_its_words():
    drawing = standalone_svg(
        '<svg class="chart" viewBox="0 0 9 9" width="9" role="group" aria-labelledby="x"><a href="/en/" tabindex="-1">'
        '<title>Home</title><path class="hit" d="M0"/><rect width="2" data-x="1"/></a><g class="years"/></svg>'
    )
    assert etree.tostring(drawing, encoding="unicode") == (
        '<svg class="chart" viewBox="0 0 9 9"><g><title>Home</title><rect width="2"/></g></svg>'
    )


def test_a_sheet_wraps_words_and_grows_with_what_it_holds():
    sheet = SvgDocument(width=200)
    sheet.words("A sentence that is longer than the sheet is wide")
    assert len(sheet.rows) == 2
    assert sheet.rows[1].y - sheet.rows[0].y == 15
    before = sheet.height
    sheet.key([LegendEntry("water", "tone-1"), LegendEntry("a bed that is dry since long", "tone-2")])
    assert [y for _x, y, _entry in sheet.swatches] == [sheet.swatches[0][1], sheet.swatches[0][1] + 19]
    assert sheet.height > before


def test_words_are_escaped(rf):
    answer = picture_file(
        rf.get("/en/"),
        "odd",
        [Panel('<svg viewBox="0 0 1 1"/>', heading="<b>")],
        title="Salt & dust",
        sentence="a < b",
        source="Me",
        key=[LegendEntry("x & y", "tone-1")],
    )
    file = ElementTree.fromstring(answer.content)  # noqa: S314 - our own answer
    assert file.findtext(f"{SVG}title") == "Salt & dust"
    words = [text.text for text in file.iter(f"{SVG}text")]
    assert words[:3] == ["Salt & dust", "a < b", "<b>"]
    assert "x & y" in words


PICTURES = {
    "chart": ("indicators/water-stress/", "format=svg", "//*[@id='chart-water-stress']//svg[1]"),
    "small charts": ("indicators/water-stress/", "format=svg&part=each", "//ul[@class='multiples']//svg"),
    "map": ("indicators/water-stress/", "format=svg&part=map&year=2020", "//*[@id='map']//svg//*[@class='map-fine']"),
    "levels": ("countries/", "format=svg", "//*[@id='levels']/..//svg"),
    "streams": ("coverage/", "format=svg", "//svg[contains(@class, 'sankey')][1]"),
    "causes": ("issues/?view=causes", "format=svg", "//svg[@class='graph chart-wide']"),
    "causes of one": ("issues/water-scarcity/", "format=svg&part=causes", "//svg[@class='graph chart-wide']"),
    "sea": ("issues/aral-sea-depletion/", "format=svg&part=sea", "//svg[contains(@class, 'aral-picture')]"),
    "planting": (
        "issues/aral-sea-depletion/",
        "format=svg&part=planting",
        "//*[contains(@class, 'aral-planting')]//svg",
    ),
}


@pytest.mark.any_database
@pytest.mark.usefixtures("content")
class TestContent:
    @pytest.mark.parametrize("language", ["en", "ko", "ru"])
    @pytest.mark.parametrize("picture", PICTURES)
    def test_a_picture_of_a_page_is_a_file_of_its_own(self, client, language, picture):
        path, query, drawings = PICTURES[picture]
        address = f"/{language}/{path}"
        answer = client.get(f"{address}{'&' if '?' in address else '?'}{query}")
        assert answer["Content-Type"] == "image/svg+xml; charset=utf-8"
        assert re.fullmatch(r'attachment; filename="[\w-]+\.svg"', answer["Content-Disposition"])
        text = answer.content.decode()
        file = ElementTree.fromstring(answer.content)  # noqa: S314 - our own answer
        assert file.get("lang") == language
        assert file.findtext(f"{SVG}title")
        assert file.findtext(f"{SVG}desc")
        assert "var(" not in text
        assert "@media" not in text
        assert "href" not in text
        assert not re.search(r'="[^"]*\d,\d+,\d', file.findtext(f"{SVG}style"))
        words = [row.text for row in file.iter(f"{SVG}text")]
        assert any(f"testserver/{language}/" in (row or "") for row in words), "where it is from"
        # The names and numbers are those of the page.
        page = reading.page(client.get(address, {"year": "2020", "view": "map"} if picture == "map" else None))
        on_page = {row for svg in page.xpath(drawings) for row in _words(svg)}
        assert on_page
        assert on_page - _words(file) == set()

    @pytest.mark.parametrize("language", ["en", "ko", "ru"])
    @pytest.mark.parametrize("picture", PICTURES)
    def test_a_picture_is_a_png_file_too(self, client, language, picture):
        path, query, _drawings = PICTURES[picture]
        address = f"/{language}/{path}{'&' if '?' in path else '?'}{query}"
        drawn = ElementTree.fromstring(client.get(address).content)  # noqa: S314 - our own answer
        answer = client.get(address.replace("format=svg", "format=png"))
        assert answer["Content-Type"] == "image/png"
        assert re.fullmatch(r'attachment; filename="[\w-]+\.png"', answer["Content-Disposition"])
        image = Image.open(io.BytesIO(answer.content)).convert("RGB")
        wanted = [round(2 * float(size)) for size in drawn.get("viewBox").split()[2:]]
        assert [abs(a - b) <= 1 for a, b in zip(image.size, wanted, strict=True)] == [True, True]
        assert len(image.getcolors(maxcolors=1_000_000)) > 20, "nothing is drawn"

    @pytest.mark.parametrize("picture", PICTURES)
    def test_page_links_to_the_short_addresses_of_its_picture(self, client, picture):
        path, query, _drawings = PICTURES[picture]
        page = reading.page(client.get(f"/en/{path}", {"year": "2020", "view": "map"} if picture == "map" else None))
        hrefs = page.xpath("//a[.='SVG' or .='PNG']/@href")
        assert hrefs
        assert [href for href in hrefs if "format=" in href] == []
        short = file_url(f"/en/{path}{'&' if '?' in path else '?'}{query}", "svg")
        [address] = [href for href in hrefs if path_and_part(href) == path_and_part(short)]
        answers = [client.get(one)["Content-Type"] for one in (address, address.replace(".svg", ".png"))]
        assert answers == ["image/svg+xml; charset=utf-8", "image/png"]

    def test_every_colour_of_a_file_is_in_it(self, client):
        """Classes of series, tones and levels have a CSS rule."""
        for path, query, _selector in PICTURES.values():
            address = f"/en/{path}"
            text = client.get(f"{address}{'&' if '?' in address else '?'}{query}").content.decode()
            style = text[text.index("<style>") : text.index("</style>")]
            used = set(re.findall(r"\b(?:tone|map-class|coverage-class|group|shore)-\d\b", text.replace(style, "")))
            assert used
            assert {name for name in used if f".{name}" not in style} == set()

    @pytest.mark.parametrize(
        "address",
        [
            "/en/issues/aral-sea-depletion/?format=svg&part=moon",
            "/en/issues/water-scarcity/?format=svg&part=sea",
            "/en/issues/?format=svg",
            "/en/indicators/aral-sea-salinity/?format=svg&part=map",
        ],
    )
    def test_a_picture_that_is_not_there_is_the_page(self, client, address):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/html")


def path_and_part(address):
    path, _mark, query = address.partition("?")
    return path, dict(parse_qsl(query)).get("part")


def _words(svg):
    tags = {name for tag in ("text", "tspan") for name in (tag, f"{SVG}{tag}")}
    return {"".join(element.itertext()).strip() for element in svg.iter() if element.tag in tags} - {""}
