"""The queue of reports, the public log and the details of the portal in the admin."""

from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import Correction, PortalDetails, ReaderReport
from portal.staff.corrections import record_at
from tests import reading
from tests.make import make_correction, make_portal_details, make_project, make_reader_report
from tests.portal.staff.test_admin import address, change_address, form_data
from tests.staff import sign_in

pytestmark = pytest.mark.django_db

EMAIL = "reader@example.org"
QUEUE = address(ReaderReport, "changelist")


@pytest.fixture(autouse=True)
def _no_second_factor(settings):
    settings.STAFF_MFA = False


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/en/projects/aral/", ("project", "aral")),
        ("/ru/countries/uz/", ("place", "uz")),
        ("/ko/timeline/aral-fishing-ends/", ("event", "aral-fishing-ends")),
        ("/en/lessons/planting/", ("result", "planting")),
        ("/en/issues/aral-sea/changes/", ("issue", "aral-sea")),
        ("/en/sources/un-2020/on/2026-11-25/", ("source", "un-2020")),
        ("/en/glossary/#saxaul", ("term", "saxaul")),
        ("/en/glossary/", ("page", "")),
        ("/en/coverage/", ("page", "")),
        ("/en/no-such-page/", ("page", "")),
        ("", ("page", "")),
    ],
)
def test_record_is_found_by_the_address_of_its_page(path, found):
    assert record_at(path) == found


# ── The queue ────────────────────────────────────────────────────────────────────────────────────────────────


def test_desk_counts_open_reports_and_leads_to_them(client):
    for state, closed in (("new", None), ("new", None), ("in-work", None), ("declined", date(2026, 11, 1))):
        make_reader_report(state=state, closed_on=closed)
    page = reading.page(sign_in(client, "editor").get("/admin/"))
    [row] = page.xpath("//dl/div[dt[starts-with(normalize-space(.), 'Reports by readers')]]")
    assert [(reading.words(link), link.get("href")) for link in row.findall("dd/a")] == [
        ("New 2", f"{QUEUE}?state__exact=new"),
        ("In work 1", f"{QUEUE}?state__exact=in-work"),
    ]
    assert len(client.get(f"{QUEUE}?state__exact=new").context["cl"].queryset) == 2


def test_desk_says_nothing_of_reports_if_none_is_open_or_the_user_may_not_see_them(client):
    assert "Reports by readers" not in client.get("/admin/").content.decode()
    make_reader_report()
    for role, told in (("translator", False), ("reviewer", True)):
        dashboard = reading.page(sign_in(client, role).get("/admin/")).xpath("//section[@aria-labelledby='desk-care']")
        assert ("Reports by readers" in reading.words(dashboard[0])) is told


def test_editor_works_on_a_report_and_changes_no_word_of_it(client):
    report = make_reader_report(message="The end is <b>2023</b>.", email=EMAIL, url="https://example.org/a")
    response = sign_in(client, "editor").get(change_address(report))
    text = response.content.decode()
    assert "The end is &lt;b&gt;2023&lt;/b&gt;." in text
    assert 'rel="noreferrer nofollow">https://example.org/a</a>' in text
    data = form_data(response, state="corrected", note="Read it.", message="Changed", email="", _save="")
    assert client.post(change_address(report), data).status_code == 302
    report.refresh_from_db()
    assert (report.state, report.note, report.closed_on) == ("corrected", "Read it.", timezone.localdate())
    assert (report.message, report.email) == ("The end is <b>2023</b>.", EMAIL)


def test_report_that_is_opened_again_has_no_day_of_closing(client):
    report = make_reader_report(state="declined", closed_on=date(2026, 11, 1))
    response = sign_in(client, "editor").get(change_address(report))
    client.post(change_address(report), form_data(response, state="in-work", _save=""))
    report.refresh_from_db()
    assert (report.state, report.closed_on) == ("in-work", None)


def test_reviewers_delete_reports_editors_do_not_and_nobody_adds_one(client):
    report = make_reader_report()
    url = address(ReaderReport, "delete", report.pk)
    assert sign_in(client, "editor").post(url, {"post": "yes"}).status_code == 403
    assert sign_in(client, "translator").get(change_address(report)).status_code == 403
    assert sign_in(client, "reviewer").get(address(ReaderReport, "add")).status_code == 403
    assert client.post(url, {"post": "yes"}).status_code == 302
    assert not ReaderReport.objects.exists()


