"""Dates that are known to the day, the month or the year, and no better.

They are written as ISO 8601 reduced precision, which is EDTF level 0: `2021-07-02`, `2021-07` or `2021`. The text is
also what the database keeps: it states its own precision, sorts in time, and both engines compare it alike.
"""

import calendar
import datetime
import re
from collections.abc import Sequence
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext_lazy as _

PATTERN = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?", re.ASCII)


class PartialDate(str):
    """A day, month or year as ISO text. Raises ValueError for anything else, an impossible day included."""

    __slots__ = ("day", "month", "year")

    year: int
    month: int | None
    day: int | None

    def __new__(cls, text: str) -> Self:
        match = PATTERN.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not YYYY-MM-DD, YYYY-MM or YYYY.")
        self = super().__new__(cls, text)
        self.year = int(match["year"])
        self.month = int(match["month"]) if match["month"] else None
        self.day = int(match["day"]) if match["day"] else None
        datetime.date(self.year, *(1 if part is None else part for part in (self.month, self.day)))
        return self

    @property
    def precision(self) -> str:
        """`day`, `month` or `year`."""
        return "day" if self.day else "month" if self.month else "year"

    @property
    def decade(self) -> int:
        """The first year of its decade."""
        return self.year // 10 * 10

    @property
    def first_day(self) -> datetime.date:
        """The earliest day that this date can mean."""
        return datetime.date(self.year, self.month or 1, self.day or 1)

    @property
    def last_day(self) -> datetime.date:
        """The latest day that this date can mean."""
        month = self.month or 12
        return datetime.date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    def is_over_before(self, day: datetime.date) -> bool:
        """Return True if `last_day` is earlier than `day`.

        Texts are compared, as `ended_before` does, which is much faster than making dates.
        """
        text = day.isoformat()
        return self < text and not text.startswith(self)


class PartialDateField(models.CharField):
    """A PartialDate column; unknown is NULL."""

    description = _("A day, month or year")
    default_error_messages = {
        "invalid": _("“%(value)s” is not a date. Use YYYY-MM-DD, YYYY-MM or YYYY, as precisely as known."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 10
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"]
        return name, path, args, kwargs

    def from_db_value(
        self, value: str | None, expression: models.Expression, connection: BaseDatabaseWrapper
    ) -> PartialDate | None:
        return None if value is None else PartialDate(value)

    def to_python(self, value: object) -> PartialDate | None:
        if value is None or isinstance(value, PartialDate):
            return value
        text = str(value).strip()
        if not text:
            return None
        try:
            return PartialDate(text)
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": text}) from error

    def get_prep_value(self, value: object) -> str | None:
        date = self.to_python(value)
        return None if date is None else str(date)


def not_before(end: str, start: str) -> models.Q:
    """The condition that the date in column `end` is not before the one in column `start`, as far as both are known.

    A year is not before any of its own days, hence the comparison by prefix.
    """
    return (
        models.Q(**{f"{end}__isnull": True})
        | models.Q(**{f"{start}__isnull": True})
        | models.Q(**{f"{end}__gte": models.F(start)})
        | models.Q(**{f"{start}__startswith": models.F(end)})
    )


def ended_before(column: str, day: datetime.date) -> models.Q:
    """Return the condition that the date in `column` is over before `day`: its `last_day` is earlier.

    An unknown date does not meet it. The year and the month of `day` sort before it as text, but are not over.
    """
    text = day.isoformat()
    return models.Q(**{f"{column}__lt": text}) & ~models.Q(**{f"{column}__in": [text[:4], text[:7]]})


def not_ended_before(column: str, day: datetime.date) -> models.Q:
    """Return the opposite of `ended_before`; an unknown date meets it."""
    text = day.isoformat()
    return (
        models.Q(**{f"{column}__isnull": True})
        | models.Q(**{f"{column}__gte": text})
        | models.Q(**{f"{column}__in": [text[:4], text[:7]]})
    )


def months_before(day: datetime.date, months: int) -> datetime.date:
    """Return the same day of the month so many months earlier, or the last day of that month if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
