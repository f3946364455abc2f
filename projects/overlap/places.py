"""How near two places are: the same, one within the other, in the same region, or so many kilometres apart."""

import math
from dataclasses import dataclass

from portal.facets.bitmaps import VersionedSnapshot, snapshots
from portal.models import Place

# How much each relation counts beside the same place. They are shown on the page.
WITHIN, AROUND, BESIDE = 0.8, 0.6, 0.4
NEAR_KM = 60  # so far apart, two places count half as much as two that touch
FARTHEST_KM = 150
EARTH_KM = 6371.0


@dataclass(frozen=True, kw_only=True)
class PlaceMap(VersionedSnapshot):
    """The published places, by key: those that contain each, their position and their countries."""

    wholes: dict[str, set[str]]
    positions: dict[str, tuple[float, float]]
    countries: dict[str, tuple[str, ...]]
    kinds: dict[str, str]

    def distance(self, one, other):
        """Return the distance of two places in kilometres, on a sphere; None if a position is not known."""
        if one not in self.positions or other not in self.positions:
            return None
        (latitude, longitude), (latitude2, longitude2) = (
            [math.radians(degrees) for degrees in self.positions[key]] for key in (one, other)
        )
        half = (
            math.sin((latitude2 - latitude) / 2) ** 2
            + math.cos(latitude) * math.cos(latitude2) * math.sin((longitude2 - longitude) / 2) ** 2
        )
        return 2 * EARTH_KM * math.asin(math.sqrt(half))

    def nearness(self, planned, other):
        """Return how near a place of a project is to a planned one, from 0 to 1, and the relation as a word."""
        if planned == other:
            return 1.0, "same"
        if planned in self.wholes.get(other, ()):
            return WITHIN, "within"
        if other in self.wholes.get(planned, ()):
            return AROUND, "around"
        if self.wholes.get(planned, set()) & self.wholes.get(other, set()):
            return BESIDE, "beside"
        if "province" in (self.kinds.get(planned), self.kinds.get(other)):
            return 0.0, ""  # the position of a province is its middle
        distance = self.distance(planned, other)
        if distance is not None and distance <= FARTHEST_KM:
            return BESIDE * 0.5 ** (distance / NEAR_KM) * 2 if distance > NEAR_KM else BESIDE, "near"
        return 0.0, ""

    def neighbourhood(self, planned):
        """Return the places that are near to a planned one, as a dict from key to how near."""
        found = {other: self.nearness(planned, other)[0] for other in self.countries}
        return {other: nearness for other, nearness in found.items() if nearness}


def place_map():
    """Return the places of the current content. They are read once for each content version and process."""
    return snapshots.current("overlap-places", _read, lambda _old, state: _read(state))


def _read(state):
    places = Place.objects.published().exclude(kind__in=Place.IN_NO_COUNTRY)
    wholes = Place.objects.published().wholes_by_part()
    positions, countries, kinds = {}, {}, {}
    rows = places.select_related("country").prefetch_related("countries")
    for place in rows:
        countries[place.key] = tuple(country.key for country in place.all_countries)
        kinds[place.key] = place.kind
        if place.latitude is not None:
            positions[place.key] = float(place.latitude), float(place.longitude)
    return PlaceMap(state=state, wholes=wholes, positions=positions, countries=countries, kinds=kinds)
