"""The coverage table: its members, cells, sentences and file.

The values of an axis are its members, each a set of projects. A cell contains the projects that two members have in
common, and the filters of the project list that find exactly these. All sets are the bitmaps by which the project list
counts (`portal.facets.bitmaps`). A cell, the total of its row, the diagram below, the file and the list are therefore
always consistent.
"""

import functools
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, ngettext, pgettext
from pyroaring import BitMap

from issues.models import Issue
from portal.core.exchange_rates import SOURCE, SOURCE_URL
from portal.core.formatting import money_in_words, number, number_range, year_range
from portal.core.urls import with_query
from portal.facets.bitmaps import NONE
from portal.http.problems import ProblemDetail
from portal.models import Place
from portal.views.coverage.axes import AXES
from portal.views.coverage.cells import cell_html, row_html
from portal.views.coverage.choice import CoverageChoice
from projects.budgets import converted_budgets, known_budgets, sum_budgets
from projects.filters import ProjectFilter
from projects.models import Project, StatusNow
from projects.views import ProjectList

SPAN = 5  # years in a period
STEPS = 5  # of shading
COLUMNS_WITH_WORDS = 5  # up to this many columns, empty cells have room for words
COLUMNS_THAT_FIT = 7  # up to this many columns, a wide page needs no scrolling
MOST_PAIRS = 3  # most cells that are named as the fullest
MILLION = 10**6


@dataclass(frozen=True)
class Member:
    """One value of an axis: the projects that have it, and the filters of the project list that find them.

    `url` is its own page, if it has one. A member with `under` is part of the last member before it without `under`.
    """

    key: str
    label: str
    filters: dict
    projects: BitMap
    url: str = ""
    under: bool = False


@dataclass(frozen=True)
class CoverageRow:
    """A row of the table, and what a phone shows of it: `cell` is that of the chosen column, or the total.

    `share` is its value in per cent of the largest in that column. `gaps` are the columns without projects; it is empty
    if a column is chosen.
    """

    member: Member
    cells: list
    total: "CoverageCell"
    cell: "CoverageCell"
    share: int
    gaps: list[Member]


@dataclass(frozen=True)
class CoverageCell:
    """The common projects of two members, or all of one member, or all; and the sum of their known budgets.

    `known` counts the projects with a budget that is stated in the chosen currency, or converted into it. `amount` is
    None if there are none. `step` is the shade from 1 to 5, or 0. `url` is the project list with exactly these
    projects.
    """

    count: int
    url: str
    known: int = 0
    amount: Decimal | None = None
    step: int = 0

    @property
    def exact(self):
        """Return the amount with two decimals, for machines."""
        return f"{self.amount:.2f}"

    @property
    def in_millions(self):
        return in_millions(self.amount)

    @property
    def share_known(self):
        """Return "n of m": for how many of the projects the budget is known."""
        return gettext("{known} of {all}").format(known=number(self.known), all=number(self.count))


def in_millions(amount) -> str:
    """Return an amount in millions with three significant digits, in the number format of the reader."""
    if amount is None:
        return ""
    millions = Decimal(amount) / MILLION
    return number(millions.quantize(Decimal(1)) if millions >= 100 else Decimal(f"{millions:.3g}"))


def shades(values: Iterable) -> list:
    """Return the upper bounds of at most five steps of shading. They grow by equal factors up to the largest value."""
    values = [value for value in values if value]
    if not values:
        return []
    low, high = min(values), max(values)
    factor = (float(high) / float(low)) ** (1 / STEPS)
    bounds = {round_number(float(low) * factor**step) for step in range(1, STEPS)}
    return sorted(bound for bound in bounds if low <= bound < high) + [high]


def round_number(value: float) -> int:
    """Return the nearest integer with at most two significant digits."""
    unit = 10 ** max(len(str(int(value))) - 2, 0)
    return round(value / unit) * unit


