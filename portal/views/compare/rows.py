"""Rows of a comparison as plain values, the same for the page and for the file.

A row has a label, and a list of entries for each record. An entry has its year, unit and sources if they are known. An
empty list means that the value is missing. The row has the text for this case; it is never a zero.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from portal.core.choices import PublicationStatus
from portal.core.formatting import money, number, partial_date, quantity_html
from portal.core.languages import in_language, text_and_language
from portal.core.partial_dates import PartialDate
from portal.core.sdg import goal_of, sort_key
from portal.formats.fields import plain_number

VISIBLE = PublicationStatus.PUBLISHED
FAR_APART = Decimal("1.5")  # numbers differ if the largest is at least this many times the smallest


@dataclass
class ComparisonEntry:
    """One value in a cell: text, a number or a partial date.

    `detail` says what a number counts, or to what degree the value applies. `mark` says how it relates to the other
    columns. `share` is the size of a number in per cent of the largest in its row.
    """

    value: object
    language: str = ""
    unit: str = ""
    year: int | None = None
    detail: str = ""
    detail_language: str = ""
    url: str = ""
    sources: tuple = ()
    mark: str = ""
    share: int | None = None

    @property
    def is_number(self):
        return isinstance(self.value, int | Decimal)

    @property
    def html(self):
        """Return the value as the page shows it."""
        if isinstance(self.value, PartialDate):
            return partial_date(self.value)
        if self.is_number:
            return number(self.value)
        return in_language(self.value, self.language) if self.language else self.value

    @property
    def unit_html(self):
        """Return the unit after the value."""
        return self.unit

    @property
    def detail_html(self):
        return in_language(self.detail, self.detail_language) if self.detail_language else self.detail

    @property
    def plain(self):
        """Return the value for a file. A number stays a number."""
        return plain_number(self.value) if isinstance(self.value, Decimal) else self.value

    @property
    def keys(self):
        """Return the keys of the sources, for the footnotes of the page."""
        return [source.key for source in self.sources]


@dataclass
class Amount(ComparisonEntry):
    """An amount of money. Its unit is a currency, which `html` contains."""

    unit_html = ""

    @property
    def html(self):
        return money(self.value, self.unit)


@dataclass
class MeasuredEntry(ComparisonEntry):
    """A number with its own unit, which `html` contains."""

    unit_language: str = "en"
    unit_html = ""

    @property
    def html(self):
        return quantity_html(self.value, self.unit, self.unit_language)


@dataclass
class ComparisonRow:
    """A row of a comparison: a list of entries for each record, which is empty if nothing is known.

    `unit`, `remark` and `caution` are shown below the label. A row is `wide` if its cells contain sentences, and
    `absent` if an empty cell says that there is nothing, and not that nothing is known.
    """

    label: str
    cells: list
    language: str = ""
    url: str = ""
    unit: str = ""
    unit_language: str = ""
    remark: str = ""
    caution: str = ""
    missing: str = _("no data")
    wide: bool = False
    absent: bool = False

    @property
    def label_html(self):
        return in_language(self.label, self.language) if self.language else self.label

    @property
    def unit_html(self):
        return in_language(self.unit, self.unit_language)

    @property
    def known(self):
        """Return True if any record has an entry in this row."""
        return any(self.cells)

    @property
    def numbers(self):
        """Return the first number of each cell that has one, or None if the entries cannot be measured together.

        They cannot if an entry is not a number, if units differ, or if a `detail` says what the number stands for.
        """
        entries = [entry for cell in self.cells for entry in cell]
        if any(entry.detail or not entry.is_number for entry in entries) or len({entry.unit for entry in entries}) > 1:
            return None
        return [cell[0].value for cell in self.cells if cell]

    @cached_property
    def difference(self):
        """Return in words how the records differ; "" if they are the same, near to each other, or not known."""
        if self.numbers is None:
            cells = [cell for cell in self.cells if cell or self.absent]
            values = {frozenset((str(one.plain), one.unit, str(one.detail)) for one in cell) for cell in cells}
            return gettext("Different") if len(values) > 1 else ""
        if len(self.numbers) < 2 or not are_far_apart(self.numbers):
            return ""
        low, high = min(self.numbers), max(self.numbers)
        if low * high <= 0:
            return gettext("Different")
        times = number(round(Decimal(max(high / low, low / high)), 1))
        if len(self.cells) > 2:  # a phone shows two of them
            return gettext("Far apart among all {count}: {times} times").format(count=len(self.cells), times=times)
        return gettext("Far apart: {times} times").format(times=times)


@dataclass
class ComparisonSection:
    """Rows under one heading. Those after the first `shown` are folded; None folds none."""

    key: str
    title: str
    rows: list
    lead: str = ""
    shown: int | None = None

    @property
    def tables(self):
        """Return the rows that the page shows, and those that it folds. One more row is not worth a fold."""
        if self.shown is None or len(self.rows) <= self.shown + 1:
            return self.rows, []
        return self.rows[: self.shown], self.rows[self.shown :]


class Comparison:
    """A kind of record that can be compared: its texts, its options and its rows.

    Subclasses define `options` (a queryset of the records that can be compared) and `parts` (the sections for the
    chosen ones). Readers choose with checkboxes, or with one select for each label in `selects`. Both show `groups`,
    the options under headings. A kind with too many records for either is `searched` instead.
    """

    name = ""
    former = None
    selects = ()
    searched = False

    def found(self, keys):
        """Return the records with these keys, by key."""
        return {record.key: record for record in self.options().filter(key__in=keys)}

    def load(self, records):
        """Return the chosen records with all data that their comparison needs."""
        return records

    def figures(self, records):
        """Return charts that compare the records."""
        return []

    def tones(self, records):
        """Return the colour number of each record that has one."""
        return {}


def named(record, **more):
    """Return an entry with the name of a record and a link to its page."""
    name, language = record.name_and_language()
    return ComparisonEntry(name, language, url=record.get_absolute_url(), **more)


def listed(words, route, **parameters):
    """Return an entry that links to the list of records with the same value."""
    return ComparisonEntry(words, url=list_address(route, **parameters))


def prose(record, name):
    """Return a cell with the text of a translated field, or an empty cell."""
    text, language = text_and_language(record, name)
    return [ComparisonEntry(text, language)] if text else []


def counted(count, route, **parameters):
    """Return a cell with a number, which links to the list of what was counted unless it is 0."""
    return [ComparisonEntry(count, url=list_address(route, **parameters) if count else "")]


def list_address(route, **parameters):
    return f"{reverse(route)}?{urlencode(parameters, doseq=True)}"


def published(sources):
    """Return the published sources."""
    return tuple(source for source in sources if source.publication == VISIBLE)


def cited(record):
    """Return the published sources of a record, in the order of its citations, which must be prefetched."""
    return published(citation.source for citation in record.citations.all())


def with_marks(cells, records=()):
    """Mark in place the entries that link to a compared record, and those that every record has. Return `cells`."""
    everywhere = set.intersection(*({entry.url for entry in cell} for cell in cells)) - {""}
    compared = {record.get_absolute_url() for record in records}
    for cell in cells:
        for entry in cell:
            if entry.url in compared:
                entry.mark = pgettext("beside a record in a comparison", "compared here")
            elif entry.url in everywhere:
                entry.mark = pgettext("beside a value in a comparison", "shared by all")
    return cells


def are_far_apart(numbers):
    """Return True if the largest is at least FAR_APART times the smallest, or if zero lies at or between them."""
    low, high = min(numbers), max(numbers)
    if low == high:
        return False
    return low * high <= 0 or max(high / low, low / high) >= FAR_APART


def with_shares(cells):
    """Set in place the `share` of each number in `cells`. Return `cells`.

    Nothing is set if a number is negative, if there is only one, or if they are near to each other.
    """
    values = [entry.value for cell in cells for entry in cell]
    if len(values) > 1 and min(values) >= 0 and are_far_apart(values):
        for cell in cells:
            for entry in cell:
                entry.share = round(100 * entry.value / max(values))
    return cells


def goal_cells(records):
    """Return a cell for each record with its goals and their targets. `sdgs` must be prefetched."""
    cells = []
    for record in records:
        goals = {}
        for row in sorted(record.sdgs.all(), key=lambda row: sort_key(row.code)):
            targets = goals.setdefault(goal_of(row.code), [])
            if "." in row.code:
                targets.append(row.code)
        route = f"{record._meta.model_name}s"
        cells.append([])
        for goal, targets in goals.items():
            entry = listed(f"{goal.value} {goal.label}", route, sdg=goal.value)
            entry.detail = gettext("targets {codes}").format(codes=", ".join(targets)) if targets else ""
            cells[-1].append(entry)
    return with_marks(cells)


def in_order_of(records, found):
    """Return the records of `found` in the order of `records`."""
    found = {record.pk: record for record in found}
    return [found[record.pk] for record in records]
