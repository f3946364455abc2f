"""What the portal knows of the standard: the structure of an activity, and codes (by manage.py write_iati)."""

import functools
import json
from pathlib import Path

FOLDER = Path(__file__).parent
WITHDRAWN = "withdrawn"


@functools.cache
def _facts():
    return json.loads((FOLDER / "facts.json").read_text(encoding="utf-8"))


def structure():
    """By the path of an element: its attributes with their types (`!` if required), its children in order, its text."""
    return _facts()["structure"]


@functools.cache
def _folded(name):
    """The codes of a list as the list writes them, by the same in small letters."""
    codes = _facts()["sectors"] if name == "Sector" else _facts()["codes"][name]
    return {code.lower(): code for code in codes}


def code_on(name, written):
    """A code as the list `name` writes it, however it was written; nothing if it is not on the list."""
    return _folded(name).get(written.strip().lower(), "")


def sector_name(code):
    """The English name of a purpose code."""
    return _facts()["sectors"][code][1]


def is_withdrawn(code):
    """Whether a purpose code is no longer to be used."""
    return _facts()["sectors"][code][0] == WITHDRAWN


@functools.cache
def suggestions():
    """The rules by which issues are suggested: issue (empty: any), what is looked at, what matches, and its weight."""
    return json.loads((FOLDER / "suggestions.json").read_text(encoding="utf-8"))
