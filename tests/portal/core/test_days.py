"""Moments of the calendar in the portal's time zone."""

import datetime

from django.utils import timezone

from portal.core.days import start_of_day

SEOUL = datetime.timezone(datetime.timedelta(hours=9))


def test_day_begins_at_midnight_of_the_portal(settings):
    settings.TIME_ZONE = "Asia/Seoul"
    late = datetime.datetime(2026, 11, 27, 16, tzinfo=datetime.UTC)  # 1 o'clock of the 28th in Seoul
    assert start_of_day(late) == datetime.datetime(2026, 11, 28, tzinfo=SEOUL)


def test_today_began_within_the_last_24_hours():
    assert datetime.timedelta(0) <= timezone.now() - start_of_day() < datetime.timedelta(days=1)
