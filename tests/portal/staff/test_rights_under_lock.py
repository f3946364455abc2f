"""Permissions are checked on the locked row: a user cannot change a record that another editor has just moved.

In each test another connection moves a record while a request wants to change it. The move is committed when the
request waits for its lock, as happens when two users press a button at once.
"""

import contextlib
import threading
import time

import pytest
from django.db import connection, models, transaction

from issues.models import Observation, Term
from portal.core.choices import PublicationStatus
from portal.curation.translations import outdated_of
from portal.models.workflow import ADMINISTRATOR, EDITOR, TRANSLATORS
from portal.tracking.history import change_times
from projects.iati import applying
from projects.iati.planning import Options
from projects.iati.reading import activities
from projects.models import Organisation, Project, SuggestedIssue
from tests import reading
from tests.make import (
    make_citation,
    make_country,
    make_indicator,
    make_observation,
    make_organisation,
    make_place,
    make_project,
    make_source,
    make_suggested_issue,
    make_term,
)
from tests.portal.staff.test_admin import address, change_address, form_data
from tests.projects.iati.files import activity, file

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

D, R, S, P, A, _ASIDE = PublicationStatus
WAITS_SECONDS = 60  # at most; it ends as soon as the request waits or is answered


def somebody_waits():
    """Return True if another connection to this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return cursor.fetchone() is not None


@contextlib.contextmanager
def moved_meanwhile(record, publication):
    """Move a record on another connection, which commits when a request waits for it, or at the end."""
    moved, ended = threading.Event(), threading.Event()

    def move():
        try:
            with transaction.atomic():
                models.QuerySet(type(record)).filter(pk=record.pk).update(
                    publication=publication, version=models.F("version") + 1
                )
                moved.set()
                until = time.monotonic() + WAITS_SECONDS
                while not (ended.is_set() or somebody_waits() or time.monotonic() > until):
                    ended.wait(0.01)
        finally:
            moved.set()
            connection.close()

    thread = threading.Thread(target=move)
    thread.start()
    assert moved.wait(WAITS_SECONDS)
    try:
        yield
    finally:
        ended.set()
        thread.join()


def form_of(response):
    """Return the data that a browser would send from the form with the version that it was made for."""
    [form] = reading.page(response).xpath("//form[@method='post'][.//input[@name='seen']]")
    return {
        field.get("name"): field.get("value") or ""
        for field in form.xpath(".//input[@name]")
        if field.get("type") != "radio" or field.get("checked") is not None
    }


@pytest.fixture
def observation():
    """Make a value of an indicator, which is a draft."""
    return make_observation(indicator=make_indicator(publication=D), value="1")


def value_of(observation):
    return list(Observation.objects.filter(pk=observation.pk).values_list("value", flat=True))


# ── Forms ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_form_of_an_editor_changes_no_record_that_was_published_meanwhile(desk):
    term = make_term(publication=R, definition_en="Old.")
    client = desk(EDITOR)
    data = form_data(client.get(change_address(term)), definition_en="New.")
    with moved_meanwhile(term, P):
        response = client.post(change_address(term), data)
    term.refresh_from_db()
    assert (response.status_code, term.publication, term.definition_en) == (403, P, "Old.")


def test_form_of_a_translator_changes_no_record_that_was_archived_meanwhile(desk):
    term = make_term(definition_ko="옛 글")
    client = desk(TRANSLATORS["ko"])
    data = form_data(client.get(change_address(term)), definition_ko="새 글")
    with moved_meanwhile(term, A):
        response = client.post(change_address(term), data)
    term.refresh_from_db()
    assert (response.status_code, term.publication, term.definition_ko) == (403, A, "옛 글")


def test_form_of_a_row_changes_nothing_of_a_record_that_was_published_meanwhile(desk, observation):
    client = desk(EDITOR)
    data = form_data(client.get(change_address(observation)), value="2")
    with moved_meanwhile(observation.indicator, P):
        response = client.post(change_address(observation), data)
    assert (response.status_code, value_of(observation)) == (403, [1])


def test_new_row_is_refused_for_a_record_that_was_published_meanwhile(desk):
    indicator = make_indicator(publication=D)
    client = desk(EDITOR)
    row = {"indicator": indicator.pk, "place": make_place().pk, "source": make_source().pk, "year": 2020, "value": "1"}
    data = form_data(client.get(address(Observation, "add")), **row)
    with moved_meanwhile(indicator, P):
        response = client.post(address(Observation, "add"), data)
    assert response.context["adminform"].form.errors == {
        "indicator": ["This record is public: only a reviewer may change it."]
    }
    assert not Observation.objects.exists()


def test_row_of_a_record_that_was_published_meanwhile_is_not_deleted(desk, observation):
    client = desk(EDITOR)
    with moved_meanwhile(observation.indicator, P):
        response = client.post(address(Observation, "delete", observation.pk), {"post": "yes"})
    assert (response.status_code, value_of(observation)) == (403, [1])


def test_selected_rows_of_a_record_that_was_published_meanwhile_are_not_deleted(desk, observation):
    client = desk(EDITOR)
    data = {"action": "delete_selected", "_selected_action": [observation.pk], "post": "yes"}
    with moved_meanwhile(observation.indicator, P):
        response = client.post(address(Observation, "changelist"), data)
    assert (response.status_code, value_of(observation)) == (403, [1])


def test_values_of_an_indicator_that_was_published_meanwhile_are_not_removed(desk, observation):
    indicator = observation.indicator
    client, url = desk(EDITOR), f"/admin/issues/indicator/{indicator.pk}/grid/"
    page = reading.page(client.get(url))
    data = {one.get("name"): one.get("value", "") for one in page.xpath("//form[@id='grid-form']//input[@name]")}
    data = {name: text for name, text in data.items() if name not in {"_take", "_file"}}
    cell = f"v-{observation.year}-{observation.place.key}"
    with moved_meanwhile(indicator, P):
        response = client.post(url, data | {cell: "", "why": "Wrong."})
    assert (response.status_code, value_of(observation)) == (403, [1])


# ── History, doubles, care ───────────────────────────────────────────────────────────────────────────────────


def test_record_that_was_published_meanwhile_is_not_reverted(desk):
    term = make_term(publication=R, definition_en="Right.")
    right = change_times(term)[0]
    term.definition_en = "Wrong."
    term.save()
    client, url = desk(EDITOR), address(Term, "revert", term.pk, right.strftime("%Y%m%dT%H%M%S%f"))
    data = form_of(client.get(url))
    with moved_meanwhile(term, P):
        response = client.post(url, data)
    term.refresh_from_db()
    assert (response.status_code, term.definition_en) == (403, "Wrong.")


def test_row_of_a_record_that_was_published_meanwhile_is_not_reverted(desk, observation):
    right = change_times(observation)[0]
    observation.value = 2
    observation.save()
    client = desk(EDITOR)
    url = address(Observation, "revert", observation.pk, right.strftime("%Y%m%dT%H%M%S%f"))
    data = form_of(client.get(url))
    with moved_meanwhile(observation.indicator, P):
        response = client.post(url, data)
    assert (response.status_code, value_of(observation)) == (403, [2])


@pytest.mark.parametrize("moved", ["stays", "goes"])
def test_records_are_not_merged_when_one_was_moved_meanwhile(desk, moved):
    make_organisation(key="stays"), make_organisation(key="goes")
    stays, goes = (Organisation.objects.get(key=key) for key in ("stays", "goes"))
    client = desk(ADMINISTRATOR)
    data = form_of(client.get(f"{address(Organisation, 'merge', stays.pk)}?with=goes"))
    with moved_meanwhile({"stays": stays, "goes": goes}[moved], R):
        response = client.post(address(Organisation, "merge", stays.pk), data)
    assert "One of the two records has changed." in response.content.decode()
    assert Organisation.objects.count() == 2


def test_translation_of_a_record_that_was_archived_meanwhile_is_not_called_right(desk):
    term = make_term(definition_en="Old.", definition_ko="옛 글")
    term.definition_en = "New."
    term.save()
    [older] = outdated_of(term)
    client = desk(TRANSLATORS["ko"])
    with moved_meanwhile(term, A):
        response = client.post(address(Term, "still_right", term.pk), {"older": [older.pk]})
    assert (response.status_code, outdated_of(term).count()) == (403, 1)


def test_record_that_was_archived_meanwhile_is_not_looked_through(desk):
    term = make_term()
    client = desk(EDITOR)
    with moved_meanwhile(term, A):
        response = client.post(address(Term, "looked_through", term.pk))
    assert response.status_code == 403


# ── Several at once ──────────────────────────────────────────────────────────────────────────────────────────


def test_editor_sends_no_record_back_that_was_published_meanwhile(desk):
    term = make_term(publication=R)
    make_citation(term)
    client = desk(EDITOR)
    data = {"action": "send_back_selected", "_selected_action": [term.pk]}
    with moved_meanwhile(term, P):
        response = client.post(address(Term, "changelist"), data, follow=True)
    term.refresh_from_db()
    assert term.publication == P
    assert "you may not move it from “Published” to “In review”." in response.content.decode()


def test_suggestions_for_a_project_that_was_published_meanwhile_are_not_dismissed(desk):
    suggestion = make_suggested_issue(project=make_project(publication=D))
    client = desk(EDITOR)
    data = {"action": "dismiss_selected", "_selected_action": [suggestion.pk]}
    with moved_meanwhile(suggestion.project, P):
        client.post(address(SuggestedIssue, "changelist"), data)
    suggestion.refresh_from_db()
    assert suggestion.decision == SuggestedIssue.Decision.OPEN


def test_iati_file_changes_no_project_that_was_published_meanwhile(tmp_path):
    for key in ("uz", "kg", "kz", "tj", "tm"):
        make_country(key=key)

    def bring(content):
        path = tmp_path / "file.xml"
        path.write_bytes(content)
        received = applying.received(content, applying.ImportDetails("file.xml", applying.date(2026, 11, 24)))
        return applying.run(lambda: activities(path), received, Options(countries=None, may_publish=False))

    bring(file(activity("1")))
    project = Project.objects.get()
    before = project.summary_en
    news = file(activity("1", ("Water is saved", "More water is saved")))
    with moved_meanwhile(project, P):
        plan = bring(news)
    assert [row.state for row in plan.rows] == ["kept"]
    project.refresh_from_db()
    assert project.summary_en == before
