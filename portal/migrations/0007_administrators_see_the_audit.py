"""Administrators read the audit, and take a lost second step away."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

CODENAMES = ("view_auditentry", "view_authenticator", "delete_authenticator")


def made_permissions(apps, using):
    for label in ("portal", "mfa"):
        # Django makes permissions when all migrations are done, which is too late for this one.
        config = apps.get_app_config(label)
        config.models_module = installed.get_app_config(label).models_module
        create_permissions(config, verbosity=0, using=using, apps=apps)
        config.models_module = None
    return apps.get_model("auth", "Permission").objects.using(using).filter(codename__in=CODENAMES)


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    found = made_permissions(apps, using)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name="Administrator"):
        group.permissions.add(*found)


def disallow(apps, schema_editor):
    using = schema_editor.connection.alias
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name="Administrator"):
        group.permissions.remove(*apps.get_model("auth", "Permission").objects.using(using).filter(codename__in=CODENAMES))


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0006_audit"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(allow, disallow)]
