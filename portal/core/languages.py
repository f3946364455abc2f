"""Languages: their names, and in which of them a reader gets a text."""

from collections.abc import Iterable
from typing import Protocol

from django.db.models import Model
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

NAMES = {
    "de": _("German"),
    "en": _("English"),
    "fr": _("French"),
    "it": _("Italian"),
    "kaa": _("Karakalpak"),
    "kk": _("Kazakh"),
    "kk-Latn": _("Kazakh in Latin letters"),
    "ko": _("Korean"),
    "ky": _("Kyrgyz"),
    "lt": _("Lithuanian"),
    "ru": _("Russian"),
    "sco": _("Scots"),
    "tg": _("Tajik"),
    "tk": _("Turkmen"),
    "tr": _("Turkish"),
    "uz": _("Uzbek"),
    "uz-Cyrl": _("Uzbek in Cyrillic letters"),
    "zh": _("Chinese"),
}


class Named(Protocol):
    """A record that knows its name and the language of the name."""

    def name_and_language(self) -> tuple[str | None, str]: ...


def language_name(code: str) -> str:
    """Return the name of a language in the reader's language; a code without a known name stays a code."""
    return str(NAMES.get(code, code))


def mid_sentence(label: object) -> str:
    """Return a label as it stands after a comma or a colon: Russian begins it with a small letter.

    An abbreviation keeps its capitals. A quotation mark may come first.
    """
    text = str(label)
    start = len(text) - len(text.lstrip("«„"))
    if get_language() != "ru" or text[start + 1 : start + 2].isupper():
        return text
    return text[:start] + text[start : start + 1].lower() + text[start + 1 :]


def label_list(labels: Iterable[object]) -> str:
    """Return labels separated by commas."""
    return ", ".join(mid_sentence(label) if position else str(label) for position, label in enumerate(labels))


def text_and_language(record: Model, field: str) -> tuple[str | None, str]:
    """Return the text of a translated column as a reader gets it, and the code of the language it is in.

    The text is None if it is missing even in English: these columns may be NULL.
    """
    language = get_language() or "en"
    text = getattr(record, f"{field}_{language}")
    if text:
        return text, language
    return getattr(record, f"{field}_en"), "en"


def in_language(text: str | None, language: str) -> str | None:
    """Return `text` as HTML that names its language where it is not the page's own."""
    if not text or language == get_language():
        return text
    return format_html('<span lang="{}">{}</span>', language, text)


def reader_html(record: Model, field: str) -> str | None:
    """Return the text of a translated column as HTML; English that stands in for a missing language says so."""
    return in_language(*text_and_language(record, field))


def name_html(record: Named) -> str | None:
    """Return the name of a record as HTML, its language named where it is not the page's own."""
    return in_language(*record.name_and_language())
