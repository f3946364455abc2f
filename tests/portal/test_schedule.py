"""Scheduled records: held from readers until their time, shown from then on."""

from datetime import timedelta

import pytest
from django.db import Error, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import schedule
from portal.choices import Publication
from portal.schedule import DueMiddleware, publish_due
from tests.make import make_citation, make_country, make_project

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def later(monkeypatch):
    """Stops the clock, and sets it forward."""
    clock = [timezone.now()]
    monkeypatch.setattr(timezone, "now", lambda: clock[0])

    def forward(by):
        clock[0] += by

    return forward


def scheduled_project(**fields):
    project = make_project(
        title_en="Saxaul on the dry bed",
        **{"publication": Publication.SCHEDULED, "publish_at": timezone.now() + HOUR, **fields},
    )
    project.countries.add(make_country())
    make_citation(project)
    return project


def found(client, project):
    """Whether readers find a record: by its page, in its list, by a search, in the sitemap."""
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
    assert (project.publication, project.publish_at, project.version) == (Publication.PUBLISHED, None, 2)
    assert project.published_at == timezone.now()


def test_what_has_come_to_lack_something_goes_back_to_review(later, caplog):
    project = scheduled_project()
    project.citations.all().delete()
    later(HOUR)
    assert publish_due() == []
    project.refresh_from_db()
    assert (project.publication, project.was_public) == (Publication.IN_REVIEW, False)
    assert project.key in caplog.text


def test_a_look_costs_one_query_where_nothing_is_due():
    scheduled_project()
    with CaptureQueriesContext(connection) as asked:
        assert publish_due() == []
    assert len(asked) == 1


def test_a_process_looks_now_and_then(settings, monkeypatch, rf):
    looks, clock = [], [100.0]
    monkeypatch.setattr(schedule, "publish_due", lambda: looks.append(clock[0]))
    monkeypatch.setattr(schedule.time, "monotonic", lambda: clock[0])
    settings.SCHEDULE_SECONDS = 30
    middleware = DueMiddleware(lambda request: "page")
    for clock[0] in (100.0, 129.0, 130.0, 131.0):
        assert middleware(rf.get("/")) == "page"
    clock[0] = 200.0
    assert middleware(rf.get("/healthz")) == "page"
    assert looks == [100.0, 130.0]


def test_pages_are_made_even_where_the_look_fails(settings, monkeypatch, rf, caplog):
    def fail():
        raise Error("no database")

    monkeypatch.setattr(schedule, "publish_due", fail)
    settings.SCHEDULE_SECONDS = 0
    assert DueMiddleware(lambda request: "page")(rf.get("/")) == "page"
    assert "Could not look for what is due: no database" in caplog.text
