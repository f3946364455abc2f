"""Rates of the European Central Bank. The expected values are those that the bank published."""

import datetime
from decimal import Decimal

import pytest

from portal.core import exchange_rates
from portal.core.exchange_rates import rate_on
from portal.core.partial_dates import PartialDate

DAY = datetime.date


@pytest.mark.parametrize(
    ("date", "value", "day"),
    [
        ("2014-03-28", "1.3759", DAY(2014, 3, 28)),
        ("2014-03-30", "1.3759", DAY(2014, 3, 28)),  # a Sunday
        ("2014-03", "1.3788", DAY(2014, 3, 31)),
        ("2014", "1.2141", DAY(2014, 12, 31)),
        ("1999-01-04", "1.1789", DAY(1999, 1, 4)),
    ],
)
def test_rate_is_the_last_one_that_the_date_can_mean(date, value, day):
    assert rate_on("EUR", "USD", PartialDate(date)) == exchange_rates.Rate(Decimal(value), day)


def test_rate_of_two_currencies_goes_through_the_euro():
    rate = rate_on("KRW", "USD", PartialDate("2014-03-28"))
    assert rate.value == Decimal("1.3759") / Decimal("1470.08")
    assert rate_on("USD", "KRW", PartialDate("2014-03-28")).value == Decimal("1470.08") / Decimal("1.3759")


@pytest.mark.parametrize(
    ("currency", "date"),
    [
        ("KZT", "2020"),  # the bank has none of the currencies of Central Asia
        ("RUB", "2023"),  # none since March 2022
        ("RUB", "2004"),  # none before April 2005
        ("KRW", "1998"),
        ("KRW", "2999-01-01"),  # a day that no rate has reached
    ],
)
def test_without_a_rate_there_is_none(currency, date):
    assert rate_on(currency, "USD", PartialDate(date)) is None
    assert rate_on("USD", currency, PartialDate(date)) is None


def test_currency_whose_rates_ended_within_a_year_has_its_last_rate():
    assert rate_on("RUB", "USD", PartialDate("2022")).day == DAY(2022, 3, 1)


def test_package_contains_recent_rates_of_the_currencies_that_readers_can_ask_for():
    days = exchange_rates._published()
    assert all(days[code][0][-1] >= DAY(2026, 1, 1) for code in ("USD", "KRW"))
