"""The command publish_scheduled publishes the scheduled records whose time has come."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from portal.core.choices import PublicationStatus
from portal.publishing.scheduler import next_due
from projects.models import Project
from tests.make import make_citation, make_country, make_project, make_term

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def scheduled_project():
    """Return a project that is to be published in an hour, and lacks nothing."""
    project = make_project(publication=PublicationStatus.SCHEDULED, publish_at=timezone.now() + HOUR)
    project.countries.add(make_country())
    make_citation(project)
    return project


def test_command_publishes_what_is_due_and_logs_it(later, caplog):
    project, term = (
        scheduled_project(),
        make_term(publication=PublicationStatus.SCHEDULED, publish_at=timezone.now() + 2 * HOUR),
    )
    make_citation(term)
    with caplog.at_level("INFO", "portal.publishing.scheduler"):
        call_command("publish_scheduled")
        assert Project.objects.get().publication == PublicationStatus.SCHEDULED
        later(HOUR)
        call_command("publish_scheduled")
        call_command("publish_scheduled")
    assert caplog.messages == [f"Published at its time: projects.Project {project.key}"]
    project.refresh_from_db()
    term.refresh_from_db()
    assert (project.publication, project.version) == (PublicationStatus.PUBLISHED, 2)
    assert (term.publication, term.version) == (PublicationStatus.SCHEDULED, 1)
    assert next_due() == term.publish_at
