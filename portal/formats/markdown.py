"""Writes a record as Markdown (CommonMark), for AI assistants and notes.

All stored text is escaped, so it never becomes markup. Only web addresses become links.
"""

import re
from decimal import Decimal
from urllib.parse import quote

from django.db.models import TextField
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext, override

from portal.core.citation_marks import MARK, MARKS
from portal.core.formatting import money, number
from portal.core.licences import OWN_LICENCE
from portal.core.urls import file_path, with_query
from portal.formats.fields import (
    DateTimeField,
    InheritedRowsField,
    MoneyField,
    NumberField,
    ReadContext,
    RelatedField,
    RelatedRowsField,
    SourceSummary,
    TranslatedTextField,
)
from portal.formats.serialisers import SERIALISERS, path_of
from portal.models import Place

TYPE = "text/markdown; charset=utf-8"
MOST_VALUES = 500  # rows of the table of an indicator
# White space and control characters, also those that Python does not count as line breaks. No-break spaces stay.
SPACE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
SPECIAL = re.compile(r"[\\`*_\[\]<>|~$#]|&(?=#?\w+;)")
ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}  # not all programs know a backslash before these
# What begins a list, or an underline of a heading, at the start of a line.
OPENING = re.compile(r"^(?:[+=:-]|(\d+)(?=[.)](?:\s|$)))")
WEB = re.compile(r"https?://", re.IGNORECASE)
SAFE_IN_URL = ":/?#@!$'*+,=%~-._&"  # without ";", so that "&" begins no entity
LEADS = ("title", "label", "alt", "text", "name", "scheme")  # the field that a row of a list begins with

# From a kind of record to the lists with records about it: the name of a URL, the kind of the records, a filter.
COUNTRY_LISTS = (
    ("issues", "issue", "country"),
    ("projects", "project", "country"),
    ("agreements", "agreement", "country"),
    ("results", "result", "country"),
    ("timeline", "event", "country"),
)
LISTS = {
    "issue": (
        ("indicators", "indicator", "issue"),
        ("projects", "project", "issue"),
        ("agreements", "agreement", "issue"),
        ("results", "result", "issue"),
        ("timeline", "event", "issue"),
    ),
    "organisation": (("projects", "project", "organisation"), ("agreements", "agreement", "organisation")),
    "place": (("projects", "project", "place"), ("indicators", "indicator", "place"), ("timeline", "event", "place")),
    "source": (("projects", "project", "source"),),
}


def escape(text) -> str:
    """Return text as one line of Markdown that shows it as it is."""
    line = escape_within(text)
    return OPENING.sub(lambda found: f"{found[1]}\\" if found[1] else f"\\{found[0]}", line)


def escape_within(text) -> str:
    """Return text as a part of a line of Markdown that does not begin the line."""
    return SPECIAL.sub(_escaped, SPACE.sub(" ", str(text)).strip())


def _escaped(found):
    return ENTITIES.get(found[0]) or f"\\{found[0]}"


def link(text, url) -> str:
    """Return a link; only the text if `url` is no web address."""
    if not url or not WEB.match(url):
        return escape(text)
    target = quote(SPACE.sub("", url), safe=SAFE_IN_URL)
    return f"[{escape(text)}]({target})"


def record_text(records) -> str:
    """Return a single record as Markdown, in the language of the export.

    It has the title, the summary, facts, texts, values and sources of the record, its address, the time of its last
    change, and the licence.
    """
    language = records.language or records.reader
    with override(language):
        return RecordDocument(records, language).text()


