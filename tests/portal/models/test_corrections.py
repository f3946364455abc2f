"""Reports by readers, corrections and the details of the portal, without their pages."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from portal.core.choices import PublicationStatus
from portal.models import Correction, PortalDetails, ReaderReport
from portal.models.corrections import attach_records, corrected_on, record_models
from portal.tracking import content_version
from tests.make import (
    make_correction,
    make_former_key,
    make_portal_details,
    make_project,
    make_reader_report,
    make_term,
    make_tombstone,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def today(monkeypatch):
    """Return a function that sets the day."""

    def set_day(day):
        monkeypatch.setattr("portal.models.corrections.timezone.localdate", lambda: day)

    return set_day


@pytest.mark.parametrize("state", ReaderReport.CLOSED)
def test_report_has_the_day_on_which_it_was_closed_first(today, state):
    report = make_reader_report()
    today(date(2026, 11, 3))
    report.state = state
    report.update_closing_date()
    today(date(2026, 11, 9))
    report.update_closing_date()
    assert report.closed_on == date(2026, 11, 3)
    report.state = ReaderReport.State.IN_WORK
    report.update_closing_date()
    assert report.closed_on is None


def test_email_is_erased_twelve_months_after_closing_and_the_report_stays(today):
    fields = {"state": "corrected", "closed_on": date(2026, 11, 27), "email": "reader@example.org"}
    closed = make_reader_report(**fields)
    later = make_reader_report(**fields | {"closed_on": date(2026, 11, 28)})
    opened = make_reader_report(email="open@example.org")
    today(date(2027, 11, 26))
    assert ReaderReport.objects.erase_old_emails() == 0
    today(date(2027, 11, 27))
    assert ReaderReport.objects.erase_old_emails() == 1
    emails = {report.pk: report.email for report in ReaderReport.objects.all()}
    assert emails == {closed.pk: "", later.pk: "reader@example.org", opened.pk: "open@example.org"}
    assert ReaderReport.objects.erase_old_emails() == 0


def test_email_of_a_report_closed_on_a_leap_day_is_erased_at_the_end_of_february(today):
    make_reader_report(state="declined", closed_on=date(2028, 2, 29), email="reader@example.org")
    today(date(2029, 2, 28))
    assert ReaderReport.objects.erase_old_emails() == 0
    today(date(2029, 3, 1))
    assert ReaderReport.objects.erase_old_emails() == 1


def test_report_has_no_history_and_is_no_content():
    before = content_version.current_version()
    report = make_reader_report(email="reader@example.org")
    report.delete()
    assert not hasattr(ReaderReport, "history")
    assert content_version.current_version() == before


def test_correction_is_content_with_a_history():
    before = content_version.current_version()
    correction = make_correction()
    assert content_version.current_version() > before
    assert [state.what_en for state in Correction.history.filter(id=correction.pk)] == [correction.what_en]


def test_days_taken_run_from_the_report_to_the_correction():
    assert Correction(reported_on=date(2026, 11, 20), corrected_on=date(2026, 11, 24)).days_taken == 4
    assert Correction(corrected_on=date(2026, 11, 24)).days_taken is None


NEVER_SEEN = (PublicationStatus.DRAFT, PublicationStatus.IN_REVIEW, PublicationStatus.SCHEDULED)


@pytest.mark.parametrize("publication", NEVER_SEEN)
def test_correction_names_no_record_that_readers_never_saw(publication):
    draft = make_project(publication=publication)
    for key in (draft.key, "nobody-s-key"):
        with pytest.raises(ValidationError) as refusal:
            Correction(kind="project", key=key, what_en="It.", why_en="So.").full_clean()
        assert refusal.value.message_dict["key"] == ["No record of this kind with this key was ever published."]


def test_correction_names_records_that_are_published_archived_removed_or_merged():
    archived = make_project(publication=PublicationStatus.ARCHIVED)
    stone, former = make_tombstone(), make_former_key()
    for kind, key in (
        ("project", make_project().key),
        ("project", archived.key),
        (stone.kind, stone.key),
        (former.kind, former.key),
        ("term", make_term().key),
        ("page", ""),
    ):
        Correction(kind=kind, key=key, what_en="It.", why_en="So.").full_clean()


def test_every_kind_but_a_page_is_a_record():
    assert {*record_models(), Correction.Kind.PAGE} == set(Correction.Kind.values)


def test_attached_records_are_published_and_cost_one_query_a_kind(django_assert_num_queries):
    project, term = make_project(), make_term()
    archived = make_project(publication=PublicationStatus.ARCHIVED)
    rows = [make_correction(one) for one in (project, archived, term)]
    with django_assert_num_queries(2):
        attach_records(rows)
    assert [row.record for row in rows] == [project, None, term]


def test_latest_correction_of_each_key_counts():
    one, other = make_project(), make_project()
    make_correction(one, corrected_on=date(2026, 11, 1))
    make_correction(one, corrected_on=date(2026, 11, 20))
    assert corrected_on("project", [one.key, other.key]) == {one.key: date(2026, 11, 20)}


def test_details_name_what_is_missing_in_the_language_of_the_editor():
    assert PortalDetails.load().missing() == ["publisher", "editors’ address", "office address", "editorial rules"]
    make_portal_details(publisher_en="An institute", email="editors@example.org")
    with override("ko"):
        assert list(map(str, PortalDetails.load().missing())) == ["사무실 주소", "편집 원칙"]
