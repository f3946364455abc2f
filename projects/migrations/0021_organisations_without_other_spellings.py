from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0037_move_other_spellings_to_aliases"),
        ("projects", "0020_groups_edit_outcomes_and_results"),
    ]

    operations = [
        migrations.RemoveField(model_name="organisation", name="other_spellings"),
        migrations.RemoveField(model_name="historicalorganisation", name="other_spellings"),
    ]
