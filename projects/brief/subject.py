"""What a brief is about: a place or an organisation, and an issue or an area of cooperation."""

from dataclasses import dataclass
from functools import cached_property

from issues.models import Issue
from portal.core.choices import Area
from portal.facets import registry
from portal.facets.bitmaps import BitMap
from portal.models import Place
from projects.models import Organisation, Project


@dataclass(frozen=True)
class Subject:
    """What a brief is about. It has a place (a country, or a place in one), an organisation, or both.

    It has an issue or an area. `chosen` are the primary keys of projects that the reader wants first.
    """

    place: Place | None = None
    organisation: Organisation | None = None
    issue: Issue | None = None
    area: Area | None = None
    chosen: tuple[int, ...] = ()

    @property
    def country(self) -> Place | None:
        """The country of the place. None for a water that several countries share, and without a place."""
        if self.place is None or self.place.kind == Place.Kind.COUNTRY:
            return self.place
        return self.place.country

    @cached_property
    def topical(self) -> BitMap:
        """The ids of the published projects on the issue or area, anywhere."""
        facets = registry.facet_index(Project).facets
        return facets["issue"][self.issue.key] if self.issue else facets["area"][self.area.value]

    @cached_property
    def local(self) -> BitMap:
        """The ids of the published projects in the place and with the organisation, on anything."""
        index = registry.facet_index(Project)
        ids = index.all
        if self.place is not None:
            facet = "country" if self.place.kind == Place.Kind.COUNTRY else "place"
            ids = ids & index.facets[facet][self.place.key]
        if self.organisation is not None:
            ids = ids & index.facets["organisation"][self.organisation.key]
        return ids

    @cached_property
    def projects(self) -> BitMap:
        """The ids of the published projects that the brief is about."""
        return (self.topical & self.local) | (BitMap(self.chosen) & registry.facet_index(Project).all)

    @property
    def query(self) -> dict[str, str]:
        """The filters of lists of projects that state the subject."""
        values = {
            "organisation": self.organisation and self.organisation.key,
            "issue": self.issue and self.issue.key,
            "area": self.area and self.area.value,
        }
        if self.place is not None:
            values["country" if self.place.kind == Place.Kind.COUNTRY else "place"] = self.place.key
        return {name: value for name, value in values.items() if value}
