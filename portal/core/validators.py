"""What texts and numbers of records must look like, beyond what their columns say."""

import datetime
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.core.partial_dates import PartialDate

FIRST_YEAR, LAST_YEAR = 1800, 2200  # of measurements and of projections
IN_A_WORD = {"\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"}  # nobody sees them


def validate_unit(text: str) -> None:
    """Raise ValidationError for a unit that looks like another one and is not: one word for one thing, everywhere."""
    if text != text.strip() or "  " in text:
        raise ValidationError(_("A unit must have single spaces between words and none at either end."))
    for letter in text:
        if letter != " " and (unicodedata.category(letter)[0] in "ZC" or letter in IN_A_WORD):
            raise ValidationError(
                _("The unit contains an invisible character (U+%(code)s). Type it again with ordinary spaces."),
                params={"code": f"{ord(letter):04X}"},
            )


def validate_not_in_future(date: datetime.date | PartialDate) -> None:
    """Raise ValidationError for a day after today, and for a month or year that has not begun."""
    if (date.first_day if isinstance(date, PartialDate) else date) > timezone.localdate():
        raise ValidationError(_("The day must not be in the future."))


def address_of_the_web(name: str, column: str = "url") -> models.CheckConstraint:
    """Return the constraint that a column is empty or an HTTP address, so that no script gets in by any way."""
    begins = [models.Q((f"{column}__startswith", start)) for start in ("https://", "http://")]
    return models.CheckConstraint(
        name=name,
        condition=begins[0] | begins[1] | models.Q((column, "")) | models.Q((column, None)),
        violation_error_message=_("A URL must begin with https:// or http://."),
    )


year_validators = [
    MinValueValidator(FIRST_YEAR, _("A year must have four digits, between 1800 and 2200.")),
    MaxValueValidator(LAST_YEAR, _("A year must have four digits, between 1800 and 2200.")),
]
language_code = RegexValidator(r"^[a-z]{2,3}$", _("A language is written as its ISO 639 code, such as ko."))
