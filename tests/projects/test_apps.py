"""What the app of projects registers when it is loaded."""

import pytest
from django.db import transaction

from portal.facets import registry
from portal.tracking import content_version
from projects.models import Project
from tests.counting import settle
from tests.make import (
    make_issue,
    make_organisation,
    make_participation,
    make_place,
    make_project,
    make_sector,
    make_term,
)

pytestmark = pytest.mark.django_db


def test_facet_index_of_projects_has_the_published_ones():
    """Lists of lower apps count projects by this index."""
    project = make_project()
    make_project(publication="draft")
    assert list(registry.facet_index(Project).all) == [project.pk]


def test_changed_projects_are_known_by_their_primary_keys():
    organisation, project = make_organisation(), make_project()
    make_project()
    settle()
    old = content_version.state()
    with transaction.atomic():
        project.save()
        make_participation(project=project, organisation=organisation)
    assert content_version.changed_since(old, content_version.state(), Project) == {project.pk}


@pytest.mark.parametrize("make", [make_issue, make_organisation, make_place, make_sector])
def test_change_of_what_projects_show_may_change_any_of_them(make):
    record = make()
    settle()
    old = content_version.state()
    with transaction.atomic():
        record.save()
    assert content_version.changed_since(old, content_version.state(), Project) is None


def test_change_of_another_record_changes_no_project():
    term = make_term()
    settle()
    old = content_version.state()
    with transaction.atomic():
        term.save()
    assert content_version.changed_since(old, content_version.state(), Project) == set()
