"""Those who import files also see the rejected activities, and take rejections back."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

RIGHTS = ("view_rejectedactivity", "delete_rejectedactivity")
GROUPS = ("Editor", "Reviewer", "Administrator")


def made_permissions(apps, using):
    # Django makes permissions when all migrations are done, which is too late for this one.
    config = apps.get_app_config("projects")
    config.models_module = installed.get_app_config("projects").models_module
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    return permissions.filter(content_type__app_label="projects", codename__in=RIGHTS)


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    found = made_permissions(apps, using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=GROUPS):
        group.permissions.add(*found)


def disallow(apps, schema_editor):
    using = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    gone = permissions.filter(content_type__app_label="projects", codename__in=RIGHTS)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=GROUPS):
        group.permissions.remove(*gone)


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0004_desk_groups"),
        ("projects", "0029_rejected_activities"),
    ]

    operations = [migrations.RunPython(allow, disallow)]
