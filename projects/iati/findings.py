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
    "doctype": _("has a DOCTYPE; IATI files need none, so it is refused unread"),
    "not-iati": _("the outermost element is <{name}>, not <iati-activities>"),
    "organisations": _("a file about organisations; only activities are imported"),
    "version-1": _("version {version} of the standard is no longer supported: ask for the file in version 2"),
    "version": _("no version of the standard that the portal knows: {version}"),
    "no-activities": _("there is no activity in it"),
    # The structure
    "unknown-element": _("<{name}> is no element of <{parent}>"),
    "element-missing": _("no {name} in <{parent}>"),
    "element-twice": _("<{name}> stands more than once in <{parent}>"),
    "order": _("<{name}> stands in the wrong place in <{parent}>"),
    "attribute-missing": _("no {attribute} for <{name}>"),
    "no-date": _("“{value}” is not a day ({attribute} of <{name}>)"),
    "no-number": _("“{value}” is not a number ({name})"),
    # The rules
    "identifier-missing": _("no identifier"),
    "identifier-twice": _("the identifier {identifier} stands at line {line} too"),
    "identifier-case": _("the identifier differs from a stored one in capitals only: {identifier}"),
    "identifier-spaces": _("spaces around the identifier are left out"),
    "identifier-long": _("the identifier has more than 255 letters"),
    "code": _("{value} is not on the list {list} ({name})"),
    "withdrawn": _("the purpose code {value} is no longer used"),
    "countries-sum": _("the shares of countries and regions add up to {total}, not 100"),
    "sectors-sum": _("the shares of sectors (vocabulary {vocabulary}) add up to {total}, not 100"),
    "dates-order": _("it ends ({end}) before it starts ({start})"),
    "period-order": _("a budget ends ({end}) before it starts ({start})"),
    "disbursement-order": _("a planned disbursement ends ({end}) before it starts ({start}): it is left out"),
    "disbursement-dropped": _("a planned disbursement is left out: its period or amount is missing or wrong"),
    "no-currency": _("an amount has no currency, and the activity has none for all"),
    "no-title": _("the title has no text"),
    "no-description": _("the description has no text: the title stands in for it"),
    "both-levels": _("countries stand at the activity and at its transactions: those of the activity count"),
    "no-country": _("no country or region is named"),
    "link-dropped": _("the link {url} is left out: only http and https are kept"),
    "position-dropped": _("the position {position} is left out: there is no such latitude and longitude"),
    "language-ko": _("Korean text is labelled “{language}”: it is read as Korean"),
    "language-ru": _("Russian text is labelled “{language}”: it is read as Russian"),
    "marker-dropped": _("a policy marker has no significance and is left out"),
    "row-dropped": _("<{name}> is left out: it says nothing"),
    "amount-large": _("the amount {value} has too many digits"),
    # The rules of IATI's validator
    "identifier-reporter": _("the identifier is that of the reporting organisation: {identifier}"),
    "identifier-prefix": _("the identifier does not begin with that of the reporting organisation: {reporter}"),
    "signs": _("<{name}> has one of the signs / & | ? in its identifier: {value}"),
    "reference-spaces": _("spaces around {attribute} of <{name}> are left out"),
    "updated-future": _("the last change of the activity lies in the future: {date}"),
    "no-start": _("neither a planned nor an actual start is given"),
    "date-future": _("an actual date lies in the future: {date}"),
    "date-twice": _("a date of type {type} stands more than once: {date} is left out"),
    "date-time": _("“{value}” has a time: only the day is used ({attribute} of <{name}>)"),
    "transaction-future": _("the date of a transaction lies in the future: {date}"),
    "budget-long": _("a budget is for more than a year: {start} to {end}"),
    "result-order": _("the period of a result ends ({end}) before it starts ({start})"),
    "vocabulary-twice": _("<{name}> stands more than once for the vocabulary {vocabulary}"),
    "percentage-range": _("{value} in <{name}> is not a percentage from 0 to 100"),
    "percentage-alone": _("<{name}> stands alone and has {value} per cent, not 100"),
    "no-language": _("a text has no language, and the activity has none for all: it is read as English"),
    "no-text": _("<{name}> has no text"),
    # The schema, in what the portal does not use
    "attribute-unknown": _("<{name}> has no attribute {attribute}"),
    "value-type": _("“{value}” is no value of {attribute} (<{name}>)"),
    "text-misplaced": _("<{name}> holds text outside of its elements"),
    # Tables
    "no-table": _("no table in {encoding}, with a line of column names first"),
    "column-missing": _("there is no column {column}, which the mapping names"),
    "value-unknown": _("the mapping does not say what “{value}” means ({field})"),
    "no-time": _("“{value}” is not a date ({field})"),
    "row-unreadable": _("the row cannot be read: a separator or a quotation mark is in the wrong place"),
    "cell-long": _("a cell has more than {most} characters"),
    "cell-null": _("a null character (U+0000) is in the column {column}"),
    "amount-negative": _("the amount {value} is below zero"),
    # The portal
    "older": _("the file tells of {given}, the portal already has {stored}"),
    "own": _("it is one of the portal’s own"),
    "told-by-iati": _("IATI tells more of it already"),
    "held": _("readers see this project: only a reviewer may import news of it"),
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
