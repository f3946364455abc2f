"""A revision is published as one change of its author, at once or at its time, or not at all."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from issues.models import Term
from portal.core.choices import PublicationStatus
from portal.history.revert import RevertError
from portal.history.revisions import RevisionSteps, publish_due, publish_revision
from portal.models import Revision
from portal.tracking.change_log import content_transaction
from portal.tracking.history import TRACKED
from tests.make import make_citation, make_revision, make_term

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def term():
    record = make_term(term_en="Tugai", definition_en="Old.")
    make_citation(record)
    return record


def publish(revision, **given):
    with content_transaction():
        publish_revision(revision, "The source says so.", **given)


def scheduled(term, **fields):
    now = timezone.now()
    return make_revision(
        term, {"definition_en": "New."}, state="scheduled", publish_at=now - HOUR, decided_at=now, **fields
    )


def states():
    return TRACKED[Term].states.objects.order_by("-pk")


def test_published_revision_is_one_change_of_its_author_and_found_by_readers(term, client):
    author, approver = User.objects.create(username="kim"), User.objects.create(username="lee")
    revision = make_revision(term, {"definition_en": "Fresh saxaul."}, author=author)
    before, address = states().count(), "/en/search/?q=saxaul"
    assert term.get_absolute_url() not in client.get(address).content.decode()
    publish(revision, approver=approver)
    assert states().count() == before + 1
    assert (states()[0].history_user, states()[0].history_change_reason) == (author, "The source says so.")
    revision.refresh_from_db()
    assert (revision.state, revision.approver, revision.decided_at) == ("published", approver, states()[0].history_date)
    assert list(Revision.objects.published_at(term, [states()[0].history_date])) == [revision]
    assert term.get_absolute_url() in client.get(address).content.decode()


def test_steps_are_empty_where_the_record_says_the_same(term):
    revision = make_revision(term, {"definition_en": "New."})
    assert not RevisionSteps(revision).is_empty
    Term.objects.update(definition_en="New.")
    assert RevisionSteps(revision).is_empty


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"publication": PublicationStatus.ARCHIVED}, "The record is not published now. Edit the record itself."),
        ({"definition_en": "Theirs."}, "Somebody else changed the same text. Choose which version to keep."),
        ({"definition_en": "New."}, "The record already says all of this. Nothing is left to publish."),
    ],
)
def test_refused_revision_changes_nothing(term, change, reason):
    revision = make_revision(term, {"definition_en": "New."})
    Term.objects.update(**change)
    before = states().count()
    with pytest.raises(RevertError) as refused:
        publish(revision)
    assert refused.value.reasons == [reason]
    term.refresh_from_db()
    assert term.definition_en == change.get("definition_en", "Old.")
    assert (states().count(), Revision.objects.get().state) == (before, "in-review")


def test_new_publishing_blockers_refuse_a_revision_and_known_ones_do_not(term):
    term.citations.all().delete()  # nobody cites a source: the record lacked it before
    publish(make_revision(term, {"definition_ko": "숲"}))
    with pytest.raises(RevertError) as refused:
        publish(make_revision(term, {"definition_en": ""}))
    assert "the text is missing" in " ".join(refused.value.reasons)


def test_revisions_are_published_at_their_time(term):
    other = make_term()
    make_citation(other)
    due = scheduled(term)
    later = scheduled(other)
    Revision.objects.filter(pk=later.pk).update(publish_at=timezone.now() + HOUR)
    with content_transaction():
        assert publish_due(None, timezone.now()) == [term]
    assert dict(Revision.objects.values_list("pk", "state")) == {due.pk: "published", later.pk: "scheduled"}
    term.refresh_from_db()
    assert term.definition_en == "New."


def test_revision_that_cannot_be_published_at_its_time_goes_back_to_review(term, caplog):
    revision = scheduled(term)
    Term.objects.update(definition_en="Theirs.")
    with content_transaction():
        assert publish_due(None, timezone.now()) == []
    revision.refresh_from_db()
    assert (revision.state, revision.publish_at, revision.decided_at) == ("in-review", None, None)
    assert revision.note == "Somebody else changed the same text. Choose which version to keep."
    assert "Back to review" in caplog.text
