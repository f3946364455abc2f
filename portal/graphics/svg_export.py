"""A page's picture as a file of its own, SVG or PNG: the drawing with its title, sentence, key, source and colours.

The drawing is what the page's template wrote. Links, targets for fingers and what only a page can do are taken away; of
the site's stylesheets those rules go along that colour what is left, as on a light screen.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tinycss2
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from lxml import etree

from portal.graphics.charts import BOLD, FONT, LINE, text_width, wrapped
from portal.graphics.png import png_of_svg

STATIC = settings.BASE_DIR / "static"
STYLESHEETS = ("charts", "coverage", "map", "issues")
# Parts of drawings that answer to a pointer, or that are meant for a phone.
ONLY_ON_PAGES = {"years", "cursor", "hit", "trunk", "target", "map-target", "map-coarse"}
ONLY_ON_PAGES_ATTRIBUTES = {"href", "tabindex", "role", "width", "height"}
# What is said of colours and letters; boxes, and what is hidden at some width, stay with the page.
PROPERTIES = re.compile(r"(fill|stroke|font|color$|opacity$|paint-order$|vector-effect$)")
# Of the words around the drawing.
OWN_STYLE = """.ground{fill:var(--surface)}.words{fill:var(--ink);font:12px var(--text)}
.title{font-size:16px;font-weight:700}.quiet{fill:var(--muted)}.heading{font-weight:600}.swatch{fill:currentColor}"""
MARGIN, TITLE, LEAST_WIDTH = 16, 16, 480
GUTTER = 20  # between panels
SWATCH = 14
FORMATS = ("svg", "png")  # values of `format` that ask for a picture
BASE = "map-base"  # the picture of the waters, which maps take in from a file


# ── Style ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Rule:
    """A rule of a stylesheet for one selector, its values resolved."""

    selector: str
    style: str
    classes: frozenset[str]
    tags: frozenset[str]


def parse_css(css: str, within: str = "") -> Iterator[Rule]:
    """Return the rules that colour something on any light screen, wherever the pointer is.

    Rules inside at-rules (@media, @container …) and selectors that need a page (:hover, [href] …) are left out.
    `within` goes before every selector.
    """
    rules = [
        (_selectors_of(rule), _declarations_of(rule))
        for rule in tinycss2.parse_stylesheet(css, skip_comments=True)
        if rule.type == "qualified-rule"
    ]
    variables = {
        one.name: tinycss2.parse_component_value_list(_text_of(one.value))
        for selectors, declarations in rules
        if ":root" in selectors
        for one in declarations
        if one.name.startswith("--")
    }
    for selectors, declarations in rules:
        style = ";".join(
            f"{one.name}:{_text_of(_without_variables(one.value, variables))}{' !important' if one.important else ''}"
            for one in declarations
            if PROPERTIES.match(one.name)
        )
        for selector in selectors:
            selector = f"{within} {selector}".strip()
            if style and (names := _names_in(selector)):
                yield Rule(selector, style, *names)


def _selectors_of(rule: tinycss2.ast.QualifiedRule) -> list[str]:
    """Return the selectors of a rule. A comma inside brackets does not part them."""
    selectors: list[list[tinycss2.ast.Node]] = [[]]
    for node in rule.prelude:
        if node == ",":
            selectors.append([])
        else:
            selectors[-1].append(node)
    return list(map(_text_of, selectors))


def _declarations_of(rule: tinycss2.ast.QualifiedRule) -> list[tinycss2.ast.Declaration]:
    return [one for one in tinycss2.parse_blocks_contents(rule.content) if one.type == "declaration"]


def _text_of(nodes: Iterable[tinycss2.ast.Node]) -> str:
    return tinycss2.serialize(nodes).strip()


def _without_variables(
    nodes: Iterable[tinycss2.ast.Node], variables: Mapping[str, Sequence[tinycss2.ast.Node]]
) -> Iterator[tinycss2.ast.Node]:
    """Return nodes with each var() replaced by the value of its variable."""
    for node in nodes:
        if node.type != "function":
            yield node
        elif node.lower_name == "var":
            [name] = node.arguments
            yield from _without_variables(variables[name.value], variables)
        else:
            arguments = list(_without_variables(node.arguments, variables))
            yield tinycss2.ast.FunctionBlock(node.source_line, node.source_column, node.name, arguments)


def _names_in(selector: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the classes and the tags that a selector needs, or None if it needs a page. :not() needs nothing."""
    classes: set[str] = set()
    tags: set[str] = set()
    nodes = tinycss2.parse_component_value_list(selector)
    for before, node, after in zip([None, *nodes], nodes, [*nodes[1:], None], strict=False):
        if node.type == "ident":
            (classes if before == "." else tags).add(node.value)
        elif node.type == "[] block" or (node == ":" and getattr(after, "lower_name", "") != "not"):
            return None
    return frozenset(classes), frozenset(tags)


