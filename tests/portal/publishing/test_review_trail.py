"""Who wrote, submitted and reviewed a record, and what counts as a user's own submission."""

import pytest
from django.contrib.auth.models import User

from issues.models import Term
from portal.core.choices import PublicationStatus
from portal.publishing.review_trail import ReviewTrail, authors, is_own_submission, own_submissions, review_trails
from portal.tracking.history import TRACKED
from tests.make import make_citation, make_term

pytestmark = pytest.mark.django_db

D, R, S, P, A, _ASIDE = PublicationStatus


@pytest.fixture(autouse=True)
def _two_people_review(settings):
    settings.REVIEW_OWN = False


@pytest.fixture
def people():
    return User.objects.create_user("han"), User.objects.create_user("seo")


def moved(*steps):
    """Return a term whose history has these steps: pairs of a user (or None) and a state."""
    term = make_term(publication=steps[0][1])
    for _user, state in steps[1:]:
        term.publication = state
        term.save()
    states = TRACKED[Term].states._base_manager.filter(id=term.pk).order_by("history_id")
    for state, (user, _new) in zip(states, steps, strict=True):
        states.filter(pk=state.pk).update(history_user=user)
    return term


def test_trail_names_the_submission_and_the_release(people):
    han, seo = people
    term = moved((han, D), (han, R), (seo, S), (None, P))
    trail = review_trails(Term, [term.pk])[term.pk]
    assert (trail.submission.user, trail.submission.old, trail.submission.new) == (han.pk, D, R)
    assert (trail.release.user, trail.release.new) == (seo.pk, S)


@pytest.mark.parametrize(
    ("steps", "own"),
    [
        ("1D", True),  # nobody else wrote it
        ("1D 2R", False),  # the other submitted it
        ("2D 1R", True),
        ("1R", True),  # created in review
        ("2D", False),
        ("0D", False),  # made by a command
        ("1D 1R 2D", True),  # sent back: the submission still counts
        ("1D 1R 2P 1R", False),  # reviewers may correct what readers saw
        ("1D 1R 2P 2R 2D 1R", True),  # submitted again
        ("1D 1R 2A 1R", False),
    ],
)
def test_own_submission(people, steps, own):
    users, states = {"0": None, "1": people[0], "2": people[1]}, {"D": D, "R": R, "P": P, "A": A}
    term = moved(*((users[step[0]], states[step[1]]) for step in steps.split()))
    assert is_own_submission(people[0], term) is own
    assert own_submissions(people[0], Term, [term.pk]) == ({term.pk} if own else set())


def test_setting_permits_it(people, settings):
    term = moved((people[0], D))
    settings.REVIEW_OWN = True
    assert not is_own_submission(people[0], term)
    assert not is_own_submission(people[0], None)


def test_a_new_record_is_the_users_own(people):
    assert is_own_submission(people[0], None)


def test_a_record_without_history_is_nobodys(people):
    term = make_term(publication=D)
    TRACKED[Term].states._base_manager.all().delete()
    assert review_trails(Term, [term.pk]) == {}
    assert not ReviewTrail().is_own(people[0])
    assert not is_own_submission(people[0], term)


def test_those_who_change_rows_are_authors_too(people):
    han, seo = people
    term = moved((han, D))
    citation = make_citation(term)
    type(citation).history.model._base_manager.update(history_user=seo)
    assert [user for user, _at in authors(term)] == [seo.pk, han.pk]
