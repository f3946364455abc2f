"""Reviewers edit aliases, which readers see at once; editors see them."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

ALL = ("view", "add", "change", "delete")
RIGHTS = {"Editor": ("view",), "Reviewer": ALL, "Administrator": ALL}


def made_permissions(apps, using):
    # Django makes permissions when all migrations are done, which is too late for this one.
    config = apps.get_app_config("portal")
    config.models_module = installed.get_app_config("portal").models_module
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    return {
        row.codename: row
        for row in permissions.filter(content_type__app_label="portal", content_type__model="alias")
    }


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    found = made_permissions(apps, using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=RIGHTS):
        group.permissions.add(*(found[f"{action}_alias"] for action in RIGHTS[group.name]))


def disallow(apps, schema_editor):
    using = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    gone = permissions.filter(content_type__app_label="portal", content_type__model="alias")
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=RIGHTS):
        group.permissions.remove(*gone)


class Migration(migrations.Migration):
    dependencies = [("portal", "0038_places_without_other_spellings")]

    operations = [migrations.RunPython(allow, disallow)]
