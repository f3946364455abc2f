"""The filters of an import: which activities are offered."""

import pytest

from projects.iati.activity import Activity, Day, Party, PercentageShare
from projects.iati.selection import ActivityFilter, relevance_of

ACTIVITY = Activity(
    titles={"en": "Drip irrigation", "ru": "Капельное орошение"},
    descriptions={"1": {"en": "Water is saved in fields."}},
    parties=[Party(names={"en": "Fictional Institute"}, role="4")],
    sectors=[PercentageShare("31140", vocabulary="1"), PercentageShare("14010", vocabulary="99")],
    markers={"8": "2"},
    dates={"1": Day("2020-03-01"), "3": Day("2023-12-31")},
)


@pytest.mark.parametrize(
    ("conditions", "is_offered"),
    [
        ({}, True),
        ({"sectors": ("31140",)}, True),
        ({"sectors": ("140", "311")}, True),
        ({"sectors": ("140",)}, False),  # of another vocabulary
        ({"words": ("DRIP", "saved")}, True),
        ({"words": ("орошение",)}, True),
        ({"words": ("institute",)}, True),
        ({"words": ("drip", "snow")}, False),
        ({"first": 2023, "last": 2030}, True),
        ({"first": 2024}, False),
        ({"last": 2020}, True),
        ({"last": 2019}, False),
        ({"relevance": 4}, True),
        ({"relevance": 5}, False),
        ({"words": ("drip",), "last": 2019}, False),
    ],
)
def test_activity_is_offered_if_it_meets_all_conditions(conditions, is_offered):
    assert ActivityFilter(**conditions).matches(ACTIVITY) is is_offered


def test_unknown_date_excludes_nothing():
    assert ActivityFilter(first=2024, last=2025).matches(Activity())


def test_relevance_is_the_greatest_weight_of_a_suggested_issue():
    assert (relevance_of(ACTIVITY), relevance_of(Activity())) == (4, 0)