def test_no_table_keeps_what_a_deleted_report_said(client):
    report = make_reader_report(message="Zzyzx is wrong", email=EMAIL, url="https://zzyzx.example/")
    response = sign_in(client, "reviewer").get(change_address(report))
    client.post(change_address(report), form_data(response, state="in-work", note="Zzyzx?", _save=""))
    client.post(address(ReaderReport, "delete", report.pk), {"post": "yes"})
    assert LogEntry.objects.filter(object_repr=f"Report {report.pk}").count() == 2
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                told = " ".join(map(str, row)).lower()
                assert "zzyzx" not in told, table
                assert EMAIL not in told, table


@pytest.mark.any_database
def test_queue_asks_the_same_of_the_database_for_one_report_as_for_three(client):
    def count():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(QUEUE).status_code == 200
        return len(asked)

    make_reader_report()
    sign_in(client, "editor").get(QUEUE)
    one = count()
    make_reader_report(), make_reader_report()
    assert count() == one


# ── The public log ───────────────────────────────────────────────────────────────────────────────────────────


def test_report_leads_to_an_entry_with_the_record_and_the_day_but_without_the_readers_words(client):
    project = make_project()
    report = make_reader_report(address=project.get_absolute_url(), message="Zzyzx is wrong", day=date(2026, 11, 20))
    page = reading.page(sign_in(client, "reviewer").get(change_address(report)))
    [link] = page.xpath("//a[normalize-space(.)='Write an entry in your own words']/@href")
    response = client.get(link)
    assert "Zzyzx" not in response.content.decode()
    filled = form_data(response, what_en="The end is 2023.", why_en="The report says so.", _save="")
    assert client.post(address(Correction, "add"), filled).status_code == 302
    entry = Correction.objects.get()
    stored = (entry.kind, entry.key, entry.reported_on, entry.corrected_on, entry.what_en)
    assert stored == ("project", project.key, date(2026, 11, 20), timezone.localdate(), "The end is 2023.")


def test_only_reviewers_write_entries_and_translators_their_language(client):
    entry = make_correction()
    assert sign_in(client, "editor").get(address(Correction, "add")).status_code == 403
    assert client.get(change_address(entry)).status_code == 200
    response = sign_in(client, "translator").get(change_address(entry))
    data = form_data(response, what_ko="끝은 2023년이다.", what_en="Changed", why="번역", _save="")
    assert client.post(change_address(entry), data).status_code == 302
    entry.refresh_from_db()
    assert (entry.what_ko, entry.what_en) == ("끝은 2023년이다.", "The end was 2024. It is 2023.")


def test_change_of_an_entry_needs_a_reason(client):
    entry = make_correction()
    response = sign_in(client, "reviewer").get(change_address(entry))
    data = form_data(response, what_en="The end was 2025.", why="", _save="")
    assert client.post(change_address(entry), data).status_code == 200
    assert client.post(change_address(entry), data | {"why": "A slip."}).status_code == 302
    assert [state.history_change_reason for state in Correction.history.filter(id=entry.pk)[:1]] == ["A slip."]


# ── The details of the portal ────────────────────────────────────────────────────────────────────────────────


def test_desk_names_the_details_that_readers_miss(client):
    def missing(role):
        page = reading.page(sign_in(client, role).get("/admin/"))
        links = page.xpath("//dl/div[dt[normalize-space(.)='Details of the portal that readers miss']]/dd/a")
        return [(reading.words(link), link.get("href")) for link in links]

    add = address(PortalDetails, "add")
    assert missing("editor") == []
    assert missing("reviewer") == [
        (name, add) for name in ("Publisher", "Editors’ address", "Office address", "Editorial rules")
    ]
    details = make_portal_details(publisher_en="An institute", email="e@example.org", rules_en="We answer.")
    assert missing("reviewer") == [("Office address", change_address(details))]


def test_details_are_added_once_and_never_deleted(client):
    response = sign_in(client, "administrator").get(address(PortalDetails, "add"))
    data = form_data(response, publisher_en="An institute", publisher_ko="연구원", _save="")
    assert client.post(address(PortalDetails, "add"), data).status_code == 302
    details = PortalDetails.objects.get()
    assert (details.publisher_en, details.publisher_ko) == ("An institute", "연구원")
    assert client.get(address(PortalDetails, "add")).status_code == 403
    assert client.post(address(PortalDetails, "delete", details.pk), {"post": "yes"}).status_code == 403
    assert client.get(change_address(details)).status_code == 200
    assert client.get(address(PortalDetails, "history", details.pk)).status_code == 200
