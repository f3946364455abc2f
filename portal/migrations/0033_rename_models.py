"""Rename models after the field's standard words. Their tables keep their names, so no SQL runs.

Django renames their content types. The next migration renames their permissions.
"""

from django.db import migrations

RENAMED = (
    ("OlderTranslation", "OutdatedTranslation"),
    ("Look", "Verification"),
    ("Double", "DuplicateCandidate"),
    ("Link", "ExternalLink"),
    ("LinkUse", "ExternalLinkUsage"),
    ("Freshness", "ContentVersion"),
    ("Change", "ContentChange"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0032_plain_words"),
    ]

    operations = [
        operation
        for old, new in RENAMED
        for operation in (
            migrations.AlterModelTable(old, f"portal_{old.lower()}"),
            migrations.RenameModel(old, new),
        )
    ]
