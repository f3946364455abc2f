"""Pictures as PNG files, with fonts of the project alone."""

import json
from pathlib import Path

import typst

from portal.graphics.charts import FONT, wrapped

FOLDER = Path(__file__).parent
FONTS = FOLDER / "fonts"
SHARP = 2  # pixels of the file for each pixel of the drawing
POINTS_PER_INCH = 72
CARD_WIDTH, CARD_FONT = 1112, 20  # pixels of the line of the source in card.typ
PIXELS_PER_INCH = 96  # of an SVG file, as CSS has it


def png_of_svg(svg: str) -> bytes:
    """Return an SVG file as PNG, with `SHARP` pixels for each of its own."""
    return _compile("svg", SHARP * PIXELS_PER_INCH, svg=svg)


def chart_card(title: str, unit: str, svg: str, source: str, language: str) -> bytes:
    """Return a PNG of 1200 × 630 pixels, as link previews show it: a title, a chart and its source on two lines."""
    lines = wrapped(source, CARD_WIDTH * FONT / CARD_FONT)
    words = {"title": title, "unit": unit, "source": lines, "language": language}
    return _compile("card", POINTS_PER_INCH, svg=svg, words=json.dumps(words, ensure_ascii=False))


def _compile(name: str, pixels_per_inch: int, **inputs: str) -> bytes:
    """Return a page of a typst template as PNG. Inputs are values, never markup."""
    return typst.compile(
        FOLDER / f"{name}.typ",
        root=FOLDER,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        format="png",
        ppi=pixels_per_inch,
        sys_inputs=inputs,
    )
