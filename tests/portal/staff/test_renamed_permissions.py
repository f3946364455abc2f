"""The migration that renames the permissions of renamed models: each group and user keeps them."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from portal.models.workflow import ADMINISTRATOR, EDITOR, REVIEWER

BEFORE, MODELS, AFTER = "0032_plain_words", "0033_rename_models", "0034_rename_permissions"
OLD, NEW = {"view_link", "change_freshness"}, {"view_externallink", "change_contentversion"}
VIEWERS = (EDITOR, REVIEWER, ADMINISTRATOR, "Watchers", "kim")
HELD_BEFORE = {*(("view_link", name) for name in VIEWERS), ("change_freshness", "kim")}
HELD_AFTER = {*(("view_externallink", name) for name in VIEWERS), ("change_contentversion", "kim")}


def migrate(name):
    call_command("migrate", "portal", name, verbosity=0)
    ContentType.objects.clear_cache()


def permission(codename):
    return Permission.objects.get(content_type__app_label="portal", codename=codename)


def holders():
    """Return the names of the groups and users that have each of the renamed permissions."""
    groups = Permission.objects.filter(codename__in=OLD | NEW, group__isnull=False).values_list(
        "codename", "group__name"
    )
    users = Permission.objects.filter(codename__in=OLD | NEW, user__isnull=False).values_list(
        "codename", "user__username"
    )
    return set(groups) | set(users)


@pytest.mark.long
@pytest.mark.any_database
class TestRename:
    """One database for all tests, because migrating it takes long."""

    @pytest.fixture
    def before(self, blank_database):
        """A database as before the renames, with a group and a user of its own that have such permissions."""
        migrate(BEFORE)
        watchers, _ = Group.objects.get_or_create(name="Watchers")
        kim, _ = User.objects.get_or_create(username="kim")
        watchers.permissions.set([permission("view_link")])
        kim.user_permissions.set([permission("view_link"), permission("change_freshness")])

    def test_groups_and_users_keep_renamed_permissions_forwards_and_backwards(self, before):
        assert holders() == HELD_BEFORE
        migrate(AFTER)
        assert holders() == HELD_AFTER
        kim = User.objects.get(username="kim")
        assert kim.has_perms(["portal.view_externallink", "portal.change_contentversion"])
        assert permission("change_contentversion").name == "Can change content version"
        assert permission("view_externallink").name == "Can view external link"
        assert permission("view_externallink").content_type.model == "externallink"
        assert not Permission.objects.filter(content_type__app_label="portal", codename__in=OLD).exists()
        migrate(BEFORE)
        assert holders() == HELD_BEFORE
        assert permission("change_freshness").name == "Can change freshness"
        assert not Permission.objects.filter(content_type__app_label="portal", codename__in=NEW).exists()

    def test_permissions_that_exist_under_both_names_become_one(self, before):
        migrate(MODELS)  # the command adds permissions under the new names
        assert permission("view_link").content_type == permission("view_externallink").content_type
        migrate(AFTER)
        assert holders() == HELD_AFTER

    def test_content_types_that_exist_under_both_names_keep_the_permissions(self, before):
        for model in ("externallink", "contentversion"):
            made = ContentType.objects.create(app_label="portal", model=model)
            Permission.objects.create(content_type=made, codename=f"view_{model}", name="Can view it")
        migrate(AFTER)
        assert holders() == HELD_AFTER
        assert permission("change_contentversion").content_type.model == "contentversion"
        assert not Permission.objects.filter(content_type__app_label="portal", codename__in=OLD).exists()


def test_new_database_has_only_the_new_names(db):
    assert not Permission.objects.filter(content_type__app_label="portal", codename__in=OLD).exists()
    assert set(Permission.objects.filter(codename__in=NEW).values_list("codename", flat=True)) == NEW
    assert {group for _name, group in holders()} == {EDITOR, REVIEWER, ADMINISTRATOR}