@functools.cache
def site_rules() -> tuple[Rule, ...]:
    """All rules that a picture may need, in the order of the cascade."""
    tokens = (STATIC / "css" / "tokens.css").read_text("utf-8")
    sheets = [(STATIC / "css" / f"{name}.css").read_text("utf-8") for name in STYLESHEETS]
    waters = etree.parse(STATIC / "geo" / "base.svg").findtext(".//{*}style")
    return (
        *parse_css(tokens + OWN_STYLE),
        *(rule for sheet in sheets for rule in parse_css(tokens + sheet)),
        *parse_css(waters, f".{BASE}"),
    )


def used_styles(drawings: Sequence[etree._Element], classes: set[str]) -> str:
    """The rules that may hold for something in `drawings`, or for what has `classes`."""
    elements = [element for drawing in drawings for element in drawing.iter()]
    classes = classes.union(*((element.get("class") or "").split() for element in elements))
    tags = {element.tag for element in elements}
    return "\n".join(
        f"{rule.selector}{{{rule.style}}}" for rule in site_rules() if rule.classes <= classes and rule.tags <= tags
    )


# ── Drawings ─────────────────────────────────────────────────────────────────────────────────────────────────────


def standalone_svg(markup: str) -> etree._Element:
    """A drawing of a page without what only a page can do."""
    drawing = etree.fromstring(markup.strip())
    for element in list(drawing.iter(etree.Element)):
        if element is not drawing and ONLY_ON_PAGES & set((element.get("class") or "").split()):
            element.getparent().remove(element)
    for element in drawing.iter(etree.Element):
        if element.tag == "a":
            element.tag = "g"
        elif element.tag == "image":
            _take_in_waters(element)
        for name in list(element.attrib):
            page_only = ONLY_ON_PAGES_ATTRIBUTES if element is drawing else {"href", "tabindex"}
            if name in page_only or name.startswith(("aria-", "data-")):
                del element.attrib[name]
    return drawing


def standalone_file(markup: str) -> str:
    """Return a drawing of a page as the text of an SVG file, without words around it."""
    drawing = standalone_svg(markup)
    style = etree.Element("style")
    style.text = used_styles([drawing], set())
    drawing.insert(0, style)
    drawing.set("xmlns", "http://www.w3.org/2000/svg")
    return etree.tostring(drawing, encoding="unicode")


def _take_in_waters(image: etree._Element) -> None:
    """Put the drawing of the waters in the place of the element that shows its file."""
    waters = etree.parse(STATIC / "geo" / "base.svg").getroot()
    image.tag = "svg"
    image.set("viewBox", waters.get("viewBox"))
    for shape in waters.iter("{*}path"):
        etree.SubElement(image, "path", {"class": shape.get("class"), "d": shape.get("d")})


# ── The file ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Panel:
    """One drawing of the file: the markup that a page's template wrote, words above and below it."""

    markup: str
    heading: str = ""
    note: str = ""


@dataclass(frozen=True)
class LegendEntry:
    """A line of the key: what a colour means, and the classes (or the pattern) that give the colour."""

    words: str
    classes: str
    fill: str = ""


@dataclass(frozen=True)
class LegendRow:
    """A line of words and where it stands."""

    text: str
    x: float
    y: float
    classes: str = ""


