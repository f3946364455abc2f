"""Who looked a record through, and the list of what nobody looked at for a year."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from issues.models import Term
from portal.core.choices import PublicationStatus
from portal.models.curation import Verification
from tests import reading
from tests.make import make_term
from tests.portal.staff.test_admin import address, change_address, form_data, listed

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(days=400)


def old_term(**fields):
    term = make_term(**fields)
    Term.objects.filter(pk=term.pk).update(updated_at=LONG_AGO)
    return term


def stale(client):
    return listed(client.get(address(Term, "changelist"), {"care": "stale"}))


def look_through(client, term):
    return client.post(address(Term, "looked_through", term.pk))


def test_what_was_looked_through_leaves_the_list_and_says_by_whom(desk):
    term, other = old_term(), old_term()
    client = desk("editor")
    assert stale(client) == {term, other}
    page = reading.page(client.get(look_through(client, term).headers["Location"]))
    assert stale(client) == {other}
    [note] = page.find_class("desk-look")
    assert reading.words(note).startswith(f"Verified by editor on {timezone.localdate()}: still correct.")
    term.refresh_from_db()
    assert (term.version, term.updated_at) == (1, LONG_AGO)


def test_a_look_of_long_ago_counts_no_more(desk):
    term, client = old_term(), desk("editor")
    look_through(client, term)
    Verification.objects.update(at=LONG_AGO)
    assert stale(client) == {term}
    look_through(client, term)
    assert (Verification.objects.count(), stale(client)) == (1, set())


def test_a_change_counts_as_a_look(desk):
    term, client = old_term(publication=PublicationStatus.DRAFT), desk("editor")
    look_through(client, term)
    url = change_address(term)
    client.post(url, form_data(client.get(url), definition_en="Mended."))
    assert stale(client) == set()
    assert "Verified by" not in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("who", "state", "may"),
    [
        ("anonymous", "published", False),
        ("translator", "published", False),
        ("editor", "published", True),
        ("editor", "archived", False),
        ("reviewer", "published", True),
    ],
)
def test_who_may_say_that_a_record_is_still_right(desk, who, state, may):
    term, client = old_term(publication=state), desk(who)
    if who != "anonymous":
        assert ("Mark as verified" in client.get(change_address(term)).content.decode()) == may
    look_through(client, term)
    assert Verification.objects.exists() == may


def test_a_look_outlives_whoever_looked_but_not_the_record(desk):
    term, client = old_term(), desk("editor")
    look_through(client, term)
    User.objects.get(username="editor").delete()
    page = desk("reviewer").get(change_address(term)).content.decode()
    assert f"Verified on {timezone.localdate()}: still correct." in page
    term.delete()
    assert not Verification.objects.exists()


def test_looking_is_sent_not_linked_to(desk):
    assert desk("editor").get(address(Term, "looked_through", old_term().pk)).status_code == 405
