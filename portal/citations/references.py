"""Writes references to records and sources for reference managers, as RIS, BibTeX and CSL-JSON.

Each format is written from a `Reference`, and so are the citations on pages (`portal.citations.styles`). The writers
are short, so no library is used. The tests parse their output with independent libraries such as rispy.
"""

import datetime
import functools
import json
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.utils import timezone

from portal.core.choices import PublicationStatus
from portal.core.database import IdList
from portal.core.partial_dates import PartialDate
from portal.models import Citation, Source

# From the kind of a source to its types in RIS, BibTeX and CSL.
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


# A romanised Korean name: the family name first, then a given name of two syllables with a hyphen.
KOREAN_NAME = re.compile(r"[A-Z][a-z]+ [A-Z][a-z]*-[a-z]+")
INITIALS = re.compile(r"(?:[^\W\d_]\.-?)+")
PARTICLES = {"van", "von", "der", "de", "bin", "al"}
# Romanised Korean family names, which come before a given name that has no hyphen.
KOREAN_FAMILIES = {
    *("Kim", "Lee", "Park", "Choi", "Jeong", "Jung", "Kang", "Cho", "Jo", "Yoon", "Yun", "Jang", "Lim", "Im", "Han"),
    *("Oh", "Seo", "Shin", "Kwon", "Gwon", "Hwang", "Ahn", "An", "Song", "Ryu", "Yoo", "Yu", "Hong", "Jeon", "Ko"),
    *("Moon", "Mun", "Yang", "Son", "Bae", "Baek", "Heo", "Nam", "Sim", "Noh", "No", "Ha", "Kwak", "Sung", "Cha"),
}
# Words of names of media and other organisations, which authors of news can be as well as persons.
ORGANISATION_WORDS = {
    *("the", "news", "press", "times", "post", "tv", "agency", "media", "daily", "herald", "journal", "magazine"),
    *("radio", "television", "portal", "network", "monitoring", "international", "energy", "business", "global"),
    *("bank", "foundation", "forum", "institute", "university", "ministry", "centre", "center", "association"),
    *("committee", "asia", "uzbekistan", "kazakhstan", "kyrgyzstan", "tajikistan", "turkmenistan", "korea", "world"),
    *("eurasian", "агентство", "газета", "центр", "министерство", "институт"),
}


@dataclass(frozen=True)
class Person:
    """A person who is an author, with the name as the source gives it."""

    name: str
    is_family_first: bool = False

    @property
    def family(self):
        return self._parts[0]

    @property
    def given(self):
        return self._parts[1]

    @functools.cached_property
    def _parts(self):
        """Family and given names. The family name is last, except in Korean names and before initials (Аладин Н.В.)."""
        words = self.name.split()
        at = len(words) - 1
        if KOREAN_NAME.fullmatch(self.name) or self.is_family_first:
            return words[0], " ".join(words[1:])
        if INITIALS.fullmatch(words[at]) and not INITIALS.fullmatch(words[0]):
            while INITIALS.fullmatch(words[at - 1]):
                at -= 1
            return " ".join(words[:at]), " ".join(words[at:])
        while at > 1 and words[at - 1] in PARTICLES:
            at -= 1
        return " ".join(words[at:]), " ".join(words[:at])


@dataclass(frozen=True)
class Reference:
    """The data that a citation needs. `authors` are `Person`s, or names of organisations as strings, written unchanged.

    `types` are the types of the work in RIS, BibTeX and CSL.
    """

    key: str
    types: tuple
    title: str
    authors: list = field(default_factory=list)
    others: bool = False  # True if the work has more authors than the record names
    container: str = ""  # the journal, the encyclopedia or the website
    publisher: str = ""
    date: PartialDate | None = None
    url: str = ""
    doi: str = ""
    language: str = ""
    edition: str = ""
    title_in_english: str = ""
    accessed: datetime.date | None = None
    passage: str = ""  # what a record cites of the work: a page and a quotation
    archived_url: str = ""


def passages_of(citations):
    """Return the citations that tell of a passage of their source, by the key of the source; each passage once."""
    found = defaultdict(dict)
    for citation in citations:
        if citation.passage:
            found[citation.source.key].setdefault(citation.passage, citation)
    return {key: list(passages.values()) for key, passages in found.items()}


def citations_of(record):
    """Return the citations of a record with their sources: prefetched ones, else by one query."""
    at_hand = "citations" in getattr(record, "_prefetched_objects_cache", {})
    return record.citations.all() if at_hand else record.citations.select_related("source")


def source_keys(cited):
    """Return the keys of the sources that a record or a row cites, in order."""
    return [citation.source.key for citation in citations_of(cited)]


def reading_days(pks):
    """Return the last day on which somebody read each source for a published record, by primary key. One query."""
    found = []
    for model in Citation.__subclasses__():
        citing = [path.removesuffix("__key") for path in model.natural_fields if path.endswith("__key")]
        published = {f"{path}__publication": PublicationStatus.PUBLISHED for path in citing if path != "source"}
        read = model.objects.filter(source__in_ids=IdList(pks), read_on__isnull=False, **published)
        found.append(read.order_by().values_list("source", "read_on"))
    days = {}
    for source, day in found[0].union(*found[1:], all=True):
        days[source] = max(day, days.get(source, day))
    return days


def reference(record, address, read_on=None):
    """Return the reference to a record: a source is cited as the work itself, all others as a page at `address`.

    `read_on` is the day on which somebody read a source, if known.
    """
    if isinstance(record, Source):
        return reference_of_source(record, read_on)
    title, language = record.name_and_language()
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


