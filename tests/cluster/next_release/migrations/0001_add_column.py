from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("issues", "__latest__")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE issues_term ADD COLUMN next_release text", "ALTER TABLE issues_term DROP COLUMN next_release"
        )
    ]
