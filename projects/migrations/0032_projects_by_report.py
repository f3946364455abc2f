"""The order of projects by their newest report, as PostgreSQL can read it off an index (see 0011).

SQLite gets no such index: until it is analysed, it would take this one for the list of projects and sort all of them.
"""

from django.db import migrations

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

    operations = [migrations.RunPython(add, remove)]
