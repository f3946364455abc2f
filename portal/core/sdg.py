"""Codes of the Sustainable Development Goals: a goal such as `6`, or a target such as `6.4` or `3.c`."""

import re

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Left, StrIndex
from django.utils.translation import gettext_lazy as _

from portal.core.choices import Goal

PATTERN = re.compile(r"(\d{1,2})(?:\.(\d{1,2}|[a-d]))?")


def validate_sdg(code: str) -> None:
    """Raise ValidationError unless `code` is a goal from 1 to 17 or a target of one."""
    match = PATTERN.fullmatch(code)
    if match is None or match[1] not in Goal.values:
        raise ValidationError(_("“%(code)s” is not a goal or target. Use 6, 6.4 or 3.c."), params={"code": code})


def goal_column() -> models.GeneratedField:
    """Return a column that the database fills with the goal of the row's `code`."""
    dot = StrIndex("code", models.Value("."))
    return models.GeneratedField(
        expression=models.Case(models.When(code__contains=".", then=Left("code", dot - 1)), default=models.F("code")),
        output_field=models.CharField(max_length=2),
        db_persist=True,
    )


def goal_of(code: str) -> Goal:
    """The goal that a goal's or target's code belongs to."""
    return Goal(code.partition(".")[0])


def spoken(code: str) -> str:
    """A code with the words that stand before it in English and Russian; Korean writes the English ones."""
    return f"SDG ЦУР {code}"


def sort_key(code: str) -> tuple[int, int, str]:
    """A sort key: 2 before 13, 6.4 before 6.10, numbers before letters."""
    goal, _dot, target = code.partition(".")
    return (int(goal), int(target) if target.isdigit() else 100 if target else 0, target)
