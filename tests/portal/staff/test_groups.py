"""The migration that creates the groups of the admin can run twice and be reversed."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.models.workflow import ADMINISTRATOR, EDITOR, REVIEWER, TRANSLATORS

pytestmark = pytest.mark.django_db

NAME = "0004_desk_groups"
# Later migrations that give the groups more permissions, with the number for each group.
LATER = {
    "0007_administrators_see_the_audit": 3,
    "0009_administrators_say_who_reports_to_iati": 6,
    "0013_editors_see_outside_links": 3,
    "0015_editors_import": 18,
    "issues.0007_fill_page_choices": 48,
    "issues.0013_fill_issue_motifs": 11,
    "projects.0020_groups_edit_outcomes_and_results": 48,
    "0039_reviewers_edit_aliases": 9,
    "0043_rights_to_reports_and_corrections": 32,
    "0045_rights_to_digest_subscriptions": 4,
    "0049_rights_to_revisions": 3,
    "0052_rights_to_pictures": 16,
    "0055_rights_to_attachments": 16,
    "projects.0030_rights_to_rejected_activities": 6,
}
migration = import_module(f"portal.migrations.{NAME}")


def app_and_name(name):
    """Return the app of a migration, by default the portal's, and its name there."""
    app, _dot, rest = name.rpartition(".")
    return app or "portal", rest


renames = import_module("portal.migrations.0034_rename_permissions")
later = {name: import_module("{}.migrations.{}".format(*app_and_name(name))) for name in LATER}


def run(step, name=NAME):
    apps = MigrationExecutor(connection).loader.project_state(app_and_name(name)).apps
    step(apps, SimpleNamespace(connection=connection))


def groups():
    return {
        group.name: sorted(group.permissions.values_list("content_type__app_label", "codename"))
        for group in Group.objects.all()
    }


def test_groups_are_made_once_and_can_be_taken_back():
    made = groups()
    assert set(made) == {EDITOR, REVIEWER, ADMINISTRATOR, *TRANSLATORS.values()}
    run(migration.make_groups)
    assert groups() == made
    run(migration.remove_groups)
    assert groups() == {}
    run(migration.make_groups)
    for name, module in later.items():
        run(module.allow, name)
    run(renames.forwards, "0034_rename_permissions")
    assert groups() == made


@pytest.mark.parametrize("name", LATER)
def test_what_a_later_migration_gives_it_takes_back(name):
    run(renames.backwards, "0034_rename_permissions")
    made = groups()
    run(later[name].disallow, name)
    assert sum(map(len, made.values())) - sum(map(len, groups().values())) == LATER[name]
    run(later[name].allow, name)
    assert groups() == made


def test_what_a_portal_added_to_a_group_stays():
    editors, reviewers = Group.objects.get(name=EDITOR), Group.objects.get(name=REVIEWER)
    [publish] = reviewers.permissions.filter(codename="publish_term")
    editors.permissions.add(publish)
    run(migration.make_groups)
    assert publish in editors.permissions.all()


def test_each_group_may_do_what_the_one_before_it_may():
    made = {name: set(permissions) for name, permissions in groups().items()}
    assert made[EDITOR] < made[REVIEWER] < made[ADMINISTRATOR]
    assert {name for _app, name in made[EDITOR]} & {"publish_project", "delete_project", "change_sector"} == set()
