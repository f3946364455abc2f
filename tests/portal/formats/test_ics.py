"""iCalendar files of lists, parsed by a library."""

import datetime

import pytest
from django.utils import timezone
from icalendar import Calendar

from portal.formats import ics
from projects.models import Project
from tests.make import make_agreement, make_country, make_event, make_project
from tests.pages import LANGUAGES
from tests.portal.formats.files import content
from tests.reading import page, words

pytestmark = pytest.mark.django_db
CHANGED = timezone.make_aware(timezone.datetime(2026, 3, 5, 12))
DAY = datetime.date


@pytest.fixture(autouse=True)
def today(on):
    on("2026-11-28")


def calendar_of(client, path):
    response = client.get(f"{path}{'&' if '?' in path else '?'}format=ics")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    calendar = Calendar.from_ical(content(response))
    assert calendar.errors == []
    return calendar


def dates_of(calendar):
    """Return (title, first day, day after the last one) of each event."""
    return [(str(one["SUMMARY"]), one["DTSTART"].dt, one["DTEND"].dt) for one in calendar.walk("VEVENT")]


def test_event_has_its_date_url_language_and_last_change(client):
    event = make_event(key="dam", date="2005-08-08", title_en="The dam, finished; really", title_ko="댐 완공")
    type(event).objects.filter(pk=event.pk).update(updated_at=CHANGED)
    calendar = calendar_of(client, "/ko/timeline/")
    [found] = calendar.walk("VEVENT")
    assert found.errors == []
    assert dates_of(calendar) == [("댐 완공", DAY(2005, 8, 8), DAY(2005, 8, 9))]
    assert found["SUMMARY"].params["LANGUAGE"] == "ko"
    assert found["DTSTAMP"].dt == CHANGED
    assert found["UID"] == "event-dam-date@testserver"
    assert found["URL"] == "http://testserver/ko/timeline/dam/"
    assert found["TRANSP"] == "TRANSPARENT"
    assert dates_of(calendar_of(client, "/en/timeline/"))[0][0] == "The dam, finished; really"


def test_title_without_a_translation_is_marked_as_english(client):
    make_event(date="2005-08-08", title_en="The dam")
    [found] = calendar_of(client, "/ru/timeline/").walk("VEVENT")
    assert (found["SUMMARY"], found["SUMMARY"].params["LANGUAGE"]) == ("The dam", "en")


def test_identifiers_are_the_same_in_all_languages_and_after_a_change(client):
    make_agreement(key="memo", date="2020-02-01")
    make_project(key="trees", start="2020-03-01", end="2030-04-01", status="implementation")
    before = {
        path: {str(one["UID"]) for one in calendar_of(client, f"/en/{path}/").walk("VEVENT")}
        for path in ("timeline", "projects")
    }
    Project.objects.update(start="2021-01-02", title_en="Other")
    for language in LANGUAGES:
        for path, known in before.items():
            assert {str(one["UID"]) for one in calendar_of(client, f"/{language}/{path}/").walk("VEVENT")} == known
    assert before["projects"] == {"project-trees-start@testserver", "project-trees-end@testserver"}


def test_month_has_all_its_days_and_year_is_left_out_and_counted(client):
    make_event(date="2004-02", title_en="February")
    make_event(date="2004", title_en="Some day")
    calendar = calendar_of(client, "/en/timeline/")
    assert dates_of(calendar) == [("February", DAY(2004, 2, 1), DAY(2004, 3, 1))]
    [found] = calendar.walk("VEVENT")
    assert found["DESCRIPTION"].startswith("The day is not known: February 2004.\n")
    assert calendar["DESCRIPTION"] == "1 date is known only to the year and is not in this calendar."


@pytest.mark.parametrize(
    ("fields", "titles"),
    [
        ({"status": "implementation", "start": "2020-01-05", "end": "2027-06-30"}, ["Start of", "Planned end of"]),
        ({"status": "implementation", "start": "2020-01-05", "end": "2025-06-30"}, ["Start of", "Planned end of"]),
        ({"status": "closed", "start": "2020-01-05", "end": "2025-06-30"}, ["Start of", "End of"]),
        ({"status": "closed", "start": "2020-01-05", "end": "2027-06-30"}, ["Start of"]),
        ({"status": "pipeline", "start": "2026-01-05"}, ["Planned start of"]),
        ({"status": "implementation", "start": "2027-01-05"}, ["Planned start of"]),
        ({"status": "cancelled", "start": "2020-01-05", "end": "2027-06-30"}, []),
        ({"status": "closed"}, []),
    ],
)
def test_milestones_of_a_project_are_planned_until_a_source_reports_them(client, fields, titles):
    make_project(title_en="Trees", **fields)
    found = [title for title, _first, _after in dates_of(calendar_of(client, "/en/projects/"))]
    assert found == [f"{title} the project: Trees" for title in titles]


def test_calendar_has_what_the_filters_let_through_and_no_draft(client):
    uz = make_country(key="uz")
    make_project(title_en="Here", start="2020-01-05").countries.add(uz)
    make_project(title_en="Elsewhere", start="2020-01-06")
    make_project(title_en="Draft", start="2020-01-07", publication="draft").countries.add(uz)
    titles = [title for title, *_dates in dates_of(calendar_of(client, "/en/projects/?country=uz"))]
    assert titles == ["Start of the project: Here"]


@pytest.mark.parametrize("path", ["/en/organisations/", "/en/projects/trees/"])
def test_other_pages_have_no_calendar(client, path):
    make_project(key="trees")
    assert client.get(f"{path}?format=ics").status_code == 406


def test_too_many_records_make_no_calendar(client, monkeypatch):
    monkeypatch.setattr(ics, "MOST_RECORDS", 1)
    make_event(date="2004-02-03")
    calendar_of(client, "/en/timeline/")
    make_event(date="2004-02-04")
    response = client.get("/en/timeline/?format=ics")
    assert response.status_code == 413
    assert "a calendar holds the dates of at most 1." in words(page(response).find(".//main"))
