"""Numbers are read as people write them, and ambiguous ones are refused."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from portal.core.numbers import parse_number, plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("68000", "68000"),
        ("24.1", "24.1"),
        ("24,1", "24.1"),
        (" -3,5 ", "-3.5"),
        ("−28.15", "-28.15"),  # with a minus sign that is not on keyboards
        ("+7", "7"),
        ("1 234", "1234"),
        ("1\u00a0234\u00a0567,25", "1234567.25"),
        ("8\u202f091\u202f734\u202f930", "8091734930"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("1,234.5", "1234.5"),
        ("1.234,5", "1234.5"),
        ("0,123", "0.123"),
        ("1234,567", "1234.567"),
        ("1.234", "1.234"),
        ("1e3", "1000"),
        (".5", "0.5"),
    ],
)
def test_a_number_is_read_with_point_or_comma_and_parted_thousands(text, value):
    assert parse_number(text) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "many", "NaN", "Infinity", "1 2", "12 34", "1,2,3", "1.2.3", "5 km²", "١٢", "1e9999"]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValidationError) as refused:
        parse_number(text)
    assert refused.value.messages == [f"“{text}” is not a number."]


def test_a_comma_that_may_mean_either_is_asked_about():
    with pytest.raises(ValidationError) as refused:
        parse_number("1,234")
    assert refused.value.messages == ["“1,234” is ambiguous. Write 1234 or 1.234."]


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14, places=6))
def test_what_is_written_is_read_again(value):
    assert parse_number(plain(value)) == value


@pytest.mark.parametrize(("value", "text"), [("68000.000000", "68000"), ("24.100000", "24.1"), ("0.000000", "0")])
def test_a_number_is_written_without_the_zeros_of_its_column(value, text):
    assert plain(Decimal(value)) == text
