"""The state of an agreement, which depends on the day."""

import datetime
import itertools

import pytest

from portal.core.partial_dates import PartialDate
from projects.models import Agreement
from tests.make import make_activity, make_agreement

State = Agreement.State
TODAY = datetime.date(2026, 11, 26)


@pytest.mark.parametrize(
    ("ended", "last", "state"),
    [
        (False, None, State.UNKNOWN),
        (True, None, State.ENDED),
        (True, "2026-11-01", State.ENDED),
        (False, "2024-11-26", State.ACTIVE),
        (False, "2024-11-25", State.QUIET),
        (False, "2024-11", State.ACTIVE),  # its last day counts
        (False, "2024-10", State.QUIET),
        (False, "2024", State.ACTIVE),
        (False, "2023", State.QUIET),
        (False, "2027", State.ACTIVE),
    ],
)
def test_state_depends_on_the_last_activity_and_the_day(ended, last, state):
    assert State.on(TODAY, ended, last and PartialDate(last)) == state


def test_activity_of_a_leap_day_is_recent_for_two_years():
    last = PartialDate("2024-02-29")
    assert State.on(datetime.date(2026, 2, 28), False, last) == State.ACTIVE
    assert State.on(datetime.date(2026, 3, 1), False, last) == State.QUIET


@pytest.mark.django_db
def test_last_activity_is_the_one_with_the_latest_date():
    agreement = make_agreement()
    assert agreement.last_activity_on(TODAY) is None
    for date in ("2020", "2024-05", "2023-12-31"):
        make_activity(agreement=agreement, date=date)
    assert agreement.last_activity_on(TODAY).date == "2024-05"
    assert agreement.state_on(TODAY) == State.QUIET


@pytest.mark.django_db
def test_activity_that_lies_ahead_is_not_the_last_one():
    agreement = make_agreement()
    make_activity(agreement=agreement, date="2027-03")
    assert (agreement.last_activity_on(TODAY), agreement.state_on(TODAY)) == (None, State.UNKNOWN)
    make_activity(agreement=agreement, date="2023")
    assert (agreement.last_activity_on(TODAY).date, agreement.state_on(TODAY)) == ("2023", State.QUIET)
    assert agreement.state_on(datetime.date(2027, 3, 1)) == State.ACTIVE


@pytest.mark.django_db
def test_database_finds_agreements_by_the_state_that_the_model_gives():
    dates = [(), ("2024-11-26",), ("2024-11-25",), ("2024-11",), ("2024-10",), ("2024",), ("2023",), ("2027",)]
    dates += [("2023", "2027"), ("2020", "2024-11-26"), ("2024", "2024-05-01"), ("2026-11-27",), ("2026-12", "2022")]
    for number, (ended, days) in enumerate(itertools.product((False, True), dates)):
        agreement = make_agreement(key=f"one-{number}", ended=ended)
        for day in days:
            make_activity(agreement=agreement, date=day)
    for size in range(len(State) + 1):
        for states in itertools.combinations(State, size):
            found = {one.key for one in Agreement.objects.in_state(states, TODAY)}
            assert found == {one.key for one in Agreement.objects.all() if one.state_on(TODAY) in states}
    quiet = {one.key for one in Agreement.objects.filter(Agreement.quiet_condition(TODAY))}
    assert quiet == {one.key for one in Agreement.objects.in_state([State.QUIET], TODAY)}
    assert len(quiet) == 6


def test_state_in_words_has_the_date_that_decides():
    last = PartialDate("2025-07")
    assert [state.in_words(last) for state in State] == [
        "Active, last sign July 2025",
        "Quiet since July 2025",
        "Ended",
        "Not known",
    ]
