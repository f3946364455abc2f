"""Numbers and units: an invalid value of an indicator is refused with a message wherever it is entered."""

from decimal import Decimal

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation

from issues.models import Indicator, KeyFigure, Observation
from portal.core.choices import Currency
from portal.core.validators import validate_unit
from tests.make import make_indicator, make_key_figure, make_observation, make_place

pytestmark = pytest.mark.django_db

LANGUAGES = [code for code, _name in settings.LANGUAGES]


def refused(record):
    with pytest.raises(ValidationError) as error:
        record.full_clean()
    return error.value.message_dict


@pytest.mark.parametrize("value", ["0", "100", "42.5"])
def test_a_share_takes_values_between_nothing_and_the_whole(value):
    make_observation(indicator=make_indicator(lowest=0, highest=100), value=Decimal(value)).full_clean()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("-0.1", "Values of this indicator cannot be below 0."),
        ("100.5", "Values of this indicator cannot be above 100."),
    ],
)
def test_a_share_is_no_less_than_nothing_and_no_more_than_the_whole(value, words):
    observation = make_observation(indicator=make_indicator(lowest=0, highest=100), value=Decimal(value))
    assert refused(observation) == {"value": [words]}


def test_where_no_bounds_are_set_values_may_be_anything():
    """Water stress exceeds 100 per cent where water is used again; levels and growth may be negative."""
    for value in ("168.9", "-28.15"):
        make_observation(indicator=make_indicator(unit_symbol_en="%"), value=Decimal(value)).full_clean()


def test_bounds_leave_room_for_the_values_that_are_there():
    indicator = make_indicator()
    for value in ("168.9", "-3"):
        make_observation(indicator=indicator, place=make_place(), value=Decimal(value))
    indicator.lowest, indicator.highest = 0, 100
    assert refused(indicator) == {
        "lowest": ["An existing value is lower: -3."],
        "highest": ["An existing value is higher: 168.9."],
    }


def test_shares_of_the_content_are_known_as_such_and_all_values_lie_where_they_can(content):
    shares = Indicator.objects.filter(lowest=0, highest=100)
    assert shares.count() == 16
    assert set(shares.values_list("unit_symbol_en", flat=True)) == {"%"}
    for indicator in Indicator.objects.all():
        indicator.clean()
    for language in LANGUAGES:
        for unit in Indicator.objects.values_list(f"unit_{language}", f"unit_symbol_{language}"):
            assert [validate_unit(text) for text in unit] == [None, None]
        for [unit] in KeyFigure.objects.filter(indicator=None).values_list(f"unit_{language}"):
            validate_unit(unit)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_unit_is_looked_at_in_every_language(language):
    figure = make_key_figure()
    setattr(figure, f"unit_{language}", "млн\u00a0т")
    assert set(refused(figure)) - {"unit"} == {f"unit_{language}"}


@pytest.mark.parametrize("year", [205, 1799, 2201, 20_200])
def test_a_year_has_four_digits(year):
    observation, figure = make_observation(), make_key_figure()
    observation.year = figure.year = year
    words = ["A year must have four digits, between 1800 and 2200."]
    assert (refused(observation), refused(figure)) == ({"year": words}, {"year": words})


def test_what_is_refused_is_said_in_each_language():
    observation = make_observation(indicator=make_indicator(lowest=0, highest=100), value=Decimal(101), year=2020)
    observation.year = 20
    said = set()
    for language in LANGUAGES:
        with translation.override(language):
            said |= {str(words) for messages in refused(observation).values() for words in messages}
    assert len(said) == 2 * len(LANGUAGES)


def test_currencies_are_those_of_iso_4217():
    """Codes have three letters. The list in the admin is short because amounts keep the currency of their source."""
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in Currency.values)
    assert {"USD", "KRW", "EUR", "KZT", "UZS", "KGS", "TJS", "TMT", "RUB"} <= set(Currency.values)


def test_observations_know_their_bounds_from_their_indicator_alone():
    """An observation without an indicator, as from a form without that field, has no bounds."""
    Observation(value=Decimal(5)).clean()
