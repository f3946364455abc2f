"""An activity as a file states it: its dates, and the countries that it mentions."""

import dataclasses

import pytest

from projects.iati import activity
from projects.iati.activity import Activity, Day, Money, PercentageShare, Transaction


def dated(**days):
    """Return an activity with these dates: from the name of a type, such as PLANNED_START, to an ISO date."""
    return Activity(dates={getattr(activity, kind): Day(iso) for kind, iso in days.items()})


@pytest.mark.parametrize(
    ("days", "span"),
    [
        ({}, ("", "")),
        ({"PLANNED_START": "2020-01-01", "PLANNED_END": "2022-12-31"}, ("2020-01-01", "2022-12-31")),
        ({"ACTUAL_START": "2020-03-01", "ACTUAL_END": "2023-06-30"}, ("2020-03-01", "2023-06-30")),
        ({"PLANNED_START": "2020-01-01", "ACTUAL_START": "2020-03-01"}, ("2020-03-01", "")),
        ({"PLANNED_END": "2022-12-31", "ACTUAL_END": "2023-06-30"}, ("", "2023-06-30")),
        ({"ACTUAL_START": "2020-03-01", "PLANNED_END": "2022-12-31"}, ("2020-03-01", "2022-12-31")),
    ],
)
def test_actual_dates_go_before_planned_ones_and_unknown_dates_are_empty(days, span):
    assert dated(**days).span == span


def transaction(*codes):
    return Transaction("3", "2021-01-01", Money(1, "USD", "2021-01-01"), countries=[PercentageShare(c) for c in codes])


def test_countries_of_the_activity_and_of_its_transactions_are_mentioned_once():
    told = Activity(
        countries=[PercentageShare("UZ"), PercentageShare("KZ")],
        transactions=[transaction("UZ", "KG"), transaction(), transaction("KG")],
    )
    assert told.mentioned == {"UZ", "KZ", "KG"}


def test_recipients_of_an_activity_without_countries_are_none():
    told = Activity(regions=[PercentageShare("619")], transactions=[transaction()])
    assert told.mentioned == set()


@pytest.mark.parametrize(
    "make",
    [
        Activity,
        activity.Org,
        lambda: PercentageShare("UZ"),
        lambda: Day("2020"),
        transaction,
        lambda: activity.Document("https://example.org/", "text/html", {}, []),
        lambda: activity.Period("2020", "2021"),
        lambda: activity.ResultIndicator({}, "1"),
        lambda: activity.ActivityResult("1", {}),
    ],
)
def test_two_that_are_read_one_after_the_other_share_no_list(make):
    one, other = make(), make()
    mutable = [field.name for field in dataclasses.fields(one) if isinstance(getattr(one, field.name), list | dict)]
    assert mutable
    assert [name for name in mutable if getattr(one, name) is getattr(other, name)] == []
