"""The provinces of Central Asia: their shapes on the map, and which of them a position lies in.

The shapes are those of portal/maps/mapdata.json. The finer outlines of static/geo/provinces.geojson decide where a
position lies. Both show the provinces of today. The border between Abai Region and East Kazakhstan is approximate in
two districts (up to about 20 km), and Shymkent has its limits of before they were extended.
"""

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import get_language

from portal.maps import geometry
from portal.maps.region import shapes
from portal.models import Place

NEAR = 5.0  # map units (16 km): a position this near to a border may lie outside of the simplified outlines
KEPT = 20_000  # positions whose province each process remembers
# A river or a desert crosses several provinces.
NOT_IN_ONE = Place.IN_NO_COUNTRY | {Place.Kind.RIVER, Place.Kind.DESERT}


@dataclass(frozen=True)
class ProvinceOutline:
    """The outline of a province: the rings of its polygons in map units, and the box around them."""

    key: str
    country: str  # key
    place: str  # the key of its place; "" if the portal has none
    rings: list[list[geometry.Point]]
    box: geometry.BoundingBox


@functools.cache
def outlines() -> list[ProvinceOutline]:
    """Return the outlines of all provinces."""
    layer = json.loads((settings.BASE_DIR / "static" / "geo" / "provinces.geojson").read_text("utf-8"))
    found = []
    for feature in layer["features"]:
        rings = [
            [geometry.project(*point) for point in ring]
            for polygon in feature["geometry"]["coordinates"]
            for ring in polygon
        ]
        box = geometry.bounds(point for ring in rings for point in ring)
        found.append(
            ProvinceOutline(
                feature["id"],
                feature["properties"]["country"].lower(),
                feature["properties"].get("place", ""),
                rings,
                box,
            )
        )
    return found


@functools.cache
def outline_by_place() -> dict[str, str]:
    """Return the id of the outline of each place that has one, by the key of the place."""
    return {outline.place: outline.key for outline in outlines() if outline.place}


@functools.lru_cache(KEPT)
def province_at(country: str, lon: float, lat: float) -> str:
    """Return the id of the province of a country that a position lies in; "" if it lies in none.

    A position outside of all of them is in the nearest one, if that is at most NEAR away.
    """
    point = geometry.project(lon, lat)
    nearest, distance = "", NEAR
    for outline in outlines():
        if outline.country != country or not outline.box.grown(NEAR).holds(point):
            continue
        if geometry.is_inside(point, outline.rings):
            return outline.key
        away = min(
            geometry.distance_to_segment(point, start, end)
            for ring in outline.rings
            for start, end in zip(ring, [*ring[1:], ring[0]], strict=True)
        )
        if away <= distance:
            nearest, distance = outline.key, away
    return nearest


def province_of(place: Place) -> str:
    """Return the id of the province that a place lies in; "" if its position or its one country is not known.

    Places that cross provinces by their nature, such as rivers, lie in none. A province lies in its own outline,
    wherever its position is: that of Osh Region is its centre, the city of Osh, which is not part of it. The place's
    country must be loaded.
    """
    if place.kind == Place.Kind.PROVINCE and place.key in outline_by_place():
        return outline_by_place()[place.key]
    if place.latitude is None or place.country is None or place.kind in NOT_IN_ONE:
        return ""
    return province_at(place.country.key, float(place.longitude), float(place.latitude))


def by_province(places: Iterable[Place]) -> dict[str, list[Place]]:
    """Return the places of each province in which one lies, and at "" those that lie in none (`province_of`)."""
    found: dict[str, list[Place]] = {}
    for place in places:
        found.setdefault(province_of(place), []).append(place)
    return found


def province_name(key: str) -> str:
    """Return the name of a province in the language of the reader."""
    return shapes()["provinces"][key][f"name_{get_language() or 'en'}"]