class CoveredProjects:
    """The projects that the filters let through, and their sets by facet value."""

    def __init__(self, filterset):
        self.found, self.sets = filterset.found, filterset.index.facets

    def __len__(self):
        return len(self.found)

    def with_value(self, facet, value):
        return self.found & self.sets[facet][value]

    def started_in(self, first, last):
        started = self.sets["started"]
        return self.found & NONE.union(*(started[year] for year in range(first, last + 1)))

    @functools.cached_property
    def with_budget(self):
        """Return the projects with a known budget in any currency."""
        return self.found & NONE.union(*self.sets["currency"].values())

    @functools.cached_property
    def budgets(self):
        return known_budgets()

    def money(self, projects, currency):
        """Return the number of `projects` with a budget in `currency`, and the sum of these budgets, or None."""
        known = projects & self.sets["currency"][currency]
        return len(known), self.budgets.sum(known) if known else None


class Coverage:
    """The coverage table with its totals, sentences and notes."""

    def __init__(self, data):
        self.list_path = reverse("projects")
        self.filter = ProjectFilter(data, queryset=Project.objects.published())
        self.projects = CoveredProjects(self.filter)
        self.members = {axis.name: self._members(axis) for axis in AXES.values()}
        self.choice = CoverageChoice(data, self._in_use("currency"), self.members)

    def raise_for_errors(self):
        """Raise ProblemDetail (400) if a filter, an axis or the measure is wrong."""
        self.filter.raise_for_former_keys()
        if errors := [*self.filter.parameter_errors, *self.choice.mistakes]:
            raise ProblemDetail(400, " ".join(errors))

    def _in_use(self, facet):
        """Return the values of a facet that at least one published project has."""
        return [value for value, projects in self.projects.sets[facet].items() if projects]

    # Members

    def _members(self, axis) -> list[Member]:
        if not axis.facet:
            return self._periods()
        labels = dict(self.filter.filters[axis.facet].choices)
        order = {"country": self._countries, "issue": self._issues}.get(axis.name)
        keys = order(labels) if order else [(key, False) for key in labels]
        chosen = self._chosen(axis)
        members = [
            Member(
                key,
                str(labels[key]),
                {axis.facet: [key]},
                self.projects.with_value(axis.facet, key),
                reverse(axis.name, args=[key]) if axis.name in {"country", "issue"} else "",
                under,
            )
            for key, under in keys
            if chosen is None or key in chosen
        ]
        if axis.fullest:
            members.sort(key=lambda member: -len(member.projects))
        return members

    def _chosen(self, axis):
        """Return the keys that a filter on this axis leaves, or None without one.

        The list can show projects only for these keys.
        """
        chosen = self.filter.valid_data.get(axis.facet)
        if not chosen or axis.name != "issue":
            return chosen
        return {key for key, main in self._mains.items() if key in chosen or main in chosen}

    def _countries(self, labels):
        """Return the countries of Central Asia, and Korea only if a filter asks for it.

        Korea takes part in every project.
        """
        korea = set(Place.objects.filter(group=Place.Group.KOREA).values_list("key", flat=True))
        chosen = self.filter.valid_data.get("country", [])
        return [(key, False) for key in labels if key not in korea or key in chosen]

    @functools.cached_property
    def _mains(self):
        """Return a dict from the key of each published issue to that of its main issue, or None, in their order."""
        return dict(Issue.objects.published().order_by("position", "key").values_list("key", "parent__key"))

    def _issues(self, labels):
        """Return (key, False) of each main issue, followed by (key, True) of the issues under it."""
        under = defaultdict(list)
        for key, main in self._mains.items():
            under[main if main in self._mains else None].append(key)
        return [pair for main in under[None] for pair in [(main, False), *((key, True) for key in under[main])]]

    def _periods(self):
        """Return periods of five years, from the first start of a project to the last, cut at the years of a filter."""
        years = self._in_use("started")
        if not years:
            return []
        low = max(self.filter.valid_data.get("started_from", 0), min(years) // SPAN * SPAN)
        high = min(self.filter.valid_data.get("started_to", 9999), max(years) // SPAN * SPAN + SPAN - 1)
        periods = []
        for year in range(low // SPAN * SPAN, high + 1, SPAN):
            first, last = max(year, low), min(year + SPAN - 1, high)
            periods.append(
                Member(
                    f"{first}-{last}",
                    year_range(first, last),
                    {"started_from": first, "started_to": last},
                    self.projects.started_in(first, last),
                )
            )
        return periods

    @property
    def rows(self):
        return self.members[self.choice.rows.name]

    @property
    def columns(self):
        return self.members[self.choice.columns.name]

    @property
    def has_words(self):
        """Return True if empty cells have room for words on a wide page."""
        return len(self.columns) <= COLUMNS_WITH_WORDS

    @property
    def fits(self):
        """Return True if a wide page shows all columns without scrolling."""
        return len(self.columns) <= COLUMNS_THAT_FIT

    # Cells

    def list_url(self, *members):
        """Return the URL of the project list for the common projects of these members."""
        query = dict(self.filter.valid_data)
        for member in members:
            query |= member.filters
        return with_query(self.list_path, query)

    def counted(self, *members) -> CoverageCell:
        """Return the cell of these members without budgets. Without members, it contains all projects."""
        # Each member contains only filtered projects, so the intersection of two sets is enough.
        *_others, one, other = [self.projects.found] * 2 + [member.projects for member in members]
        return CoverageCell(one.intersection_cardinality(other), self.list_url(*members))

    def cell(self, *members) -> CoverageCell:
        """Return the cell of these members, with budgets if a currency is chosen."""
        if not self.choice.currency:
            return self.counted(*members)
        projects = BitMap.intersection(self.projects.found, *(member.projects for member in members))
        if self.choice.is_converted:
            converted = projects & self.converted.known
            known, amount = len(converted), self.converted.sum(converted) if converted else None
        else:
            known, amount = self.projects.money(projects, self.choice.currency)
        return CoverageCell(len(projects), self.list_url(*members), known, amount)

    @functools.cached_property
    def converted(self):
        """Return the budgets in the chosen currency."""
        return converted_budgets(self.choice.currency)

    @functools.cached_property
    def _unshaded(self):
        return [[self.cell(row, column) for column in self.columns] for row in self.rows]

    @functools.cached_property
    def bounds(self):
        """Return the upper bound of each step of shading."""
        return shades(self._value(cell) for row in self._unshaded for cell in row)

    @functools.cached_property
    def cells(self) -> list[list[CoverageCell]]:
        """Return the cells, row by row, with their shades."""
        return [[replace(cell, step=self._step(self._value(cell))) for cell in row] for row in self._unshaded]

    def _value(self, cell):
        return cell.amount if self.choice.currency else cell.count

    def _step(self, value):
        return bisect_left(self.bounds, value) + 1 if value else 0

    @functools.cached_property
    def table(self):
        """Return (member, cells, total) of each row."""
        return [(row, cells, self.cell(row)) for row, cells in zip(self.rows, self.cells, strict=True)]

    @functools.cached_property
    def column(self) -> Member | None:
        """Return the only column that a phone shows; None if it shows the totals of the rows."""
        return next((column for column in self.columns if column.key == self.choice.column), None)

    @functools.cached_property
    def shown(self) -> list[CoverageRow]:
        """Return the rows that the page and the file show, which may be only those with gaps."""
        chosen = self.columns.index(self.column) if self.column else None
        found = [
            (row, cells, total, total if chosen is None else cells[chosen])
            for row, cells, total in self.table
            if not self.choice.only or any(not cell.count for cell in (cells if chosen is None else [cells[chosen]]))
        ]
        most = max((self._value(cell) or 0 for *_row, cell in found), default=0)
        return [
            CoverageRow(
                row,
                cells,
                total,
                cell,
                round(100 * (self._value(cell) or 0) / most) if most else 0,
                []
                if self.column
                else [column for column, one in zip(self.columns, cells, strict=True) if not one.count],
            )
            for row, cells, total, cell in found
        ]

    @functools.cached_property
    def column_totals(self):
        return [self.cell(column) for column in self.columns]

    @functools.cached_property
    def total(self):
        return self.cell()

    @property
    def rows_html(self):
        """Return pairs of member and HTML cells of the rows that the page shows."""
        return [(row.member, row_html(row.cells, row.total, **self._how)) for row in self.shown]

    @property
    def totals_html(self):
        """Return the HTML cells of the last row."""
        cells = [cell_html(cell, is_total=True, **self._how) for cell in [*self.column_totals, self.total]]
        return mark_safe("".join(cells))

    @functools.cached_property
    def _how(self):
        return {"currency": self.choice.currency, "no_amount": self.no_amount}

    @property
    def legend(self):
        """Return (step, text) of each step of shading."""
        legend, low = [], 1
        for step, bound in enumerate(self.bounds, 1):
            if self.choice.currency:
                words = gettext("up to {amount}").format(amount=in_millions(bound))
            else:
                words = number_range(low, bound) if low < bound else number(bound)
            legend.append((step, words))
            low = bound + 1
        return legend

    # Words

    @property
    def caption(self):
        return self._caption(self.choice.columns.label)

    @property
    def column_caption(self):
        """Return the caption of the column that a phone shows."""
        return self._caption(self.column.label if self.column else pgettext("total", "All"))

    def _caption(self, columns):
        words = gettext("Number of projects: {rows} × {columns}")
        if self.choice.currency:
            words = gettext("Known budgets in million {currency}: {rows} × {columns}")
        if self.choice.is_converted:
            words = gettext("Known budgets, converted into million {currency}: {rows} × {columns}")
        return words.format(currency=self.choice.currency, rows=self.choice.rows.label, columns=columns)

    @property
    def sentences(self):
        """Return computed sentences on the table: which cells are the fullest, and how many are empty."""
        every = [
            (self._value(cell), pgettext("two filters", "{row} × {column}").format(row=row.label, column=column.label))
            for row, cells, _total in self.table
            for column, cell in zip(self.columns, cells, strict=True)
        ]
        full = max((value for value, _pair in every if value), default=None)
        fullest = [pair for value, pair in every if full and value == full]
        return [sentence for sentence in (self._fullest(full, fullest), self._empty()) if sentence]

    def _fullest(self, full, pairs):
        if not pairs:
            return ""
        if self.choice.currency:
            words = gettext("The largest total of known budgets in one cell is {amount} ({pairs}).")
            amount = money_in_words(full, self.choice.currency, rounded=True)
            return words.format(amount=amount, pairs="; ".join(pairs))
        if len(pairs) > MOST_PAIRS:
            words = gettext("The highest count in one cell is {count}, in {cells} cells.")
            return words.format(count=count_words(full), cells=number(len(pairs)))
        words = gettext("The highest count in one cell is {count} ({pairs}).")
        return words.format(count=count_words(full), pairs="; ".join(pairs))

    def _empty(self):
        every = [cell for row in self.cells for cell in row]
        empty = sum(not cell.count for cell in every)
        if not every:
            return ""
        if not empty:
            return gettext("No cell is empty.")
        return ngettext(
            "%(empty)s of %(all)s cells has no sourced project.",
            "%(empty)s of %(all)s cells have no sourced project.",
            empty,
        ) % {"empty": number(empty), "all": number(len(every))}

    @property
    def statuses(self):
        """Return pairs of label and cell for each status that readers see of the covered projects today."""
        facet = self.filter.filters["status_now"]
        counts = facet.counts_from_index(self.projects.sets["status_now"], self.projects.found)
        asked = self.filter.valid_data
        return [
            (label, CoverageCell(counts[value], with_query(self.list_path, asked | {"status_now": [value]})))
            for value, label in StatusNow.choices
            if counts[value]
        ]

    @property
    def notes(self):
        """Return sentences that explain how to read the table."""
        axes = (self.choice.rows, self.choice.columns)
        notes = []
        if any(axis.several for axis in axes):
            notes.append(
                gettext(
                    "A project that belongs to several rows or columns counts in each of them; totals count it once, "
                    "so they may be less than the sum."
                )
            )
        notes += [str(axis.counted) for axis in axes if axis.counted]
        for axis in axes:
            somewhere = NONE.union(*(member.projects for member in self.members[axis.name]))
            if lacking := len(self.projects) - len(somewhere):
                notes.append(axis.lacking(lacking))
        return notes

    @property
    def money_notes(self):
        """Return sentences on how many budgets are known, and how they are added up; [] without a currency."""
        if not self.choice.currency:
            return []
        return [
            " ".join(self._converted_notes() if self.choice.is_converted else [self._stated_note()]),
            gettext(
                "Small numbers show how many of a cell’s projects the total covers. A budget is counted in full in "
                "each of its cells, because no source divides it, and once in totals. Totals are rounded; exact "
                "values are in the CSV."
            ),
        ]

    @property
    def no_amount(self):
        """Return the words for a cell with projects and without an amount."""
        return gettext("no budget with a rate") if self.choice.is_converted else gettext("no known budget")

    @property
    def rates_url(self):
        """Return the URL of the source of the rates; "" if none was needed."""
        return SOURCE_URL if self.choice.is_converted and any(self._rates()) else ""

    def _stated_note(self):
        unknown = len(self.projects.found - self.projects.with_budget)
        return gettext(
            "{all}: {known} with a known budget in {currency}, {other} in another currency (not converted), "
            "{unknown} without a known budget."
        ).format(
            all=count_words(self.total.count),
            known=number(self.total.known),
            currency=self.choice.currency,
            other=number(self.total.count - self.total.known - unknown),
            unknown=number(unknown),
        )

    def _converted_notes(self):
        """Return the sums as stated, then the converted sum with its rates, and what is left out."""
        budgets = sum_budgets(self.projects.found, self.choice.currency)
        converted = budgets.converted
        return [budgets.sentence, *((converted.sentence, converted.rates) if converted else ())]

    # Files

    def columns_and_rows(self):
        """Return the columns, as (name, label), and the rows of the table for a file."""
        axis, currency = self.choice.rows, self.choice.currency
        columns = [*((column.key, column.label) for column in self.columns), ("all", pgettext("total", "All"))]
        if currency:
            columns = [
                (f"{key}_{figure}", words.format(column=label, currency=currency))
                for key, label in columns
                for figure, words in (
                    ("amount", pgettext("column of a table", "{column}: {currency}")),
                    (
                        "known",
                        gettext("{column}: projects with a budget converted into {currency}")
                        if self.choice.is_converted
                        else gettext("{column}: projects with a budget in {currency}"),
                    ),
                    ("projects", gettext("{column}: projects")),
                )
            ]
        columns = [("key", gettext("Key")), ("label", str(axis.label)), *columns]
        if self.choice.is_converted:
            columns += [
                ("rates_from", gettext("first day of the exchange rates")),
                ("rates_to", gettext("last day of the exchange rates")),
                ("rate_source", gettext("source of the exchange rates")),
            ]
        rows = [
            (row.member.key, row.member.label, [*row.cells, row.total], self._rates(row.member)) for row in self.shown
        ]
        rows.append(("", pgettext("total", "All"), [*self.column_totals, self.total], self._rates()))
        return columns, [
            [
                key,
                label,
                *(
                    figure
                    for cell in cells
                    for figure in ((cell.amount, cell.known, cell.count) if currency else (cell.count,))
                ),
                *rates,
            ]
            for key, label, cells, rates in rows
        ]

    def _rates(self, *members):
        """Return the cells of a file on the rates of these members: first and last day, and the source."""
        if not self.choice.is_converted:
            return []
        projects = BitMap.intersection(self.projects.found, *(member.projects for member in members))
        days = self.converted.rate_days(projects & self.converted.known)
        return [*(day.isoformat() for day in days), SOURCE] if days else ["", "", ""]


def count_words(count):
    """Return a number of projects as text, such as "2 projects"."""
    return ProjectList.count_words(count)
