"""Budgets of projects: sums of any set of them, as stated and converted to one currency.

Budgets are held in memory, so that a set is added up without a query. A sum always stands beside the number of projects
whose budget is known. Amounts of different currencies are only added where a reader asks for one currency. Then each
budget is converted at the rate of the day on which its project started (`rate_on`), because its value was agreed about
then. A budget without such a rate is left out and counted.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from django.utils.html import strip_tags
from django.utils.translation import gettext, ngettext, pgettext

from portal.core.choices import Currency
from portal.core.exchange_rates import SOURCE_URL, Rate, rate_on
from portal.core.formatting import date_in_sentence, date_range, money_in_words, name_list, number
from portal.core.partial_dates import PartialDate
from portal.core.urls import with_query
from portal.facets import bitmaps, registry
from portal.facets.bitmaps import NONE, BitMap
from projects.models import Project

CONVERTIBLE = (Currency.USD.value, Currency.KRW.value, Currency.EUR.value)  # what readers can ask for
CENT = Decimal("0.01")


# ── One budget ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class ConvertedBudget:
    """A budget in another currency, and the rate that was used."""

    amount: Decimal
    currency: str
    rate: Rate

    @property
    def words(self) -> str:
        """Return the amount, rounded to four significant digits, with the day of the rate."""
        amount = money_in_words(Decimal(f"{self.amount:.4g}"), self.currency)
        return gettext("about {amount}, rate of {date}").format(amount=amount, date=date_in_sentence(self.rate.day))


def convert(budget: Decimal | None, currency: str, start: PartialDate | None, new: str) -> ConvertedBudget | None:
    """Return a budget in the currency `new` at the rate of the start of its project.

    None if it is unknown or stated in that currency already, or if there is no rate.
    """
    if budget is None or start is None or currency == new:
        return None
    rate = rate_on(currency, new, start)
    return rate and ConvertedBudget((budget * rate.value).quantize(CENT), new, rate)


def convert_budget(project: Project, currency: str) -> ConvertedBudget | None:
    """Return `convert` of the budget of a project."""
    return convert(project.budget, project.currency, project.start, currency)


# ── All budgets, in memory ───────────────────────────────────────────────────────────────────────────────────────


class JoinedAmounts(bitmaps.AggregatedIds):
    """Amounts in hundredths as one value, in the same order as an `AggregatedIds` of the primary keys beside it."""

    template = "%(function)s(CAST(ROUND(%(expressions)s * 100) AS INTEGER))"

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="string_agg(int8send((%(expressions)s * 100)::bigint), '')")


@dataclass(frozen=True, kw_only=True)
class Budgets(bitmaps.VersionedSnapshot):
    """The budgets of projects in hundredths of their currency, indexed by primary key; 0 if unknown."""

    hundredths: array

    def sum(self, projects) -> Decimal:
        """Return the sum of the budgets of these projects. All of them must have one in the same currency."""
        return Decimal(sum(values_of(self.hundredths, projects))).scaleb(-2)


@dataclass(frozen=True, kw_only=True)
class ConvertedBudgets(bitmaps.VersionedSnapshot):
    """The budgets of all projects in one currency, indexed by primary key, and the days of their rates as ordinals.

    `known` are the projects that have an amount. Those that state it in this currency have the day 0.
    """

    known: BitMap
    amounts: array
    days: array

    def sum(self, projects) -> Decimal:
        """Return the sum of these projects, which are in `known`, to the cent. Any order of adding gives the same."""
        return Decimal(math.fsum(values_of(self.amounts, projects))).quantize(CENT)

    def rate_days(self, projects) -> tuple[date, date] | None:
        """Return the first and the last day of the rates that these projects need; None if they need none."""
        days = [day for day in values_of(self.days, projects) if day]
        return (date.fromordinal(min(days)), date.fromordinal(max(days))) if days else None


def values_of(values: array, projects) -> Iterable:
    """Return the values of these projects. The bitmap may be newer than the array and contain projects it lacks."""
    pks = projects.to_array()
    return map(values.__getitem__, pks[: bisect_left(pks, len(values))])


def _longer(values: array, pks: Iterable[int]) -> array:
    """Return a copy of an array that has a place for each of the primary keys."""
    missing = max(0, max(pks, default=0) + 1 - len(values))
    return values + array(values.typecode, bytes(values.itemsize * missing))


def _with(hundredths, projects):
    """Return a copy of `hundredths` with the budgets of `projects`."""
    found = projects.filter(budget__isnull=False).order_by()
    joined = found.aggregate(pks=bitmaps.AggregatedIds("pk"), hundredths=JoinedAmounts("budget"))
    pks, amounts = bitmaps.to_array("I", joined["pks"]), bitmaps.to_array("q", joined["hundredths"])
    new = _longer(hundredths, pks)
    for pk, amount in zip(pks, amounts, strict=True):
        new[pk] = amount
    return new


def _read(state):
    return Budgets(state=state, hundredths=_with(array("q"), Project.objects.all()))


def _apply_changes(old, state):
    changed = bitmaps.changed_since(old, state, Project)
    if changed is None:
        return _read(state)
    return Budgets(state=state, hundredths=_with(old.hundredths, Project.objects.filter(pk__in=changed)))


def known_budgets() -> Budgets:
    """Return the budgets of the current content version, as stated."""
    return bitmaps.snapshots.current("budgets", _read, _apply_changes)


def _convert_more(currency, state, projects, known, amounts, days):
    """Return the snapshot that has also the budgets of `projects`, which are not in `known`."""
    rows = projects.filter(budget__isnull=False).order_by().values_list("currency", "start")
    found = []
    for stated, start, pks, hundredths in rows.annotate(
        pks=bitmaps.AggregatedIds("pk"), hundredths=JoinedAmounts("budget")
    ):
        rate = None if start is None or stated == currency else rate_on(stated, currency, start)
        if rate or stated == currency:
            factor, day = (float(rate.value), rate.day.toordinal()) if rate else (1.0, 0)
            found.append((bitmaps.to_array("I", pks), bitmaps.to_array("q", hundredths), factor, day))
    highest = [max(pks) for pks, *_rest in found]
    amounts, days = _longer(amounts, highest), _longer(days, highest)
    for pks, hundredths, factor, day in found:
        known = known | BitMap(pks)
        for pk, amount in zip(pks, hundredths, strict=True):
            amounts[pk], days[pk] = amount * factor / 100, day
    return ConvertedBudgets(state=state, known=known, amounts=amounts, days=days)


def _convert_all(currency, state):
    return _convert_more(currency, state, Project.objects.all(), NONE, array("d"), array("I"))


def _convert_changed(currency, old, state):
    changed = bitmaps.changed_since(old, state, Project)
    if changed is None:
        return _convert_all(currency, state)
    projects = Project.objects.filter(pk__in=changed)
    return _convert_more(currency, state, projects, old.known - BitMap(changed), old.amounts, old.days)


def converted_budgets(currency: str) -> ConvertedBudgets:
    """Return the budgets of the current content version in one currency."""
    return bitmaps.snapshots.current(
        f"budgets in {currency}", partial(_convert_all, currency), partial(_convert_changed, currency)
    )


# ── Sums ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class ConvertedSum:
    """The sum of budgets in one currency. `count` of them are in it, and `left_out` have no rate.

    `rate_days` are the first and the last day of the rates; None if all budgets are stated in this currency.
    """

    currency: str
    amount: Decimal
    count: int
    left_out: int
    rate_days: tuple[date, date] | None
    source_url = SOURCE_URL

    @property
    def sentence(self) -> str:
        """Return the sum in words, with what is left out."""
        if not self.count:
            return left_out_words(self.left_out)
        words = gettext("Converted into {currency}: {amount} ({count} of {all} known budgets).").format(
            currency=self.currency,
            amount=money_in_words(self.amount, self.currency, rounded=True),
            count=number(self.count),
            all=number(self.count + self.left_out),
        )
        return f"{words} {left_out_words(self.left_out)}" if self.left_out else words

    @property
    def rates(self) -> str:
        """Return a sentence on the rates: their source, rule and days; "" if none was needed."""
        return rates_words(*self.rate_days) if self.rate_days else ""


def left_out_words(count: int) -> str:
    """Return a sentence on the budgets that no rate could convert."""
    return ngettext(
        "%(count)s budget is left out, because there is no rate for the start of its project.",
        "%(count)s budgets are left out, because there is no rate for the start of their projects.",
        count,
    ) % {"count": number(count)}


def rates_words(first: date, last: date) -> str:
    """Return a sentence on the rates that were used: their source, rule and days."""
    return gettext(
        "Rates: euro reference rates of the European Central Bank of the day each project started, or the last one of "
        "its month or year, as far as the start is known ({days})."
    ).format(days=strip_tags(date_range(first, last)))


@dataclass(frozen=True)
class BudgetSum:
    """The known budgets of `projects` projects: `stated` are (currency, sum, number of projects).

    `converted` is their sum in the currency that a reader asks for; None without one, and if no budget is known.
    """

    projects: int
    stated: list[tuple[str, Decimal, int]]
    converted: ConvertedSum | None = None

    @property
    def known(self) -> int:
        return sum(count for _currency, _sum, count in self.stated)

    @property
    def sentence(self) -> str:
        """Return the sums as stated, beside the number of projects whose budget is known."""
        if not self.known:
            return gettext("The budget is not known for any of them.")
        return gettext("Budget known for {known} of {all}: {sums}.").format(
            known=number(self.known),
            all=number(self.projects),
            sums=name_list([money_in_words(total, currency, rounded=True) for currency, total, _count in self.stated]),
        )


def sum_budgets(projects: BitMap, currency: str = "") -> BudgetSum:
    """Return the sum of the known budgets of these projects, also in `currency` if it is given."""
    by_currency = registry.facet_index(Project).facets["currency"]
    sets = {code: projects & by_currency[code] for code in Currency.values if code in by_currency}
    budgets = known_budgets()
    stated = [(code, budgets.sum(found), len(found)) for code, found in sets.items() if found]
    converted = None
    if currency and stated:
        known, all_converted = NONE.union(*sets.values()), converted_budgets(currency)
        counted = known & all_converted.known
        converted = ConvertedSum(
            currency,
            all_converted.sum(counted),
            len(counted),
            len(known) - len(counted),
            all_converted.rate_days(counted),
        )
    return BudgetSum(len(projects), stated, converted)


# ── What a reader asks for ───────────────────────────────────────────────────────────────────────────────────────


def asked_currency(data) -> str:
    """Return the currency of the parameter `currency`, in upper or lower case; "" if it is missing or not offered."""
    code = data.get("currency", "").upper()
    return code if code in CONVERTIBLE else ""


def is_wrong_currency(data) -> bool:
    """Return True if the parameter `currency` has a value that is not offered."""
    return bool(data.get("currency")) and not asked_currency(data)


def currency_links(path: str, query, chosen: str) -> list[tuple]:
    """Return (label, URL of the same page, whether it is chosen) for amounts as stated, then for each currency.

    `query` are the other parameters of the page.
    """
    links = [(pgettext("budgets", "as stated"), with_query(path, query), not chosen)]
    return links + [
        (
            pgettext("budgets", "in {currency}").format(currency=code),
            with_query(path, {**query, "currency": code.lower()}),
            code == chosen,
        )
        for code in CONVERTIBLE
    ]
