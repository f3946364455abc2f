"""Numbers, money, periods and coordinates in the format of each language."""

import re
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import translation

from portal.core.formatting import coordinates, date_range, money, number, partial_date
from portal.core.partial_dates import PartialDate

LANGUAGES = ("en", "ko", "ru")
NBSP = "\u00a0"


def written(html):
    """Return the text of a piece of HTML, and the dates in its <time> elements."""
    return re.sub(r"<[^>]+>", "", html), re.findall(r'<time datetime="([^"]+)">', html)


def project(start=None, end=None):
    return SimpleNamespace(start=start and PartialDate(start), end=end and PartialDate(end))


@pytest.mark.parametrize(
    ("value", "english", "russian"),
    [
        (Decimal("68000.000000"), "68,000", f"68{NBSP}000"),
        (Decimal("24.100000"), "24.1", "24,1"),
        (1_234_567.5, "1,234,567.5", f"1{NBSP}234{NBSP}567,5"),
        (Decimal("1E+3"), "1,000", f"1{NBSP}000"),
        (Decimal("0.000001"), "0.000001", "0,000001"),
        (-5.5, "−5.5", "−5,5"),
        (Decimal("-0.0"), "0", "0"),
        (0, "0", "0"),
        ("7", "7", "7"),
        (None, "", ""),
        ("", "", ""),
    ],
)
def test_number_parts_thousands_and_drops_idle_zeros(value, english, russian):
    for language, expected in (("en", english), ("ko", english), ("ru", russian)):
        with translation.override(language):
            assert number(value) == expected


@pytest.mark.parametrize(
    ("language", "amount"), [("en", "5,600,000"), ("ko", "5,600,000"), ("ru", f"5{NBSP}600{NBSP}000")]
)
def test_money_stands_with_its_currency(language, amount):
    with translation.override(language):
        text = money(Decimal("5600000.00"), "USD")
    assert text.count(amount) == 1
    assert text.replace(amount, "").strip() == "USD"


def test_money_is_written_with_the_currency_first_in_english():
    assert money(Decimal("0.00"), "KRW") == "KRW 0"


def test_an_unknown_amount_says_so():
    assert money(None, "") == "Not known"


@pytest.mark.parametrize(("language", "words"), [("en", "July 2021"), ("ko", "2021년 7월"), ("ru", "июль 2021 г.")])
def test_partial_date_is_for_readers_and_machines(language, words):
    with translation.override(language):
        assert partial_date("2021-07") == f'<time datetime="2021-07">{words}</time>'


@pytest.mark.parametrize("nothing", [None, ""])
def test_partial_date_of_nothing_is_nothing(nothing):
    assert partial_date(nothing) == ""


@pytest.mark.parametrize(
    ("start", "end", "words", "dates"),
    [
        ("2020", "2021-05", "2020–May 2021", ["2020", "2021-05"]),
        ("2020-05", "2020-05", "May 2020", ["2020-05"]),
        ("2020", None, "from 2020, end not known", ["2020"]),
        (None, "2020", "until 2020, start not known", ["2020"]),
        (None, None, "Dates not known", []),
    ],
)
def test_span_says_which_end_is_not_known(start, end, words, dates):
    assert written(date_range(project(start, end))) == (words, dates)
    for language in LANGUAGES:
        with translation.override(language):
            assert written(date_range(project(start, end)))[1] == dates


@pytest.mark.parametrize(
    ("latitude", "longitude", "words"),
    [
        (Decimal("45.50000"), Decimal("60.00000"), "45.5° N, 60° E"),
        (Decimal("-45.5"), Decimal("-60.25"), "45.5° S, 60.25° W"),
        (0, 0, "0° N, 0° E"),
    ],
)
def test_coordinates_name_their_hemispheres(latitude, longitude, words):
    place = SimpleNamespace(latitude=latitude, longitude=longitude)
    assert coordinates(place) == words


@pytest.mark.parametrize(
    ("language", "numbers"), [("en", ["45.5", "60.25"]), ("ko", ["45.5", "60.25"]), ("ru", ["45,5", "60,25"])]
)
def test_coordinates_are_written_in_the_readers_language(language, numbers):
    with translation.override(language):
        text = coordinates(SimpleNamespace(latitude=Decimal("45.5"), longitude=Decimal("-60.25")))
    assert re.findall(r"[\d.,]+(?=°)", text) == numbers
