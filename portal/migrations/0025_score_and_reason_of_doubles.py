"""Likely doubles are stored with why they are alike and how much, so that the desk only reads them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0024_addresses_are_those_of_the_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="double",
            name="score",
            field=models.FloatField(default=0),
        ),
        migrations.AddField(
            model_name="double",
            name="shared",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="double",
            name="why",
            field=models.CharField(default="", max_length=10),
        ),
    ]
