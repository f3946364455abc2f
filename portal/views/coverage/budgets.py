"""The known budgets of projects, held in memory: any set of them is added up without a query."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal

from portal.facets import bitmaps
from projects.models import Project


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
        # The bitmap may be newer than the budgets and contain projects that these lack.
        pks = projects.to_array()
        there = pks[: bisect_left(pks, len(self.hundredths))]
        return Decimal(sum(map(self.hundredths.__getitem__, there))).scaleb(-2)


def _found(projects):
    """Return two arrays for those of `projects` that have a budget: primary keys and hundredths."""
    found = projects.filter(budget__isnull=False).order_by()
    joined = found.aggregate(pks=bitmaps.AggregatedIds("pk"), hundredths=JoinedAmounts("budget"))
    return bitmaps.to_array("I", joined["pks"]), bitmaps.to_array("q", joined["hundredths"])


def _with(hundredths, projects):
    """Return a copy of `hundredths` with the budgets of `projects`."""
    pks, amounts = _found(projects)
    new = hundredths + array("q", bytes(8 * max(0, max(pks, default=0) + 1 - len(hundredths))))
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
    """Return the budgets of the current content version."""
    return bitmaps.snapshots.current("budgets", _read, _apply_changes)
