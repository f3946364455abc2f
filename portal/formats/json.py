"""Writes records as JSON and as GeoJSON, streamed record by record."""

import json
from decimal import Decimal

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext, override

from portal.formats.spreadsheets import LICENCE

# Records read at a time: fewer than for tables, because each record becomes nested dictionaries.
CHUNK = 500


def dumps(value):
    """Return compact JSON: no spaces, non-ASCII letters unescaped, and a Decimal as a number."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_number)


def _number(value):
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{value!r} has no JSON.")


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
            "licence": LICENCE,
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
    yield f'{head},"record":{dumps(next(records.data(CHUNK)))}'
    for name, others in records.beside.items():
        yield f",{_array(name)}"
        yield from _items(others)
        yield "\n]"
    yield "}\n"


def jsonl_text(records):
    """Yield the records as JSON Lines: one JSON object a line, without metadata of the file."""
    for item in records.data(CHUNK):
        yield f"{dumps(item)}\n"


def _array(name):
    return f"{dumps(name)}:["


def _items(records):
    comma = ""
    for item in records.data(CHUNK):
        yield f"{comma}\n{dumps(item)}"
        comma = ","


def geojson_text(records):
    """Yield the records as a FeatureCollection (RFC 7946). A feature has all places of its record, or a null geometry.

    Longitude comes before latitude. The bounding box is at the end, because it is known only after the last record.
    """
    yield f'{{"type":"FeatureCollection","about":{dumps(about(records))},"features":['
    comma, west, south, east, north = "", 180.0, 90.0, -180.0, -90.0
    for item, points in records.located(CHUNK):
        feature = {"type": "Feature", "id": item["key"], "geometry": geometry(points), "properties": item}
        for longitude, latitude in points:
            west, east = min(west, longitude), max(east, longitude)
            south, north = min(south, latitude), max(north, latitude)
        yield f"{comma}\n{dumps(feature)}"
        comma = ","
    box = f',"bbox":{dumps([west, south, east, north])}' if west <= east else ""
    yield f"\n]{box}}}\n"


def geometry(points):
    """Return a Point, a MultiPoint if the positions differ, or None if there are none."""
    points = list(dict.fromkeys(points))
    if not points:
        return None
    if len(points) == 1:
        return {"type": "Point", "coordinates": points[0]}
    return {"type": "MultiPoint", "coordinates": points}
