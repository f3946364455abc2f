"""Generated projects for benchmarks."""

import pytest
from django.core.management import CommandError, call_command

from portal.search import indexing
from portal.search.ranking import matching
from projects.management.commands import generate_test_data
from projects.models import Project
from tests.make import make_country, make_issue, make_organisation, make_place, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def words():
    make_project(
        title_en="Willow",
        title_ko="버들",
        title_ru="Ива",
        summary_en="Trees.",
        summary_ko="나무.",
        summary_ru="Деревья.",
    )
    make_country(key="uz")
    make_place(key="nukus")
    make_issue(key="desertification")
    make_organisation(key="koica")


def generate(count):
    call_command("generate_test_data", projects=count, verbosity=0)


def test_projects_past_some_are_copies_with_all_that_hangs_on_them(words, client, monkeypatch):
    monkeypatch.setattr(generate_test_data, "ONE_BY_ONE", 4)
    generate(10)
    made = Project.objects.filter(key__startswith="load-").order_by("key")
    assert [project.key for project in made] == [f"load-{number:07}" for number in range(10)]

    def hangs_on(project):
        return (
            project.summary_ko,
            [place.key for place in project.countries.all()],
            sorted(row.organisation.key for row in project.participations.all()),
            [row.issue.key for row in project.issue_links.all()],
            sorted(row.area for row in project.areas.all()),
        )

    originals = [hangs_on(project) for project in made[:4]]
    assert all(all(told) for told in originals)
    assert [hangs_on(project) for project in made[4:]] == [*originals, *originals[:2]]
    assert indexing.state_of_index() == ""
    # They are found like any other project, and the next project gets a new primary key.
    assert matching(Project.objects, "willow").count() == 11
    make_project()


def test_going_on_adds_what_is_missing(words):
    generate(3)
    generate(5)
    generate(4)
    assert Project.objects.filter(key__startswith="load-").count() == 5


def test_nothing_is_made_up_of_nothing():
    with pytest.raises(CommandError, match="Load the fixtures first"):
        generate(1)
