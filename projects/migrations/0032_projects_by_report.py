"""The order of projects by their newest report. PostgreSQL sets unknown dates first, and the lists last (see 0011)."""

from django.db import migrations, models

NAME = "project_last_reported_first"


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE INDEX IF NOT EXISTS {NAME} ON projects_project (publication, status_as_of DESC NULLS LAST, key)"
        )


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {NAME}")


class Migration(migrations.Migration):
    dependencies = [("projects", "0031_keys_may_change")]

    operations = [
        migrations.AddIndex(
            "project", models.Index(fields=["publication", "-status_as_of", "key"], name="project_by_report")
        ),
        migrations.RunPython(add, remove),
    ]
