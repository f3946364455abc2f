"""Choose the key figures of countries, and the series on the page of Korea, in a database that has content.

A database without records gets them from fixtures/90_page_choices.json.
"""

from django.db import migrations

CHOICES = {
    "figures": (
        "population",
        "gdp-per-capita",
        "water-stress",
        "water-withdrawal-agriculture-share",
        "renewable-water-per-capita",
        "temperature-anomaly",
    ),
    "korea": ("korea-oda-total", "korea-oda-water-share", "korea-aid-received", "korea-trade"),
}


def fill(apps, schema_editor):
    """Create the rows whose indicators exist. A page for which editors already chose something stays as it is."""
    using = schema_editor.connection.alias
    choices, indicators = (
        apps.get_model("issues", name)._base_manager.using(using) for name in ("PageIndicator", "Indicator")
    )
    for page, keys in CHOICES.items():
        if choices.filter(page=page).exists():
            continue
        found = dict(indicators.filter(key__in=keys).values_list("key", "pk"))
        for position, key in enumerate(keys, 1):
            if key in found:
                choices.create(page=page, indicator_id=found[key], position=position)


def empty(apps, schema_editor):
    """Remove the choices for these pages, which the code before does not have."""
    choices = apps.get_model("issues", "PageIndicator")._base_manager.using(schema_editor.connection.alias)
    choices.filter(page__in=CHOICES).delete()


class Migration(migrations.Migration):
    dependencies = [("issues", "0010_key_figures_of_countries")]

    operations = [migrations.RunPython(fill, empty)]
