"""Findings: faults of a file or an activity, with line, severity and a text in the reader's language."""

from dataclasses import dataclass, field

from django.db.models import TextChoices
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

MOST = 200  # characters; a longer value is cut in the text of a finding


class Severity(TextChoices):
    """The effect of a finding on the import."""

    ERROR = "error", _("error")  # a fault in data that the portal uses: the activity is not imported
    WARNING = "warning", _("warning")  # something is left out, or may be inexact


WORDS = {
    # The file
    "empty": _("the file is empty"),
    "too-large": _("the file has more than {most} MB"),
    "not-xml": _("not well-formed XML: {said}"),
    "doctype": _("contains a DOCTYPE, which IATI files do not need; rejected without parsing"),
    "not-iati": _("the root element is <{name}>, not <iati-activities>"),
    "organisations": _("a file about organisations; only activities are imported"),
    "version-1": _("version {version} of the standard is no longer supported; request a version 2 file"),
    "version": _("unknown version of the standard: {version}"),
    "no-activities": _("it contains no activities"),
    # The structure
    "unknown-element": _("<{name}> is not allowed in <{parent}>"),
    "element-missing": _("no {name} in <{parent}>"),
    "element-twice": _("<{name}> appears more than once in <{parent}>"),
    "order": _("<{name}> is in the wrong position in <{parent}>"),
    "attribute-missing": _("<{name}> lacks {attribute}"),
    "no-date": _("“{value}” is not a valid date ({attribute} of <{name}>)"),
    "no-number": _("“{value}” is not a number ({name})"),
    # The rules
    "identifier-missing": _("no identifier"),
    "identifier-twice": _("identifier {identifier} also occurs on line {line}"),
    "identifier-case": _("the identifier differs from an existing one only in letter case: {identifier}"),
    "identifier-spaces": _("spaces around the identifier were removed"),
    "identifier-long": _("the identifier is longer than 255 characters"),
    "code": _("{value} is not on the list {list} ({name})"),
    "withdrawn": _("purpose code {value} has been withdrawn"),
    "countries-sum": _("country and region percentages add up to {total}, not 100"),
    "sectors-sum": _("sector percentages (vocabulary {vocabulary}) add up to {total}, not 100"),
    "dates-order": _("it ends ({end}) before it starts ({start})"),
    "period-order": _("a budget ends ({end}) before it starts ({start})"),
    "disbursement-order": _("a planned disbursement ends ({end}) before it starts ({start}): it is skipped"),
    "disbursement-dropped": _("a planned disbursement is skipped: its period or amount is missing or wrong"),
    "no-currency": _("an amount has no currency and the activity has no default currency"),
    "no-title": _("the title is empty"),
    "no-description": _("the description is empty; the title is used instead"),
    "both-levels": _(
        "countries are given both for the activity and for its transactions; those of the activity are used"
    ),
    "no-country": _("no country or region is named"),
    "link-dropped": _("link {url} was dropped: only http and https are accepted"),
    "position-dropped": _("position {position} was dropped: not a valid latitude and longitude"),
    "language-ko": _("Korean text is labelled “{language}”: it is read as Korean"),
    "language-ru": _("Russian text is labelled “{language}”: it is read as Russian"),
    "marker-dropped": _("a policy marker without significance was dropped"),
    "row-dropped": _("empty <{name}> was dropped"),
    "amount-large": _("the amount {value} has too many digits"),
    # The rules of IATI's validator
    "identifier-reporter": _("the identifier is that of the reporting organisation: {identifier}"),
    "identifier-prefix": _("the identifier does not begin with that of the reporting organisation: {reporter}"),
    "signs": _("<{name}> has one of the signs / & | ? in its identifier: {value}"),
    "reference-spaces": _("spaces around {attribute} of <{name}> are ignored"),
    "updated-future": _("the last change of the activity is in the future: {date}"),
    "no-start": _("neither a planned nor an actual start is given"),
    "date-future": _("an actual date is in the future: {date}"),
    "date-twice": _("a date of type {type} appears more than once: {date} is skipped"),
    "date-time": _("“{value}” has a time: only the day is used ({attribute} of <{name}>)"),
    "transaction-future": _("the date of a transaction is in the future: {date}"),
    "budget-long": _("a budget is for more than a year: {start} to {end}"),
    "result-order": _("the period of a result ends ({end}) before it starts ({start})"),
    "vocabulary-twice": _("<{name}> appears more than once for the vocabulary {vocabulary}"),
    "percentage-range": _("{value} in <{name}> is not a percentage from 0 to 100"),
    "percentage-alone": _("<{name}> is the only one and has {value} per cent, not 100"),
    "no-language": _("a text has no language, and the activity has none for all: it is read as English"),
    "no-text": _("<{name}> has no text"),
    # The schema, in what the portal does not use
    "attribute-unknown": _("<{name}> has no attribute {attribute}"),
    "value-type": _("“{value}” is not a valid value of {attribute} (<{name}>)"),
    "text-misplaced": _("<{name}> holds text outside of its elements"),
    # Tables
    "no-table": _("not a table in {encoding} with column names in the first line"),
    "column-missing": _("column {column}, named in the mapping, is missing"),
    "value-unknown": _("the mapping does not define “{value}” ({field})"),
    "no-time": _("“{value}” is not a date ({field})"),
    "row-unreadable": _("the row cannot be read: a separator or a quotation mark is in the wrong place"),
    "cell-long": _("a cell has more than {most} characters"),
    "cell-null": _("a null character (U+0000) is in the column {column}"),
    "amount-negative": _("the amount {value} is below zero"),
    # The portal
    "older": _("the file dates from {given}; the portal already has data from {stored}"),
    "own": _("it is one of the portal’s own"),
    "told-by-iati": _("IATI already provides more detail"),
    "held": _("this project is public: only a reviewer may import updates to it"),
}


@dataclass(frozen=True)
class Finding:
    """A fault at a line of a file. `kind` is a key of `WORDS`, whose gaps `values` fills."""

    line: int
    severity: Severity
    kind: str
    values: dict = field(default_factory=dict, hash=False)

    @property
    def is_error(self):
        return self.severity == Severity.ERROR

    @property
    def words(self):
        """Return the text of the finding in the reader's language. Long values from the file are cut."""
        values = {
            name: Truncator(value).chars(MOST) if isinstance(value, str) else value
            for name, value in self.values.items()
        }
        return str(WORDS[self.kind]).format(**values)

    def at(self, file):
        """Return the place and the text: `file.xml:57: no activity-status in <iati-activity>`."""
        return f"{file}:{self.line}: {self.words}"


class ImportRefused(Exception):
    """Raised if a file is refused. It is then not read, or not read to its end."""

    def __init__(self, finding):
        super().__init__(finding)
        self.finding = finding


def add_error(line, kind, **values):
    """Raise Refused with an error, which stops reading."""
    raise ImportRefused(Finding(line, Severity.ERROR, kind, values))
