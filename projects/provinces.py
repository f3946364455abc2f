"""The provinces of a country for which no project is known, by the rule of the map of provinces."""

from collections.abc import Collection

from django.utils.translation import gettext

from portal.facets import registry
from portal.facets.bitmaps import NONE, BitMap
from portal.maps.provinces import by_province, province_name
from portal.maps.region import shapes
from portal.models import Place
from projects.models import Project


def provinces_without_projects(country: str, ids: BitMap | None = None, besides: Collection[str] = ()) -> list[str]:
    """Return the names of the provinces of a country in which no project names a place, sorted.

    `country` is a key. Only the projects `ids` count, if they are given. A province that is among the places `besides`
    is left out. The list is that of the map, so it also has provinces without a record. One query.
    """
    facets = registry.facet_index(Project).facets
    places = Place.objects.published().filter(country__key=country, latitude__isnull=False).select_related("country")
    inside = by_province(places.only("key", "kind", "latitude", "longitude", "country__key"))
    names = []
    for key, shape in shapes()["provinces"].items():
        here = inside.get(key, ())
        if shape["country"] != country or any(
            place.kind == Place.Kind.PROVINCE and place.key in besides for place in here
        ):
            continue
        known = NONE.union(*(facets["place"][place.key] for place in here))
        if not (known if ids is None else known & ids):
            names.append(province_name(key))
    return sorted(names)


def notes_on_provinces(country: str) -> list[str]:
    """Return sentences that a reader of a list of provinces without projects must know, as they are under the map."""
    notes = [gettext("Only places with a known position count for a province.")]
    if country == "kz":
        notes.append(
            gettext(
                "In Kazakhstan the border between Abai Region and East Kazakhstan is partly approximate, "
                "and Shymkent is drawn smaller than it is today."
            )
        )
    return notes
