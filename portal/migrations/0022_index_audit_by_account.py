"""Index entries of the audit by account: each attempt to sign in asks which networks the account signed in from."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0021_names_by_kind_or_whole"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["who", "what", "network"], name="audit_of_an_account"),
        ),
    ]
