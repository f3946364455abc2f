"""Codes of SDG goals and targets: validation, the goal of a target, and sorting."""

import pytest
from django.core.exceptions import ValidationError

from portal.core.choices import Goal
from portal.core.sdg import goal_of, sort_key, validate_sdg
from tests.make import make_issue, make_project, make_sdg


@pytest.mark.parametrize("code", [*Goal.values, "6.4", "12.8", "3.c", "17.19"])
def test_goals_and_targets_are_codes(code):
    validate_sdg(code)


@pytest.mark.parametrize("code", ["", "0", "18", "06", "6.", "6.e", "6.4.2", "6,4", "6.444", "SDG 6", "6 "])
def test_other_text_is_refused_with_examples(code):
    with pytest.raises(ValidationError) as refusal:
        validate_sdg(code)
    assert refusal.value.messages == [f"“{code}” is not a goal or target. Use 6, 6.4 or 3.c."]


@pytest.mark.parametrize(("code", "goal"), [("6", Goal.WATER), ("6.4", Goal.WATER), ("13.a", Goal.CLIMATE)])
def test_goal_of_a_code_is_its_first_number(code, goal):
    assert goal_of(code) == goal


@pytest.mark.parametrize("make", [make_issue, make_project])
@pytest.mark.parametrize(("code", "goal"), [("6", "6"), ("6.4", "6"), ("13.a", "13"), ("17.19", "17")])
def test_database_fills_in_the_goal(db, make, code, goal):
    row = make_sdg(make(), code)
    row.refresh_from_db()
    assert (row.goal, str(row)) == (goal, code)


def test_codes_stand_in_the_order_of_their_numbers():
    codes = ["13", "6.a", "2", "6.10", "6.4", "6", "6.b", "13.1"]
    assert sorted(codes, key=sort_key) == ["2", "6", "6.4", "6.10", "6.a", "6.b", "13", "13.1"]
