"""Every filter of every list finds the right records, counts them, can be taken away, and survives nonsense."""

import pytest
from django.http import QueryDict

from portal.choices import Level, Publication
from tests import reading
from tests.lists import FACETS, LISTS, facets_of, make_with
from tests.make import make_country, make_observation, make_project, make_source

pytestmark = pytest.mark.django_db

EVERY_FACET = pytest.mark.parametrize(("name", "facet"), FACETS)


@pytest.fixture
def two(name, facet):
    """Records `one` and `two` with one value of the facet each, and drafts of the same; gives the values."""
    values = [str(value) for value in FACETS[name, facet]]
    for key, value in zip(("one", "two"), values, strict=True):
        make_with(name, facet, value, key=key)
        make_with(name, facet, value, key=f"draft-{key}", publication=Publication.DRAFT)
    return values


def get(client, name, **query):
    return client.get(f"/en/{name}/", query)


def test_every_facet_is_tried_here():
    assert {(name, facet) for name in LISTS for facet in facets_of(name)} == set(FACETS)


# ── What is found ────────────────────────────────────────────────────────────────────────────────────────────


@EVERY_FACET
def test_value_finds_the_published_records_that_have_it(client, two, name, facet):
    assert [reading.shown(get(client, name, **{facet: value})) for value in two] == [["one"], ["two"]]


@EVERY_FACET
def test_repeated_values_find_what_has_any_of_them(client, two, name, facet):
    response = get(client, name, **{facet: two})
    assert sorted(reading.shown(response)) == ["one", "two"]
    assert sorted(reading.chosen(response, facet)) == sorted(two)


@EVERY_FACET
def test_different_filters_find_what_has_all_of_them(client, two, name, facet):
    title = LISTS[name]()._meta.model.search_fields[0]
    make_with(name, facet, two[0], key="named", **{title: "Saxaul"})
    assert reading.shown(get(client, name, **{facet: two[0], "q": "saxaul"})) == ["named"]
    assert reading.shown(get(client, name, **{facet: two[1], "q": "saxaul"})) == []


@EVERY_FACET
def test_record_with_both_values_stands_once(client, name, facet):
    if (name, facet) not in FACETS or facet in {"kind", "level", "status", "finance", "confidence", "language"}:
        pytest.skip
    values = FACETS[name, facet]
    make_with(name, facet, values[0], key="one")
    assert reading.shown(get(client, name, **{facet: list(values)})) == ["one"]
