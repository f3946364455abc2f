"""The status of a project: what its newest source states, and what readers see of it on a day.

A stated status grows old. `TABLE` says what takes its place when the end has passed, when the newest source that states
it is older than `CURRENT_MONTHS`, or when no source dates it. Nothing of this is stored, because it depends on the day.
The table is read in three forms that agree: for one project (`status_on`), as SQL (`has_status_on`), and for the
bitmaps of a list (`ids_by_status_on`).
"""

import datetime
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from pyroaring import BitMap

from portal.core.choices import IatiChoices
from portal.core.formatting import date_in_sentence
from portal.core.partial_dates import PartialDate, ended_before, months_before, not_ended_before

CURRENT_MONTHS = 24  # so old may the newest source be that states a status as the present one


class StatedStatus(IatiChoices):
    """What the newest source states. Codes of the IATI list ActivityStatus."""

    PIPELINE = "pipeline", "1", _("Planned")
    IMPLEMENTATION = "implementation", "2", _("Under way")
    FINALISATION = "finalisation", "3", _("Closing")
    CLOSED = "closed", "4", pgettext_lazy("project", "Completed")
    CANCELLED = "cancelled", "5", pgettext_lazy("project", "Cancelled")
    SUSPENDED = "suspended", "6", pgettext_lazy("project", "Suspended")

    @classmethod
    def unfinished(cls):
        """Return the statuses of projects whose work continues."""
        return [cls.IMPLEMENTATION, cls.FINALISATION]

    @classmethod
    def lasting(cls):
        """Return the statuses that no later report can change."""
        return [cls.CLOSED, cls.CANCELLED]


class StatusNow(models.TextChoices):
    """What readers see on a day. A stated status that is current keeps its code."""

    PIPELINE = StatedStatus.PIPELINE.value, _("Planned")
    IMPLEMENTATION = StatedStatus.IMPLEMENTATION.value, _("Under way")
    FINALISATION = StatedStatus.FINALISATION.value, _("Closing")
    PIPELINE_LAST_REPORTED = "pipeline-last-reported", _("Planned when last reported")
    IMPLEMENTATION_LAST_REPORTED = "implementation-last-reported", _("Under way when last reported")
    FINALISATION_LAST_REPORTED = "finalisation-last-reported", _("Closing when last reported")
    PIPELINE_UNDATED = "pipeline-undated", _("Planned; date of the report not known")
    IMPLEMENTATION_UNDATED = "implementation-undated", _("Under way; date of the report not known")
    FINALISATION_UNDATED = "finalisation-undated", _("Closing; date of the report not known")
    END_PASSED = "end-passed", _("End date passed; completion not confirmed")
    CLOSED = StatedStatus.CLOSED.value, pgettext_lazy("project", "Completed")
    CANCELLED = StatedStatus.CANCELLED.value, pgettext_lazy("project", "Cancelled")
    SUSPENDED = StatedStatus.SUSPENDED.value, pgettext_lazy("project", "Suspended")


# A project with one of these is known to be under way today.
UNDER_WAY = (StatusNow.IMPLEMENTATION, StatusNow.FINALISATION)


@dataclass(frozen=True)
class StatusRule:
    """A row of the table: what readers see in place of a stated status if a date of the project is too old.

    `column` has the date. It is too old if it is over before the day `before(today)`; without `before`, the rule is
    about dates that are not known. `shown` is the result by stated status.
    """

    column: str
    before: Callable[[datetime.date], datetime.date] | None
    shown: dict[StatedStatus, StatusNow]

    def holds(self, value: PartialDate | None, today: datetime.date) -> bool:
        """Return True if the rule applies to a project with `value` in the column."""
        if self.before is None:
            return value is None
        return value is not None and value.is_over_before(self.before(today))

    def condition(self, today: datetime.date) -> models.Q:
        """Return `holds` as a condition of the database."""
        if self.before is None:
            return models.Q(**{f"{self.column}__isnull": True})
        return ended_before(self.column, self.before(today))

    def opposite(self, today: datetime.date) -> models.Q:
        """Return the condition that the rule does not apply."""
        if self.before is None:
            return models.Q(**{f"{self.column}__isnull": False})
        return not_ended_before(self.column, self.before(today))


