"""Projects out of tables that are not IATI: a mapping, in TOML, says which column is what and what its words mean.

    name = "World Bank projects"                    # what the list is called
    publisher = { name = "World Bank", ref = "44000", kind = "40" }   # ref and kind as in IATI, where there are some
    identifier = "44000-{id}"                       # of columns; the same project has the same in the next file
    iati = true                                     # if that is its identifier in IATI
    encoding = "utf-8"                              # of the file; delimiter = "," between its columns
    date_format = "%d %B %Y"                        # where dates are not 2021-07-02, 2021-07 or 2021

    [columns]                                       # of these a title at least
    title = "project_name"
    start = ["approved", "year"]                    # the first that is not empty
    end = { column = "duration", separator = "~", part = 2 }
    countries = { column = "iso2", separator = ";" }      # several in one cell

    [constants]                                     # what all rows have
    currency = "USD"

    [values.status]                                 # what the words of a column mean; empty: nothing
    Active = "implementation"

    [markers]                                       # columns of Rio markers, with 0, 1 or 2
    desertification = "unccd_marker"

    [[organisations]]                               # as many as there are: a column, or a constant
    role = "implementing"
    column = "impagency"

What a row makes is an activity like one of IATI, so that preview, import and what editors changed are the same.
"""

import csv
import datetime
import io
import itertools
import json
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from string import Formatter

from django.utils.translation import gettext as _

from portal.dates import PartialDate
from projects.iati import facts
from projects.iati.activity import (
    ACTUAL_END,
    ACTUAL_START,
    DAC,
    GENERAL,
    GOALS,
    OTHER,
    TARGETS,
    Activity,
    Day,
    Money,
    Org,
    Party,
    Share,
)
from projects.iati.fields import MARKERS, ROLES, STATUSES
from projects.iati.findings import Finding, Severity, refuse
from projects.iati.reading import MOST_MB, Read
from projects.iati.structure import is_number

LINE_BREAK = re.compile(r"\r\n|\r|\n")
SHIPPED = Path(__file__).parent / "mappings"
LANGUAGES = ("en", "ko", "ru")
TEXTS = {f"{name}_{language}" for name in ("title", "summary", "activities") for language in LANGUAGES}
LISTS = {"countries", "sectors", "sdgs"}
FIELDS = {"title", "summary", "activities", "status", "start", "end", "budget", "currency", "finance"} | LISTS | TEXTS
TOP = {
    *("name", "publisher", "identifier", "iati", "encoding", "delimiter", "date_format", "language", "licence"),
    *("columns", "constants", "values", "markers", "organisations"),
}
STATUS_CODES = {value: code for code, value in STATUSES.items()}
ROLE_CODES = {value: code for code, value in ROLES.items()}
MARKER_CODES = {value: code for code, value in MARKERS.items()}
FINANCE_CODES = {"grant": "110", "loan": "421", "investment": "510", "technical-cooperation": "D01"}


class MappingError(ValueError):
    """A mapping that cannot be followed, in words for whoever wrote it."""


