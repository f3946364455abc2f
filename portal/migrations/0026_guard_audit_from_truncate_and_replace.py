"""Let the database refuse TRUNCATE (PostgreSQL) and INSERT OR REPLACE (SQLite) of audit entries too."""

from django.db import migrations

from portal.tracking import audit_log


def guard(apps, schema_editor):
    """Replace the triggers of migration 0006 by those of today; a database made today has them already."""
    vendor = schema_editor.connection.vendor
    for statement in (*audit_log.RELEASES.get(vendor, ()), *audit_log.GUARDS.get(vendor, ())):
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("portal", "0025_score_and_reason_of_doubles")]

    # On the way back nothing is to be done: 0006 takes down whichever triggers there are.
    operations = [migrations.RunPython(guard, migrations.RunPython.noop)]
