"""Editors upload attachments, and remove those that readers do not see. Translators write their texts."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

EDITOR = ("view_attachment", "add_attachment", "change_attachment", "delete_attachment")
RIGHTS = {
    "Editor": EDITOR,
    "Reviewer": EDITOR,
    "Administrator": EDITOR,
    "Translator (Korean)": ("view_attachment", "translate_ko_attachment"),
    "Translator (Russian)": ("view_attachment", "translate_ru_attachment"),
}


def made_permissions(apps, using):
    # Django makes permissions when all migrations are done, which is too late for this one.
    config = apps.get_app_config("portal")
    config.models_module = installed.get_app_config("portal").models_module
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    return permissions.filter(content_type__app_label="portal", content_type__model="attachment")


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    found = {row.codename: row for row in made_permissions(apps, using)}
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=RIGHTS):
        group.permissions.add(*(found[name] for name in RIGHTS[group.name]))


def disallow(apps, schema_editor):
    using = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    gone = permissions.filter(content_type__app_label="portal", content_type__model="attachment")
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=RIGHTS):
        group.permissions.remove(*gone)


class Migration(migrations.Migration):
    dependencies = [("portal", "0054_attachments")]

    operations = [migrations.RunPython(allow, disallow)]
