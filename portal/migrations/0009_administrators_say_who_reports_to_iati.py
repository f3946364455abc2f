"""Administrators say in whose name the portal reports to IATI; whoever edits sees what is reported."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

MODEL = "reportingorganisation"
RIGHTS = {
    "Editor": ("view",),
    "Reviewer": ("view",),
    "Administrator": ("view", "add", "change", "delete"),
}


def made_permissions(apps, using):
    # Django makes permissions when all migrations are done, which is too late for this one.
    config = apps.get_app_config("projects")
    config.models_module = installed.get_app_config("projects").models_module
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    return {row.codename: row for row in permissions.filter(content_type__app_label="projects")}


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    found = made_permissions(apps, using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=RIGHTS):
        group.permissions.add(*(found[f"{action}_{MODEL}"] for action in RIGHTS[group.name]))


def disallow(apps, schema_editor):
    using = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    gone = permissions.filter(content_type__app_label="projects", content_type__model=MODEL)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=RIGHTS):
        group.permissions.remove(*gone)


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0008_older_translations_and_looks"),
        ("projects", "0004_iati_identifiers_and_reporting"),
    ]

    operations = [migrations.RunPython(allow, disallow)]
