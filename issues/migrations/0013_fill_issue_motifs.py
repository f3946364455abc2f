"""Choose the pictures of issues and of countries in a database that has content, and who may change them.

A database without records gets them from fixtures/90_page_choices.json.
"""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

# Issue: shape, indicator, place.
MOTIFS = {
    "aral-sea-depletion": ("outlines", None, None),
    "desertification": ("squares", "aralkum-afforested-area", "aralkum-desert"),
    "water-scarcity": ("bars", "precipitation", "uz"),
    "climate-change": ("stripes", "temperature-anomaly", "kz"),
    "aralkum": ("outlines", None, None),
    "glacier-retreat": ("steps", "glacier-mass-balance", "tuyuksu-glacier"),
    "drought": ("bars", "precipitation", "kz"),
    "extreme-heat": ("stripes", "temperature-anomaly", "tm"),
    "caspian-sea-decline": ("line", "caspian-sea-level", "caspian-sea"),
}
OF_COUNTRIES = "precipitation"


def fill(apps, schema_editor):
    """Create the rows whose records exist."""
    using = schema_editor.connection.alias

    def pks(name, keys, app="issues"):
        rows = apps.get_model(app, name)._base_manager.using(using)
        return dict(rows.filter(key__in=keys).values_list("key", "pk"))

    issues = pks("Issue", MOTIFS)
    indicators = pks("Indicator", {OF_COUNTRIES, *(indicator for _shape, indicator, _place in MOTIFS.values())})
    places = pks("Place", {place for _shape, _indicator, place in MOTIFS.values()}, app="portal")
    motifs = apps.get_model("issues", "IssueMotif")._base_manager.using(using)
    for issue, (shape, indicator, place) in MOTIFS.items():
        if issue in issues and (indicator is None or (indicator in indicators and place in places)):
            motifs.create(
                issue_id=issues[issue], shape=shape, indicator_id=indicators.get(indicator), place_id=places.get(place)
            )
    if OF_COUNTRIES in indicators:
        choices = apps.get_model("issues", "PageIndicator")._base_manager.using(using)
        choices.create(page="motif", indicator_id=indicators[OF_COUNTRIES], position=1)


def empty(apps, schema_editor):
    """Remove the choices, which the code before does not have."""
    using = schema_editor.connection.alias
    apps.get_model("issues", "IssueMotif")._base_manager.using(using).all().delete()
    apps.get_model("issues", "PageIndicator")._base_manager.using(using).filter(page="motif").delete()


SEE = {"view_issuemotif"}
CHANGE = SEE | {"add_issuemotif", "change_issuemotif", "delete_issuemotif"}
RIGHTS = {
    "Editor": SEE,
    "Reviewer": CHANGE,
    "Administrator": CHANGE,
    "Translator (Korean)": SEE,
    "Translator (Russian)": SEE,
}


def allow(apps, schema_editor):
    using = schema_editor.connection.alias
    # Django makes permissions when all migrations are done, which is too late for this one.
    config = apps.get_app_config("issues")
    config.models_module = installed.get_app_config("issues").models_module
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    found = {row.codename: row for row in permissions.filter(content_type__app_label="issues", codename__in=CHANGE)}
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=RIGHTS):
        group.permissions.add(*(found[codename] for codename in sorted(RIGHTS[group.name])))


def disallow(apps, schema_editor):
    using = schema_editor.connection.alias
    permissions = apps.get_model("auth", "Permission").objects.using(using).filter(codename__in=CHANGE)
    for group in apps.get_model("auth", "Group").objects.using(using).filter(name__in=RIGHTS):
        group.permissions.remove(*permissions)


class Migration(migrations.Migration):
    dependencies = [("issues", "0012_issue_motifs"), ("portal", "0043_rights_to_reports_and_corrections")]

    operations = [migrations.RunPython(fill, empty), migrations.RunPython(allow, disallow)]
