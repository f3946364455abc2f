"""The monthly report of the desk."""

import csv
import datetime
import io

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from issues.models import Term
from portal.core.choices import PublicationStatus
from portal.curation.verifications import verify
from portal.models import Comment, Correction, ReaderReport, Revision
from portal.models.curation import ExternalLink
from portal.staff.months import Month
from portal.tracking.history import TRACKED
from tests import reading
from tests.make import (
    make_citation,
    make_comment,
    make_correction,
    make_project,
    make_reader_report,
    make_revision,
    make_term,
)

pytestmark = pytest.mark.django_db

PAGE, CSV = "/admin/report/", "/admin/report/csv/"


def table(client, title, month=""):
    """Return a table of the report: a dict from the name of a row to its numbers."""
    page = reading.page(client.get(PAGE, {"month": month}))
    [section] = [one for one in page.xpath("//section") if reading.words(one[0]) == title]
    rows = section.xpath(".//tbody/tr")
    return {reading.words(row[0]): [reading.words(cell) for cell in row[1:]] for row in rows}


def before_this_month(model, **condition):
    """Move states of the history to the month before."""
    states = TRACKED[model].states.objects.filter(**condition)
    states.update(history_date=Month.from_text("").start - datetime.timedelta(days=3))


class TestRecords:
    def test_each_number_is_that_of_the_month(self, desk):
        make_term(key="old")
        before_this_month(Term)
        old, new = Term.objects.get(key="old"), make_term(key="new")
        for text in ("One.", "Two."):
            old.definition_en = text
            old.save()
        old.publication = PublicationStatus.ARCHIVED
        old.save()
        new.delete()
        client = desk("editor")
        # The audit log has both publications in this month: the test moved only the history.
        assert table(client, "Records")["Terms"] == ["1", "1", "2", "1", "1"]
        last = str(Month.from_text("").away(-1))
        assert table(client, "Records", last)["Terms"][:2] == ["1", "0"]

    def test_all_is_the_sum(self, desk):
        make_term(), make_project()
        rows = table(desk("editor"), "Records")
        columns = zip(*(map(int, numbers) for name, numbers in rows.items() if name != "All"), strict=True)
        assert [int(number) for number in rows["All"]] == [sum(column) for column in columns]

    def test_user_sees_only_kinds_that_they_may_see(self, client):
        make_term()
        client.force_login(User.objects.create_user("nobody", is_staff=True))
        page = reading.words(reading.page(client.get(PAGE)))
        assert "Terms" not in page


class TestTranslations:
    def test_texts_count_by_language_when_they_change(self, desk):
        make_term(key="a", term_ko="하나")
        before_this_month(Term)
        record = Term.objects.get()
        record.term_ko, record.definition_ko, record.term_ru = "둘", "뜻", "Два"
        record.save()
        record.term_en = "Other"
        record.save()
        record.term_ru = ""
        record.save()
        assert table(desk("editor"), "Texts translated")["Terms"] == ["2", "1"]

    def test_first_recorded_state_is_no_translation(self, desk):
        """A record from the fixtures has no history. Its first change writes the state before it too."""
        record = make_term(term_ko="하나")
        TRACKED[Term].states.objects.all().delete()
        record.term_ru = "Один"
        record.save()
        assert table(desk("editor"), "Texts translated")["Terms"] == ["0", "1"]


class TestReview:
    def test_waiting_is_from_submission_to_publication(self, desk):
        for key, days in (("a", 2), ("b", 4), ("c", 9)):
            record = make_term(key=key, publication=PublicationStatus.DRAFT)
            record.publication = PublicationStatus.IN_REVIEW
            record.save()
            record.publication = PublicationStatus.PUBLISHED
            record.published_at = timezone.now()
            record.save()
            states = TRACKED[Term].states.objects.filter(id=record.pk)
            ago = timezone.now() - datetime.timedelta(days=days)
            states.filter(publication="in-review").update(history_date=ago)
        assert table(desk("editor"), "Waiting for review") == {"Terms": ["3", "4", "9"]}

    def test_records_that_nobody_submitted_did_not_wait(self, desk):
        make_term()
        assert table(desk("editor"), "Waiting for review") == {}


class TestCare:
    def test_numbers_of_the_logs(self, desk):
        record, today = make_term(), timezone.localdate()
        make_correction(record, corrected_on=today)
        make_reader_report(day=today)
        make_comment(record, is_sending_back=True)
        make_comment(record, is_sending_back=False)
        verify(record, None)
        make_revision(record, {"term_en": "x"}, state=Revision.State.DISCARDED, decided_at=timezone.now())
        ExternalLink.objects.create(address="https://a.example/", state="broken", failed_on=today)
        ExternalLink.objects.create(address="https://b.example/", state="good", failed_on=today)
        client = desk("editor")
        now = {
            "Corrections in the public log": ["1"],
            "Reports by readers: received": ["1"],
            "Reports by readers: closed": ["0"],
            "Revisions published": ["0"],
            "Revisions discarded": ["1"],
            "Records sent back with a comment": ["1"],
            "Records last verified in this month": ["1"],
            "Links that last failed in this month, still broken": ["1"],
        }
        assert table(client, "Maintenance") == now
        assert set(map(tuple, table(client, "Maintenance", str(Month.from_text("").away(-1))).values())) == {("0",)}
        assert (Correction.objects.count(), ReaderReport.objects.count(), Comment.objects.count()) == (1, 1, 2)

    def test_what_is_open_today_stands_in_the_present_month_only(self, desk):
        make_term()
        other = make_term(key="b")
        make_citation(other)
        client = desk("editor")
        assert table(client, "Open today")["Terms"] == ["1", "0", "2", "2", "0"]
        page = client.get(PAGE, {"month": "2025-01"})
        assert "Open today" not in reading.words(reading.page(page))


def test_csv_has_the_same_numbers(desk):
    make_term()
    client = desk("editor")
    response = client.get(CSV)
    assert response.headers["Content-Disposition"] == f'attachment; filename="report-{Month.from_text("")}.csv"'
    lines = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    added = [one for one in lines if one["table"] == "Records" and one["row"] == "Terms"]
    assert [(one["measure"], one["number"]) for one in added] == [
        ("Added", "1"),
        ("Changed", "0"),
        ("Published", "1"),
        ("Withdrawn", "0"),
        ("Deleted", "0"),
    ]


def test_report_names_no_person(desk):
    make_term()
    client = desk("reviewer")
    page = reading.page(client.get(PAGE))
    assert "reviewer" not in reading.words(page.get_element_by_id("content-main"))


@pytest.mark.any_database
def test_number_of_queries_does_not_grow(desk, django_assert_max_num_queries):
    client = desk("editor")
    for number in range(20):
        record = make_term(key=f"t-{number}", published_at=timezone.now())
        record.term_ko = "말"
        record.save()
    with django_assert_max_num_queries(50):
        client.get(PAGE)


@pytest.mark.parametrize("path", [PAGE, CSV])
def test_readers_do_not_see_it(client, path):
    assert client.get(path).status_code == 302
