"""iCalendar files (RFC 5545): the dated records of a list, for calendar programs.

Calendars have days, and records often have only a month or a year. A date known to the month becomes an event of all
days of that month, whose description says so. A date known only to the year is left out, because it would fill a year
of each reader's calendar; the description of the calendar counts those.
"""

import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext, ngettext
from icalendar import Calendar, Event

from portal.core.formatting import date_in_sentence, number
from portal.core.partial_dates import PartialDate
from portal.formats.serialisers import SERIALISERS

TYPE = "text/calendar; charset=utf-8"
MOST_RECORDS = 5_000  # of one calendar: an entry takes 0.3 ms, and programs become slow with more
REFRESH = datetime.timedelta(days=1)  # records change less than once a day


class CalendarDate(NamedTuple):
    """A date of a record. `part` tells it from the other dates of the record; `title` is in the active language."""

    part: str
    date: PartialDate
    title: str
    language: str


def calendar_text(records) -> bytes:
    """Return the dates of the records as a calendar, in the active language. The records are in their own order."""
    dated = [(record, one) for record in records.records() for one in dates_of(record)]
    shown = [(record, one) for record, one in dated if one.date.precision != "year"]
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//{settings.PORTAL_NAME}//iCalendar//{records.reader.upper()}")
    title = f"{records.title} · {settings.PORTAL_NAME}"
    calendar.add("name", title)  # RFC 7986
    calendar.add("x-wr-calname", title)  # the name that most programs read
    calendar.add("url", records.about)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    if left_out := len(dated) - len(shown):
        sentence = ngettext(
            "%(count)s date is known only to the year and is not in this calendar.",
            "%(count)s dates are known only to the year and are not in this calendar.",
            left_out,
        ) % {"count": number(left_out)}
        calendar.add("description", sentence)
        calendar.add("x-wr-caldesc", sentence)
    for record, one in shown:
        calendar.add_component(event_of(record, one, records.base))
    return calendar.to_ical()


def own_date(record) -> list[CalendarDate]:
    """Return the date of a record that has one date, with the name of the record."""
    return [CalendarDate("date", record.date, *record.name_and_language())]


def dates_of(record) -> list[CalendarDate]:
    """Return the dates that calendars have of a record."""
    return SERIALISERS[record._meta.model_name].calendar_dates(record)


def event_of(record, one: CalendarDate, base: str) -> Event:
    """Return a date as an event of whole days, during which the reader counts as free."""
    kind, event = record._meta.model_name, Event()
    event.add("uid", f"{kind}-{record.key}-{one.part}@{urlsplit(settings.ID_BASE_URL).hostname}")
    event.add("dtstamp", record.updated_at)  # without METHOD: when the record last changed (3.8.7.2)
    event.add("dtstart", one.date.first_day)
    event.add("dtend", one.date.last_day + datetime.timedelta(days=1))  # the day after the last one (3.6.1)
    event.add("summary", one.title, parameters={"LANGUAGE": one.language})
    address = base + record.get_absolute_url()
    event.add("description", "\n".join([*precision_words(one.date), address]))
    event.add("url", address)
    event.add("categories", [str(record._meta.verbose_name)])
    event.add("transp", "TRANSPARENT")
    return event


def precision_words(date: PartialDate) -> list[str]:
    """Return a sentence that says that the day is not known, if it is not."""
    if date.precision == "day":
        return []
    return [gettext("The day is not known: {date}.").format(date=date_in_sentence(date))]
