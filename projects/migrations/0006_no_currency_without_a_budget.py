"""Take away currencies that stand without an amount: they say nothing, and the next migration allows them no more."""

from django.db import migrations


def take_away(apps, schema_editor):
    projects = apps.get_model("projects", "Project").objects.using(schema_editor.connection.alias)
    projects.filter(budget=None).exclude(currency="").update(currency="")


class Migration(migrations.Migration):
    dependencies = [("projects", "0005_history")]

    # Nothing to put back: nobody knows what the amount was.
    operations = [migrations.RunPython(take_away, migrations.RunPython.noop)]
