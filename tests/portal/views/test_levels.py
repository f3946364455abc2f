"""Shares of levels: the drawing, the sentence and the table agree."""

import pytest

from portal.core.choices import Level
from portal.models import Place
from portal.views.levels import levels_by_country
from tests.make import make_country, make_project


def countries():
    return list(Place.objects.filter(kind=Place.Kind.COUNTRY).order_by("key"))


@pytest.mark.django_db
def test_shares_are_those_of_published_projects():
    kz, uz = make_country(key="kz", name_en="Kazakhstan"), make_country(key="uz", name_en="Uzbekistan")
    for level, country in (("provincial", kz), ("national", kz), ("national", uz), ("national", uz)):
        make_project(level=level).countries.add(country)
    make_project(level="provincial", publication="draft").countries.add(uz)
    found = levels_by_country(countries())
    assert found["sentence"] == "Korean provinces lead the largest share of projects in Kazakhstan: 1 of 2."
    numbers = {country.key: dict(zip(Level.values, row, strict=True)) for country, row in found["rows"]}
    assert (numbers["kz"]["provincial"], numbers["kz"]["national"], numbers["uz"]["national"]) == (1, 1, 2)
    assert numbers["uz"]["provincial"] == 0
    drawn = [(row.name, [(share.name, share.value) for share in row.shares]) for row in found["chart"].rows]
    assert drawn == [("Kazakhstan", [("National", 1), ("Provincial", 1)]), ("Uzbekistan", [("National", 2)])]


@pytest.mark.django_db
def test_without_projects_there_is_no_picture():
    make_country(key="kz")
    assert levels_by_country(countries()) is None


@pytest.mark.django_db
def test_countries_whose_projects_have_no_level_are_left_out(client):
    make_project(level="").countries.add(make_country(key="kz"))
    assert levels_by_country(countries()) is None
    assert client.get("/en/countries/").status_code == 200
    make_project(level="national").countries.add(make_country(key="uz"))
    assert [(place.key, numbers[0]) for place, numbers in levels_by_country(countries())["rows"]] == [("uz", 1)]
