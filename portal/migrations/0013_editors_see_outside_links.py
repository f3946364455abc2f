"""Editors, reviewers and administrators see how links to the outside answered."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = ("Editor", "Reviewer", "Administrator")


def permission(apps, using):
    # Django makes permissions when all migrations are done, which is too late for this one.
    config = apps.get_app_config("portal")
    config.models_module = installed.get_app_config("portal").models_module
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    return apps.get_model("auth", "Permission").objects.using(using).get(codename="view_link")


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    found = permission(apps, using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=GROUPS):
        group.permissions.add(found)


def disallow(apps, schema_editor):
    using = schema_editor.connection.alias
    found = permission(apps, using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=GROUPS):
        group.permissions.remove(found)


class Migration(migrations.Migration):
    dependencies = [
        ('portal', '0012_outside_links'),
    ]

    operations = [migrations.RunPython(allow, disallow)]