def shipped():
    """The mappings that come with the portal, by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


def mapping_of(text):
    """The mapping that a TOML text says."""
    try:
        mapping = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingError(_("The mapping is no TOML: {error}").format(error=error)) from error
    columns = mapping.get("columns", {})
    for place, known, given in (
        ("TOML", TOP, mapping),
        ("columns", FIELDS, columns),
        ("constants", FIELDS, mapping.get("constants", {})),
        ("values", FIELDS, mapping.get("values", {})),
        ("markers", set(MARKER_CODES), mapping.get("markers", {})),
    ):
        if unknown := sorted(set(given) - known):
            words = _("{name} has no meaning in {place}. Known are: {known}.")
            raise MappingError(words.format(name=unknown[0], place=place, known=", ".join(sorted(known))))
    if not isinstance(mapping.get("publisher"), dict) or not mapping["publisher"].get("name"):
        raise MappingError(_('The mapping says who publishes the list: publisher = { name = "…" }.'))
    if not mapping.get("identifier"):
        raise MappingError(_('The mapping says what identifies a project: identifier = "…-{column}".'))
    if not {"title", "title_en"} & set(columns):
        raise MappingError(_("The mapping names the column of the title."))
    for organisation in mapping.get("organisations", []):
        if organisation.get("role") not in ROLE_CODES or not {"column", "constant"} & set(organisation):
            words = _("An organisation has a role ({roles}) and a column or a constant.")
            raise MappingError(words.format(roles=", ".join(ROLE_CODES)))
    for field, known in (("status", STATUS_CODES), ("finance", FINANCE_CODES)):
        meanings = mapping.get("values", {}).get(field, {})
        for value in (mapping.get("constants", {}).get(field), *meanings.values()):
            if value and value not in known:
                words = _("{name} has no meaning in {place}. Known are: {known}.")
                raise MappingError(words.format(name=value, place=field, known=", ".join(known)))
    return mapping


def rows(path, mapping):
    """The rows of the table at `path` as activities, one by one."""
    size = path.stat().st_size
    if not size:
        refuse(1, "empty")
    if size > MOST_MB * 1024 * 1024:
        refuse(1, "too-large", most=MOST_MB)
    encoding = mapping.get("encoding", "utf-8-sig")
    seen = {}
    with path.open(encoding=_encoding(mapping), newline="") as file:
        try:
            table = csv.DictReader(file, delimiter=mapping.get("delimiter", ","), strict=True)
            for column in _columns(mapping):
                if column not in (table.fieldnames or ()):
                    refuse(1, "column-missing", column=column)
            for row in table:
                yield _Reading(row, _first_line(row, table.line_num), mapping, seen).read()
        except (UnicodeDecodeError, csv.Error, LookupError):
            refuse(1, "no-table", encoding=encoding)


def named_columns_only(content, mapping):
    """Return the bytes of a table with only the columns that `mapping` names; the others may hold personal data.

    Each row starts at the same line as in `content`, so that findings keep their line numbers. Content that cannot be
    read as a table is returned as it is: `rows` refuses it, and a refused file is not stored.
    """
    encoding, named = _encoding(mapping), set(_columns(mapping))
    kept, parts, line = None, [], 0
    try:
        source = io.StringIO(content.decode(encoding), newline="")
        table = csv.reader(source, delimiter=mapping.get("delimiter", ","), strict=True)
        for row in table:
            if row:
                if kept is None:
                    kept = [place for place, column in enumerate(row) if column in named]
                text = io.StringIO(newline="")
                cells = [row[place] if place < len(row) else "" for place in kept]
                csv.writer(text, delimiter=mapping.get("delimiter", ","), lineterminator="\n").writerow(cells)
                parts.append(text.getvalue())
                line += len(LINE_BREAK.findall(parts[-1]))
            parts.append("\n" * (table.line_num - line))
            line = table.line_num
    except (UnicodeError, csv.Error):
        return content
    return "".join(parts).encode(encoding)


def _encoding(mapping):
    """The encoding of the table; a byte order mark before UTF-8 is read over."""
    encoding = mapping.get("encoding", "utf-8")
    return "utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding


def _first_line(row, last):
    """The line where a row of csv.DictReader starts, if it ends at the line `last`."""
    cells = itertools.chain.from_iterable(cell if isinstance(cell, list) else [cell] for cell in row.values())
    return last - sum(len(LINE_BREAK.findall(cell)) for cell in cells if cell)


def _columns(mapping):
    """All columns that a mapping names."""
    for spec in mapping["columns"].values():
        for one in spec if isinstance(spec, list) else [spec]:
            yield one["column"] if isinstance(one, dict) else one
    yield from mapping.get("markers", {}).values()
    yield from (one["column"] for one in mapping.get("organisations", []) if "column" in one)
    yield from (name for _before, name, *_rest in Formatter().parse(mapping["identifier"]) if name)


class _Reading:
    def __init__(self, row, line, mapping, seen):
        self.row, self.line, self.mapping, self.seen, self.findings = row, line, mapping, seen, []

    def find(self, severity, kind, **values):
        self.findings.append(Finding(self.line, severity, kind, values))

    def error(self, kind, **values):
        self.find(Severity.ERROR, kind, **values)

    def cells(self, field):
        """What the row says of a field: the words of its column, or what they mean; a constant where it has none."""
        spec = self.mapping["columns"].get(field)
        found = []
        for one in spec if isinstance(spec, list) else [spec] if spec else []:
            column = one["column"] if isinstance(one, dict) else one
            cell = (self.row.get(column) or "").strip()
            parts = [cell]
            if isinstance(one, dict) and "separator" in one:
                parts = [part.strip() for part in cell.split(one["separator"])]
                if "part" in one:
                    parts = parts[one["part"] - 1 : one["part"]]
            if found := [part for part in parts if part]:
                break
        meanings = self.mapping.get("values", {}).get(field)
        if meanings is not None:
            for value in found:
                if value not in meanings:
                    self.error("value-unknown", value=value, field=field)
            found = [meaning for value in found if (meaning := meanings.get(value))]
        constant = self.mapping.get("constants", {}).get(field)
        return found or ([str(constant)] if constant else [])

    def cell(self, field):
        return next(iter(self.cells(field)), "")

    def texts(self, field):
        """A text by language; what the mapping gives no language is in that of the list."""
        found = {language: self.cell(f"{field}_{language}") for language in LANGUAGES}
        found.setdefault("en", "")
        own = self.mapping.get("language", "en")
        found[own] = found.get(own) or self.cell(field)
        return {language: text for language, text in found.items() if text}

    def day(self, field):
        """A date as exactly as the list has it."""
        written = self.cell(field)
        if not written:
            return ""
        try:
            if pattern := self.mapping.get("date_format"):
                day = datetime.datetime.strptime(written, pattern).replace(tzinfo=datetime.UTC)
                return day.date().isoformat()
            return str(PartialDate(written.partition("T")[0].partition(" ")[0]))
        except ValueError:
            self.error("no-time", value=written, field=field)
            return ""

    def read(self):
        publisher = self.mapping["publisher"]
        reporter = Org(publisher.get("ref", ""), str(publisher.get("kind", "")), {"en": publisher["name"]})
        a = Activity(identifier=self._identifier(), reporter=reporter, language=self.mapping.get("language", "en"))
        a.titles = self.texts("title")
        if not a.titles:
            self.error("no-title")
        a.descriptions = {
            kind: texts for kind, field in ((GENERAL, "summary"), (OTHER, "activities")) if (texts := self.texts(field))
        }
        a.status = STATUS_CODES.get(self.cell("status"), "")
        finance = FINANCE_CODES.get(self.cell("finance"), "")
        if finance.startswith("D"):
            a.aid_types = [Share(finance, vocabulary=DAC)]
        else:
            a.finance = finance
        days = {ACTUAL_START: self.day("start"), ACTUAL_END: self.day("end")}
        start, end = days[ACTUAL_START], days[ACTUAL_END]
        if end and start > end and not start.startswith(end):  # a year is not before any of its own days
            self.error("dates-order", start=start, end=end)
        a.dates = {kind: Day(day) for kind, day in days.items() if day}
        self._money(a)
        self._codes(a)
        for organisation in self.mapping.get("organisations", []):
            name = organisation.get("constant") or (self.row.get(organisation["column"]) or "").strip()
            if name:
                a.parties.append(
                    Party(
                        organisation.get("ref", ""),
                        str(organisation.get("kind", "")),
                        {"en": name},
                        role=ROLE_CODES[organisation["role"]],
                    )
                )
        named = {column: self.row[column] for column in dict.fromkeys(_columns(self.mapping))}
        original = json.dumps(named, ensure_ascii=False, indent=1).encode()
        return Read(self.line, a, self.findings, original, is_table=True)

    def _identifier(self):
        values = {name: (cell or "").strip() for name, cell in self.row.items() if name}
        names = [name for _before, name, *_rest in Formatter().parse(self.mapping["identifier"]) if name]
        if not all(values.get(name) for name in names):
            self.error("identifier-missing")
            return ""
        identifier = self.mapping["identifier"].format_map(values)
        if len(identifier) > 255:
            self.error("identifier-long")
        elif identifier in self.seen:
            self.error("identifier-twice", identifier=identifier, line=self.seen[identifier])
        self.seen.setdefault(identifier, self.line)
        return identifier

    def _money(self, a):
        written, currency = self.cell("budget").replace(",", ""), self.cell("currency").upper()
        if not written:
            return
        if not is_number(written):
            self.error("no-number", value=written, name="budget")
        elif not facts.code_on("Currency", currency):
            self.error("code", value=f"“{currency}”", list="Currency", name="currency")
        elif Decimal(written) >= 10**15:
            self.error("amount-large", value=written)
        elif value := Decimal(written):  # 0 stands in such lists for what is not known
            a.total = Money(value.quantize(Decimal("0.01")).normalize(), currency, "")

    def _codes(self, a):
        for code in self.cells("countries"):
            if known := facts.code_on("Country", code):
                a.countries.append(Share(known))
            else:
                self.error("code", value=f"“{code}”", list="Country", name="countries")
        if not a.countries:
            self.find(Severity.WARNING, "no-country")
        for code in self.cells("sectors"):
            if known := facts.code_on("Sector", code):
                a.sectors.append(Share(known, vocabulary=DAC))
            else:
                self.find(Severity.WARNING, "code", value=f"“{code}”", list="Sector", name="sectors")
        for code in self.cells("sdgs"):
            name, vocabulary = ("UNSDG-Targets", TARGETS) if "." in code else ("UNSDG-Goals", GOALS)
            if known := facts.code_on(name, code):
                a.tags.append(Share(known, vocabulary=vocabulary))
            else:
                self.find(Severity.WARNING, "code", value=f"“{code}”", list=name, name="sdgs")
        for marker, column in self.mapping.get("markers", {}).items():
            if (value := (self.row.get(column) or "").strip()) in {"0", "1", "2"}:
                a.markers[MARKER_CODES[marker]] = value
