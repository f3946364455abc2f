from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0037_move_other_spellings_to_aliases"),
    ]

    operations = [
        migrations.RemoveField(model_name="place", name="other_spellings"),
        migrations.RemoveField(model_name="historicalplace", name="other_spellings"),
    ]
