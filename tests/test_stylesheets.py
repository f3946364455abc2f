"""Stylesheets define each custom property in one place and use only defined ones."""

import re
from collections import Counter, defaultdict
from pathlib import Path

import django.contrib.admin
import pytest
import tinycss2
from django.conf import settings

from portal.ops.staticfiles import CSS_IMPORT

SHEETS = settings.BASE_DIR / "static" / "css"
ADMIN_SHEETS = Path(django.contrib.admin.__file__).parent / "static" / "admin" / "css"
# Sheets of the admin, which pages load in addition to Django's. Django's admin has its own colours and widths.
DESK = {"exchange.css", "forms.css", *(path.name for path in (SHEETS / "admin").iterdir())}
DESK_WIDTHS = {"(max-width: 767px)"}
# Widths at which layouts change. Each has one condition for below and one for at or above.
WIDTHS = {f"(max-width: {width - 0.01:.2f}rem)" for width in (40, 48, 60, 76)}
WIDTHS |= {f"(min-width: {width}rem)" for width in (40, 48, 60, 76)}
OTHER_CONDITIONS = {"print", "screen", "(prefers-color-scheme: dark)", "(scripting: none)", "(pointer: coarse)"}


def sheets():
    """Return the paths of the project's stylesheets."""
    return sorted(SHEETS.rglob("*.css"))


def definitions(path):
    """Return (property, selector, media) for each definition of a custom property in a stylesheet."""
    sheet = tinycss2.parse_stylesheet(path.read_text(encoding="utf-8"), skip_comments=True, skip_whitespace=True)
    return list(_definitions(sheet, ""))


def _definitions(rules, media):
    for rule in rules:
        if rule.type == "at-rule" and rule.content is not None:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            yield from _definitions(inner, tinycss2.serialize(rule.prelude).strip())
        elif rule.type == "qualified-rule":
            selector = tinycss2.serialize(rule.prelude).strip()
            for part in tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True):
                if part.type == "declaration" and part.name.startswith("--"):
                    yield part.name, selector, media


def colours(scheme=""):
    """Return the colours of the tokens in a scheme by name: "" is light, "dark" is dark. Colours are #rrggbb."""
    media = {"": {""}, "dark": {"", "(prefers-color-scheme: dark)"}}[scheme]
    sheet = tinycss2.parse_stylesheet((SHEETS / "tokens.css").read_text("utf-8"), skip_comments=True)
    found = {}
    for rule in sheet:
        condition = tinycss2.serialize(rule.prelude).strip() if rule.type == "at-rule" else ""
        if rule.type in {"at-rule", "qualified-rule"} and condition in media:
            text = tinycss2.serialize(rule.content)
            found |= dict(re.findall(r"(--[\w-]+):\s*(#[0-9a-f]{6})\b", text))
    return found


def contrast(one, other):
    """Return the contrast ratio of two colours as WCAG 2.2 defines it."""

    def luminance(colour):
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def uses(path):
    """Return the custom properties that a stylesheet reads without a fallback."""
    found = set()
    pending = list(tinycss2.parse_component_value_list(path.read_text(encoding="utf-8")))
    while pending:
        token = pending.pop()
        if token.type == "function" and token.lower_name == "var":
            arguments = [part for part in token.arguments if part.type != "whitespace"]
            if len(arguments) == 1:
                found.add(arguments[0].value)
        pending += getattr(token, "content", None) or getattr(token, "arguments", None) or []
    return found


def test_a_custom_property_is_defined_in_one_stylesheet_and_once_for_a_scheme():
    files = defaultdict(set)
    twice = []
    for path in sheets():
        found = definitions(path)
        for name, _selector, _media in found:
            files[name].add(path.name)
        twice += [(path.name, *where) for where, count in Counter(found).items() if count > 1]
    assert len(files) > 60
    assert twice == []
    assert {name: sorted(names) for name, names in files.items() if len(names) > 1} == {}


def test_only_the_tokens_define_custom_properties_for_whole_pages():
    elsewhere = [
        (path.name, name)
        for path in sheets()
        for name, selector, _media in definitions(path)
        if selector.startswith(":root")
        and path.name not in {"tokens.css", "colours.css"}  # colours.css: those of Django's admin
    ]
    assert elsewhere == []


def test_every_custom_property_that_is_used_is_defined():
    defined = {name for path in [*sheets(), *ADMIN_SHEETS.glob("*.css")] for name, *_ in definitions(path)}
    used = {name: path.name for path in sheets() for name in uses(path)}
    assert len(used) > 40
    assert {name: where for name, where in used.items() if name not in defined} == {}


def conditions(rules):
    """Yield the conditions of each `@media` in parsed rules, at any depth."""
    for rule in rules:
        if rule.type == "at-rule" and rule.content is not None:
            if rule.lower_at_keyword == "media":
                yield from re.split(r" and |, ", tinycss2.serialize(rule.prelude).strip())
            yield from conditions(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))


def test_media_conditions_are_of_one_set():
    used = defaultdict(set)
    for path in sheets():
        for condition in conditions(tinycss2.parse_stylesheet(path.read_text(encoding="utf-8"))):
            used[condition].add(path.name)
    assert used.keys() >= WIDTHS
    unknown = {condition: names for condition, names in used.items() if condition not in WIDTHS | OTHER_CONDITIONS}
    assert {condition for condition, names in unknown.items() if not names <= DESK} == set()
    assert unknown.keys() <= DESK_WIDTHS


def test_only_the_tokens_define_colours():
    colour = re.compile(r":[^;{}]*(#[0-9a-f]{3,8})\b", re.IGNORECASE)
    found = {path.name: colour.findall(path.read_text(encoding="utf-8")) for path in sheets()}
    assert len(found.pop("tokens.css")) > 100
    assert {name: colours for name, colours in found.items() if colours and name not in DESK} == {}


@pytest.mark.parametrize("scheme", ["", "dark"])
def test_colours_of_series_are_told_from_every_ground(scheme):
    found = colours(scheme)
    tones = {name: colour for name, colour in found.items() if name.startswith("--tone-")}
    assert contrast(found["--ink"], found["--paper"]) > 12
    assert len(tones) == 9
    weak = {
        (name, ground): round(ratio, 2)
        for name, colour in tones.items()
        for ground in ("--paper", "--surface")
        if (ratio := contrast(colour, found[ground])) < 3
    }
    assert weak == {}


@pytest.mark.parametrize(
    ("bundle", "first", "folder"),
    [
        ("site.css", ["tokens.css", "base.css", "layout.css"], "components"),  # components build on the first three
        ("admin.css", [], "admin"),
    ],
)
def test_a_bundle_imports_each_component_once(bundle, first, folder):
    text = (SHEETS / bundle).read_text(encoding="utf-8")
    imported = CSS_IMPORT.findall(text)
    assert text.count("@import") == len(imported)
    assert imported[: len(first)] == first
    assert sorted(imported[len(first) :]) == [f"{folder}/{path.name}" for path in sorted((SHEETS / folder).iterdir())]
    for name in imported:
        assert not re.search(r"@import|url\(", (SHEETS / name).read_text(encoding="utf-8")), name


def test_stylesheets_have_unique_names():
    assert [name for name, count in Counter(path.name for path in sheets()).items() if count > 1] == []
