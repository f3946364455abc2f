"""Lookups by many primary keys."""

import pytest

from portal.core.database import IdList
from portal.models import Source
from tests.make import make_source


@pytest.mark.django_db
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
