"""Whole names by what they are; what begins so, by its kind alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0020_what_changed"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="searchname",
            name="search_name_normal",
        ),
        migrations.AddIndex(
            model_name="searchname",
            index=models.Index(condition=models.Q(("whole", True)), fields=["normal"], name="search_name_whole"),
        ),
    ]
