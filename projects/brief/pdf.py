"""A brief as PDF, tagged for screen readers (PDF/UA-1), with fonts of the project alone."""

import dataclasses
import functools
import json
import re
import unicodedata
from pathlib import Path

import typst

from portal.graphics.png import FONTS
from projects.brief.document import Brief

PDF = "application/pdf"  # the media type
FOLDER = Path(__file__).parent
SQUARE_UNITS = re.compile("[\u3300-\u33ff]")  # one character each, such as “㎾”, which the fonts do not have


def pdf_file(brief: Brief) -> bytes:
    """Return the brief as a PDF file.

    A character that no font of the project has would break the rules of PDF/UA. A brief with one is tagged all the
    same, and shows a box in its place.
    """
    stated = dataclasses.asdict(brief) | {
        "date": {"year": brief.day.year, "month": brief.day.month, "day": brief.day.day}
    }
    del stated["day"]
    compiled = functools.partial(
        typst.compile,
        FOLDER / "brief.typ",
        root=FOLDER,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        sys_inputs={"brief": SQUARE_UNITS.sub(spelled, json.dumps(stated, ensure_ascii=False))},
    )
    try:
        return compiled(pdf_standards="ua-1")
    except typst.TypstError:
        return compiled()


def spelled(match: re.Match) -> str:
    """Return the letters of a square unit: “kW” for “㎾”."""
    codes = unicodedata.decomposition(match[0]).split()[1:]  # the first word says that it is a square
    return "".join(chr(int(code, 16)) for code in codes)
