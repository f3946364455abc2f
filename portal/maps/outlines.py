"""The outlines of the five countries and their provinces as GeoJSON, and a point for countries that have none.

The outlines are those of static/geo/, which are generalised from Natural Earth and, for provinces
that are newer, from Who’s On First.
"""

import functools
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from portal.maps.geometry import area, is_inside

# From the key of a country to a longitude and latitude within it, chosen by hand to the half degree.
COUNTRY_POINTS = {
    "af": (66.0, 34.0),
    "az": (47.5, 40.5),
    "by": (28.0, 53.5),
    "ca": (-100.0, 56.0),
    "ch": (8.0, 47.0),
    "cn": (103.0, 35.0),
    "de": (10.0, 51.0),
    "fi": (26.0, 63.0),
    "fr": (2.5, 46.5),
    "gb": (-1.5, 52.5),
    "in": (79.0, 22.0),
    "ir": (54.0, 32.5),
    "it": (12.5, 43.0),
    "jp": (138.0, 36.0),
    "kg": (75.0, 41.5),
    "kr": (128.0, 36.5),
    "kz": (67.0, 48.0),
    "mn": (103.5, 46.5),
    "my": (102.5, 4.0),
    "nl": (5.5, 52.5),
    "no": (9.0, 61.0),
    "pk": (69.5, 30.0),
    "ru": (97.0, 62.0),
    "se": (15.5, 62.5),
    "tj": (71.0, 38.5),
    "tm": (59.5, 39.0),
    "tr": (35.0, 39.0),
    "us": (-98.5, 39.5),
    "uz": (64.0, 41.5),
}


@dataclass(frozen=True)
class AreaOutline:
    """An outline as the geometry of a GeoJSON feature. `note` says in English how it differs from the area; or ""."""

    geometry: dict
    note: str

    def meets(self, west: float, south: float, east: float, north: float) -> bool:
        """Return True if the outline and a box in degrees have a point in common."""
        rings = [ring for polygon in self.geometry["coordinates"] for ring in polygon]
        return is_inside((west, south), rings) or any(
            segment_meets_box(start, end, (west, south, east, north))
            for ring in rings
            for start, end in itertools.pairwise(ring)
        )


@functools.cache
def area_outlines() -> dict[str, AreaOutline]:
    """Return all outlines by ISO 3166 code: "KZ" is a country, "KZ-15" a province."""
    found = {}
    for name, code in (("countries", "iso_a2"), ("provinces", "iso_3166_2")):
        layer = json.loads((settings.BASE_DIR / "static" / "geo" / f"{name}.geojson").read_text("utf-8"))
        for feature in layer["features"]:
            polygons = [by_right_hand(polygon) for polygon in feature["geometry"]["coordinates"]]
            about = feature["properties"]
            found[about[code]] = AreaOutline({"type": "MultiPolygon", "coordinates": polygons}, about.get("note", ""))
    return found


def segment_meets_box(start: Sequence[float], end: Sequence[float], box: tuple[float, float, float, float]) -> bool:
    """Return True if a segment has a point in a box: west, south, east, north (the clipping of Liang and Barsky)."""
    first, last = 0.0, 1.0
    for axis in (0, 1):
        low, high, along = box[axis] - start[axis], box[axis + 2] - start[axis], end[axis] - start[axis]
        if along == 0:
            if low > 0 or high < 0:
                return False
        else:
            enters, leaves = sorted((low / along, high / along))
            first, last = max(first, enters), min(last, leaves)
    return first <= last


def by_right_hand(polygon: Sequence[list]) -> list[list]:
    """Return a polygon whose outer ring runs counterclockwise and whose holes run clockwise, as RFC 7946 asks."""
    return [ring if (area(ring) > 0) == (place == 0) else ring[::-1] for place, ring in enumerate(polygon)]
