"""Key figures of a country: newest value, rank, Korea's value and course."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from portal.core.formatting import NBSP
from portal.models import Place
from portal.views.country.figures import country_figures, rank_of
from tests.make import make_country, make_indicator, make_observation, make_source

pytestmark = pytest.mark.django_db


@pytest.fixture
def stress():
    """Water stress of Uzbekistan in three years, and of three other countries and Korea in the last of them."""
    source = make_source(key="bank", publisher="Bank")
    indicator = make_indicator(
        key="water-stress", unit_en="per cent", unit_symbol_en="%", name_en="Water stress", source=source
    )
    found = {key: make_country(key=key, name_en=key.upper()) for key in ("uz", "tm", "kz", "kg")}
    found["kr"] = make_country(key="kr", group=Place.Group.KOREA)
    rows = (
        ("uz", 2020, 150),
        ("uz", 2021, 140),
        ("uz", 2022, 123),
        ("tm", 2022, 135),
        ("kz", 2022, 34),
        ("kr", 2022, 85),
    )
    for key, year, value in (*rows, ("kg", 2019, 500)):
        make_observation(indicator=indicator, place=found[key], year=year, value=value, source=source)
    return indicator, found


def figure_of(stress, key):
    indicator, countries = stress
    with translation.override("en"):
        [figure] = country_figures([indicator], countries[key])
    return figure


def test_figure_has_newest_value_rank_korea_and_course(stress):
    figure = figure_of(stress, "uz")
    assert (figure.newest.value, figure.newest.year) == (123, 2022)
    assert (figure.rank, figure.ranked) == (2, 3)  # Kyrgyzstan has no value of 2022
    assert (figure.korea.value, figure.korea.year) == (85, 2022)
    assert figure.points == [(2020, 150), (2021, 140), (2022, 123)]
    with translation.override("en"):
        assert figure.value == '123<span class="stat-unit">%</span>'
        assert figure.value_of_korea == "85%"
        assert figure.spark == ["M1,1L48,9.1L95,23"]
        assert figure.change == "UZ: down from 150% (2020) to 123% (2022)."


def test_figure_without_a_value_is_not_known(stress):
    indicator, _countries = stress
    [figure] = country_figures([indicator], make_country(key="tj"))
    assert (figure.newest, figure.rank, figure.spark, figure.yearly_value) == (None, None, [], None)


def test_figure_of_few_years_has_no_line_and_a_lone_one_no_rank(stress):
    figure = figure_of(stress, "kg")
    assert (figure.rank, figure.spark, figure.change) == (None, [], "")
    assert figure.korea.year == 2022  # Korea has no value of 2019


def test_figure_of_korea_has_no_rank_and_nothing_beside(stress):
    figure = figure_of(stress, "kr")
    assert (figure.newest.value, figure.rank, figure.korea) == (85, None, None)


def test_values_of_another_author_are_not_ranked_and_the_main_source_comes_first(stress):
    indicator, countries = stress
    other = make_source(key="a-first-key", publisher="Ministry")
    make_observation(indicator=indicator, place=countries["uz"], year=2022, value=99, source=other)
    make_observation(indicator=indicator, place=countries["kg"], year=2022, value=900, source=other)
    figure = figure_of(stress, "uz")
    assert (figure.newest.value, figure.rank, figure.ranked) == (123, 2, 3)


def test_unit_stands_once_and_a_value_below_zero_is_marked():
    people = make_indicator(unit_en="people", unit_symbol_en="people")
    country = make_country()
    make_observation(indicator=people, place=country, year=2022, value="-35652307")
    with translation.override("en"):
        [figure] = country_figures([people], country)
        assert figure.unit == ""
        assert figure.yearly_value == (f"35.65{NBSP}million{NBSP}people", 2022, True)


def test_equal_values_share_a_rank():
    assert [rank_of(value, [3, 3, 1]) for value in (3, 1)] == [1, 3]


@pytest.mark.any_database
def test_figures_take_the_same_queries_for_one_as_for_three(stress):
    indicator, countries = stress
    counts = []
    for indicators in ([indicator], [indicator, make_indicator(), make_indicator()]):
        with CaptureQueriesContext(connection) as asked:
            country_figures(indicators, countries["uz"])
        counts.append(len(asked))
    assert counts == [3, 3]
