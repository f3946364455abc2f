"""References to records and sources for reference managers: RIS and BibTeX.

Both are read from one `Reference`, and so is what a page says about citing it. Writing them is forty lines; the tests
read them with the libraries that reference managers’ own files are read with.
"""

import datetime
import re
import unicodedata
from dataclasses import dataclass, field

from django.conf import settings
from django.utils import timezone

from portal.dates import PartialDate
from portal.languages import text_and_language
from portal.models import Source

# By the kind of a source: its type in RIS, its type in BibTeX, and in CSL.
TYPES = {
    Source.Kind.JOURNAL_ARTICLE: ("JOUR", "article", "article-journal"),
    Source.Kind.REPORT: ("RPRT", "techreport", "report"),
    Source.Kind.GOVERNMENT_RELEASE: ("ELEC", "misc", "webpage"),
    Source.Kind.ORGANISATION_PAGE: ("ELEC", "misc", "webpage"),
    Source.Kind.NEWS: ("NEWS", "misc", "article-newspaper"),
    Source.Kind.DATASET: ("DATA", "misc", "dataset"),
    Source.Kind.ENCYCLOPEDIA: ("ENCYC", "incollection", "entry-encyclopedia"),
}
PAGE = ("ELEC", "misc", "webpage")
ENGLISH_NAME = "Central Asia Environment and Cooperation Portal"


@dataclass(frozen=True)
class Person:
    """The author of an article, as given; `family` is what stands last."""

    name: str

    @property
    def family(self):
        return self.name.rpartition(" ")[2]

    @property
    def given(self):
        return self.name.rpartition(" ")[0]


@dataclass(frozen=True)
class Reference:
    """What one has to say of a work to cite it. `authors` are persons or names that stand as they are."""

    key: str
    types: tuple
    title: str
    authors: list = field(default_factory=list)
    others: bool = False  # there are more authors than the record names
    container: str = ""  # the journal, the encyclopedia or the website
    publisher: str = ""
    date: PartialDate | None = None
    url: str = ""
    doi: str = ""
    language: str = ""
    edition: str = ""
    title_in_english: str = ""
    accessed: datetime.date | None = None


def reference(record, address):
    """How to cite a record: a source as the work that it is, anything else as a page of the portal."""
    if isinstance(record, Source):
        return reference_of_source(record)
    title, language = text_and_language(record, record.name_field)
    return Reference(
        key=f"{record._meta.model_name}-{record.key}",
        types=PAGE,
        title=title,
        authors=[str(settings.PORTAL_NAME)],
        container=str(settings.PORTAL_NAME),
        date=PartialDate(timezone.localdate(record.updated_at).isoformat()),
        url=address,
        language=language,
        accessed=timezone.localdate(),
    )


def reference_of_source(source):
    """How to cite a source."""
    types = TYPES[Source.Kind(source.kind)]
    authors, others = authors_of(source)
    inside = types[1] in {"article", "incollection"} or types[0] == "NEWS"
    return Reference(
        key=source.key,
        types=types,
        title=source.own_title,
        authors=authors,
        others=others,
        container=source.publisher if inside else "",
        publisher="" if inside else source.publisher,
        date=source.date,
        url=source.url or "",
        doi=source.doi,
        language=source.own_title_language,
        edition=source.edition,
        title_in_english=source.title if source.title_original else "",
        accessed=timezone.localdate() if source.url else None,
    )


PERSON = re.compile(r"(?:(?:[^\W\d_a-z][\w.'’-]*|van|von|der|de|bin|al)(?:\s+|$)){2,5}", re.UNICODE)


def authors_of(source):
    """The authors of a source, and whether there are others. Persons are told apart only where they surely are such.

    An author is written as one text: of an article mostly names parted by commas, else often a body with commas in its
    name, which stays whole.
    """
    text = source.author.strip()
    if not text:
        return ([source.publisher] if source.kind != Source.Kind.JOURNAL_ARTICLE else []), False
    if source.kind == Source.Kind.JOURNAL_ARTICLE:
        rest = re.sub(r"\s+(?:and others|et al\.?)$", "", text)
        names = [name.strip() for name in re.split(r",\s+|\s+and\s+", rest)]
        if all(PERSON.fullmatch(name) for name in names):
            return [Person(name) for name in names], rest != text
    return [text], False


# ── RIS ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def ris_text(references):
    """References as RIS, one after the other."""
    for one in references:
        yield "".join(f"{tag}  - {_line(value)}\r\n" for tag, value in _ris(one) if value) + "ER  - \r\n\r\n"


def _ris(one):
    yield "TY", one.types[0]
    yield "ID", one.key
    for author in one.authors:
        yield "AU", f"{author.family}, {author.given}" if isinstance(author, Person) else author
    if one.others:
        yield "AU", "et al."
    yield "TI", one.title
    yield "TT", one.title_in_english
    yield "T2", one.container
    yield "PB", one.publisher
    if one.date:
        yield "PY", f"{one.date.year:04}"
        yield "DA", one.date.replace("-", "/")
    yield "ET", one.edition
    yield "DO", one.doi
    yield "UR", one.url
    yield "LA", one.language
    yield "Y2", one.accessed and one.accessed.strftime("%Y/%m/%d")


def _line(text):
    return " ".join(str(text).split())


# ── BibTeX ───────────────────────────────────────────────────────────────────────────────────────────────────────


def bib_text(references):
    """References as BibTeX in UTF-8, one after the other."""
    for one in references:
        lines = "".join(f"  {name} = {{{value}}},\n" for name, value in _bib(one) if value)
        yield f"@{one.types[1]}{{{one.key},\n{lines}}}\n\n"


def _bib(one):
    names = [
        _tex(f"{author.family}, {author.given}") if isinstance(author, Person) else f"{{{_tex(author)}}}"
        for author in one.authors
    ]
    yield "author", " and ".join([*names, *(["others"] if one.others else [])])
    yield "title", f"{{{_tex(one.title)}}}"
    yield {"article": "journal", "incollection": "booktitle"}.get(one.types[1], "howpublished"), _tex(one.container)
    yield "institution" if one.types[1] == "techreport" else "publisher", _tex(one.publisher)
    if one.date:
        yield "year", f"{one.date.year:04}"
        yield "month", str(one.date.month or "")
    yield "edition", _tex(one.edition)
    yield "doi", one.doi
    yield "url", one.url.replace("{", "%7B").replace("}", "%7D")
    yield "language", one.language
    yield "note", _tex(one.title_in_english)
    yield "urldate", one.accessed and one.accessed.isoformat()


TEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_"},
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def _tex(text):
    """Text for BibTeX: signs that TeX takes for its own are marked; letters of any alphabet stay as they are."""
    return "".join(TEX.get(sign, sign) for sign in _line(unicodedata.normalize("NFC", text)))
