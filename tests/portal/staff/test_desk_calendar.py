"""The calendar of the desk."""

import datetime

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.utils import timezone

from issues.models import Term
from portal.core.choices import PublicationStatus
from portal.curation.verifications import verify
from portal.models import Revision
from portal.models.curation import Verification
from portal.staff.desk_calendar import MOST_DUE
from tests import reading
from tests.make import (
    make_activity,
    make_agreement,
    make_assignment,
    make_event,
    make_project,
    make_revision,
    make_term,
)

pytestmark = pytest.mark.django_db

PAGE = "/admin/calendar/"
MAY = "2031-05"


@pytest.fixture(autouse=True)
def _day(on):
    """A record is due for review a year after its last change, which must not fall into the months of the tests."""
    on("2026-11-27")


def moment(text):
    return timezone.make_aware(datetime.datetime.fromisoformat(text))


def days(client, month=MAY, **query):
    """Return the calendar as a dict from a heading to the lines below it."""
    page = reading.page(client.get(PAGE, {"month": month} | query))
    sections = page.xpath("//*[@id='content-main']/section")
    return {reading.words(one[0]): [reading.words(line) for line in one.xpath(".//li")] for one in sections}


def checked(record, text):
    """Set the time of the last change of a record."""
    type(record).objects.filter(pk=record.pk).update(updated_at=moment(text))


class TestEntries:
    def test_scheduled_records_and_revisions(self, desk):
        make_term(
            key="a", term_en="Takyr", publication=PublicationStatus.SCHEDULED, publish_at=moment("2031-05-02T09:30")
        )
        make_term(
            key="b", term_en="Adyr", publication=PublicationStatus.SCHEDULED, publish_at=moment("2031-06-01T00:00")
        )
        make_revision(
            make_term(key="c", term_en="Tugai"),
            {"term_en": "Tugay"},
            state=Revision.State.SCHEDULED,
            publish_at=moment("2031-05-02T08:00"),
            decided_at=timezone.now(),
        )
        assert days(desk("editor")) == {
            "2 May 2031": [
                "Tugai Scheduled, 08:00 · Term, revision · Published",
                "Takyr Scheduled, 09:30 · Term · Scheduled",
            ]
        }

    def test_records_fall_due_a_year_after_their_last_change_or_verification(self, desk):
        user = User.objects.create_user("kim")
        old, verified = make_term(key="a", term_en="Takyr"), make_term(key="b", term_en="Adyr")
        archived = make_term(key="c", publication=PublicationStatus.ARCHIVED)
        for record in (old, verified, archived):
            checked(record, "2030-05-10T12:00")
        verify(verified, user)
        Verification.objects.update(at=moment("2030-06-20T12:00"))
        client = desk("editor")
        assert days(client) == {"10 May 2031": ["Takyr Due for review · Term · Published"]}
        assert days(client, "2031-06") == {"20 June 2031": ["Adyr Due for review · Term · Published"]}

    def test_many_due_records_are_counted(self, desk):
        for number in range(MOST_DUE + 3):
            checked(make_term(key=f"t-{number}"), "2030-05-10T12:00")
        response = desk("editor").get(PAGE, {"month": MAY})
        assert "More records are due for review: Terms 3" in reading.words(reading.page(response))
        assert len(days(desk("editor"))["10 May 2031"]) == MOST_DUE

    def test_dates_of_records_with_their_precision(self, desk):
        make_event(title_en="Forum", date="2031-05-20")
        make_event(title_en="Summit", date="2031-05")
        make_event(title_en="Census", date="2031")
        make_event(title_en="Other", date="2031-06")
        agreement = make_agreement(title_en="Memorandum", date="2031-05-03")
        make_activity(agreement=agreement, date="2031-05-04")
        make_project(title_en="Trees", start="2031-05-05", end="2031-05-06")
        make_project(key="gone", title_en="Gone", start="2031-05-05", publication=PublicationStatus.ARCHIVED)
        assert days(desk("editor")) == {
            "2031 · The day is not known": ["Census Events and forums · Event · Published"],
            "May 2031 · The day is not known": ["Summit Events and forums · Event · Published"],
            "3 May 2031": ["Memorandum Agreements · Agreement · Published"],
            "4 May 2031": ["Memorandum Agreements · Activity · Published"],
            "5 May 2031": ["Trees Projects · Project starts · Published"],
            "6 May 2031": ["Trees Projects · Project ends · Published"],
            "20 May 2031": ["Forum Events and forums · Event · Published"],
        }

    def test_empty_month_says_so(self, desk):
        words = reading.words(reading.page(desk("editor").get(PAGE, {"month": MAY})))
        assert "Nothing stands in the calendar of this month." in words


class TestFilters:
    def test_kind(self, desk):
        make_event(title_en="Forum", date="2031-05-20")
        make_project(title_en="Trees", start="2031-05-05")
        client = desk("editor")
        assert list(days(client, kind="event")) == ["20 May 2031"]
        assert list(days(client, kind="project")) == ["5 May 2031"]
        assert len(days(client, kind="x")) == 2

    def test_mine_are_records_that_the_user_changed_or_reviews_and_own_revisions(self, desk):
        client = desk("editor")
        client.get("/admin/")
        user = User.objects.get(username="editor")
        changed, assigned, _other = (
            make_project(key=key, title_en=key, start="2031-05-05") for key in ("changed", "assigned", "other")
        )
        make_event(title_en="Forum", date="2031-05-05")
        LogEntry.objects.log_actions(user.pk, [changed], CHANGE, [])
        make_assignment(assigned, assignee=user)
        for number, author in enumerate((user, None)):
            make_revision(
                make_term(key=f"term-{number}", term_en=f"Term {number}"),
                {"term_en": "Other"},
                author=author,
                state=Revision.State.SCHEDULED,
                publish_at=moment("2031-05-06T08:00"),
                decided_at=timezone.now(),
            )
        found = days(client, mine="on")
        assert [[line.partition(" Pro")[0].partition(" Sch")[0] for line in lines] for lines in found.values()] == [
            ["assigned", "changed"],
            ["Term 0"],
        ]

    def test_months_lead_to_each_other_and_keep_the_filter(self, desk):
        page = reading.page(desk("editor").get(PAGE, {"month": MAY, "kind": "event"}))
        assert page.xpath("//nav/a[@rel='prev']/@href") == ["?month=2031-04&kind=event"]
        assert page.xpath("//nav/a[@rel='next']/@href") == ["?month=2031-06&kind=event"]


class TestRights:
    def test_user_sees_only_kinds_that_they_may_see(self, client):
        make_event(title_en="Forum", date="2031-05-20")
        client.force_login(User.objects.create_user("nobody", is_staff=True))
        assert days(client) == {}

    def test_readers_do_not_see_it(self, client):
        assert client.get(PAGE).status_code == 302


@pytest.mark.any_database
def test_number_of_queries_does_not_grow(desk, django_assert_max_num_queries):
    client = desk("editor")
    for number in range(30):
        record = make_term(
            key=f"t-{number}", publication=PublicationStatus.SCHEDULED, publish_at=moment("2031-05-02T09:30")
        )
        checked(record, "2030-05-10T12:00")
        make_project(key=f"p-{number}", start="2031-05-05", end="2031-05-06")
        make_activity(date="2031-05-04")
    assert Term.objects.count() == 30
    with django_assert_max_num_queries(50):
        client.get(PAGE, {"month": MAY, "mine": "on"})
    with django_assert_max_num_queries(50):
        client.get(PAGE, {"month": MAY})
