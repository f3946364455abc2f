"""The table of tokens behind the search index, with the same results on SQLite and PostgreSQL."""

import pytest

from portal.models.search_index import KEY_BITS, Kind
from portal.search import store
from portal.search.query import parse

pytestmark = pytest.mark.django_db

PROJECT, ISSUE = (kind.number << KEY_BITS for kind in (Kind.PROJECT, Kind.ISSUE))


def tokens(title="", related="", summary="", body=""):
    return title, related, summary, body


@pytest.fixture
def three():
    """Write two projects and an issue; "salt" is in the title of the first, in the body of the others."""
    rows = {
        PROJECT + 1: tokens(title="salt storm"),
        PROJECT + 2: tokens(title="water", body="salt"),
        ISSUE + 1: tokens(title="lake", body="salt"),
    }
    store.write(rows.items())
    return rows


def test_entries_are_found_in_any_field_or_in_the_title_alone(three):
    salt = parse("salt")
    assert sorted(store.ids(salt)) == sorted(three)
    assert list(store.ids(salt, only_title=True)) == [PROJECT + 1]
    assert store.some_ids(salt, 5, kind=Kind.ISSUE) == [ISSUE + 1]
    assert len(store.some_ids(salt, 2)) == 2
    assert not store.ids(parse("tugai"))


def test_matches_are_counted_up_to_a_limit(three):
    assert [store.frequency(parse("salt"), most) for most in (1, 10)] == [1, 3]
    assert store.frequency(parse("salt").clauses[0], 10) == 3
    assert store.frequency(parse(""), 10) == 0


def test_writing_an_entry_again_replaces_its_tokens(three):
    store.write([(PROJECT + 1, tokens(title="forest"))])
    assert list(store.ids(parse("forest"))) == [PROJECT + 1]
    assert PROJECT + 1 not in store.ids(parse("salt"))
    assert store.texts([PROJECT + 1, PROJECT + 2]) == {
        PROJECT + 1: tokens(title="forest"),
        PROJECT + 2: tokens(title="water", body="salt"),
    }


def test_removed_entries_are_not_found(three):
    store.remove([PROJECT + 1, ISSUE + 1])
    assert list(store.ids(parse("salt"))) == [PROJECT + 2]
    store.clear()
    assert not store.ids(parse("salt"))


def test_new_table_replaces_the_old_one(three):
    store.create(store.NEW_TABLE)
    store.write([(PROJECT + 9, tokens(title="salt"))], store.NEW_TABLE)
    assert PROJECT + 9 not in store.ids(parse("salt"))
    store.exchange()
    assert list(store.ids(parse("salt"))) == [PROJECT + 9]
    assert (store.exists(), store.exists(store.NEW_TABLE)) == (True, False)
