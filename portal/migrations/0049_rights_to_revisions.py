"""Editors, reviewers and administrators see the list of revisions."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

RIGHTS = ("view_revision",)
GROUPS = ("Editor", "Reviewer", "Administrator")


def made_permissions(apps, using):
    # Django makes permissions when all migrations are done, which is too late for this one.
    config = apps.get_app_config("portal")
    config.models_module = installed.get_app_config("portal").models_module
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    return permissions_of(apps, using)


def permissions_of(apps, using):
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    return permissions.filter(content_type__app_label="portal", codename__in=RIGHTS)


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    found = made_permissions(apps, using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=GROUPS):
        group.permissions.add(*found)


def disallow(apps, schema_editor):
    using = schema_editor.connection.alias
    found = permissions_of(apps, using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=GROUPS):
        group.permissions.remove(*found)


class Migration(migrations.Migration):
    dependencies = [("portal", "0048_revisions")]

    operations = [migrations.RunPython(allow, disallow)]
