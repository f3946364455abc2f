"""A partial date keeps its precision: its value, its order and its format."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from portal.core.partial_dates import PartialDate, PartialDateField
from projects.models import Project
from tests.make import make_project, make_source

DAY, MONTH, YEAR = PartialDate("2021-07-02"), PartialDate("2021-07"), PartialDate("2021")


@pytest.mark.parametrize(("date", "parts"), [(DAY, (2021, 7, 2)), (MONTH, (2021, 7, None)), (YEAR, (2021, None, None))])
def test_date_knows_its_parts(date, parts):
    assert (date.year, date.month, date.day) == parts


@pytest.mark.parametrize(("date", "precision"), [(DAY, "day"), (MONTH, "month"), (YEAR, "year")])
def test_date_knows_its_precision(date, precision):
    assert date.precision == precision


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "21",
            "2021-7",
            "2021-07-2",
            "2021/07",
            "07.2021",
            "July 2021",
            "2021-",
            "2021-07-",
            "2021-07-02T00",
        ),
        *("0000", "2021-00", "2021-13", "2021-07-00", "2021-02-29", "2021-04-31", "２０２１", "2021\n"),
    ],
)
def test_date_refuses_what_is_no_day_month_or_year(text):
    with pytest.raises(ValueError):  # noqa: PT011 — the message of an impossible day is Python's own
        PartialDate(text)


@pytest.mark.parametrize(
    ("date", "first", "last"),
    [
        (DAY, (2021, 7, 2), (2021, 7, 2)),
        (MONTH, (2021, 7, 1), (2021, 7, 31)),
        (YEAR, (2021, 1, 1), (2021, 12, 31)),
        (PartialDate("2020-02"), (2020, 2, 1), (2020, 2, 29)),
    ],
)
def test_date_spans_the_days_that_it_can_mean(date, first, last):
    assert (date.first_day, date.last_day) == (datetime.date(*first), datetime.date(*last))


@pytest.mark.parametrize(("text", "decade"), [("1989-12-31", 1980), ("1990", 1990), ("2000-01", 2000), ("1911", 1910)])
def test_date_belongs_to_a_decade(text, decade):
    assert PartialDate(text).decade == decade


@given(st.dates(), st.dates())
def test_days_sort_as_text_as_they_do_in_time(one, other):
    assert (PartialDate(one.isoformat()) < PartialDate(other.isoformat())) == (one < other)


# ── The column ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_column_keeps_an_unknown_date_as_nothing(db, blank):
    source = make_source(date=blank)
    source.refresh_from_db()
    assert source.date is None


@pytest.mark.parametrize("text", ["2021-07-02", "2021-07", "2021"])
def test_column_keeps_a_date_as_precise_as_it_was_given(db, text):
    source = make_source(date=f" {text} ")
    source.refresh_from_db()
    assert (source.date, type(source.date)) == (text, PartialDate)


def test_column_says_what_a_date_looks_like():
    with pytest.raises(ValidationError) as refusal:
        PartialDateField().clean("July 2021", None)
    assert refusal.value.messages == [
        "“July 2021” is not a date. Use YYYY-MM-DD, YYYY-MM or YYYY, as precisely as known."
    ]


# ── One date not before another ──────────────────────────────────────────────────────────────────────────────

IN_ORDER = [
    (None, None),
    ("2020", None),
    (None, "2020"),
    ("2020", "2020"),
    ("2020", "2021-01"),
    ("2020", "2020-05"),
    ("2020-05", "2020"),  # a year is not before its own months
    ("2020-05-31", "2020-05"),
    ("2020-05-31", "2020"),
    ("2020-05-30", "2020-05-31"),
]
OUT_OF_ORDER = [
    ("2021", "2020"),
    ("2020-06", "2020-05"),
    ("2021-01-01", "2020"),
    ("2020", "2019-12-31"),
    ("2020-06-01", "2020-05"),
    ("2020-06-02", "2020-06-01"),
]


@pytest.mark.parametrize(("start", "end"), IN_ORDER)
def test_project_may_end_when_it_starts_or_later_as_far_as_is_known(db, start, end):
    project = make_project(start=start, end=end)
    project.validate_constraints()
    project.refresh_from_db()
    assert (project.start, project.end) == (start, end)


@pytest.mark.parametrize(("start", "end"), OUT_OF_ORDER)
def test_project_may_not_end_before_it_starts(db, start, end):
    with pytest.raises(ValidationError, match="A project cannot end before it starts"):
        Project(start=start, end=end).validate_constraints()
    with pytest.raises(IntegrityError, match="project_ends_after_it_starts"), transaction.atomic():
        make_project(start=start, end=end)
