"""Writes records as JSON, streamed in blocks of records, and as GeoJSON, streamed record by record."""

import json

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext, override

from portal.core.licences import OWN_LICENCE
from portal.formats.fields import dumps
from portal.formats.locations import BoundingBoxOfAll

# The credit of the outlines of countries and provinces in GeoJSON.
OUTLINES = {
    "source": "Natural Earth, generalised; for provinces of since 2022, Who’s On First",
    "licence": "public domain (Natural Earth), CC0 1.0 (Who’s On First)",
    "note": (
        "In Kazakhstan the border between Abai Region and East Kazakhstan is partly approximate, "
        "and Shymkent is drawn smaller than it is today."
    ),
}


def loads(text):
    """Return the value of a JSON text from outside. Raise ValueError if it is none, or is nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("The JSON is nested too deeply.") from error


def about(records):
    """Return the metadata of a file: its title, publisher, URL, date, licence and number of records."""
    with override(records.reader):
        return {
            "title": str(records.title),
            "publisher": str(settings.PORTAL_NAME),
            "address": records.about,
            "retrieved": timezone.localdate().isoformat(),
            "licence": OWN_LICENCE,
            "licence_note": gettext("Text by the portal: CC BY 4.0. Figures and sources have their own licences."),
            "count": len(records),
        }


def json_text(records):
    """Yield the records as `{…, "items": […]}`, or a single one as `{…, "record": {…}}`.

    The metadata of the file (`about`) comes first. The selections in `records.beside` follow a single record as further
    lists.
    """
    head = dumps(about(records))[:-1]
    if not records.single:
        yield f"{head},{_array('items')}"
        yield from _items(records)
        yield "\n]}\n"
        return
    [text] = next(records.json_texts())
    yield f'{head},"record":{text}'
    for name, others in records.beside.items():
        yield f",{_array(name)}"
        yield from _items(others)
        yield "\n]"
    yield "}\n"


def jsonl_text(records):
    """Yield the records as JSON Lines: one JSON object a line, without metadata of the file."""
    for texts in records.json_texts():
        yield "\n".join([*texts, ""])


def _array(name):
    return f"{dumps(name)}:["


def _items(records):
    before = "\n"
    for texts in records.json_texts():
        if block := ",\n".join(texts):
            yield before + block
            before = ",\n"


def geojson_text(records, full=False):
    """Yield the records as a FeatureCollection (RFC 7946). A feature has all places of its record, or a null geometry.

    Properties are flat: texts and numbers, with texts in one language (`Serialiser.flat_of`). With `full` they are the
    nested objects of JSON.
    """
    return feature_collection(records, records.located(full))


def feature_collection(records, located):
    """Yield pairs of properties and `RecordLocation` as the FeatureCollection of the selection `records`.

    The bounding box is at the end, because it is known only after the last feature.
    """
    # GDAL and QGIS name the layer by `name`.
    head = {"type": "FeatureCollection", "name": records.label, "about": about(records)}
    if records.kind == "place":
        head["outlines"] = OUTLINES
    yield f"{dumps(head)[:-1]},{_array('features')}"
    comma, around = "", BoundingBoxOfAll()
    for item, found in located:
        around.add(found.geometry)
        yield f"{comma}\n{dumps(feature(item, found))}"
        comma = ","
    box = f',"bbox":{dumps(around.box)}' if around.box else ""
    yield f"\n]{box}}}\n"


def feature(item, found):
    """Return a record and its `RecordLocation` as a GeoJSON feature."""
    return {"type": "Feature", "id": item["key"], "geometry": found.geometry, "properties": item | found.stated}
