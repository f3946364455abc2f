"""Moments of the calendar in the portal's time zone."""

import datetime

from django.utils import timezone


def start_of_day(moment: datetime.datetime | None = None) -> datetime.datetime:
    """Return the midnight with which the day of a moment began, or today."""
    return timezone.localtime(moment).replace(hour=0, minute=0, second=0, microsecond=0)
