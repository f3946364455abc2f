import django.core.validators
from django.db import migrations, models

import portal.core.validators


class Migration(migrations.Migration):
    dependencies = [
        ("issues", "0003_history"),
    ]

    operations = [
        migrations.AddField(
            model_name="historicalindicator",
            name="highest",
            field=models.DecimalField(
                blank=True, decimal_places=6, max_digits=20, null=True, verbose_name="highest possible value"
            ),
        ),
        migrations.AddField(
            model_name="historicalindicator",
            name="lowest",
            field=models.DecimalField(
                blank=True, decimal_places=6, max_digits=20, null=True, verbose_name="lowest possible value"
            ),
        ),
        migrations.AddField(
            model_name="indicator",
            name="highest",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="What no value can lie above: 100 of a share in per cent.",
                max_digits=20,
                null=True,
                verbose_name="highest possible value",
            ),
        ),
        migrations.AddField(
            model_name="indicator",
            name="lowest",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="What no value can lie below: 0 of a share. Empty, where values may be anything.",
                max_digits=20,
                null=True,
                verbose_name="lowest possible value",
            ),
        ),
        migrations.AlterField(
            model_name="historicalindicator",
            name="unit_en",
            field=models.CharField(
                help_text="In words, as a heading has it.",
                max_length=80,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="historicalindicator",
            name="unit_ko",
            field=models.CharField(
                help_text="In words, as a heading has it.",
                max_length=80,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="historicalindicator",
            name="unit_ru",
            field=models.CharField(
                help_text="In words, as a heading has it.",
                max_length=80,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="historicalindicator",
            name="unit_symbol_en",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit symbol",
            ),
        ),
        migrations.AlterField(
            model_name="historicalindicator",
            name="unit_symbol_ko",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit symbol",
            ),
        ),
        migrations.AlterField(
            model_name="historicalindicator",
            name="unit_symbol_ru",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit symbol",
            ),
        ),
        migrations.AlterField(
            model_name="historicalkeyfigure",
            name="unit_en",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="historicalkeyfigure",
            name="unit_ko",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="historicalkeyfigure",
            name="unit_ru",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="indicator",
            name="unit",
            field=models.CharField(
                help_text="In words, as a heading has it.",
                max_length=80,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="indicator",
            name="unit_en",
            field=models.CharField(
                help_text="In words, as a heading has it.",
                max_length=80,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="indicator",
            name="unit_ko",
            field=models.CharField(
                help_text="In words, as a heading has it.",
                max_length=80,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="indicator",
            name="unit_ru",
            field=models.CharField(
                help_text="In words, as a heading has it.",
                max_length=80,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="indicator",
            name="unit_symbol",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit symbol",
            ),
        ),
        migrations.AlterField(
            model_name="indicator",
            name="unit_symbol_en",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit symbol",
            ),
        ),
        migrations.AlterField(
            model_name="indicator",
            name="unit_symbol_ko",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit symbol",
            ),
        ),
        migrations.AlterField(
            model_name="indicator",
            name="unit_symbol_ru",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit symbol",
            ),
        ),
        migrations.AlterField(
            model_name="keyfigure",
            name="unit",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="keyfigure",
            name="unit_en",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="keyfigure",
            name="unit_ko",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="keyfigure",
            name="unit_ru",
            field=models.CharField(
                help_text="As it is written after the number.",
                max_length=40,
                null=True,
                validators=[portal.core.validators.validate_unit],
                verbose_name="unit",
            ),
        ),
        migrations.AlterField(
            model_name="keyfigure",
            name="year",
            field=models.PositiveSmallIntegerField(
                blank=True,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(
                        1800, "A year has four digits and lies between 1800 and 2200."
                    ),
                    django.core.validators.MaxValueValidator(
                        2200, "A year has four digits and lies between 1800 and 2200."
                    ),
                ],
                verbose_name="year",
            ),
        ),
        migrations.AlterField(
            model_name="observation",
            name="year",
            field=models.PositiveSmallIntegerField(
                validators=[
                    django.core.validators.MinValueValidator(
                        1800, "A year has four digits and lies between 1800 and 2200."
                    ),
                    django.core.validators.MaxValueValidator(
                        2200, "A year has four digits and lies between 1800 and 2200."
                    ),
                ],
                verbose_name="year",
            ),
        ),
        migrations.AddConstraint(
            model_name="indicator",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("lowest", None), ("highest", None), ("lowest__lt", models.F("highest")), _connector="OR"
                ),
                name="indicator_has_room_for_values",
                violation_error_message="The lowest possible value lies below the highest.",
            ),
        ),
        migrations.AddConstraint(
            model_name="keyfigure",
            constraint=models.CheckConstraint(
                condition=models.Q(("year", None), ("year__range", (1800, 2200)), _connector="OR"),
                name="key_figure_year_is_plausible",
                violation_error_message="A year has four digits and lies between 1800 and 2200.",
            ),
        ),
    ]
