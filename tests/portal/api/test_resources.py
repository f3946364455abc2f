"""The resources of the API: what each one holds, its sort orders, and the filters that no page has."""

import pytest
from django.apps import apps
from django.http import QueryDict

from issues.models import Observation
from portal.api.resources import RESOURCES, CountryFilter, PlaceFilter, ValueFilter
from portal.formats.serialisers import SERIALISERS
from portal.models import Place, Record
from tests.make import (
    UNPUBLISHED,
    make_country,
    make_event,
    make_indicator,
    make_observation,
    make_place,
    make_source,
    make_term,
)

BY_PATH = {resource.path: resource for resource in RESOURCES}
EVERY_RESOURCE = pytest.mark.parametrize("resource", RESOURCES, ids=list(BY_PATH))


def filtered(filterset_class, query):
    """Return the records that a filter set finds for a query string."""
    filterset = filterset_class(QueryDict(query), filterset_class._meta.model.objects.all())
    filterset.raise_for_errors()
    return set(filterset.qs)


def ordered(path, sort=None):
    """Return the published records of a resource in an order, as the API lists them."""
    resource = BY_PATH[path]
    return list(resource.sorted(resource.records(), sort))


# ── Every resource ───────────────────────────────────────────────────────────────────────────────────────────


def test_every_kind_of_record_has_a_resource_at_a_path_of_its_own():
    records = {model for model in apps.get_models() if issubclass(model, Record)}
    assert {resource.queryset.model for resource in RESOURCES} == records | {Observation}
    assert len(BY_PATH) == len(RESOURCES)


@EVERY_RESOURCE
def test_resource_has_the_serialiser_of_its_model(resource):
    assert resource.serialiser is SERIALISERS[resource.kind]
    assert resource.serialiser.model is resource.queryset.model


def test_only_observations_have_no_records_with_an_address():
    assert [resource.path for resource in RESOURCES if not resource.has_keys] == ["observations"]


@EVERY_RESOURCE
def test_resource_can_be_written_to_a_log_without_a_query(resource):
    """The database is blocked in this test, and repr() of a queryset would query it."""
    assert resource.path in repr(resource)


@pytest.mark.django_db
@EVERY_RESOURCE
def test_every_sort_order_can_be_asked_for(resource):
    records = resource.records()
    for sort in (None, *resource.sorts):
        assert list(resource.sorted(records, sort)) == []


@pytest.mark.django_db
def test_records_are_those_that_readers_see():
    seen = make_term()
    for publication in UNPUBLISHED:
        make_term(publication=publication)
    assert list(BY_PATH["terms"].records()) == [seen]


@pytest.mark.django_db
def test_countries_are_the_places_that_are_countries():
    country, city = make_country(), make_place()
    assert set(BY_PATH["countries"].records()) == {country}
    assert set(BY_PATH["places"].records()) == {country, city}


# ── Sort orders ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "sorts"),
    [
        ("issues", []),  # one order, that of the editors
        ("terms", ["term", "-term"]),
        ("countries", ["key", "-key"]),
        ("events", ["-date", "date"]),
        ("observations", ["indicator", "year", "-year"]),
    ],
)
def test_sort_orders_are_those_of_the_table_or_of_the_resource(path, sorts):
    changed = [] if path == "observations" else ["changed", "-changed"]
    assert BY_PATH[path].sorts == [*sorts, *changed]


def test_column_that_cannot_be_sorted_is_no_sort_order():
    sorts = BY_PATH["projects"].sorts
    assert {"title", "-title", "start", "-start", "budget"} <= set(sorts)
    assert not {"countries", "-countries", "areas"} & set(sorts)


@pytest.mark.django_db
def test_newest_event_comes_first_unless_another_order_is_asked_for():
    old, new = make_event(key="a", date="1960"), make_event(key="b", date="2005-08-08")
    assert ordered("events") == ordered("events", "-date") == [new, old]
    assert ordered("events", "date") == [old, new]


@pytest.mark.django_db
def test_terms_are_sorted_by_their_word_unless_another_order_is_asked_for():
    make_term(key="a", term_en="Tugai"), make_term(key="b", term_en="Saxaul")
    assert [term.key for term in ordered("terms")] == ["b", "a"]
    assert [term.key for term in ordered("terms", "-term")] == ["a", "b"]


@pytest.mark.django_db
def test_values_are_sorted_by_indicator_place_and_year_or_by_year():
    later, first = make_indicator(position=2), make_indicator(position=1)
    place = make_place()
    for indicator, year in ((later, 1990), (first, 2020), (first, 2000)):
        make_observation(indicator=indicator, place=place, year=year)
    assert [(one.indicator, one.year) for one in ordered("observations")] == [
        (first, 2000),
        (first, 2020),
        (later, 1990),
    ]
    assert [one.year for one in ordered("observations", "year")] == [1990, 2000, 2020]
    assert [one.year for one in ordered("observations", "-year")] == [2020, 2000, 1990]


# ── Filters ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_places_are_filtered_by_kind_and_by_each_country_that_they_lie_in():
    uz, kz = make_country(key="uz"), make_country(key="kz")
    nukus = make_place(country=uz)
    sea = make_place(kind=Place.Kind.LAKE)
    sea.countries.add(uz, kz)
    assert filtered(PlaceFilter, "kind=lake") == {sea}
    assert filtered(PlaceFilter, "country=uz") == {nukus, sea}
    assert filtered(PlaceFilter, "country=kz") == {sea}
    assert filtered(PlaceFilter, "country=uz&country=kz&kind=city") == {nukus}
    assert filtered(PlaceFilter, "") == {uz, kz, nukus, sea}


@pytest.mark.django_db
def test_countries_are_filtered_by_group():
    korea = make_country(group=Place.Group.KOREA)
    central_asian = make_country()
    assert filtered(CountryFilter, "group=korea") == {korea}
    assert filtered(CountryFilter, "group=central-asia") == {central_asian}


@pytest.mark.django_db
def test_values_are_filtered_by_indicator_and_source():
    area, dust = make_indicator(key="area"), make_indicator(key="dust")
    paper = make_source(key="paper")
    values = [make_observation(indicator=area, source=paper), make_observation(indicator=dust, source=paper)]
    values.append(make_observation(indicator=area, source=make_source(key="report")))
    assert filtered(ValueFilter, "indicator=area") == {values[0], values[2]}
    assert filtered(ValueFilter, "source=paper") == {values[0], values[1]}
    assert filtered(ValueFilter, "indicator=area&source=paper") == {values[0]}
