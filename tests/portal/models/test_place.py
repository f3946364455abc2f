"""Which places lie in which."""

import pytest

from portal.models import Place
from tests.make import make_place

pytestmark = pytest.mark.django_db


def test_a_part_lies_in_all_that_its_whole_lies_in(django_assert_num_queries):
    basin = make_place(key="basin")
    sea = make_place(key="sea", part_of=basin)
    make_place(key="bay", part_of=sea)
    make_place(key="desert")
    with django_assert_num_queries(1):
        assert Place.objects.wholes_by_part() == {"sea": {"basin"}, "bay": {"sea", "basin"}}
    assert Place.objects.wholes_by_part("pk")[sea.pk] == {basin.pk}


def test_places_that_name_each_other_as_parts_come_to_an_end():
    one = make_place(key="one")
    two = make_place(key="two", part_of=one)
    one.part_of = two
    one.save()
    assert Place.objects.wholes_by_part() == {"one": {"one", "two"}, "two": {"one", "two"}}


def test_gyeonggi_is_the_province_and_all_places_in_it(django_assert_num_queries):
    province = make_place(key="gyeonggi", kind=Place.Kind.PROVINCE)
    hanam = make_place(key="hanam", part_of=province)
    district = make_place(key="district", part_of=hanam)
    make_place(key="union-park", part_of=district)
    make_place(key="seoul")
    with django_assert_num_queries(1):
        found = sorted(place.key for place in Place.objects.of_gyeonggi())
    assert found == ["district", "gyeonggi", "hanam", "union-park"]
