"""Reads projects from tables that are not IATI.

A mapping in TOML says what each column means; docs/iati.md describes its format. Each row becomes an activity as in
IATI, so that preview and import are the same for both.
"""

import codecs
import csv
import datetime
import io
import itertools
import json
import re
import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path

from django.utils.translation import gettext as _

from portal.core.partial_dates import PartialDate
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
    PercentageShare,
)
from projects.iati.fields import MARKERS, ROLES, STATUSES
from projects.iati.findings import Finding, Severity, add_error
from projects.iati.reading import MOST_MB, Read
from projects.iati.structure import is_number

MOST = 10**15  # amounts must be lower
MOST_MAPPING_KB, MOST_WORDS, MOST_ENTRIES = 64, 1000, 50  # limits of a mapping; MOST_WORDS are characters of a text
# Columns in the identifier. `str.format` is not used, as it follows attributes and widths such as {id:>1500000000}.
NAMED = re.compile(r"\{([^{}:!.\[\]]+)\}")
IDENTIFIER = re.compile(r"(?:[^{}]|\{[^{}:!.\[\]]+\})+")
DATE_FORMAT = re.compile(r"(?:[^%]|%[YymdBbHMS%])+")
# A heading and a key of TOML. They are only used to find the line of a value.
HEADING, KEY = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]"), re.compile(r"\s*([^=#\[\]]+?)\s*=")
ENCODINGS = {
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "ascii", "cp949", "euc_kr", "johab", "koi8-r"),
    *("cp1251", "cp866", "iso8859-5", "mac-cyrillic", "cp1252", "iso8859-1", "iso8859-15", "cp1254", "gb18030"),
}
DELIMITERS = (",", ";", "\t", "|", ":", "^")
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
    """Raised if a mapping is invalid, with a message in the reader's language and the line of the fault."""

    def __init__(self, words, line=1):
        super().__init__(words)
        self.line = line

    def at(self, file):
        """Return file, line and message: `mapping.toml:12: The mapping names the column of the title.`"""
        return f"{file}:{self.line}: {self}"


def shipped():
    """Return the paths of the mappings that come with the portal, by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


def mapping_of(text):
    """Return the mapping in a TOML text. Raise MappingError if it is invalid."""
    if len(text.encode()) > MOST_MAPPING_KB * 1024:
        raise MappingError(_("The mapping has more than {most} kB.").format(most=MOST_MAPPING_KB))
    try:
        mapping = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        words = _("The mapping is not valid TOML: {error}").format(error=error)
        raise MappingError(words, int(line[1]) if line else max(1, text.count("\n"))) from error
    except (RecursionError, ValueError) as error:  # too deeply nested lists; a number with thousands of digits
        raise MappingError(_("The mapping is not valid TOML: {error}").format(error=error)) from error
    MappingCheck(text, mapping).run()
    return mapping


class MappingCheck:
    """Checks names, types and sizes in a mapping. The first fault raises MappingError with the line of its key."""

    def __init__(self, text, mapping):
        self.text, self.mapping = text, mapping

    def run(self):
        mapping = self.mapping
        self.keys(mapping, TOP, "TOML")
        for name in ("name", "licence"):
            if name in mapping:
                self.words(mapping[name], name)
        self.publisher()
        self.identifier()
        self.format()
        self.columns()
        for field, value in self.fields("constants"):
            self.constant(value, "constants", field)
        for field, meanings in self.fields("values"):
            for word, meaning in self.table(meanings, "values", field).items():
                if meaning != "":
                    self.words(meaning, "values", field, word)
        for marker, column in self.fields("markers", MARKER_CODES):
            self.words(column, "markers", marker)
        self.organisations()
        for field, known in (("status", STATUS_CODES), ("finance", FINANCE_CODES)):
            self.known(mapping.get("constants", {}).get(field), known, field, "constants", field)
            for word, meaning in mapping.get("values", {}).get(field, {}).items():
                self.known(meaning, known, field, "values", field, word)

    # Checks of values. `path` is the list of keys that lead to the value.

    def fail(self, words, *path):
        raise MappingError(words, _line_of(self.text, path))

    def words(self, value, *path):
        if not isinstance(value, str) or not 0 < len(value) <= MOST_WORDS or "\0" in value:
            words = _("{name} must be a text in quotation marks, of at most {most} letters.")
            self.fail(words.format(name=".".join(path), most=MOST_WORDS), *path)
        return value

    def table(self, value, *path):
        if not isinstance(value, dict):
            self.fail(_("{name} must be a table of keys and values.").format(name=".".join(path)), *path)
        if any(not key or len(key) > MOST_WORDS or "\0" in key for key in value):
            words = _("Each key in {name} must have at most {most} letters.")
            self.fail(words.format(name=".".join(path), most=MOST_WORDS), *path)
        return value

    def keys(self, value, known, place, *path):
        if unknown := sorted(set(value) - set(known)):
            self.known(unknown[0], known, place, *path, unknown[0])

    def known(self, value, known, place, *path):
        if value and value not in known:
            words = _("{name} is not allowed in {place}. Allowed: {known}.")
            self.fail(words.format(name=value, place=place, known=", ".join(sorted(known))), *path)

    def fields(self, place, known=FIELDS):
        """Return the entries of a table whose keys are fields."""
        found = self.table(self.mapping.get(place, {}), place)
        self.keys(found, known, place, place)
        return found.items()

    def constant(self, value, *path):
        if type(value) is not int or abs(value) >= MOST:
            self.words(value, *path)

    def reference(self, value, *path):
        """Check the optional reference and kind of an organisation."""
        for name in {"ref", "kind"} & set(value):
            if value[name] != "":
                self.constant(value[name], *path, name)

    # Checks of the parts of a mapping.

    def publisher(self):
        publisher = self.mapping.get("publisher")
        if not isinstance(publisher, dict) or not publisher.get("name"):
            self.fail(_('The mapping must name the publisher of the list: publisher = { name = "…" }.'), "publisher")
        self.keys(publisher, ("name", "ref", "kind"), "publisher", "publisher")
        self.words(publisher["name"], "publisher", "name")
        self.reference(publisher, "publisher")

    def identifier(self):
        identifier = self.mapping.get("identifier")
        if not identifier:
            self.fail(_('The mapping must define the project identifier: identifier = "…-{column}".'), "identifier")
        self.words(identifier, "identifier")
        if not IDENTIFIER.fullmatch(identifier) or not NAMED.search(identifier):
            words = _('An identifier is text and names of columns in braces, with nothing else in them: "bank-{id}".')
            self.fail(words, "identifier")
        if "iati" in self.mapping and not isinstance(self.mapping["iati"], bool):
            self.fail(_("{name} must be true or false.").format(name="iati"), "iati")

    def format(self):
        mapping = self.mapping
        if "encoding" in mapping and _codec(self.words(mapping["encoding"], "encoding")) not in ENCODINGS:
            self.known(mapping["encoding"], ENCODINGS, "encoding", "encoding")
        if "delimiter" in mapping and self.words(mapping["delimiter"], "delimiter") not in DELIMITERS:
            self.fail(_("delimiter must be a comma, a semicolon, a tab, or one of the signs | : ^"), "delimiter")
        if "language" in mapping and not re.fullmatch("[a-z]{2,3}", self.words(mapping["language"], "language")):
            self.fail(_("language must be the code of a language, such as en, ko or ru."), "language")
        if "date_format" in mapping and not _is_date_format(self.words(mapping["date_format"], "date_format")):
            words = _("date_format must have {year} or {short}, and may have {others}, each once.")
            words = words.format(year="%Y", short="%y", others="%m, %d, %B, %b, %H, %M, %S")
            self.fail(words, "date_format")

    def columns(self):
        found = dict(self.fields("columns"))
        if not {"title", "title_en"} & set(found):
            self.fail(_("The mapping must name the title column."), "columns")
        for field, spec in found.items():
            for one in spec if isinstance(spec, list) and spec else [spec]:
                self.column(one, "columns", field)

    def column(self, spec, *path):
        if not isinstance(spec, dict):
            self.words(spec, *path)
            return
        self.keys(spec, ("column", "separator", "part"), ".".join(path), *path)
        self.words(spec.get("column"), *path, "column")
        if "separator" in spec:
            self.words(spec["separator"], *path, "separator")
        part = spec.get("part", 1)
        if type(part) is not int or not 0 < part <= MOST_ENTRIES:
            words = _("{name} must be a whole number from 1 to {most}.")
            self.fail(words.format(name=".".join((*path, "part")), most=MOST_ENTRIES), *path, "part")

    def organisations(self):
        organisations = self.mapping.get("organisations", [])
        if not isinstance(organisations, list) or len(organisations) > MOST_ENTRIES:
            words = _("Each organisation needs its own table with the heading {head}; at most {most} are allowed.")
            place = str(MOST_ENTRIES) if isinstance(organisations, list) else ""
            self.fail(words.format(head="[[organisations]]", most=MOST_ENTRIES), "organisations", place)
        for place, organisation in enumerate(organisations):
            path = ("organisations", str(place))
            self.table(organisation, *path)
            role = organisation.get("role")
            if not isinstance(role, str) or role not in ROLE_CODES or not {"column", "constant"} & set(organisation):
                words = _("An organisation needs a role ({roles}) and either a column or a constant.")
                self.fail(words.format(roles=", ".join(ROLE_CODES)), *path)
            self.keys(organisation, ("role", "column", "constant", "ref", "kind"), "organisations", *path)
            for name in {"column", "constant"} & set(organisation):
                self.words(organisation[name], *path, name)
            self.reference(organisation, *path)


def _line_of(text, path):
    """Return the line in a TOML text of the value at `path`, or of the longest beginning of `path` that is found."""
    best, found, section, counts = 0, 1, (), Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if heading := HEADING.match(line):
            section = _split(heading[2])
            if heading[1] == "[[":
                counts[section] += 1
                section += (str(counts[section] - 1),)
            here = section
        elif key := KEY.match(line):
            here = section + _split(key[1])
        else:
            continue
        if len(here) > best and path[: len(here)] == here:
            best, found = len(here), number
    return found


def _split(name):
    """Return the parts of a dotted TOML key."""
    return tuple(part.strip().strip("\"'") for part in name.split("."))


def _codec(name):
    """Return Python's name of an encoding; None if Python does not support it."""
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return None


def _is_date_format(text):
    """Return True if `strptime` can read a day with this format."""
    if not DATE_FORMAT.fullmatch(text) or not {"Y", "y"} & set(re.findall("%(.)", text)):
        return False
    try:
        datetime.datetime.strptime("", text).replace(tzinfo=datetime.UTC)
    except re.error:  # a directive occurs twice
        return False
    except ValueError:
        return True
    return True


def rows(path, mapping):
    """Yield the rows of the table at `path` as `Read` objects. Raise Refused if the table cannot be read."""
    size = path.stat().st_size
    if not size:
        add_error(1, "empty")
    if size > MOST_MB * 1024 * 1024:
        add_error(1, "too-large", most=MOST_MB)
    encoding = mapping.get("encoding", "utf-8-sig")
    seen = {}
    with path.open(encoding=_encoding(mapping), newline="") as file:
        try:
            table = csv.DictReader(file, delimiter=mapping.get("delimiter", ","), strict=True)
            named = dict.fromkeys(_columns(mapping))
            for column in named:
                if column not in (table.fieldnames or ()):
                    add_error(1, "column-missing", column=column)
            for row in table:
                line = _first_line(row, table.line_num)
                for column in named:
                    if "\0" in (row[column] or ""):
                        add_error(line, "cell-null", column=column)
                yield _RowReader(row, line, mapping, seen).read()
        except csv.Error as error:
            if "field limit" in str(error):
                add_error(table.reader.line_num, "cell-long", most=csv.field_size_limit())
            add_error(table.reader.line_num, "row-unreadable")
        except UnicodeError:
            add_error(1, "no-table", encoding=encoding)


def titles_of(original, mapping):
    """Return the uncut titles of a stored row by language; an empty dict if the row is empty."""
    row = json.loads(original)
    return _RowReader(row, 1, mapping, {}).texts("title") if row and mapping else {}


def named_columns_only(content, mapping):
    """Return the bytes of a table with only the columns that `mapping` names. The others may hold personal data.

    Each row starts at the same line as in `content`, so that findings keep their line numbers. Content that cannot be
    read as a table is returned unchanged: `rows` refuses it, and a refused file is not stored.
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
    """Return the encoding of the table. A byte order mark before UTF-8 is skipped."""
    encoding = mapping.get("encoding", "utf-8")
    return "utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding


def _first_line(row, last):
    """Return the line where a row of `csv.DictReader` starts, if it ends at the line `last`."""
    cells = itertools.chain.from_iterable(cell if isinstance(cell, list) else [cell] for cell in row.values())
    return last - sum(len(LINE_BREAK.findall(cell)) for cell in cells if cell)


def _columns(mapping):
    """Yield all columns that a mapping names. A column can occur several times."""
    for spec in mapping["columns"].values():
        for one in spec if isinstance(spec, list) else [spec]:
            yield one["column"] if isinstance(one, dict) else one
    yield from mapping.get("markers", {}).values()
    yield from (one["column"] for one in mapping.get("organisations", []) if "column" in one)
    yield from NAMED.findall(mapping["identifier"])


class _RowReader:
    def __init__(self, row, line, mapping, seen):
        self.row, self.line, self.mapping, self.seen, self.findings = row, line, mapping, seen, []

    def find(self, severity, kind, **values):
        self.findings.append(Finding(self.line, severity, kind, values))

    def error(self, kind, **values):
        self.find(Severity.ERROR, kind, **values)

    def cells(self, field):
        """Return the values of a field as a list: those of its column, translated by the mapping's `values`.

        If there is none, return the constant of the field. If a field has several columns, the first one with a value
        counts.
        """
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
        """Return a text by language. A column without a language has the language of the table."""
        found = {language: self.cell(f"{field}_{language}") for language in LANGUAGES}
        found.setdefault("en", "")
        own = self.mapping.get("language", "en")
        found[own] = found.get(own) or self.cell(field)
        return {language: text for language, text in found.items() if text}

    def day(self, field):
        """Return a date with the precision of the table; "" if the cell is empty or invalid.

        With a `date_format`, the date always has a day.
        """
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
            a.aid_types = [PercentageShare(finance, vocabulary=DAC)]
        else:
            a.finance = finance
        days = {ACTUAL_START: self.day("start"), ACTUAL_END: self.day("end")}
        start, end = days[ACTUAL_START], days[ACTUAL_END]
        if end and start > end and not start.startswith(end):  # "2021" does not end before "2021-07" starts
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
        if not all(values[name] for name in NAMED.findall(self.mapping["identifier"])):
            self.error("identifier-missing")
            return ""
        identifier = NAMED.sub(lambda name: values[name[1]], self.mapping["identifier"])
        if len(identifier) > 255:
            self.error("identifier-long")
            return identifier[:255]
        if identifier in self.seen:
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
        elif Decimal(written) >= MOST:
            self.error("amount-large", value=written)
        elif Decimal(written) < 0:
            self.error("amount-negative", value=written)
        elif value := Decimal(written):  # tables use 0 for an unknown amount
            a.total = Money(value.quantize(Decimal("0.01")).normalize(), currency, "")

    def _codes(self, a):
        for code in self.cells("countries"):
            if known := facts.code_on("Country", code):
                a.countries.append(PercentageShare(known))
            else:
                self.error("code", value=f"“{code}”", list="Country", name="countries")
        if not a.countries:
            self.find(Severity.WARNING, "no-country")
        for code in self.cells("sectors"):
            if known := facts.code_on("Sector", code):
                a.sectors.append(PercentageShare(known, vocabulary=DAC))
            else:
                self.find(Severity.WARNING, "code", value=f"“{code}”", list="Sector", name="sectors")
        for code in self.cells("sdgs"):
            name, vocabulary = ("UNSDG-Targets", TARGETS) if "." in code else ("UNSDG-Goals", GOALS)
            if known := facts.code_on(name, code):
                a.tags.append(PercentageShare(known, vocabulary=vocabulary))
            else:
                self.find(Severity.WARNING, "code", value=f"“{code}”", list=name, name="sdgs")
        for marker, column in self.mapping.get("markers", {}).items():
            if (value := (self.row.get(column) or "").strip()) in {"0", "1", "2"}:
                a.markers[MARKER_CODES[marker]] = value
