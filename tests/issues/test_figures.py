"""Observations for pages: the latest values of each place, and all values of an indicator as a table."""

import pytest

from issues.figures import latest_observations, latest_rows, past_readings, readings, value_columns, value_rows
from issues.models import Observation
from portal.core.choices import PublicationStatus
from tests.make import make_country, make_indicator, make_observation, make_place, make_source

pytestmark = pytest.mark.django_db


@pytest.fixture
def sources():
    """Make two sources, `a` and `b`."""
    return make_source(key="a"), make_source(key="b")


@pytest.fixture
def uzbekistan():
    return make_country(key="uz")


def observe(indicator, place, *years_and_sources):
    for year, source in years_and_sources:
        make_observation(indicator=indicator, place=place, year=year, source=source, value=year % 100)


def test_newest_year_of_each_place_is_found_with_all_of_its_sources(sources, uzbekistan):
    a, b = sources
    indicator, kazakhstan = make_indicator(source=a), make_country(key="kz")
    observe(indicator, uzbekistan, (2019, a), (2020, a), (2020, b))
    observe(indicator, kazakhstan, (2018, a))
    found = [(one.place.key, one.year, one.source.key) for one in latest_observations()]
    assert found == [("kz", 2018, "a"), ("uz", 2020, "a"), ("uz", 2020, "b")]
    assert [one.place.key for one in latest_observations(place=uzbekistan)] == ["uz", "uz"]


def test_newest_value_until_a_year_is_that_of_the_year_or_before(sources, uzbekistan):
    a, _b = sources
    observe(make_indicator(source=a), uzbekistan, (2018, a), (2020, a), (2022, a))
    assert [[one.year for one in latest_observations(until=year)] for year in (2017, 2019, 2020)] == [
        [],
        [2018],
        [2020],
    ]


def test_value_of_an_unpublished_source_does_not_hide_an_older_one(sources, uzbekistan):
    a, b = sources
    b.publication = PublicationStatus.DRAFT
    b.save()
    observe(make_indicator(source=a), uzbekistan, (2019, a), (2020, b))
    assert [one.year for one in latest_observations()] == [2019]


def test_latest_rows_have_a_cell_for_each_country_and_other_places_apart(sources, uzbekistan):
    a, _b = sources
    indicator, nukus = make_indicator(source=a), make_place(key="nukus", country=uzbekistan)
    observe(indicator, uzbekistan, (2020, a))
    observe(indicator, nukus, (2020, a))
    [row] = latest_rows(latest_observations(), [make_country(key="kz"), uzbekistan])
    assert row.indicator == indicator
    assert [[one.place.key for one in cell] for cell in row.by_country] == [[], ["uz"]]
    assert [one.place.key for one in row.others] == ["nukus"]


def test_readings_are_ordered_by_source_and_year_with_three_queries(sources, uzbekistan, django_assert_num_queries):
    a, b = sources
    indicator = make_indicator(source=a)
    observe(indicator, uzbekistan, (2020, a), (2018, a), (2019, b))
    with django_assert_num_queries(3):
        found = readings(Observation.objects.all())
    assert [(one.source.key, one.year, one.value) for one in found[indicator.pk]] == [
        ("a", 2018, 18),
        ("a", 2020, 20),
        ("b", 2019, 19),
    ]
    assert past_readings(indicator) == found[indicator.pk]


def test_sources_that_follow_one_another_share_a_column(sources, uzbekistan):
    a, b = sources
    indicator = make_indicator(source=a)
    observe(indicator, uzbekistan, (2018, a), (2020, b))
    [column] = value_columns(readings(Observation.objects.all())[indicator.pk])
    assert (column.place, column.sources, column.apart) == (uzbekistan, [a, b], False)
    assert [(year, [one.value for one in cells]) for year, cells in value_rows([column])] == [
        (2020, [20]),
        (2018, [18]),
    ]


def test_sources_of_the_same_year_have_a_column_each_and_gaps_are_empty(sources, uzbekistan):
    a, b = sources
    indicator = make_indicator(source=a)
    observe(indicator, uzbekistan, (2018, a), (2019, a), (2019, b))
    columns = value_columns(readings(Observation.objects.all())[indicator.pk])
    assert [(column.sources, column.apart) for column in columns] == [([a], True), ([b], True)]
    rows = [(year, [one and one.source.key for one in cells]) for year, cells in value_rows(columns)]
    assert rows == [(2019, ["a", "b"]), (2018, ["a", None])]