@dataclass
class SvgDocument:
    """What charts/file.svg writes down; it grows downwards."""

    width: float
    y: float = MARGIN
    rows: list[LegendRow] = field(default_factory=list)
    swatches: list[tuple[float, float, LegendEntry]] = field(default_factory=list)
    drawings: list[etree._Element] = field(default_factory=list)

    @property
    def height(self) -> float:
        return round(self.y + MARGIN, 1)

    def words(
        self,
        text: str,
        classes: str = "",
        *,
        size: float = FONT,
        x: float = MARGIN,
        width: float = 0.0,
        y: float | None = None,
    ) -> float:
        """Write words from `x`, broken where they are wider than `width`, and return the y at which they end."""
        here = self.y if y is None else y
        for row in wrapped(text, (width or self.width - 2 * MARGIN) * FONT / size / BOLD, lines=99):
            here += LINE * size / FONT
            self.rows.append(LegendRow(row, x, round(here - size * 0.2, 1), classes))
        if y is None:
            self.y = here
        return here

    def panels(self, panels: Sequence[Panel], columns: int) -> None:
        """Draw the panels in rows of `columns`."""
        column = (self.width - 2 * MARGIN - GUTTER * (columns - 1)) / columns
        for first in range(0, len(panels), columns):
            lowest = self.y
            for number, panel in enumerate(panels[first : first + columns]):
                x = round(MARGIN + number * (column + GUTTER), 1)
                y = self.words(panel.heading, "heading", x=x, width=column, y=self.y) if panel.heading else self.y
                drawing = standalone_svg(panel.markup)
                width, height = (float(size) for size in drawing.get("viewBox").split()[2:])
                scale = min(column / width, 1)
                for name, value in (("x", x), ("y", y + 4), ("width", width * scale), ("height", height * scale)):
                    drawing.set(name, f"{value:.1f}".removesuffix(".0"))
                self.drawings.append(drawing)
                y += 4 + height * scale
                if panel.note:
                    y = self.words(panel.note, "quiet", x=x, width=column, y=y)
                lowest = max(lowest, y)
            self.y = lowest + 8

    def key(self, entries: Sequence[LegendEntry]) -> None:
        """Write what colours mean, side by side."""
        x: float = MARGIN
        self.y += LINE + 4 if entries else 0
        for entry in entries:
            width = SWATCH + 6 + text_width(entry.words) * BOLD
            if x > MARGIN and x + width > self.width - MARGIN:
                x, self.y = MARGIN, self.y + LINE + 4
            self.swatches.append((round(x, 1), round(self.y - 11, 1), entry))
            self.rows.append(LegendRow(entry.words, round(x + SWATCH + 6, 1), round(self.y, 1)))
            x += width + 16


def asks_for_picture(request: HttpRequest) -> bool:
    """Return whether the request asks for a picture of the page instead of the page."""
    return request.GET.get("format", "").lower() in FORMATS


def picture_svg(
    panels: Sequence[Panel],
    *,
    title: str,
    sentence: str,
    sources: Sequence[str],
    unit: str = "",
    key: Sequence[LegendEntry] = (),
    columns: int = 1,
    width: float = 720,
) -> str:
    """Return `panels` in `columns` as one picture with words around it, as the text of an SVG file.

    `sources` are the lines at its end: whose numbers these are, and where they are from.
    """
    sheet = SvgDocument(max(width, LEAST_WIDTH) + 2 * MARGIN)
    sheet.words(f"{title}, {unit}" if unit else title, "title", size=TITLE)
    sheet.y += 3
    sheet.words(sentence)
    sheet.y += 10
    sheet.panels(panels, columns)
    sheet.key(key)
    sheet.y += 10
    for line in sources:
        sheet.words(line, "quiet")
    classes = {"ground", "words", "title", "quiet", "heading"}.union(*(entry.classes.split() for entry in key))
    return render_to_string(
        "charts/file.svg",
        {
            "sheet": sheet,
            "title": title,
            "sentence": sentence,
            "style": mark_safe(used_styles(sheet.drawings, classes)),
            "drawings": [mark_safe(etree.tostring(drawing, encoding="unicode")) for drawing in sheet.drawings],
        },
    )


def picture_file(
    request: HttpRequest, name: str, panels: Sequence[Panel], *, source: str, **words: Any
) -> HttpResponse:
    """Return a download of `panels` as one picture, with all that a reader elsewhere needs.

    It is a PNG file if the request asks for one, else an SVG file. `source` says whose numbers these are; the page's
    own address follows it. `words` are the other arguments of `picture_svg`.
    """
    site = _("Central Asia Environment and Cooperation Portal")
    svg = picture_svg(panels, sources=(source, f"{site}: {settings.PUBLIC_URL}{request.path}"), **words)
    if request.GET.get("format", "").lower() == "png":
        response, ending = HttpResponse(png_of_svg(svg), content_type="image/png"), "png"
    else:
        response, ending = HttpResponse(svg, content_type="image/svg+xml; charset=utf-8"), "svg"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    return response
