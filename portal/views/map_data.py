"""Which projects lie where: what the maps of pages and the map that one can move are made of."""

import functools
from dataclasses import dataclass

from portal.core.database import IdList
from portal.facets import registry
from portal.facets.bitmaps import NONE, BitMap
from portal.maps import geometry
from portal.maps.region import mark_of
from portal.models import Place
from portal.models.querysets import reader_text
from projects.models import Project

NO_PLACES = (Place.Kind.COUNTRY, Place.Kind.WORLD)  # which no list of projects is asked for as a place


def with_project_ids(places):
    """The places as a list, each with `project_ids`: the published projects that name it or a place in it."""
    places, found = list(places), registry.facet_index(Project).facets["place"]
    for place in places:
        place.project_ids = found[place.key]
    return places


@dataclass
class Located:
    """Published places with a position, and the projects at each, out of those that the filters of a list let through.

    `places` are in the reader's alphabetical order, each with `project_ids`, the projects that name it or a place in
    it, which are those that the list shows for it, and with `mark`.
    """

    filters: object
    places: list

    @classmethod
    def of(cls, filters):
        """One query, whatever the number of projects, beside those for what the filters let through."""
        at, places = filters.index.facets["place"], []
        positions = Place.objects.published().filter(latitude__isnull=False).exclude(kind__in=NO_PLACES)
        for place in positions.select_related("country").order_by(reader_text("name"), "key"):
            place.project_ids = filters.found & at[place.key]
            if place.project_ids:
                place.mark = mark_of(place, place.project_ids)
                places.append(place)
        return cls(filters, places)

    @property
    def inside(self):
        """The places that the map of the region shows."""
        return [place for place in self.places if is_inside(place)]

    @property
    def outside(self):
        """The places beyond it, in Korea above all."""
        return [place for place in self.places if not is_inside(place)]

    def counts(self):
        """How many projects are on the map, and how many only beyond it."""
        shown, beyond = at_any(self.inside), at_any(self.outside)
        return len(shown), len(beyond - shown)

    @functools.cached_property
    def unlocated(self):
        """The primary keys of the projects that name no place with a known position."""
        return self.filters.found - at_any(self.places)

    def newest(self, places, most):
        """For the key of each of these places its newest projects, at most so many, with no more than their names.

        Three queries, whatever the number of places and projects: most places have some of the newest projects of all,
        the others are asked for together.
        """
        ordered = Project.objects.published().latest_first().values_list("pk", flat=True)
        found = _first(places, {place.key: place.project_ids for place in places}, ordered[: registry.SCAN_AHEAD], most)
        lacking = [place for place in places if len(found[place.key]) < min(most, len(place.project_ids))]
        latest = {place.key: self._latest(place.project_ids, most) for place in lacking}
        found |= _first(lacking, latest, ordered.filter(pk__in_ids=IdList(NONE.union(*latest.values()))), most)
        named = _with_names().in_bulk(sorted({pk for pks in found.values() for pk in pks}))
        return {key: [named[pk] for pk in pks] for key, pks in found.items()}

    def unlocated_first(self, most):
        """The newest of the projects that name no place with a known position, with no more than their names."""
        return registry.first_records(_with_names().published().latest_first(), self.unlocated, most)

    @functools.cached_property
    def _years(self):
        """The projects that started in each year, the latest year first."""
        return [projects for _year, projects in sorted(self.filters.index.facets["started"].items(), reverse=True)]

    def _latest(self, projects, most):
        """Those of these projects that started in the latest years, as many years as give `most`."""
        latest = NONE
        for started in self._years:
            latest = latest | (projects & started)
            if len(latest) >= most:
                return latest
        return projects


def _with_names():
    return Project.objects.only("key", "title_en", "title_ko", "title_ru")


def is_inside(place):
    """Whether the map of the region shows a place."""
    return geometry.FRAME.holds(place.mark.at)


def at_any(places):
    """The projects at any of these places."""
    return NONE.union(*(place.project_ids for place in places))


def _first(places, projects, ordered, most):
    """For the key of each place the first of its projects in the order of `ordered`, which need not have all."""
    order = {pk: number for number, pk in enumerate(ordered)} if places else {}
    there = BitMap(order)
    return {place.key: sorted(projects[place.key] & there, key=order.get)[:most] for place in places}
