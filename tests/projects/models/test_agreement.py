"""The state of an agreement, which depends on the day."""

import datetime

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
    assert agreement.last_activity is None
    for date in ("2020", "2024-05", "2023-12-31"):
        make_activity(agreement=agreement, date=date)
    assert agreement.last_activity.date == "2024-05"
    assert agreement.state_on(TODAY) == State.QUIET
