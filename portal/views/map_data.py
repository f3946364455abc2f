"""The projects at each place, for the maps of pages and for the interactive map."""

import functools
from dataclasses import dataclass

from django.db.models import Prefetch

from portal.core.database import IdList
from portal.facets import registry
from portal.facets.bitmaps import NONE, BitMap
from portal.maps import geometry
from portal.maps.region import mark_of
from portal.models import Place
from portal.models.querysets import reader_text
from projects.models import Project
from projects.models.project_status import COLUMNS as STATUS_COLUMNS

NO_PLACES = Place.IN_NO_COUNTRY  # kinds of places that no list of projects filters by as a place


def with_project_ids(places):
    """Return the places as a list, each with `project_ids`: the published projects that name it or a place in it."""
    places, found = list(places), registry.facet_index(Project).facets["place"]
    for place in places:
        place.project_ids = found[place.key]
    return places


@dataclass
class Located:
    """Published places with a position, and the projects of a filtered list at each of them.

    `places` are in the alphabetical order of the reader's language. Each has `project_ids` and `mark`. `project_ids`
    are the projects that name the place or a place in it: the same ones that the list shows for it.
    """

    filters: object
    places: list

    @classmethod
    def of(cls, filters):
        """Return the places for the filters of a project list.

        Three queries, besides those of the filters, for any number of projects. A country that readers do not see is
        left out.
        """
        at, places = filters.index.facets["place"], []
        positions = Place.objects.published().filter(latitude__isnull=False).exclude(kind__in=NO_PLACES)
        positions = positions.prefetch_related(
            *(Prefetch(name, Place.objects.published()) for name in ("country", "countries"))
        )
        for place in positions.order_by(reader_text("name"), "key"):
            place.project_ids = filters.found & at[place.key]
            if place.project_ids:
                place.mark = mark_of(place, place.project_ids)
                places.append(place)
        return cls(filters, places)

    @property
    def inside(self):
        """Return the places on the map of the region."""
        return [place for place in self.places if is_inside(place)]

    @property
    def outside(self):
        """Return the places outside the map of the region, most of them in Korea."""
        return [place for place in self.places if not is_inside(place)]

    @functools.cached_property
    def on_map(self):
        """Return the projects at places on the map of the region."""
        return at_any(self.inside)

    def only_country(self, countries, places):
        """Return the projects of each country that are at none of `places` in it, by its key; not those without any.

        They are known only by country, at least for the map of these places.
        """
        found = {}
        for country in countries:
            there = at_any(place for place in places if country in place.all_countries)
            if projects := (self.filters.found & self.filters.index.facets["country"][country.key]) - there:
                found[country.key] = projects
        return found

    def newest(self, places, most):
        """Return the newest projects of each place, by its key: at most `most`, without their texts.

        `places` have `key` and `project_ids`. Three queries for any number of places and projects. Most places have
        some of the newest projects of all. A second query finds the projects of the other places together, and the
        third one loads the names.
        """
        ordered = Project.objects.published().latest_first().values_list("pk", flat=True)
        found = _first(places, {place.key: place.project_ids for place in places}, ordered[: registry.SCAN_AHEAD], most)
        lacking = [place for place in places if len(found[place.key]) < min(most, len(place.project_ids))]
        latest = {place.key: self._latest(place.project_ids, most) for place in lacking}
        found |= _first(lacking, latest, ordered.filter(pk__in_ids=IdList(NONE.union(*latest.values()))), most)
        named = _with_names().in_bulk(sorted({pk for pks in found.values() for pk in pks}))
        return {key: [named[pk] for pk in pks] for key, pks in found.items()}

    @functools.cached_property
    def _years(self):
        """Return the bitmaps of the projects that started in each year, the latest year first."""
        return [projects for _year, projects in sorted(self.filters.index.facets["started"].items(), reverse=True)]

    def _latest(self, projects, most):
        """Return those of `projects` that started in the latest years: as many years as needed for `most` projects.

        If all years give fewer than `most`, return `projects`, which include those without a start.
        """
        latest = NONE
        for started in self._years:
            latest = latest | (projects & started)
            if len(latest) >= most:
                return latest
        return projects


def _with_names():
    return Project.objects.only("key", "title_en", "title_ko", "title_ru", *STATUS_COLUMNS)


def is_inside(place):
    """Return True if the place is on the map of the region."""
    return geometry.FRAME.holds(place.mark.at)


def country_of_all(places):
    """Return the country in which all these places are, or None."""
    found = {place.country for place in places}
    return found.pop() if len(found) == 1 else None


def at_any(places):
    """Return the projects at any of these places."""
    return NONE.union(*(place.project_ids for place in places))


def _first(places, projects, ordered, most):
    """Return the first `most` projects of each place, by its key, in the order of `ordered`.

    Projects that `ordered` does not contain are left out.
    """
    order = {pk: number for number, pk in enumerate(ordered)} if places else {}
    there = BitMap(order)
    return {place.key: sorted(projects[place.key] & there, key=order.get)[:most] for place in places}
