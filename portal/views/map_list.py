"""The list beside the large map: a row for each mark or province that the map shows, by country."""

from dataclasses import dataclass, field

from django.utils.translation import gettext

from portal.maps.region import shapes
from portal.views.map_data import at_any, country_of_all

NESTED = 12  # most places named in a row that stands for several


@dataclass(frozen=True)
class MarkRow:
    """A row of the list: the number, name and URL of a mark or a province.

    `words` follow the name: how many places more, or the kind of the place. `places` are those of a mark that stands
    for several: (place, URL, number of projects, its country if it is not that of the group). `places_more` is the
    number of places that are not named.
    """

    key: str
    count: int
    name: str
    url: str
    language: str = ""
    words: str = ""
    is_approximate: bool = False
    places: tuple = ()
    places_more: int = 0


@dataclass
class MarkGroup:
    """The rows of a country, with its name as the heading. `without` are the names of its provinces without projects.

    Places that several countries share have a group of their own, and so have marks that stand for places in several.
    """

    heading: str
    language: str
    rows: list[MarkRow] = field(default_factory=list)
    without: list[str] = field(default_factory=list)


def lists_of_points(drawing, places, countries, place_url):
    """Return the list for each size of the drawing: its name, and its groups in alphabetical order.

    `countries` are those with projects known only by country. `place_url` returns the URL of a place.
    """
    of_key = {place.key: place for place in places}
    lists = []
    for sized in drawing.drawings:
        groups = {}
        for item in sized.items:
            if item.kind == "mark" and not item.approximate:
                members = [of_key[mark.key] for mark in item.members]
                country = country_of_all(members)
                _group(groups, country).rows.append(_row_of_places(item, members, country, place_url))
        lists.append((sized.size, _in_order(groups, countries, sized)))
    return lists


def lists_of_provinces(drawing, countries, home):
    """Return the one list of the shaded provinces, for all sizes of the drawing.

    `countries` are those with projects known only by country, `home` the published countries by key.
    """
    groups = {}
    for province in drawing.provinces:
        country = home.get(shapes()["provinces"][province.key]["country"])
        if country is None:
            continue
        group = _group(groups, country)
        if province.count:
            group.rows.append(MarkRow(province.key, province.count, province.name, province.url))
        else:
            group.without.append(province.name)
    return [("", _in_order(groups, countries, drawing.drawings[-1]))]


def _group(groups, country):
    heading = country.name_and_language() if country else (gettext("Several countries"), "")
    return groups.setdefault(country and country.key, MarkGroup(*heading))


def _in_order(groups, countries, sized):
    """Return the groups by name, the largest numbers first, and last what is known only by country if it is drawn."""
    for group in groups.values():
        group.rows.sort(key=lambda row: -row.count)
    drawn = {item.key: item for item in sized.items if item.approximate}
    for country in countries:
        if item := drawn.get(country.key):
            name, language = country.name_and_language()
            words = gettext("known only by country")
            row = MarkRow(country.key, len(country.project_ids), name, item.url, language, words, is_approximate=True)
            _group(groups, country).rows.append(row)
    return sorted(groups.values(), key=lambda group: group.heading)


def _row_of_places(item, members, country, place_url):
    count = len(at_any(members))
    if len(members) == 1:
        return MarkRow(item.key, count, item.rows[0], item.url, item.language, members[0].kind_beside_name)
    named = tuple(
        (place, place_url(place), len(place.project_ids), None if place.country == country else place.country)
        for place in members[:NESTED]
    )
    more = max(0, len(members) - NESTED)
    return MarkRow(item.key, count, item.rows[0], item.url, item.language, item.rows[1], places=named, places_more=more)
