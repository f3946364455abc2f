"""The groups of the admin get permissions for results, and for outcomes and activities of agreements."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

ROWS = ("agreementoutcome", "agreementactivity")


def codenames(models, *actions):
    return {f"{action}_{model}" for model in models for action in actions}


VIEW = codenames(("result", *ROWS), "view")
EDITOR = VIEW | codenames(("result",), "add", "change") | codenames(ROWS, "add", "change", "delete")
REVIEWER = EDITOR | {"publish_result"}
PERMISSIONS = {
    "Editor": EDITOR,
    "Reviewer": REVIEWER,
    "Administrator": REVIEWER | {"delete_result"},
    "Translator (Korean)": VIEW | codenames(("result", *ROWS), "translate_ko"),
    "Translator (Russian)": VIEW | codenames(("result", *ROWS), "translate_ru"),
}


def create_missing_permissions(apps, using):
    # Django creates permissions after all migrations, which is too late for this one.
    config = apps.get_app_config("projects")
    config.models_module = installed.get_app_config("projects").models_module
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    create_missing_permissions(apps, using)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    found = {row.codename: row for row in permissions.filter(content_type__app_label="projects")}
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=PERMISSIONS):
        group.permissions.add(*(found[codename] for codename in sorted(PERMISSIONS[group.name])))


def disallow(apps, schema_editor):
    using = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=PERMISSIONS):
        group.permissions.remove(*permissions.filter(codename__in=PERMISSIONS[group.name]))


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0004_desk_groups"),
        ("projects", "0019_plain_words"),
    ]

    operations = [migrations.RunPython(allow, disallow)]
