"""Which places lie in which, and how their kind stands beside their name."""

import pytest
from django.utils.translation import override

from portal.models import Place
from tests import reading
from tests.make import make_place, make_project

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


@pytest.mark.parametrize(
    ("language", "name", "kind"),
    [("en", "Syr Darya", "River"), ("ko", "시르다리야강", ""), ("ru", "Сырдарья", "Река"), ("ru", "Река Или", "")],
)
def test_kind_is_left_out_beside_a_name_that_contains_it(language, name, kind):
    place = Place(kind=Place.Kind.RIVER, **{f"name_{language}": name})
    with override(language):
        assert place.kind_beside_name == kind


def test_kind_of_two_words_is_left_out_beside_a_name_that_ends_with_one():
    with override("ko"):
        assert Place(kind=Place.Kind.PROVINCE, name_ko="나망간주").kind_beside_name == ""
        assert Place(kind=Place.Kind.PROVINCE, name_ko="카라칼파크스탄 공화국").kind_beside_name == "주·도"


@pytest.mark.parametrize(
    ("language", "shown"),
    [("en", "1 Syr Darya River"), ("ko", "1 시르다리야강"), ("ru", "1 Сырдарья Река")],
)
def test_list_beside_a_map_does_not_join_a_name_and_its_kind(client, language, shown):
    names = {"name_en": "Syr Darya", "name_ko": "시르다리야강", "name_ru": "Сырдарья"}
    river = make_place(kind=Place.Kind.RIVER, latitude="44", longitude="66", **names)
    make_project().places.add(river)
    page = reading.page(client.get(f"/{language}/map/"))
    assert reading.words(page.find_class("map-row")[0]) == shown
