"""The order of the list of projects, as PostgreSQL can read it off an index: it sets empty dates first, the list last."""

from django.db import migrations

NAME = "project_latest_first"


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE INDEX IF NOT EXISTS {NAME} ON projects_project (publication, start DESC NULLS LAST, key)"
        )


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX IF EXISTS {NAME}")


class Migration(migrations.Migration):
    dependencies = [("projects", "0010_records_by_their_last_change")]

    operations = [migrations.RunPython(add, remove)]
