"""Scheduled records are hidden until their time and public after it."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import Error, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.core.choices import PublicationStatus
from portal.publishing import scheduler
from portal.publishing.scheduler import PublishScheduledMiddleware, next_due, publish_scheduled
from portal.tracking.audit_log import AuditEntry
from projects.models import Project
from tests.make import make_citation, make_country, make_project

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def scheduled_project(**fields):
    project = make_project(
        title_en="Saxaul on the dry bed",
        **{"publication": PublicationStatus.SCHEDULED, "publish_at": timezone.now() + HOUR, **fields},
    )
    project.countries.add(make_country())
    make_citation(project)
    return project


def found(client, project):
    """Return where readers find a record: its page, its list, the search, the sitemap."""
    return (
        client.get(project.get_absolute_url()).status_code == 200,
        project.get_absolute_url() in client.get("/en/projects/").content.decode(),
        project.get_absolute_url() in client.get("/en/search/?q=saxaul+dry+bed").content.decode(),
        project.get_absolute_url() in client.get("/sitemap-projects.xml").content.decode(),
    )


def test_readers_find_a_scheduled_record_from_its_time_on_and_not_before(client, settings, later):
    settings.SCHEDULE_SECONDS = 0
    project = scheduled_project()
    assert found(client, project) == (False, False, False, False)
    later(HOUR - timedelta(seconds=1))
    assert found(client, project) == (False, False, False, False)
    later(timedelta(seconds=1))
    assert found(client, project) == (True, True, True, True)
    project.refresh_from_db()
    assert (project.publication, project.publish_at, project.version) == (PublicationStatus.PUBLISHED, None, 2)
    assert project.published_at == timezone.now()


def test_what_has_come_to_lack_something_goes_back_to_review(later, caplog):
    project = scheduled_project()
    project.citations.all().delete()
    later(HOUR)
    assert publish_scheduled() == []
    project.refresh_from_db()
    assert (project.publication, project.was_public) == (PublicationStatus.IN_REVIEW, False)
    assert project.key in caplog.text


def test_a_look_costs_one_query_where_nothing_is_due():
    scheduled_project()
    with CaptureQueriesContext(connection) as asked:
        assert publish_scheduled() == []
    assert len(asked) == 1


# ── Two at once ──────────────────────────────────────────────────────────────────────────────────────────────


def closing(job):
    """Return `job`, with the connection of its thread closed at the end."""

    def run():
        try:
            return job()
        finally:
            connection.close()

    return run


@pytest.mark.django_db(transaction=True)
def test_two_that_publish_at_once_publish_once(own_database, monkeypatch):
    project = scheduled_project(publish_at=timezone.now() - HOUR)
    both, found = threading.Barrier(2, timeout=60), next_due

    def found_by_both():
        due_at = found()
        both.wait()  # both find it before one publishes it
        return due_at

    monkeypatch.setattr(scheduler, "next_due", found_by_both)
    audited = AuditEntry.objects.count()
    with ThreadPoolExecutor(2) as executor:
        published = [one.result() for one in [executor.submit(closing(publish_scheduled)) for _ in range(2)]]
    assert sorted(published, key=len) == [[], [project]]
    project.refresh_from_db()
    assert (project.publication, project.version) == (PublicationStatus.PUBLISHED, 2)
    assert [state.publication for state in project.history.order_by("pk")][-1:] == [PublicationStatus.PUBLISHED]
    assert project.history.filter(publication=PublicationStatus.PUBLISHED).count() == 1
    assert AuditEntry.objects.count() == audited + 1


@pytest.mark.django_db(transaction=True)
def test_request_does_not_wait_for_who_holds_the_record(own_database, settings, rf, caplog):
    scheduled_project(publish_at=timezone.now() - HOUR)
    settings.SCHEDULE_SECONDS = 0
    middleware = PublishScheduledMiddleware(lambda request: "page")
    held, answered = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            Project.objects.select_for_update().get()
            held.set()
            answered.wait(60)

    with ThreadPoolExecutor(1) as executor:
        holding = executor.submit(closing(hold))
        assert held.wait(60)
        assert middleware(rf.get("/")) == "page"
        assert not holding.done()
        answered.set()
        holding.result()
    assert "Could not look for what is due" in caplog.text
    assert Project.objects.get().publication == PublicationStatus.SCHEDULED
    with connection.cursor() as cursor:  # the next writer waits as long as before
        cursor.execute("PRAGMA busy_timeout" if connection.vendor == "sqlite" else "SHOW lock_timeout")
        assert cursor.fetchone() == ((20_000,) if connection.vendor == "sqlite" else ("20s",))
    assert middleware(rf.get("/")) == "page"
    assert Project.objects.get().publication == PublicationStatus.PUBLISHED


def test_one_request_publishes_and_others_do_not_wait_for_it(settings, monkeypatch, rf):
    settings.SCHEDULE_SECONDS = 30
    monkeypatch.setattr(scheduler, "next_due", lambda: timezone.now() - HOUR)
    publishing, answered, runs = threading.Event(), threading.Event(), []

    def publish(now):
        runs.append(1)
        publishing.set()
        assert answered.wait(60)

    monkeypatch.setattr(scheduler, "_publish_until", publish)
    monkeypatch.setattr(scheduler, "lock_timeout", lambda milliseconds: contextlib.nullcontext())
    middleware = PublishScheduledMiddleware(lambda request: "page")
    with ThreadPoolExecutor(1) as executor:
        first = executor.submit(middleware, rf.get("/"))
        assert publishing.wait(60)
        assert [middleware(rf.get("/")) for _ in range(3)] == ["page"] * 3
        assert not first.done()
        answered.set()
        assert first.result() == "page"
    assert runs == [1]


# ── The middleware ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_process_asks_for_the_next_time_now_and_then(settings, monkeypatch, rf):
    looks, clock = [], [100.0]
    monkeypatch.setattr(scheduler, "next_due", lambda: looks.append(clock[0]))
    monkeypatch.setattr(scheduler.time, "monotonic", lambda: clock[0])
    settings.SCHEDULE_SECONDS = 30
    middleware = PublishScheduledMiddleware(lambda request: "page")
    for clock[0] in (100.0, 129.0, 130.0, 131.0):
        assert middleware(rf.get("/")) == "page"
    clock[0] = 200.0
    assert middleware(rf.get("/healthz")) == "page"
    assert looks == [100.0, 130.0]


def test_a_request_before_the_time_asks_nothing_and_the_first_after_it_publishes(settings, rf, later, monkeypatch):
    monkeypatch.setattr(scheduler.time, "monotonic", lambda: 100.0)  # the process does not query again
    settings.SCHEDULE_SECONDS = 30
    project = scheduled_project()
    middleware = PublishScheduledMiddleware(lambda request: "page")

    def queries():
        with CaptureQueriesContext(connection) as asked:
            middleware(rf.get("/"))
        return len(asked)

    assert queries() == 1
    later(HOUR - timedelta(seconds=1))
    assert queries() == 0
    later(timedelta(seconds=1))
    assert queries() > 1
    assert queries() == 0
    project.refresh_from_db()
    assert project.publication == PublicationStatus.PUBLISHED


def test_middleware_queries_the_next_time_once_before_and_once_after_it_publishes(settings, monkeypatch, rf):
    project = scheduled_project(publish_at=timezone.now() - HOUR)
    settings.SCHEDULE_SECONDS = 30
    found = []
    monkeypatch.setattr(scheduler, "next_due", lambda: found.append(next_due()) or found[-1])
    PublishScheduledMiddleware(lambda request: "page")(rf.get("/"))
    assert found == [project.publish_at, None]


def test_pages_are_made_even_where_the_look_fails(settings, monkeypatch, rf, caplog):
    def fail():
        raise Error("no database")

    monkeypatch.setattr(scheduler, "next_due", fail)
    settings.SCHEDULE_SECONDS = 0
    assert PublishScheduledMiddleware(lambda request: "page")(rf.get("/")) == "page"
    assert "Could not look for what is due: no database" in caplog.text
