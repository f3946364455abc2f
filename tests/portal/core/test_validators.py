"""Validators of units, days, URLs and years."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from portal.core.partial_dates import PartialDate
from portal.core.validators import address_of_the_web, validate_not_in_future, validate_unit, year_validators
from tests.make import make_agreement, make_correction, make_picture, make_place, make_project


@pytest.mark.parametrize("unit", ["km²", "billion m³", "US$/m³", "°C", "мм вод. экв.", "1인당 m³", "%"])
def test_a_unit_is_written_with_plain_blanks(unit):
    validate_unit(unit)


@pytest.mark.parametrize("unit", [" km²", "km² ", "million  t", "\tkm²"])
def test_blanks_that_make_two_units_of_one_are_refused(unit):
    with pytest.raises(ValidationError) as error:
        validate_unit(unit)
    assert error.value.messages == ["A unit must have single spaces between words and none at either end."]


@pytest.mark.parametrize(
    ("letter", "code"), [("\u00a0", "00A0"), ("\u202f", "202F"), ("\u200b", "200B"), ("\n", "000A")]
)
def test_letters_that_nobody_sees_in_a_unit_are_named(letter, code):
    with pytest.raises(ValidationError) as error:
        validate_unit(f"million{letter}t")
    assert error.value.messages == [
        f"The unit contains an invisible character (U+{code}). Type it again with ordinary spaces."
    ]


@pytest.mark.parametrize("letter", ["\u00ad", "\u200c", "\u200d", "\u2060", "\ufeff", "\t", "\u2028"])
def test_a_unit_with_an_invisible_character_inside_a_word_is_refused(letter):
    with pytest.raises(ValidationError, match=f"U\\+{ord(letter):04X}"):
        validate_unit(f"k{letter}m")


def test_an_empty_unit_is_valid():
    validate_unit("")


def test_constraint_of_an_address_has_the_given_name_and_a_message():
    constraint = address_of_the_web("source_address_is_of_the_web")
    assert isinstance(constraint, models.CheckConstraint)
    assert constraint.name == "source_address_is_of_the_web"
    assert str(constraint.violation_error_message) == "A URL must begin with https:// or http://."


def years_refused(year):
    """Return the messages of the validators of years for this year."""
    messages = []
    for validate in year_validators:
        try:
            validate(year)
        except ValidationError as error:
            messages += error.messages
    return messages


@pytest.mark.parametrize("year", [1800, 2026, 2200])
def test_years_from_1800_to_2200_are_valid(year):
    assert years_refused(year) == []


@pytest.mark.parametrize("year", [0, 205, 1799, 2201, 20_200])
def test_other_years_are_refused_with_one_message(year):
    assert years_refused(year) == ["A year must have four digits, between 1800 and 2200."]


@pytest.mark.parametrize("written", ["2026-11-29", "2026-11", "2026", "1960"])
def test_a_day_month_or_year_that_has_begun_is_not_in_the_future(monkeypatch, written):
    monkeypatch.setattr("portal.core.validators.timezone.localdate", lambda: date(2026, 11, 29))
    validate_not_in_future(PartialDate(written))


@pytest.mark.parametrize("written", ["2026-11-30", "2026-12", "2027"])
def test_one_that_has_not_begun_is_refused(monkeypatch, written):
    monkeypatch.setattr("portal.core.validators.timezone.localdate", lambda: date(2026, 11, 29))
    with pytest.raises(ValidationError, match="must not be in the future"):
        validate_not_in_future(PartialDate(written))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("make", "field"),
    [
        (make_project, "status_as_of"),
        (make_project, "looked_on"),
        (make_agreement, "looked_on"),
        (make_correction, "reported_on"),
        (make_correction, "corrected_on"),
        (lambda: make_picture(place=make_place()), "taken_on"),
    ],
)
def test_what_editors_have_done_is_not_in_the_future(make, field):
    row = make()
    setattr(row, field, timezone.localdate() + timedelta(days=2))
    with pytest.raises(ValidationError) as error:
        row.clean_fields()
    assert error.value.message_dict == {field: ["The day must not be in the future."]}
