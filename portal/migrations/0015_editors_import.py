"""Editors import files and decide on suggested issues; reviewers also get the originals, which may name persons."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

EDITOR = {
    *("add_importedfile", "view_importedfile", "view_importedactivity"),
    *("view_suggestedissue", "change_suggestedissue"),
}
REVIEWER = EDITOR | {"download_importedfile"}
RIGHTS = {"Editor": EDITOR, "Reviewer": REVIEWER, "Administrator": REVIEWER | {"delete_importedfile"}}


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
        group.permissions.add(*(found[codename] for codename in sorted(RIGHTS[group.name])))


def disallow(apps, schema_editor):
    using = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=RIGHTS):
        group.permissions.remove(*permissions.filter(codename__in=RIGHTS[group.name]))


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0014_freshness"),
        ("projects", "0008_imported_lists"),
    ]

    operations = [migrations.RunPython(allow, disallow)]
