"""Marks imported activities whose reporter is a secondary one, as their stored originals say."""

import gzip

from django.db import migrations
from lxml import etree


def is_secondary(original):
    """Whether the XML of an activity says that its reporter is a secondary one."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        reporter = etree.fromstring(gzip.decompress(bytes(original)), parser).find("reporting-org")
    except (OSError, etree.XMLSyntaxError):
        return False
    return reporter is not None and reporter.get("secondary-reporter") in {"1", "true"}


def mark(apps, schema_editor):
    activities = apps.get_model("projects", "ImportedActivity").objects.using(schema_editor.connection.alias)
    for pk in list(activities.filter(file__kind="iati").values_list("pk", flat=True)):
        if is_secondary(activities.values_list("original", flat=True).get(pk=pk)):
            activities.filter(pk=pk).update(secondary=True)


class Migration(migrations.Migration):
    dependencies = [("projects", "0013_level_may_be_empty_and_secondary_reporters")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
