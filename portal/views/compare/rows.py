"""What a comparison is made of: plain rows, the same for the page and for the file.

A row has a label, and for each record a list of entries, which know their year, unit and sources where they have them.
An empty list is something that is missing, and each row says in which words; it is never a zero.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from portal.core.choices import PublicationStatus
from portal.core.formatting import money, number, partial_date
from portal.core.languages import in_language, text_and_language
from portal.core.partial_dates import PartialDate
from portal.core.sdg import goal_of, in_order
from portal.formats.fields import plain_number

VISIBLE = PublicationStatus.PUBLISHED


@dataclass
class ComparisonEntry:
    """One thing that a cell says: words, a number or a partial date, and what belongs to it.

    `detail` says what a number counts, or how far something holds; `mark` what it has to do with the other columns;
    `share` is a number's size against the largest of its row, in per cent.
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
        """The value for a reader."""
        if isinstance(self.value, PartialDate):
            return partial_date(self.value)
        if self.is_number:
            return number(self.value)
        return in_language(self.value, self.language) if self.language else self.value

    @property
    def unit_html(self):
        """The unit after the value."""
        return self.unit

    @property
    def detail_html(self):
        return in_language(self.detail, self.detail_language) if self.detail_language else self.detail

    @property
    def plain(self):
        """The value for a file: a number stays one."""
        return plain_number(self.value) if isinstance(self.value, Decimal) else self.value

    @property
    def keys(self):
        """The keys of its sources, for the page's notes."""
        return [source.key for source in self.sources]


@dataclass
class Amount(ComparisonEntry):
    """Money: its unit is a currency."""

    unit_html = ""

    @property
    def html(self):
        return money(self.value, self.unit)


@dataclass
class ComparisonRow:
    """One thing that is compared: for each record a list of entries, which is empty where nothing is known.

    `unit`, `remark` and `caution` stand under the label. A row is `wide` where its cells hold sentences.
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

    @property
    def label_html(self):
        return in_language(self.label, self.language) if self.language else self.label

    @property
    def unit_html(self):
        return in_language(self.unit, self.unit_language)

    @property
    def known(self):
        """Whether any of the records has something here."""
        return any(self.cells)


@dataclass
class ComparisonSection:
    """Rows under one heading."""

    key: str
    title: str
    rows: list
    lead: str = ""


class Comparison:
    """A kind of record that can be compared: its words, what there is to choose from, and its rows.

    Subclasses have `options` (the records that can be compared) and `parts` (the rows of the chosen ones). One chooses
    by checkboxes; in fields with the labels `selects`; both of `groups`, the options under headings; or, where there
    are too many for either, among those that a search finds (`searched`).
    """

    name = ""
    former = None
    selects = ()
    searched = False

    def found(self, keys):
        """The records with these keys, by key."""
        return {record.key: record for record in self.options().filter(key__in=keys)}

    def load(self, records):
        """The chosen records with all that their comparison needs."""
        return records

    def figures(self, records):
        """Charts on which the records are compared."""
        return []

    def tones(self, records):
        """The colour number of each record that has one."""
        return {}


def named(record, **more):
    """An entry that names a record and leads to its page."""
    name, language = record.name_and_language()
    return ComparisonEntry(name, language, url=record.get_absolute_url(), **more)


def listed(words, route, **parameters):
    """An entry that leads to the list of its like."""
    return ComparisonEntry(words, url=list_address(route, **parameters))


def prose(record, name):
    """A cell with the text of a translated column, or an empty one."""
    text, language = text_and_language(record, name)
    return [ComparisonEntry(text, language)] if text else []


def counted(count, route, **parameters):
    """A cell with a number that leads to what was counted, if that is anything."""
    return [ComparisonEntry(count, url=list_address(route, **parameters) if count else "")]


def list_address(route, **parameters):
    return f"{reverse(route)}?{urlencode(parameters, doseq=True)}"


def published(sources):
    """Those of the sources that a reader may see."""
    return tuple(source for source in sources if source.publication == VISIBLE)


def cited(record):
    """The sources of a record whose citations are prefetched, in its editors' order."""
    return published(citation.source for citation in record.citations.all())


def with_marks(cells, records=()):
    """`cells` with words beside the entries that every record has, and beside those that are a compared record."""
    everywhere = set.intersection(*({entry.url for entry in cell} for cell in cells)) - {""}
    compared = {record.get_absolute_url() for record in records}
    for cell in cells:
        for entry in cell:
            if entry.url in compared:
                entry.mark = pgettext("beside a record in a comparison", "compared here")
            elif entry.url in everywhere:
                entry.mark = pgettext("beside a value in a comparison", "shared by all")
    return cells


def with_shares(cells):
    """`cells` of numbers, each with its size against the largest one; none where a number is below zero."""
    values = [entry.value for cell in cells for entry in cell]
    if len(values) > 1 and min(values) >= 0 and max(values) > 0:
        for cell in cells:
            for entry in cell:
                entry.share = round(100 * entry.value / max(values))
    return cells


def goal_cells(records):
    """The goals of records whose `sdgs` are prefetched, each with its targets."""
    cells = []
    for record in records:
        goals = {}
        for row in sorted(record.sdgs.all(), key=lambda row: in_order(row.code)):
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
    """The records of `found` in the order of `records`."""
    found = {record.pk: record for record in found}
    return [found[record.pk] for record in records]
