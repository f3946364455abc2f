"""Parses pasted references (BibTeX, RIS, CSL-JSON, DOIs or plain citations) into the fields of a source.

The functions are pure: they store nothing, fetch nothing and query nothing. Pasted text is not trusted: it becomes
short plain text, never markup.
"""

import html
import itertools
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import bibtexparser
import rispy
from anyascii import anyascii
from bibtexparser.model import DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, ParsingFailedBlock
from django.utils.text import slugify
from django.utils.translation import gettext as _
from pylatexenc.latex2text import LatexNodes2Text

from portal.core.partial_dates import PartialDate
from portal.models import Source

LONGEST = 100_000  # characters of the pasted text
LONGEST_VALUE = 5_000  # characters of one value
LONGEST_KEY = 60
MOST_REFERENCES = 100
MOST_AUTHORS = 4
SHOWN = 80  # characters of a value that is not used

DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/[^\s\"<>{}]+)", re.IGNORECASE)
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")

Kind = Source.Kind
# The kinds of a source in BibTeX, RIS and CSL. The words for a book, a thesis or a page imply none of our kinds.
KINDS = {
    Kind.JOURNAL_ARTICLE: "article jour ejour mgzn article-journal article-magazine",
    Kind.REPORT: "techreport report rprt manual",
    Kind.DATASET: "dataset data dbase aggr",
    Kind.NEWS: "news article-newspaper newspaper",
    Kind.ENCYCLOPEDIA: "ency entry-encyclopedia dict entry-dictionary inreference",
}
KIND_OF = {word: kind for kind, words in KINDS.items() for word in words.split()}

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
# Names of languages and their three-letter codes, with the two-letter codes that sources have.
LANGUAGES = {
    name: code
    for code, names in {
        "en": "english eng",
        "ko": "korean kor 한국어",
        "ru": "russian rus русский",
        "kk": "kazakh kaz",
        "ky": "kyrgyz kir",
        "tg": "tajik tgk",
        "tk": "turkmen tuk",
        "uz": "uzbek uzb",
        "de": "german ger deu",
        "zh": "chinese chi zho",
    }.items()
    for name in names.split()
}
OTHERS = {"others", "et al.", "et al"}
FOREIGN_LETTERS = re.compile(r"[\u0400-\u052f\u1100-\u11ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3]")


class UnreadableReference(Exception):
    """The pasted text is not a reference; the message gives the reason for people."""


@dataclass
class ParsedReference:
    """The fields of a source that a reference states, the values not used, and the titles of further references."""

    fields: dict[str, str]
    left_out: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    who: str = ""  # the first author’s family name, else the publisher
    bare: bool = False  # the text was only a DOI


def read(text: str) -> ParsedReference:
    """Return the first reference in a text. Raise UnreadableReference if there is none."""
    text = _cleaned(text)
    if DOI.fullmatch(text):
        return _of_doi(text)
    if (found := _entries(text)) is None:
        raise UnreadableReference(_("This is neither BibTeX, RIS, CSL-JSON nor a DOI."))
    first, *others = found
    reference = first.reference()
    reference.others = [entry.title or entry.doi or entry.url for entry in others]
    return reference


def read_all(text: str) -> list[ParsedReference]:
    """Return all references in a text: those of its format, or else one for each line, a DOI or a plain citation.

    Raise UnreadableReference if there is none, or if there are more than MOST_REFERENCES.
    """
    text = _cleaned(text)
    if (found := _entries(text)) is not None:
        references = [entry.reference() for entry in found]
    else:
        lines = filter(None, (NUMBERING.sub("", line).strip() for line in text.splitlines()))
        references = [_of_doi(line) if DOI.fullmatch(line) else _of_citation(line).reference() for line in lines]
    if len(references) > MOST_REFERENCES:
        raise UnreadableReference(
            _("These are {count} references. Paste at most {most} at once.").format(
                count=len(references), most=MOST_REFERENCES
            )
        )
    return references


