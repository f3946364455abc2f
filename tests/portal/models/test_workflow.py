"""The rules of the workflow: which transitions each user may make."""

import itertools

import pytest

from portal.core.choices import PublicationStatus
from portal.models import workflow

ACTIONS = {
    "anonymous": frozenset(),
    "translator": frozenset({"view", "translate_ko"}),
    "editor": frozenset({"view", "add", "change"}),
    "reviewer": frozenset({"view", "add", "change", "publish"}),
    "administrator": frozenset(workflow.RECORD_ACTIONS),
}
D, R, S, P, A, ASIDE = PublicationStatus
BY_EDITORS = {(D, R), (R, D), (D, ASIDE), (ASIDE, D)}
BY_REVIEWERS = BY_EDITORS | {(D, S), (D, P), (R, S), (R, P), (S, R), (S, P), (P, R), (P, A), (A, R), (A, P)}
MOVES = {
    "anonymous": set(),
    "translator": set(),
    "editor": BY_EDITORS,
    "reviewer": BY_REVIEWERS,
    "administrator": BY_REVIEWERS,
}


@pytest.mark.parametrize("who", ACTIONS)
def test_each_may_make_these_moves_and_no_others(who):
    pairs = itertools.product(PublicationStatus, repeat=2)
    assert {(old, new) for old, new in pairs if workflow.can_transition(ACTIONS[who], old, new)} == MOVES[who]


@pytest.mark.parametrize("who", ACTIONS)
@pytest.mark.parametrize("old", PublicationStatus)
def test_a_form_offers_where_the_record_is_and_where_it_may_go(who, old):
    allowed = {new for start, new in MOVES[who] if start == old and new != ASIDE}  # ASIDE has a button of its own
    assert set(workflow.choices(ACTIONS[who], old)) == {old} | allowed


@pytest.mark.parametrize(
    ("who", "states"),
    [
        ("anonymous", set()),
        ("translator", set()),
        ("editor", {D, R}),
        ("reviewer", {D, R, S, P, A}),
        ("administrator", {D, R, S, P, A}),
    ],
)
def test_what_readers_see_is_changed_by_reviewers_only(who, states):
    assert {state for state in PublicationStatus if workflow.can_edit(ACTIONS[who], state)} == states


def test_translators_write_in_their_language_until_a_record_rests():
    written = {state: workflow.languages(ACTIONS["translator"], state) for state in PublicationStatus}
    assert written == {D: {"ko"}, R: {"ko"}, S: {"ko"}, P: {"ko"}, A: frozenset(), ASIDE: frozenset()}
    assert workflow.languages(ACTIONS["editor"], D) == frozenset()


def test_a_step_back_is_a_move():
    assert all(new in workflow.TRANSITIONS[old] for old, new in workflow.STEP_BACK.items())
