"""Stylesheets define each custom property in one place, and use none that is not defined."""

from collections import Counter, defaultdict
from pathlib import Path

import django.contrib.admin
import tinycss2
from django.conf import settings

SHEETS = settings.BASE_DIR / "static" / "css"
ADMIN_SHEETS = Path(django.contrib.admin.__file__).parent / "static" / "admin" / "css"


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
    for path in sorted(SHEETS.glob("*.css")):
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
        for path in sorted(SHEETS.glob("*.css"))
        for name, selector, _media in definitions(path)
        if selector.startswith(":root") and path.name not in {"tokens.css", "admin.css"}  # those of Django's admin
    ]
    assert elsewhere == []


def test_every_custom_property_that_is_used_is_defined():
    defined = {
        name for folder in (SHEETS, ADMIN_SHEETS) for path in folder.glob("*.css") for name, *_ in definitions(path)
    }
    used = {name: path.name for path in sorted(SHEETS.glob("*.css")) for name in uses(path)}
    assert len(used) > 40
    assert {name: where for name, where in used.items() if name not in defined} == {}
