"""Find English words in a page that is in Korean or Russian."""

import re

from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import CharField, JSONField, TextField
from lxml import html

# Names that are the same in each language: of services, standards and formats, and of languages in themselves. Words in
# capitals are codes and abbreviations and need no row.
NAMES = {
    *(
        "English",
        "BibTeX",
        "GeoNames",
        "Wikidata",
        "Command",
        "Ctrl",
        "Enter",
        "Mac",
        "passkey",
        "CSL-JSON",
        "iCalendar",
        "WebP",
    ),
    *("alpha", "Randolph", "Glacier", "Inventory", "Haloxylon", "Excel"),
    *("K-pop", "aral-sea", "koica", "water-resources", "uz-Cyrl", "ko", "ru"),
}
SPOKEN = ("title", "placeholder", "aria-label", "alt", "data-label")
SILENT = {"script", "style", "textarea", "code"}
BUTTONS = {"submit", "button", "reset"}
CODE = re.compile(
    r"""
    https?://\S+ | \S+@\S+ | [\w.-]*\.(?:html|json|csv|xlsx|xml|toml|md|org|net|com|guide)(?![A-Za-z])
    | \{".*?\}                                                   # JSON
    | [“"«][a-z_]+[”"»]                                           # a column in quotation marks
    | (?:(?<![a-z])[a-z]{2,3}(?:-[A-Z][a-z]{3})?,\s){2,}[a-z]{2,3}(?![a-z])   # codes of languages
    | \S*[_\d/=@{}<>]\S*                                         # keys, codes, paths, parameters
    | (?<![A-Za-z])[A-Z]{2,}(?:-[A-Z]+)*(?![A-Za-z])                          # abbreviations and codes
    """,
    re.VERBOSE,
)
WORD = re.compile(r"[A-Za-z][A-Za-z’'-]*[A-Za-z]")


def stored_texts():
    """Return a pattern of the texts of all records of the admin and the rows within them.

    Values of choices are left out: pages show their labels.
    """
    models = {*admin.site._registry, *(row.model for page in admin.site._registry.values() for row in page.inlines)}
    found = set()
    for model in models - {Permission}:
        for field in model._meta.concrete_fields:
            if isinstance(field, CharField | TextField | JSONField) and not field.choices:
                values = model._base_manager.values_list(field.attname, flat=True)
                found |= {line for value in values for line in lines(value)}
    return pattern(found)


def pattern(texts):
    """Return a pattern of these texts as whole words."""
    longest_first = sorted(texts, key=len, reverse=True)
    return re.compile(rf"(?<![A-Za-z])(?:{'|'.join(map(re.escape, longest_first))})(?![A-Za-z])")


def lines(value):
    """Return the texts within a value of a column."""
    if isinstance(value, dict | list):
        parts = value.values() if isinstance(value, dict) else value
        return [line for part in parts for line in lines(part)]
    return [value] if isinstance(value, str) and re.search("[A-Za-z]{2}", value) else []


def visible_texts(page):
    """Yield the texts of a page in its language that a reader sees or hears. `page` is its HTML."""
    document = html.fromstring(page)
    yield from (" ".join(text.split()) for text in _texts(document, document.get("lang")) if text and text.strip())


def _texts(element, language):
    if element.tag in SILENT or not isinstance(element.tag, str) or element.get("lang", language) != language:
        return
    yield element.text
    yield from (element.get(name) for name in SPOKEN)
    if element.tag == "input" and element.get("type") in BUTTONS:
        yield element.get("value")
    for child in element:
        yield from _texts(child, language)
        yield child.tail


def english_words(text, stored, names=NAMES):
    """Return the words in Latin letters of a text that are neither stored (a pattern) nor names nor code."""
    if not WORD.search(text):
        return []
    return [word for word in WORD.findall(CODE.sub(" ", stored.sub(" ", text))) if word not in names]
