"""Functions of PostgreSQL that give the ids of all hits in one value."""

from django.db import migrations

from portal.search import store


def define(apps, schema_editor):
    store.define_functions(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("portal", "0018_records_by_their_last_change")]

    operations = [migrations.RunPython(define, migrations.RunPython.noop)]
