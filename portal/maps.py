"""Which projects lie where: what the maps of pages and the map that one can move are made of."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef

from portal import geo, known
from portal.choices import Publication
from portal.members import NONE
from portal.models import Place
from portal.querysets import reader_text
from portal.regionmap import mark_of
from projects.models import Project

AT_A_PLACE = {"place__publication": Publication.PUBLISHED, "place__latitude__isnull": False}


def with_project_ids(places):
    """The places as a list, each with `project_ids`: the published projects that name it or a place in it."""
    places, found = list(places), known.of(Project).facets["place"]
    for place in places:
        place.project_ids = found.get(place.key, NONE)
    return places


@dataclass
class Located:
    """Published places with a position, and the projects at each, out of a queryset of projects.

    `places` are in the reader's alphabetical order, each with `project_ids`, the newest project first, and `mark`.
    """

    projects: object
    places: list = field(default_factory=list)

    @classmethod
    def of(cls, projects):
        """Two queries, whatever the number of projects."""
        rows = defaultdict(list)
        at_a_place = {f"places__{name.removeprefix('place__')}": value for name, value in AT_A_PLACE.items()}
        for project, place in projects.latest_first().filter(**at_a_place).values_list("pk", "places"):
            rows[place].append(project)
        places = list(
            Place.objects.filter(pk__in=list(rows)).select_related("country").order_by(reader_text("name"), "key")
        )
        for place in places:
            place.project_ids = rows[place.pk]
            place.mark = mark_of(place, place.project_ids)
        return cls(projects, places)

    @property
    def inside(self):
        """The places that the map of the region shows."""
        return [place for place in self.places if geo.FRAME.holds(place.mark.at)]

    @property
    def outside(self):
        """The places beyond it, in Korea above all."""
        return [place for place in self.places if not geo.FRAME.holds(place.mark.at)]

    def counts(self):
        """How many projects are on the map, and how many only beyond it."""
        shown = {pk for place in self.inside for pk in place.project_ids}
        beyond = {pk for place in self.outside for pk in place.project_ids}
        return len(shown), len(beyond - shown)

    def unlocated(self):
        """The projects that name no place with a known position, the newest first."""
        places = Project.places.through.objects.filter(project=OuterRef("pk"), **AT_A_PLACE)
        return self.projects.filter(~Exists(places)).latest_first()


def titles(pks):
    """Projects by number, with no more than their names."""
    return Project.objects.only("key", "title_en", "title_ko", "title_ru").in_bulk(list(pks))