def _cleaned(text):
    """Return a text without invisible characters and outer spaces. Raise UnreadableReference for an unusable one."""
    if len(text) > LONGEST:
        raise UnreadableReference(_("This is too long: paste at most 100,000 characters."))
    text = _visible(text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not text:
        raise UnreadableReference(_("Paste a reference, or write a DOI."))
    return text


def _of_doi(text):
    return replace(BibliographyEntry(doi=text).reference(), bare=True)


def _entries(text):
    """Return the references in BibTeX, RIS or CSL-JSON; None for a text of another format.

    Raise UnreadableReference if nothing could be read of any.
    """
    if text[0] in "{[" and (entries := _csl(text)) is not None:
        found = list(map(_of_csl, entries))
    elif re.search(r"^\s*TY {1,2}-", text, re.MULTILINE):
        found = list(map(_of_ris, _ris(text)))
    elif re.search(r"@\s*\w+\s*[{(]", text):
        found = list(map(_of_bibtex, _bibtex(text)))
    else:
        return None
    found = [entry for entry in found if entry.title or entry.doi or entry.url]
    if not found:
        raise UnreadableReference(_("No title, DOI or address could be read. Is the reference whole?"))
    return found


# ── Shared by the formats ────────────────────────────────────────────────────────────────────────────────────────


class PersonName(NamedTuple):
    """The name of a person, or of an organisation, which has no given name."""

    family: str
    given: str = ""

    def __str__(self):
        if FOREIGN_LETTERS.search(self.family) and len(self.family) <= 2:
            return self.family + self.given  # 김철수
        return f"{self.given} {self.family}".strip()


@dataclass
class BibliographyEntry:
    """A reference as plain texts, the same for all formats."""

    kind: str = ""
    title: str = ""
    authors: list[PersonName] = field(default_factory=list)
    publisher: str = ""
    date: str = ""
    doi: str = ""
    url: str = ""
    language: str = ""
    edition: str = ""
    licence: str = ""
    rest: list[tuple[str, str]] = field(default_factory=list)  # pairs of name and value for which a source has no field

    def reference(self) -> ParsedReference:
        """Return the fields of a source, and the values that do not fit one."""
        kind, date, language = KIND_OF.get(self.kind.casefold(), ""), _date(self.date), _language(self.language)
        doi = _doi(found[1]) if (found := DOI.fullmatch(self.doi)) else ""
        url = self.url if re.match(r"https?://[^\s/]", self.url) else ""
        edition = self.edition if kind == Kind.DATASET else ""
        left_out = [(name, value) for name, value in self.rest if value]
        for name, stated, used in (
            (_("kind"), self.kind, kind),
            (_("date"), self.date, date),
            (_("language"), self.language, language),
            ("DOI", self.doi, doi),
            (_("address"), self.url, url),
            (_("edition"), self.edition, edition),
        ):
            if stated and not used:
                left_out.append((name, stated))
        # A title in Cyrillic or East Asian letters, or in a stated language that is not English, is the original title.
        own = bool(FOREIGN_LETTERS.search(self.title)) or language not in {"", "en"}
        authors = [name for name in self.authors if name.family and name.family.casefold() not in OTHERS]
        names = ", ".join(map(str, authors[:MOST_AUTHORS]))
        if authors and (len(authors) > MOST_AUTHORS or any(name.family.casefold() in OTHERS for name in self.authors)):
            names += " and others"
        fields = {
            "title_original" if own else "title": self.title,
            "author": names,
            "publisher": self.publisher,
            "date": date,
            "kind": kind,
            "language": language,
            "url": url or (f"https://doi.org/{doi}" if doi else ""),
            "doi": doi,
            "edition": edition,
            "licence_en": self.licence,
        }
        for name, value in fields.items():
            column = Source._meta.get_field(name)
            if column.max_length and len(value) > column.max_length:
                # A truncated text is still useful, a truncated URL or DOI is not.
                fields[name] = "" if name in {"url", "doi"} else value[: column.max_length].rstrip()
                left_out.append((str(column.verbose_name), value[len(fields[name]) :].strip()))
        return ParsedReference(
            {name: value for name, value in fields.items() if value},
            [f"{name}: {value if len(value) <= SHOWN else value[:SHOWN].rstrip() + '…'}" for name, value in left_out],
            who=authors[0].family if authors else self.publisher,
        )


def _visible(text) -> str:
    """Return a text without invisible characters, such as control characters, direction marks and lone surrogates."""
    # Format characters (Cf) occur within a word and are removed; others occur between words and become a space.
    return "".join(c if c.isprintable() or c == "\n" else "" if unicodedata.category(c) == "Cf" else " " for c in text)


def plain(value) -> str:
    """Return a value as one line of text without markup or invisible characters, in Unicode NFC."""
    text = html.unescape(TAG.sub("", _visible(str(value)[:LONGEST_VALUE])))
    return unicodedata.normalize("NFC", " ".join(_visible(text).split()))


def _doi(text):
    """Return a DOI without a full stop, comma, semicolon or unmatched bracket after it."""
    text = text.rstrip(".,;")
    return text.rstrip(")]") if text.count(")") > text.count("(") or text.count("]") > text.count("[") else text


def _date(text):
    """Return a date as YYYY, YYYY-MM or YYYY-MM-DD, as precise as stated; "" if the text has no date."""
    text = re.sub(r"^(\d{1,2})[. ]+([A-Za-z]{3,9}),? (\d{4})$", r"\3 \2 \1", text.strip())  # 12 March 2020
    found = re.search(r"(?<!\d)(\d{4})(?:[-/. ]+(\d{1,2}|[A-Za-z]{3,9}))?(?:[-/. ]+(\d{1,2}))?(?!\d)", text)
    if not found:
        return ""
    year, month, day = found.groups()
    if month and not month.isdigit():
        month = str(MONTHS.index(month[:3].lower()) + 1) if month[:3].lower() in MONTHS else None
    parts = [year, *(part.zfill(2) for part in ((month, day) if month and day else (month,) if month else ()))]
    while parts:
        try:
            return str(PartialDate("-".join(parts)))
        except ValueError:
            parts.pop()
    return ""


def _language(text):
    """Return the two-letter code of a language from its code or name; "" if it is not known."""
    word = re.split(r"[-_,;\s]", text.strip().casefold(), maxsplit=1)[0]
    if word in LANGUAGES:
        return LANGUAGES[word]
    return word if re.fullmatch(r"[a-z]{2}", word) else ""


def _taken(values: dict, *names):
    """Remove these values and return the first one that is not empty; "" if all are."""
    found = [values.pop(name, "") for name in names]
    return next(filter(None, found), "")


# ── BibTeX ───────────────────────────────────────────────────────────────────────────────────────────────────────

_latex = LatexNodes2Text(math_mode="text", strict_latex_spaces=False)
BRACES = str.maketrans("{}", "  ")
_UNESCAPED = re.compile(r"(?<!\\)([%&#])")
# Fields that a reference manager adds for its own use.
BIBTEX_NOISE = {
    "abstract",
    "keywords",
    "file",
    "timestamp",
    "urldate",
    "bdsk-url-1",
    "date-added",
    "date-modified",
    "eprint",
}


def _bibtex(text) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the type and the fields of each entry. Raise UnreadableReference for an entry that is not whole."""
    library = bibtexparser.parse_string(text)
    for block in library.blocks:
        # A duplicate key or field is not a reason to reject the rest.
        if isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
            block = block.ignore_error_block
        if isinstance(block, ParsingFailedBlock):
            words = _("The entry on line {line} could not be read. Is it whole, with its last brace?")
            raise UnreadableReference(words.format(line=block.start_line + 1))
        if isinstance(block, bibtexparser.model.Entry):
            yield block.entry_type, {f.key.casefold(): str(f.value) for f in reversed(block.fields)}


def _of_latex(value):
    """Return LaTeX as plain text.

    Many tools write %, & and # without a backslash, so these are escaped first. So is $ if their number is odd.
    """
    value = value[:LONGEST_VALUE]
    if value.count("$") % 2:
        value = value.replace("$", r"\$")
    try:
        return plain(_latex.latex_to_text(_UNESCAPED.sub(r"\\\1", value)))
    except RecursionError:  # braces nested too deeply
        return plain(value.translate(BRACES))


def _address(value):
    return plain(re.sub(r"\\url\s*|[{}]|\\(?=[_%&#~])", "", value))


def _of_bibtex(entry) -> BibliographyEntry:
    kind, raw = entry
    url = _address(_taken(raw, "url", "link"))
    if not url and (found := re.search(r"https?://[^\s{}]+", raw.get("howpublished", ""))):
        url = _address(found[0])
        del raw["howpublished"]
    doi = _address(_taken(raw, "doi"))
    authors = _taken(raw, "author", "editor")
    values = {name: _of_latex(value) for name, value in raw.items()}
    title = _taken(values, "title", "booktitle")
    if subtitle := values.pop("subtitle", ""):
        title = f"{title}: {subtitle}"
    year, month, day = (values.pop(name, "") for name in ("year", "month", "day"))
    date = values.pop("date", "") or " ".join(filter(None, (year, month, day if month else "")))
    publisher = _taken(values, "journal", "journaltitle")
    if not publisher:
        publisher = _taken(values, "publisher", "institution", "school", "organization", "booktitle", "howpublished")
    return BibliographyEntry(
        "" if kind.casefold() in {"misc", "online", "electronic", "www", "unpublished"} else kind,
        title,
        [_bibtex_name(name) for name in _bibtex_names(authors)],
        publisher,
        date,
        doi,
        url,
        _taken(values, "language", "langid"),
        _taken(values, "version", "edition"),
        _taken(values, "license", "licence", "copyright", "rights"),
        [(name, value) for name, value in sorted(values.items()) if name not in BIBTEX_NOISE],
    )


def _bibtex_names(text) -> list[str]:
    """Split names at “and”, except inside braces."""
    names, depth, start = [], 0, 0
    for found in re.finditer(r"[{}]|\sand\s", text):
        if found[0] == "{":
            depth += 1
        elif found[0] == "}":
            depth -= 1
        elif depth == 0:
            names.append(text[start : found.start()])
            start = found.end()
    return [*names, text[start:]]


def _bibtex_name(name) -> PersonName:
    """Parse a name: “Micklin, Philip” and “Philip Micklin” are equal. A name in braces is that of an organisation."""
    text = _of_latex(name)
    if name.strip().startswith("{") and name.strip().endswith("}") and "," not in text:
        return PersonName(text)
    if "," in text or FOREIGN_LETTERS.search(text):
        return _turned(text)
    given, _space, family = text.rpartition(" ")
    return PersonName(family, given)


def _turned(text) -> PersonName:
    """Parse “Family, Given”, or the name of an organisation without a comma."""
    family, _comma, given = text.partition(",")
    return PersonName(family.strip(), given.strip())


# ── RIS ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ris(text) -> list[dict]:
    lines = re.sub(r"^[ \t]*([A-Z][A-Z0-9]) {1,2}-[ \t]?", r"\1  - ", text, flags=re.MULTILINE)
    references = re.split(r"^TY {2}- ", lines, flags=re.MULTILINE)[1:]
    # A reference ends at its ER line, or where the next one begins.
    whole = (re.split(r"^ER {2}-", one, maxsplit=1, flags=re.MULTILINE)[0] for one in references)
    return rispy.loads("".join(f"TY  - {one.strip()}\nER  - \n\n" for one in whole))


# Fields that a database adds for its own use.
RIS_NOISE = {"abstract", "notes_abstract", "keywords", "id", "access_date", "name_of_database", "database_provider"}


def _of_ris(raw) -> BibliographyEntry:
    unknown = raw.pop("unknown_tag", {})
    values = {name: list(map(plain, value)) if isinstance(value, list) else plain(value) for name, value in raw.items()}
    kind = values.pop("type_of_reference", "")
    authors = [*values.pop("first_authors", []), *values.pop("authors", [])]
    names = authors or values.pop("secondary_authors", [])
    date, year = values.pop("date", ""), _taken(values, "publication_year", "year")
    url, *more_urls = values.pop("urls", None) or [""]
    title = _taken(values, "title", "primary_title", "short_title")
    journal = _taken(values, "journal_name", "secondary_title", *(f"alternate_title{n}" for n in (1, 2, 3)))
    publisher = values.pop("publisher", "")
    entry = BibliographyEntry(
        "" if kind.casefold() in {"gen", "elec", "web", "blog", "unpb"} else kind,
        title,
        list(map(_turned, names)),
        journal or publisher,
        date if _date(date) else year or date,
        values.pop("doi", ""),
        url,
        values.pop("language", ""),
        values.pop("edition", ""),
    )
    rest = [(name.replace("_", " "), value) for name, value in values.items() if name not in RIS_NOISE]
    rest += [("publisher", publisher if journal else ""), ("URL", more_urls), *unknown.items()]
    entry.rest = [(name, plain("; ".join(value) if isinstance(value, list) else value)) for name, value in rest]
    return entry


# ── CSL-JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _csl(text) -> list[dict] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    items = found if isinstance(found, list) else [found]
    return [item for item in items if isinstance(item, dict)]


CSL_USED = {
    *("type", "title", "author", "editor", "container-title", "publisher", "issued", "DOI", "URL", "language"),
    *("edition", "version", "license", "id", "abstract", "keyword", "accessed", "subtitle"),
}


def _csl_text(value):
    """Return a text, or the first text of a list, as plain text; "" for any other type."""
    if isinstance(value, list):
        value = next(iter(value), "")
    return plain(value) if isinstance(value, str | int | float) else ""


def _csl_name(name) -> PersonName:
    if not isinstance(name, dict):
        return PersonName(_csl_text(name))
    if literal := _csl_text(name.get("literal")) or _csl_text(name.get("name")):
        return PersonName(literal)
    family = " ".join(filter(None, (_csl_text(name.get("non-dropping-particle")), _csl_text(name.get("family")))))
    return PersonName(family, _csl_text(name.get("given")))


def _csl_date(issued):
    if not isinstance(issued, dict):
        return _csl_text(issued)
    parts = issued.get("date-parts")
    if isinstance(parts, list) and parts and isinstance(parts[0], list):
        return "-".join(str(part).zfill(2) for part in parts[0][:3] if isinstance(part, int | str))
    return _csl_text(issued.get("raw")) or _csl_text(issued.get("literal"))


def _of_csl(item) -> BibliographyEntry:
    names = item.get("author") or item.get("editor")
    licence = item.get("license")
    if isinstance(licence, list) and licence and isinstance(licence[0], dict):
        licence = licence[0].get("URL")
    kind, title = _csl_text(item.get("type")), _csl_text(item.get("title"))
    container, publisher = _csl_text(item.get("container-title")), _csl_text(item.get("publisher"))
    rest = [(plain(name), _csl_text(value)) for name, value in item.items() if name not in CSL_USED]
    rest.append(("publisher", publisher if container else ""))
    return BibliographyEntry(
        "" if kind in {"webpage", "post-weblog", "post", "document"} else kind,
        title,
        [_csl_name(name) for name in names] if isinstance(names, list) else [],
        container or publisher,
        _csl_date(item.get("issued")),
        _csl_text(item.get("DOI")),
        _csl_text(item.get("URL")),
        _csl_text(item.get("language")),
        _csl_text(item.get("version")) or _csl_text(item.get("edition")),
        _csl_text(licence),
        rest,
    )


# ── Plain citations ──────────────────────────────────────────────────────────────────────────────────────────────

NUMBERING = re.compile(r"^\s*(?:\[\d{1,3}\]|\(?\d{1,3}[.)]|[-–•*])\s+")
ADDRESS = re.compile(r"https?://[^\s<>\"]+")
# Authors (date). Title. Publisher, as in APA style.
CITATION = re.compile(
    r"(?P<authors>.+?)\s*\((?P<date>\d{4}[^()]{0,20})\)[.,:]?\s+(?P<title>.+?[^.\s])[.?!](?:\s+(?P<rest>.+))?"
)
LONGEST_CITATION = 1_000  # characters; the pattern takes long for longer ones
INITIALS = re.compile(r"([^,&;]+),\s*((?:[^\W\d_]\.[\s-]*)+)")


def _of_citation(line) -> BibliographyEntry:
    """Parse a citation in APA style. Of another one, only its DOI and its address are used."""
    doi = found[1] if (found := DOI.search(line)) else ""
    addresses = [one.rstrip(".,;)") for one in ADDRESS.findall(line) if not DOI.match(one)]
    words = ADDRESS.sub("", DOI.sub("", line))
    entry = BibliographyEntry(doi=_doi(doi), url=next(iter(addresses), ""))
    match = CITATION.fullmatch(plain(words)[:LONGEST_CITATION])
    if match is None:
        entry.rest = [(_("text"), plain(line))]
        return entry
    named = [PersonName(family.strip(" .,…"), given.strip()) for family, given in INITIALS.findall(match["authors"])]
    rest = (match["rest"] or "").strip(" .")
    publisher, _comma, more = rest.partition(", ")
    entry.title, entry.date = match["title"], match["date"].replace(",", " ")
    entry.authors = named or [PersonName(match["authors"].rstrip(". "))]
    entry.publisher, entry.rest = publisher.strip(" ."), [(_("text"), more)]
    return entry


# ── A key ────────────────────────────────────────────────────────────────────────────────────────────────────────


def proposed_key(reference: ParsedReference, taken: Iterable[str]) -> str:
    """Return a key for the source of a reference, such as micklin-2016, that is not in `taken`.

    Return "" if the author, publisher, title and date are all missing.
    """
    fields = reference.fields
    who = slugify(anyascii(reference.who)).split("-")[:2]
    title = slugify(anyascii(fields.get("title") or fields.get("title_original") or "")).split("-")
    about = [word for word in title if len(word) > 3][:2]
    start = [word for word in (*(who if any(who) else about), fields.get("date", "")[:4]) if word]
    if not start:
        return ""
    for number in itertools.count():
        more = about[:number] if number <= len(about) else [*about, str(number)]
        key = "-".join([*start, *more])[-LONGEST_KEY:].strip("-")
        if key not in taken:
            return key
