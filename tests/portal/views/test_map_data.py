"""Projects by place for maps: counts and the newest ones."""

import pytest

from portal.facets import registry
from portal.facets.bitmaps import BitMap
from projects.models import Project
from tests import reading
from tests.make import make_place, make_project
from tests.maps import NUKUS, located_projects, rows

pytestmark = pytest.mark.django_db


def test_located_projects_are_counted_by_where_they_are(located):
    found = located_projects()
    assert [place.key for place in found.places] == ["nukus", "seoul", "tashkent"]
    assert [place.key for place in found.inside] == ["nukus", "tashkent"]
    assert len(found.on_map) == 2


def test_projects_known_only_by_country_are_those_at_no_place_in_it(located, five):
    water, vague = (Project.objects.get(key=key) for key in ("water", "vague"))
    water.countries.add(five["uz"], five["kz"])
    vague.countries.add(five["uz"])
    found = located_projects()
    countries = [five["kz"], five["tm"], five["uz"]]
    assert found.only_country(countries, found.inside) == {"kz": BitMap([water.pk]), "uz": BitMap([vague.pk])}
    assert found.only_country(countries, []) == {"kz": BitMap([water.pk]), "uz": BitMap([water.pk, vague.pk])}


def test_place_that_countries_share_is_in_each_of_them(five):
    sea = make_place(key="sea", latitude="45.1", longitude="59.3")
    sea.countries.add(five["kz"], five["uz"])
    project = make_project()
    project.places.add(sea)
    project.countries.add(five["kz"], five["uz"], five["tm"])
    found = located_projects()
    assert found.only_country(five.values(), found.inside) == {"tm": BitMap([project.pk])}


def test_whole_place_has_the_projects_of_its_parts_as_in_the_list(five, client):
    sea = make_place(key="sea", name_en="Aral Sea", latitude="45.1", longitude="59.3")
    nukus = make_place(key="nukus", part_of=sea, **NUKUS)
    for _ in range(4):
        make_project().places.add(nukus)
    found = reading.page(client.get("/en/map/"))
    assert [name for name, _url in rows(found)] == ["4 Aral Sea City", "4 Nukus City"]
    assert reading.count(client.get("/en/projects/?place=sea")) == "4 projects of 4"
    assert len(located_projects().on_map) == 4


@pytest.mark.parametrize("stretch", [0, 5, 4_000])
def test_newest_projects_of_each_place_are_found(five, monkeypatch, stretch):
    monkeypatch.setattr(registry, "SCAN_AHEAD", stretch)
    places = [make_place(key=f"place-{n}", latitude=f"{40 + n}", longitude="60") for n in range(3)]
    starts = [None, None, "1999", "2005-03", "2005-11", "2005", None, "2020-01-31", "2021", "1998-07"]
    for number, start in enumerate(starts):
        for place in places[: 1 + number % 3]:
            make_project(key=f"p{number}-{place.key}", start=start).places.add(place)
    make_project(start="2024")
    found = located_projects()
    for place in found.places:
        newest = Project.objects.published().filter(places=place).latest_first().values_list("key", flat=True)[:3]
        assert [project.key for project in found.newest(found.places, 3)[place.key]] == list(newest)
