"""Editors work on reports by readers; reviewers also write the public log of corrections and the portal's details."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

REPORTS = ("view_readerreport", "change_readerreport")
SEEN = ("view_correction", "view_portaldetails")
EDITOR = (*REPORTS, *SEEN)
REVIEWER = (
    *EDITOR,
    "delete_readerreport",
    *("add_correction", "change_correction", "delete_correction"),
    *("add_portaldetails", "change_portaldetails"),
)
RIGHTS = {
    "Editor": EDITOR,
    "Reviewer": REVIEWER,
    "Administrator": REVIEWER,
    "Translator (Korean)": (*SEEN, "translate_ko_correction", "translate_ko_portaldetails"),
    "Translator (Russian)": (*SEEN, "translate_ru_correction", "translate_ru_portaldetails"),
}
MODELS = ("readerreport", "correction", "portaldetails")


def made_permissions(apps, using):
    # Django makes permissions when all migrations are done, which is too late for this one.
    config = apps.get_app_config("portal")
    config.models_module = installed.get_app_config("portal").models_module
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    return permissions.filter(content_type__app_label="portal", content_type__model__in=MODELS)


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    found = {row.codename: row for row in made_permissions(apps, using)}
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=RIGHTS):
        group.permissions.add(*(found[name] for name in RIGHTS[group.name]))


def disallow(apps, schema_editor):
    using = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    gone = permissions.filter(content_type__app_label="portal", content_type__model__in=MODELS)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=RIGHTS):
        group.permissions.remove(*gone)


class Migration(migrations.Migration):
    dependencies = [("portal", "0042_reader_reports_and_corrections")]

    operations = [migrations.RunPython(allow, disallow)]
