"""Where records are, as geometries of GeoJSON (RFC 7946): longitude comes before latitude."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from portal.maps.outlines import COUNTRY_POINTS
from portal.models import Place


class Precision(StrEnum):
    """How precise a geometry is, the most precise first. All but POINT are approximate."""

    POINT = "point"  # the position of a site or a city
    AREA = "area"  # a position within a lake, a river, a district …
    PROVINCE = "province"  # a province, as an outline or a position within it
    COUNTRY = "country"  # a country, as an outline or a position within it


EXACT = frozenset({Place.Kind.SITE, Place.Kind.CITY})
COARSE = {Place.Kind.PROVINCE.value: Precision.PROVINCE, Place.Kind.COUNTRY.value: Precision.COUNTRY}
ORDER = list(Precision)


@dataclass(frozen=True)
class RecordLocation:
    """The geometry of a record; None if it is not known. `stated` are the properties that tell of it."""

    geometry: dict | None
    stated: dict


def precision_of(kind: str) -> Precision:
    """Return the precision of the position of a place of this kind."""
    return COARSE.get(kind, Precision.POINT if kind in EXACT else Precision.AREA)


def location(points: Iterable[tuple[float, float, str]], countries: Iterable[str] = ()) -> RecordLocation:
    """Return the location of a record from its places, given as longitude, latitude and kind.

    It is a Point, or a MultiPoint if the positions differ. The least precise of them decides its precision. Without
    any, it has a point for each of the `countries` (keys).
    """
    points = list(points)
    if not points:
        points = [(*COUNTRY_POINTS[key], Place.Kind.COUNTRY) for key in countries if key in COUNTRY_POINTS]
    if not points:
        return RecordLocation(None, {"precision": None})
    precision = max((precision_of(kind) for _longitude, _latitude, kind in points), key=ORDER.index)
    positions = list(dict.fromkeys((longitude, latitude) for longitude, latitude, _kind in points))
    geometry = (
        {"type": "Point", "coordinates": positions[0]}
        if len(positions) == 1
        else {"type": "MultiPoint", "coordinates": positions}
    )
    return RecordLocation(geometry, {"precision": precision})


def positions_of(geometry: dict | None) -> Iterator[tuple[float, float]]:
    """Yield all positions of a geometry, at any depth of nesting."""
    pending = [geometry["coordinates"]] if geometry else []
    while pending:
        coordinates = pending.pop()
        if isinstance(coordinates[0], list | tuple):
            pending.extend(coordinates)
        else:
            yield tuple(coordinates)


class BoundingBoxOfAll:
    """The box around all geometries that were added to it."""

    def __init__(self):
        self.west, self.south, self.east, self.north = 180.0, 90.0, -180.0, -90.0

    def add(self, geometry):
        """Extend the box by a geometry; None changes nothing."""
        for longitude, latitude in positions_of(geometry):
            self.west, self.east = min(self.west, longitude), max(self.east, longitude)
            self.south, self.north = min(self.south, latitude), max(self.north, latitude)

    @property
    def box(self):
        """The box as [west, south, east, north] in degrees; None without a position."""
        return [self.west, self.south, self.east, self.north] if self.west <= self.east else None
