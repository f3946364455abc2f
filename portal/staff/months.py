"""Months in the addresses of the desk: "2026-11"."""

import calendar
import datetime
import re
from dataclasses import dataclass

from django.utils import timezone

from portal.core.partial_dates import PartialDate

MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
FIRST_YEAR, LAST_YEAR = 1900, 2199


@dataclass(frozen=True)
class Month:
    """A month of a year."""

    year: int
    number: int

    @classmethod
    def from_text(cls, text):
        """Return the month of a text such as "2026-11"; the present one for any other text."""
        if (found := MONTH.fullmatch(text)) and FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
            return cls(int(found[1]), int(found[2]))
        today = timezone.localdate()
        return cls(today.year, today.month)

    def __str__(self):
        return f"{self.year:04}-{self.number:02}"

    @property
    def date(self):
        """Return the month as a PartialDate."""
        return PartialDate(str(self))

    @property
    def is_present(self):
        return self == Month.from_text("")

    @property
    def first_day(self):
        return datetime.date(self.year, self.number, 1)

    @property
    def last_day(self):
        return datetime.date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    @property
    def start(self):
        """Return the first moment of the month."""
        return _midnight(self.first_day)

    @property
    def end(self):
        """Return the first moment after the month."""
        return _midnight(self.last_day + datetime.timedelta(days=1))

    def away(self, months):
        """Return the month that is this number of months later."""
        year, number = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(year, number + 1)


def _midnight(day):
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
