"""Lookups and packed values that work in the same way on SQLite and PostgreSQL."""

import struct

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core.database import IdList, LookupValue, lock_rows, lock_timeout, unpack_int_array
from portal.models import Place, Source
from projects.models import Project
from tests.make import make_country, make_place, make_project, make_source

pytestmark = pytest.mark.django_db


def waiting_time():
    """Return how long statements of the connection wait for a lock, as the database writes it."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout" if connection.vendor == "sqlite" else "SHOW lock_timeout")
        return cursor.fetchone()[0]


def test_many_ids_are_found_with_one_parameter():
    found = [make_project(key=key) for key in ("a", "b")]
    make_project(key="c")
    ids = IdList([*(project.pk for project in found), *range(1_000_000, 1_050_000)])
    with CaptureQueriesContext(connection) as asked:
        keys = list(Project.objects.filter(pk__in_ids=ids).order_by("key").values_list("key", flat=True))
    assert (keys, len(asked)) == (["a", "b"], 1)


def test_ids_are_compared_with_a_foreign_key():
    uzbekistan = make_country(key="uz")
    make_place(key="nukus", country=uzbekistan)
    make_place(key="osh", country=make_country(key="kg"))
    assert [place.key for place in Place.objects.filter(country__in_ids=IdList([uzbekistan.pk]))] == ["nukus"]


def test_id_list_finds_the_rows_with_these_primary_keys():
    first, _second, third = [make_source() for _ in range(3)]
    found = Source.objects.filter(pk__in_ids=IdList([first.pk, third.pk, third.pk + 1]))
    assert set(found) == {first, third}
    assert list(Source.objects.filter(pk__in_ids=IdList([]))) == []


@pytest.mark.parametrize("kind", [list, tuple, set, iter])
def test_id_lists_of_the_same_keys_are_equal_and_have_the_same_hash(kind):
    assert IdList(kind([1, 2])) == IdList((1, 2))
    assert hash(IdList(kind([1, 2]))) == hash(IdList((1, 2)))


def test_lookups_of_id_lists_can_be_hashed():
    first, second, other = (
        Source.objects.filter(pk__in_ids=IdList(pks)).query.where.children[0] for pks in ([1, 2], [1, 2], [3])
    )
    assert {first, second, other} == {first, other}


def test_ids_that_are_not_numbers_are_refused():
    with pytest.raises(ValueError, match="invalid literal"):
        Project.objects.filter(pk__in_ids=IdList(["1); DROP TABLE x"])).exists()


def test_known_numbers_are_returned_and_others_are_0():
    one, two, other = (make_project(key=key) for key in ("one", "two", "other"))
    found = Project.objects.annotate(found=LookupValue({one.pk: 5, two.pk: 12})).order_by("-found", "key")
    assert [(project.key, project.found) for project in found] == [("two", 12), ("one", 5), ("other", 0)]
    assert other.pk not in {one.pk, two.pk}


@pytest.mark.parametrize(("code", "size"), [("i", "i"), ("q", "q")])
def test_numbers_are_unpacked_from_network_byte_order(code, size):
    numbers = [1, 0, -7, 2**31 - 1]
    assert list(unpack_int_array(code, struct.pack(f">4{size}", *numbers))) == numbers


def test_rows_are_locked_in_the_order_of_models_and_keys():
    first, second, project = make_country(key="uz"), make_country(key="kz"), make_project()
    with CaptureQueriesContext(connection) as asked:
        lock_rows([project, second, first, second])
    statements = [query["sql"] for query in asked]
    assert [statement.count("portal_place") > 0 for statement in statements] == [True, False]
    assert all("ORDER BY" in statement for statement in statements)
    if connection.vendor == "postgresql":
        assert all(statement.endswith("FOR UPDATE") for statement in statements)


def test_lock_timeout_is_set_in_the_block_and_restored_after_an_error():
    inside = []

    def fail():
        with lock_timeout(1234):
            inside.append(waiting_time())
            raise ZeroDivisionError

    before = waiting_time()
    with pytest.raises(ZeroDivisionError):
        fail()
    assert inside == [1234 if connection.vendor == "sqlite" else "1234ms"]
    assert waiting_time() == before