class RecordDocument:
    """The Markdown document of one record. Sources are numbered in the order in which the document cites them."""

    def __init__(self, records, language):
        self.records, self.serialiser = records, records.serialiser
        self.reading = ReadContext(records.base, records.reader, language)
        self.sources = {}  # by key: the JSON object of a source
        self.passages = {}  # by key of a source: the JSON object of a passage

    def text(self):
        rows = self.serialiser.rows(self.records.pks, self.reading)
        data = self.serialiser.data_of(self.reading)(rows[0])
        title = next(self.records.records()).name_and_language()[0]
        for source in data.get("sources", ()):
            self.cite([source])
        own = {"key", "url", "sources", "pictures", "changed", self.serialiser.name, self.serialiser.summary}
        fields = [field for field in self.serialiser.fields if field.name not in own]
        sections = [field for field in fields if self._is_long(field)]
        lines = [f"# {escape(title)}"]
        if (summary := data.get(self.serialiser.summary)) and summary != title:
            lines.append("\n>\n".join(f"> {paragraph}" for paragraph in self.prose(summary)))
        facts = [
            ("URL", link(data["url"], data["url"])),
            (capfirst(str(self.serialiser.by_name["changed"].label)), data["changed"]),
        ]
        facts += [
            (capfirst(str(field.label)), self.fact(field, data[field.name]))
            for field in fields
            if field not in sections
        ]
        lines.append("\n".join(f"- **{escape(label)}**: {said}" for label, said in facts if said))
        for field in sections:
            if text := data[field.name]:
                lines += [f"## {escape(capfirst(str(field.label)))}", *self.prose(text)]
        lines += self.values()
        lines += self.lists(data)
        lines += self.source_list()
        words = gettext("Text by the portal: CC BY 4.0. Figures and sources have their own licences.")
        lines += [f"## {gettext('Licence')}", f"{escape(words)} <{OWN_LICENCE}>"]
        return "\n\n".join(lines) + "\n"

    def _is_long(self, field):
        """Return True for a text of paragraphs, which is a section of the document."""
        if not isinstance(field, TranslatedTextField) or "__" in field.columns[0]:
            return False
        return isinstance(self.serialiser.model._meta.get_field(field.columns[0]), TextField)

    # ── Facts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def fact(self, field, value):
        """Return a value of a field as one line of Markdown; "" for none."""
        field = field.own if isinstance(field, InheritedRowsField) else field
        if value in (None, "", []):
            return ""
        if isinstance(field, RelatedRowsField):
            return "; ".join(filter(None, (self.row(field, item) for item in value)))
        if isinstance(field, RelatedField):
            return self.related(field, value)
        if isinstance(field, MoneyField):
            return escape(money(Decimal(str(value["amount"])), value["currency"]))
        if isinstance(field, NumberField):
            return escape(number(value))
        if isinstance(value, dict):
            return escape(value["name"] or "") if "name" in value else ", ".join(map(str, value.values()))
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        if isinstance(field, DateTimeField):
            return value
        text = str(value)
        return link(text, text) if WEB.match(text) else escape("; ".join(text.splitlines()))

    def related(self, field, value):
        """Return a link to the page of a related record. A source is cited instead."""
        if isinstance(field.mention, SourceSummary):
            return f"{escape(value['title'])} {self.cite([value])}"
        name = value["name"] or value.get("key") or value.get("code")
        serialiser = SERIALISERS.get(field.mention.model._meta.model_name)
        if serialiser is None:
            return escape(name)
        with override(self.records.reader):
            path = path_of(serialiser.fields[0].route).replace("KEY", value["key"])
        return link(name, self.records.base + path)

    def row(self, field, item):
        """Return a related row: what it is of, and the rest of its values in brackets."""
        if field.only_words:
            return self.fact(field.fields[0], item)
        lead, rest, cited = "", [], ""
        for one in field.fields:
            if isinstance(one, RelatedField) and one.inline:
                lead = self.related(one, item)
            elif one.name == "sources":
                cited = self.cite(item["sources"])
            elif (said := self.fact(one, item[one.name])) and one.name != "url":
                if not lead and one.name in LEADS:
                    lead = link(item[one.name], item["url"]) if item.get("url") else said
                else:
                    rest.append(f"{escape(one.label)}: {said}")
        return " ".join(filter(None, (lead, f"({'; '.join(rest)})" if rest and lead else "; ".join(rest), cited)))

    # ── Prose and sources ────────────────────────────────────────────────────────────────────────────────────────

    def prose(self, text):
        """Return the paragraphs of a text. Its marks become numbers of sources, as on the page of the record."""
        found = []
        for paragraph in re.split(r"\n\s*\n", text.strip()):
            parts = MARKS.split(paragraph)
            pieces = [escape(parts[0])]
            for marks, rest in zip(parts[1::2], parts[2::2], strict=True):
                numbers = [self._number(key) for key in MARK.findall(marks) if key in self.sources]
                space = " " if rest[:1].isspace() else ""
                pieces.append((f" {' '.join(numbers)}" if numbers else "") + space + escape_within(rest))
            found.append("".join(pieces))
        return found or [""]

    def cite(self, sources):
        """Return the numbers of sources, such as `\\[1] \\[2]`, and list them."""
        for source in sources:
            self.sources.setdefault(source["key"], source)
            if source.get("passage"):
                self.passages.setdefault(source["key"], source["passage"])
        return " ".join(self._number(source["key"]) for source in sources)

    def _number(self, key):
        return f"\\[{list(self.sources).index(key) + 1}\\]"

    def source_list(self):
        """Return the section of the cited sources, each with publisher, date, licence and passage."""
        if not self.sources:
            return []
        lines = []
        for place, (key, source) in enumerate(self.sources.items(), 1):
            parts = [link(source["title_original"] or source["title"], source["url"])]
            parts += [escape(text) for text in (source["publisher"], source["date"]) if text]
            if source["licence"]:
                parts.append(f"{gettext('Licence')}: {escape(source['licence'])}")
            passage = self.passages.get(key) or {}
            parts += [escape(passage[name]) for name in ("page", "quotation") if passage.get(name)]
            lines.append(f"{place}. {'. '.join(parts)}")
        return [f"## {gettext('Sources')}", "\n".join(lines)]

    # ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────

    def lists(self, data):
        """Return the section with the lists of records about this one, as JSON in the language of the document."""
        lists = LISTS.get(self.serialiser.kind, ())
        if self.serialiser.kind == "place" and data["kind"]["code"] == Place.Kind.COUNTRY:
            lists = COUNTRY_LISTS
        lines = []
        for name, kind, parameter in lists:
            with override(self.records.reader):
                path = file_path(reverse(name), "json")
            url = with_query(self.records.base + path, {parameter: data["key"], "lang": get_language()})
            lines.append(f"- {link(capfirst(str(SERIALISERS[kind].model._meta.verbose_name_plural)), url)} (JSON)")
        return [f"## {gettext('Records about it')}", "\n".join(lines)] if lines else []

    # ── The values of an indicator ───────────────────────────────────────────────────────────────────────────────

    def values(self):
        """Return the section with the values of an indicator as a table, at most MOST_VALUES of them."""
        selection = self.records.beside.get("observations")
        if not selection or not selection.pks:
            return []
        serialiser = selection.serialiser
        shown = selection.pks[:MOST_VALUES]
        heads = [serialiser.by_name[name].label for name in ("place", "year", "value", "unit", "source")]
        lines = [self._cells(escape(capfirst(str(head))) for head in heads), self._cells(["---"] * len(heads))]
        data_of = serialiser.data_of(self.reading)
        for row in serialiser.rows(shown, self.reading):
            one = data_of(row)
            cells = [one["place"]["name"], one["year"], number(one["value"]), one["unit"] or ""]
            lines.append(self._cells([*map(escape, cells), self.cite([one["source"]])]))
        more = []
        if len(shown) < len(selection.pks):
            more = [link("CSV", file_path(self.records.about.partition("?")[0], "csv"))]
        return [f"## {gettext('Values')}", "\n".join(lines), *more]

    @staticmethod
    def _cells(cells):
        return f"| {' | '.join(cells)} |"