def reference_of_source(source, read_on=None):
    """Return the reference to the work that a source describes; accessed today if no day of reading is known."""
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
        accessed=read_on or (timezone.localdate() if source.url else None),
    )


def reference_of_citation(citation):
    """Return the reference to a cited source: with its passage, and the day on which somebody read it, if known."""
    one = reference_of_source(citation.source, citation.read_on)
    quotation = f"“{citation.quotation}”" if citation.quotation else ""
    return replace(
        one,
        passage=": ".join(filter(None, [citation.page, quotation])),
        archived_url=citation.archived_url,
    )


# A name in Hangul or Chinese characters. In a list of such names each is one person, and it is written unchanged.
SYLLABLES = re.compile(r"[가-힣]{2,4}|[\u4e00-\u9fff·]{2,15}")
WORD_OF_NAME = re.compile(r"[^\W\d_][\w.'’-]*")


def _is_person(name):
    words = name.split()
    return 2 <= len(words) <= 5 and all(
        word in PARTICLES or (WORD_OF_NAME.fullmatch(word) and word[0].isupper()) for word in words
    )


def authors_of(source):
    """Return the authors of a source, and True if the text says that there are others.

    An author is a `Person` only if the name is certainly that of a person, else a string. A source stores its authors
    as one text. For an article this is mostly a list of names separated by commas. For other kinds it is often one
    organisation with commas in its name, so it is split only if all names are romanised Korean ones. News are by
    persons or by media, so all names must be unlike those of organisations and of the publisher. Without an author, the
    publisher is the author, except of an article.
    """
    text = source.author.strip()
    if not text:
        return ([source.publisher] if source.kind != Source.Kind.JOURNAL_ARTICLE else []), False
    rest = re.sub(r"\s+(?:and others|et al\.?)$", "", text)
    names = [name.strip() for name in re.split(r",\s+|\s+and\s+", rest)]
    if all(KOREAN_NAME.fullmatch(name) for name in names):
        return [Person(name) for name in names], rest != text
    if source.kind == Source.Kind.JOURNAL_ARTICLE:
        if all(map(_is_person, names)):
            return [Person(name) for name in names], rest != text
        if all(SYLLABLES.fullmatch(name) for name in names):
            return names, rest != text
    if source.kind == Source.Kind.NEWS and all(_is_person_in_news(name, source.publisher) for name in names):
        is_korean = source.language == "ko"
        return [Person(name, is_korean and name.split()[0] in KOREAN_FAMILIES) for name in names], rest != text
    return [text], False


def _is_person_in_news(name, publisher):
    words = {word.casefold() for word in name.split()}
    return (
        _is_person(name)
        and not words & (ORGANISATION_WORDS | {word.casefold() for word in re.findall(r"[\w-]+", publisher)})
        and not any(len(word) > 1 and word.isupper() for word in name.split())  # acronyms, but not initials
    )


# ── RIS ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def ris_text(references):
    """Yield references as RIS, one text each."""
    for one in references:
        yield "".join(f"{tag}  - {_line(value)}\r\n" for tag, value in _ris(one) if value) + "ER  - \r\n\r\n"


def _ris(one):
    yield "TY", one.types[0]
    yield "ID", one.key
    for author in one.authors:
        # A comma parts family and given names in RIS, and it has no escape. A name of an organisation has none.
        yield "AU", f"{author.family}, {author.given}" if isinstance(author, Person) else author.replace(",", ";")
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
    yield "N1", one.passage
    yield "L2", one.archived_url


def _line(text):
    return " ".join(str(text).split())


# ── BibTeX ───────────────────────────────────────────────────────────────────────────────────────────────────────


def bib_text(references):
    """Yield references as BibTeX in UTF-8, one text each."""
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
        yield "day", str(one.date.day or "")
    yield "edition", _tex(one.edition)
    yield "doi", one.doi
    yield "url", one.url.replace("{", "%7B").replace("}", "%7D")
    yield "language", one.language
    yield "note", _tex("; ".join(filter(None, [one.title_in_english, one.passage])))
    yield "archiveurl", one.archived_url.replace("{", "%7B").replace("}", "%7D")
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
    """Return text for BibTeX: the special characters of TeX are escaped, letters of all alphabets stay unchanged."""
    return "".join(TEX.get(sign, sign) for sign in _line(unicodedata.normalize("NFC", text)))


# ── CSL-JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────


def csl_text(references):
    """Yield references as a CSL-JSON array, which Zotero, Pandoc and CSL processors read."""
    yield "["
    comma = "\n"
    for one in references:
        known = {name: value for name, value in _csl(one) if value}
        yield comma + json.dumps(known, ensure_ascii=False)
        comma = ",\n"
    yield "\n]\n"


def _csl(one):
    yield "id", one.key
    yield "type", one.types[2]
    yield "title", one.title
    authors = [
        {"family": author.family, "given": author.given} if isinstance(author, Person) else {"literal": author}
        for author in one.authors
    ]
    yield "author", [*authors, *([{"literal": "et al."}] if one.others else [])]
    yield "container-title", one.container
    yield "publisher", one.publisher
    yield "issued", one.date and _date_parts(one.date)
    yield "version" if one.types[2] == "dataset" else "edition", one.edition
    yield "DOI", one.doi
    yield "URL", one.url
    yield "language", one.language
    yield "note", "; ".join(filter(None, [one.title_in_english, one.passage]))
    yield "archive_location", one.archived_url
    yield "accessed", one.accessed and _date_parts(one.accessed)


def _date_parts(day):
    return {"date-parts": [[part for part in (day.year, day.month, day.day) if part]]}
