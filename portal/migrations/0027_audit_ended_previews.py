"""Let entries of the audit say that the links to a preview were ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0026_guard_audit_from_truncate_and_replace"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="what",
            field=models.CharField(
                choices=[
                    ("signed-in", "Signed in"),
                    ("signed-out", "Signed out"),
                    ("sign-in-failed", "Failed to sign in"),
                    ("factor-added", "Set up a second step"),
                    ("factor-removed", "Removed a second step"),
                    ("factor-failed", "Failed the second step"),
                    ("recovery-code-used", "Used a recovery code"),
                    ("password-changed", "Changed a password"),
                    ("published", "Published"),
                    ("unpublished", "Took out of publication"),
                    ("deleted", "Deleted"),
                    ("exported", "Exported"),
                    ("imported", "Imported"),
                    ("merged", "Merged"),
                    ("rights-changed", "Changed rights"),
                    ("previews-ended", "Ended links to a preview"),
                ],
                max_length=20,
                verbose_name="what",
            ),
        ),
    ]
