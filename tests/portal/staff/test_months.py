"""Months in addresses."""

import datetime

import pytest
from django.utils import timezone

from portal.staff.months import Month


@pytest.mark.parametrize("text", ["", "x", "2026-13", "2026-1", "2026-00", "0001-01", "9999-12", "2026-11-01"])
def test_wrong_text_is_the_present_month(text):
    today = timezone.localdate()
    assert Month.from_text(text) == Month(today.year, today.month)
    assert Month.from_text(text).is_present


def test_month_has_its_first_and_last_day():
    month = Month.from_text("2028-02")
    assert (str(month), month.first_day, month.last_day) == (
        "2028-02",
        datetime.date(2028, 2, 1),
        datetime.date(2028, 2, 29),
    )
    assert month.start < month.end
    assert timezone.localtime(month.end).date() == datetime.date(2028, 3, 1)


@pytest.mark.parametrize(("months", "text"), [(1, "2027-01"), (-12, "2025-12"), (0, "2026-12"), (14, "2028-02")])
def test_months_away(months, text):
    assert str(Month(2026, 12).away(months)) == text
