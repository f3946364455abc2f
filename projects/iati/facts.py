"""Data on the IATI standard: the structure of an activity, and code lists. `manage.py write_iati` writes the files."""

import functools
import json
from pathlib import Path

FOLDER = Path(__file__).parent
WITHDRAWN = "withdrawn"


@functools.cache
def _facts():
    return json.loads((FOLDER / "facts.json").read_text(encoding="utf-8"))


def structure():
    """Return a dict by path of an element, with its `attributes`, `children` and `text`.

    `attributes` are types by name, with "!" if required. `children` are in order, with two characters for each: the
    minimum ("0" or "1") and the maximum ("1" or "*"). `text` is the type of the text.
    """
    return _facts()["structure"]


@functools.cache
def _folded(name):
    """Return the codes of a list by their lower-case form."""
    codes = _facts()["sectors"] if name == "Sector" else _facts()["codes"][name]
    return {code.lower(): code for code in codes}


def code_on(name, written):
    """Return a code as the list `name` writes it, ignoring case; "" if it is not on the list."""
    return _folded(name).get(written.strip().lower(), "")


def sector_name(code):
    """Return the English name of a purpose code."""
    return _facts()["sectors"][code][1]


def is_withdrawn(code):
    """Return True if a purpose code is withdrawn."""
    return _facts()["sectors"][code][0] == WITHDRAWN


@functools.cache
def suggestions():
    """Return the rules that suggest issues.

    A rule has the key of the issue ("" for any), what it compares, the matches, and its weight.
    """
    return json.loads((FOLDER / "suggestions.json").read_text(encoding="utf-8"))
