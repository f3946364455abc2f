"""Writes references in citation styles: APA, Chicago, and the style of Korean papers.

APA is the 7th edition; Chicago is the 17th, notes and bibliography. Both use words of the reader’s language. The Korean
style is always in Korean. We do not use a CSL processor: the styles take 90 MB, and they lack the grammar of Korean and
the cases of Russian (“P. Micklin, 와/과 C.-S. Kim”, “25 ноябрь 2026”).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import get_language, override, pgettext
from django.utils.translation import gettext_lazy as _

from portal.citations.references import PAGE, Person, Reference
from portal.core.formatting import date_in_pattern
from portal.core.partial_dates import PartialDate

# By language: opening and closing quotation marks, then those for a quotation inside.
QUOTES = {"en": "“”‘’", "ko": "“”‘’", "ru": "«»„“"}
MOST_OF_APA, MOST_OF_CHICAGO, FIRST_OF_CHICAGO = 20, 10, 7  # authors; of more than ten, Chicago names the first seven


@dataclass(frozen=True)
class CitationPiece:
    """A part of a citation, in italics or not. `language` is set for a title."""

    text: str
    italic: bool = False
    language: str = ""

    def html(self, around):
        """Return the piece as HTML; it gets a `lang` attribute if its language is not `around`."""
        name = "i" if self.italic else "span"
        if self.language and self.language != around:
            return format_html('<{} lang="{}">{}</{}>', name, self.language, self.text, name)
        return format_html("<i>{}</i>", self.text) if self.italic else self.text


class Written:
    """Builds a citation from pieces of text, and prevents double full stops."""

    def __init__(self):
        self.pieces = []

    def __str__(self):
        return "".join(piece.text for piece in self.pieces)

    def add(self, text, **more):
        """Add a piece unless its text is empty. Return the citation itself."""
        if text:
            self.pieces.append(CitationPiece(text, **more))
        return self

    def stop(self):
        """End the sentence with a full stop unless it has ended, and add a space. Return the citation itself."""
        text = str(self)
        return self.add("" if text[-1:] in {"", " "} else " " if _has_ended(text) else ". ")

    def html(self, around):
        """Return the citation as HTML inside text of the language `around`."""
        return format_html_join("", "{}", ((piece.html(around),) for piece in self.pieces))


def _has_ended(text):
    return text.rstrip("”’»“」』").endswith((".", "?", "!", "…"))


# ── Shared by the styles ─────────────────────────────────────────────────────────────────────────────────────────


def initials(given):
    """Return the initials of given names: Su-Chin is S.-C., but the single name Dong-hyun is D., and Н.В. is Н. В."""
    names = re.split(r"\s+|(?<=\.)(?=\w)", given)
    return " ".join("-".join(f"{part[0]}." for part in name.split("-") if part[:1].isupper()) for name in names if name)


def _inverted(author, short=False):
    """Return the name of an author with the family name first, as bibliographies are sorted; `short` gives initials."""
    if not isinstance(author, Person):
        return author
    return f"{author.family}, {initials(author.given) if short else author.given}"


def _written_date(date, day, month):
    """Return a date as precise as it is known. `day` and `month` are the date formats with and without a day."""
    return date_in_pattern(date, day if date.day else month) if date.month else f"{date.year:04}"


def _undated():
    return pgettext("date of a work", "n.d.")


def _chicago_date(day):
    """Return a date in the form that APA and Chicago use inside a sentence."""
    return _written_date(day, pgettext("format of a day in a citation", "F j, Y"), _month_format())


def _month_format():
    return pgettext("format of a month in a citation", "F Y")


def _address(one):
    """Return the URL of the work. A DOI comes first, because it is permanent."""
    return f"https://doi.org/{one.doi}" if one.doi else one.url


def _accessed(one):
    """Return the day on which the work was read, or None. A work with a DOI does not change and needs no such day."""
    return None if one.doi or one.accessed is None else PartialDate(one.accessed.isoformat())


def _around(one, name):
    """Return `name`, the container or publisher of a work, or "" if it is also an author."""
    return "" if name.casefold() in {str(author).casefold() for author in one.authors} else name


def _is_part(one):
    """Return True if the work is part of a named journal, newspaper or encyclopedia."""
    return one.types != PAGE and bool(_around(one, one.container))


def _in_english(one):
    """Return the English title in brackets; "" if the work is in the reader’s language or has no separate one."""
    return f" [{one.title_in_english}]" if one.title_in_english and one.language != get_language() else ""


# ── APA ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def apa(one: Reference) -> Written:
    """Return a citation in APA style: Author. (Date). *Title*. Container. URL."""
    written = Written()
    date = f"({_apa_date(one.date)})"
    if one.authors:
        written.add(_apa_authors(one)).stop().add(date).stop()
    part = _is_part(one)
    written.add(one.title, italic=not part, language=one.language)
    written.add(f" ({one.edition})" if one.edition else "").add(_in_english(one))
    if one.types[2] == "dataset":
        written.add(" [" + pgettext("citation", "Data set") + "]")
    written.stop()
    if not one.authors:
        written.add(date).stop()
    written.add(_around(one, one.container), italic=part).stop()
    written.add(_around(one, one.publisher)).stop()
    address, accessed = _address(one), _accessed(one)
    if address and accessed:
        sentence = pgettext("APA", "Retrieved {date}, from {address}")
        return written.add(sentence.format(date=_chicago_date(accessed), address=address))
    return written.add(address)


def _apa_date(date):
    if date is None:
        return _undated()
    day, month = pgettext("format of a day in APA", "Y, F j"), pgettext("format of a month in APA", "Y, F")
    return _written_date(date, day, month)


def _apa_authors(one):
    names = [_inverted(author, short=True) for author in one.authors]
    if len(names) > MOST_OF_APA:
        return f"{', '.join(names[: MOST_OF_APA - 1])}, … {names[-1]}"
    if one.others:
        return pgettext("authors", "{names}, et al.").format(names=", ".join(names))
    *first, last = names
    return pgettext("APA", "{names}, & {last}").format(names=", ".join(first), last=last) if first else last


# ── Chicago ──────────────────────────────────────────────────────────────────────────────────────────────────────


def chicago(one: Reference) -> Written:
    """Return a citation in Chicago style: Author. “Title.” Container, date. Accessed date. URL."""
    written = Written()
    written.add(_chicago_authors(one)).stop()
    part = _is_part(one)
    if part or one.types == PAGE or one.types[0] == "NEWS":
        _quote(written, one)
    else:
        written.add(one.title, italic=True, language=one.language).add(_in_english(one)).stop()
    if one.edition:
        written.add(capfirst(one.edition)).stop()
    if part and one.types[2] == "entry-encyclopedia":
        written.add(pgettext("a part of an encyclopedia", "In") + " ")
    around = _around(one, one.container) or _around(one, one.publisher)
    if around:
        written.add(around, italic=part).add(", ")
    day = pgettext("format of a day in a citation", "F j, Y")
    written.add(_written_date(one.date, day, _month_format()) if one.date else _undated()).stop()
    address, accessed = _address(one), _accessed(one)
    if address and accessed:
        written.add(pgettext("Chicago", "Accessed {date}.").format(date=_chicago_date(accessed))).stop()
    return written.add(address).add("." if address else "")


def _quote(written, one):
    """Add the title in quotation marks. The full stop is inside them in English and Korean, outside in Russian."""
    opening, closing, *inner = QUOTES[get_language()]
    title = one.title.translate(str.maketrans({opening: inner[0], closing: inner[1]}))
    written.add(opening).add(title, language=one.language).add(_in_english(one))
    if get_language() == "ru":
        return written.add(closing).stop()
    return written.add("" if _has_ended(str(written)) else ".").add(closing).add(" ")


def _chicago_authors(one):
    if not one.authors:
        return ""
    authors, others = one.authors, one.others
    if len(authors) > MOST_OF_CHICAGO:
        authors, others = authors[:FIRST_OF_CHICAGO], True
    first, *rest = authors
    names = [_inverted(first), *(getattr(author, "name", author) for author in rest)]
    if others:
        return pgettext("authors", "{names}, et al.").format(names=", ".join(names))
    *first, last = names
    return pgettext("Chicago", "{names}, and {last}").format(names=", ".join(first), last=last) if first else last


# ── Korean ───────────────────────────────────────────────────────────────────────────────────────────────────────


def korean(one: Reference) -> Written:
    """Return a citation in Korean style: 저자, 「제목」, 『수록처』, 날짜, 주소 (검색일: 날짜).

    The title has the marks of a book, 『』, unless the work is part of another, a web page or a news item.
    """
    part = _is_part(one) or one.types == PAGE or one.types[0] == "NEWS"
    opening, closing = "「」" if part else "『』"
    names = "·".join(getattr(author, "name", author) for author in one.authors)
    written = Written()
    written.add(f"{names}{' 외' if one.others else ''}, " if names else "")
    written.add(opening).add(one.title, language=one.language).add(closing)
    container, publisher = _around(one, one.container), _around(one, one.publisher)
    written.add(f", 『{container}』" if container and _is_part(one) else f", {container}" if container else "")
    written.add(f", {publisher}" if publisher else "").add(f", {one.edition}" if one.edition else "")
    written.add(f", {_korean_date(one.date) if one.date else '날짜 없음'}")
    address, accessed = _address(one), _accessed(one)
    written.add(f", {address}" if address else "")
    if address and accessed:
        written.add(f" (검색일: {_korean_date(accessed)})")
    return written.add("" if str(written).endswith(".") else ".")


def _korean_date(date):
    return _written_date(date, "Y. n. j.", "Y. n.")


# ── List of styles ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Style:
    """A citation style. `language` is set if the style is always written in one language."""

    title: str | Promise
    write: Callable[[Reference], Written]
    language: str = ""

    def html(self, reference):
        """Return a reference in this style, as HTML."""
        language = self.language or get_language()
        with override(language):
            return self.write(reference).html(language)


STYLES = (Style("APA", apa), Style(_("Chicago"), chicago), Style(_("Korean style"), korean, "ko"))