# The first rule that holds for a project decides. Without one, readers see the stated status.
TABLE = (
    StatusRule(
        "end",
        lambda today: today,
        {
            StatedStatus.PIPELINE: StatusNow.END_PASSED,
            StatedStatus.IMPLEMENTATION: StatusNow.END_PASSED,
            StatedStatus.FINALISATION: StatusNow.END_PASSED,
        },
    ),
    StatusRule(
        "status_as_of",
        lambda today: months_before(today, CURRENT_MONTHS),
        {
            StatedStatus.PIPELINE: StatusNow.PIPELINE_LAST_REPORTED,
            StatedStatus.IMPLEMENTATION: StatusNow.IMPLEMENTATION_LAST_REPORTED,
            StatedStatus.FINALISATION: StatusNow.FINALISATION_LAST_REPORTED,
        },
    ),
    StatusRule(
        "status_as_of",
        None,
        {
            StatedStatus.PIPELINE: StatusNow.PIPELINE_UNDATED,
            StatedStatus.IMPLEMENTATION: StatusNow.IMPLEMENTATION_UNDATED,
            StatedStatus.FINALISATION: StatusNow.FINALISATION_UNDATED,
        },
    ),
)
COLUMNS = ("status", "end", "status_as_of")  # all that the status of a day is made from


def status_on(
    status: str, end: PartialDate | None, status_as_of: PartialDate | None, today: datetime.date
) -> StatusNow:
    """Return what readers see on the day `today` of a project with these values."""
    values = {"end": end, "status_as_of": status_as_of}
    for rule in TABLE:
        if status in rule.shown and rule.holds(values[rule.column], today):
            return rule.shown[StatedStatus(status)]
    return StatusNow(status)


def status_then(
    status: str,
    start: PartialDate | None,
    end: PartialDate | None,
    status_as_of: PartialDate | None,
    day: datetime.date,
    today: datetime.date,
) -> StatusNow | None:
    """Return the status on any day; None if the dates of the project do not show it.

    The newest report may be later than a past day. Work that had begun by then and went on until later was under way.
    Nothing shows the status before a report that a project is planned, suspended or cancelled.
    """
    is_reported = status_as_of is not None and status_as_of.first_day <= day
    if day >= today or is_reported or (end is not None and end.is_over_before(day)):
        return status_on(status, end, status_as_of, day)
    went_on = status in StatedStatus.unfinished() or (status == StatedStatus.CLOSED and end is not None)
    return StatusNow.IMPLEMENTATION if went_on and start is not None and start.last_day <= day else None


def has_status_on(wanted: Collection[str], today: datetime.date) -> models.Q:
    """Return the condition that readers see one of `wanted` (codes of StatusNow) on the day `today`."""
    found = models.Q(pk__in=[])
    for status in StatedStatus:
        earlier = models.Q(status=status)
        for rule in TABLE:
            if status not in rule.shown:
                continue
            if rule.shown[status] in wanted:
                found |= earlier & rule.condition(today)
            earlier &= rule.opposite(today)
        if status in wanted:
            found |= earlier
    return found


def ids_by_status_on(bitmaps: dict, today: datetime.date) -> dict[StatusNow, BitMap]:
    """Return the ids of the projects that have each status on the day `today`.

    `bitmaps` have the ids of the projects by pairs of a column of `COLUMNS` and a value.
    """
    by_column: dict[str, dict] = {column: {} for column in COLUMNS}
    for key, ids in bitmaps.items():
        if isinstance(key, tuple):
            column, value = key
            by_column[column][value] = ids
    matched = []
    for rule in TABLE:
        values = by_column[rule.column]
        if rule.before is None:
            matched.append((rule, BitMap.union(BitMap(), *values.values()), False))
        else:
            day = rule.before(today)
            over = [ids for value, ids in values.items() if value.is_over_before(day)]
            matched.append((rule, BitMap.union(BitMap(), *over), True))
    found = {status: BitMap() for status in StatusNow}
    for status, ids in by_column["status"].items():
        rest = ids
        for rule, dates, is_within in matched:
            if status in rule.shown:
                shown = StatedStatus(status)
                found[rule.shown[shown]] |= rest & dates if is_within else rest - dates
                rest = rest - dates if is_within else rest & dates
        found[StatusNow(status)] |= rest
    return found


def is_current(shown: StatusNow) -> bool:
    """Return True if readers see the stated status itself."""
    return shown in StatedStatus.values


def label_on(shown: StatusNow, end: PartialDate | None, status_as_of: PartialDate | None) -> str:
    """Return the words for a status of a day, in the active language, with the date that decides."""
    if shown == StatusNow.END_PASSED:
        return gettext("End date {date} passed; completion not confirmed").format(date=date_in_sentence(end))
    words = {
        StatusNow.PIPELINE_LAST_REPORTED: gettext("Planned when last reported ({date})"),
        StatusNow.IMPLEMENTATION_LAST_REPORTED: gettext("Under way when last reported ({date})"),
        StatusNow.FINALISATION_LAST_REPORTED: gettext("Closing when last reported ({date})"),
    }
    if shown in words:
        return words[shown].format(date=date_in_sentence(status_as_of))
    return str(shown.label)
