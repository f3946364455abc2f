"""The unpublished records that a record depends on."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core.choices import PublicationStatus
from portal.publishing.dependencies import unpublished_dependencies
from tests.make import (
    make_agreement,
    make_citation,
    make_country,
    make_issue,
    make_key_figure,
    make_organisation,
    make_outcome,
    make_participation,
    make_place,
    make_project,
    make_source,
)

pytestmark = pytest.mark.django_db

DRAFT = PublicationStatus.DRAFT


def test_a_record_depends_on_what_must_be_published_with_it_and_on_what_that_needs():
    project = make_project(publication=DRAFT)
    make_citation(project, source := make_source(publication=DRAFT))
    make_citation(project, make_source())
    country, place = make_country(), make_place(publication=DRAFT)
    organisation = make_organisation(publication=PublicationStatus.IN_REVIEW, seat=place)
    make_participation(project=project, organisation=organisation)
    make_citation(organisation, deeper := make_source(publication=DRAFT))
    project.countries.add(country)
    found = unpublished_dependencies(project)
    assert set(found) == {source, organisation, place, deeper}
    assert len(found) == 4
    assert found.index(place) < found.index(organisation)
    assert found.index(deeper) < found.index(organisation)


def test_marks_and_rows_name_sources_too():
    source, cited = make_source(publication=DRAFT, key="micklin-2016"), make_source(publication=DRAFT)
    issue = make_issue(publication=DRAFT, drivers_ko="면화 [micklin-2016].")
    make_citation(make_key_figure(issue=issue), cited)
    assert set(unpublished_dependencies(issue)) == {source, cited}


def test_archived_records_are_left_out():
    project = make_project(publication=DRAFT)
    make_citation(project, make_source(publication=PublicationStatus.ARCHIVED))
    assert unpublished_dependencies(project) == []


def test_records_that_need_each_other_end_the_search():
    agreement, issue = make_agreement(publication=DRAFT), make_issue(publication=DRAFT)
    agreement.issues.add(issue)
    project = make_project(publication=DRAFT)
    make_outcome(agreement=agreement, project=project)
    parent = make_issue(publication=DRAFT, parent=issue)
    issue.parent = parent
    issue.save()
    assert set(unpublished_dependencies(agreement)) == {issue, parent, project}
    assert set(unpublished_dependencies(issue)) == {parent}


@pytest.mark.any_database
def test_queries_do_not_grow_with_the_number_of_records():
    project = make_project(publication=DRAFT)
    counted = []
    for _round in range(2):
        for _ in range(3):
            organisation = make_organisation(publication=DRAFT)
            make_participation(project=project, organisation=organisation)
            for record in (project, organisation):
                make_citation(record, make_source(publication=DRAFT))
        with CaptureQueriesContext(connection) as asked:
            unpublished_dependencies(project)
        counted.append(len(asked))
    assert counted[0] == counted[1]
