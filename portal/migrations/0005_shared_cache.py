from django.core.management import call_command
from django.db import migrations

TABLE = 'portal_cache'


def create_table(apps, schema_editor):
    # Named, so that it is there whichever cache the settings speak of today.
    call_command('createcachetable', TABLE, database=schema_editor.connection.alias, verbosity=0)


def drop_table(apps, schema_editor):
    schema_editor.execute(schema_editor.sql_delete_table % {'table': schema_editor.quote_name(TABLE)})


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0004_desk_groups'),
    ]

    operations = [
        migrations.RunPython(create_table, drop_table),
    ]
