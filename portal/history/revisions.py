"""Publish draft revisions: merge one into the present record, check it, and store it as one change of the history."""

import logging

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.core.choices import PublicationStatus
from portal.core.database import lock_rows
from portal.history.revert import RecordSteps, RevertError
from portal.models import Notice, Revision
from portal.publishing.notices import notify
from portal.tracking.history import change_reason, change_times, parts_of, version_at

logger = logging.getLogger(__name__)


class RevisionSteps(RecordSteps):
    """What publishing a revision would change now, and the clashes with what others changed since.

    `answers` are pairs of the name of a clash and "mine" or "theirs". `asked` are the clashes without an answer.
    """

    def __init__(self, revision, answers=None):
        answers = answers or {}
        record = revision.target
        steps, self.clashes = revision.merge(version_at(record, kinds=parts_of(record)), answers)
        self.asked = [clash for clash in self.clashes if answers.get(clash.name) not in ("mine", "theirs")]
        self.revision = revision
        super().__init__(record, steps)

    @property
    def is_empty(self):
        return not any(self.steps.values())


def publish_revision(revision, why, answers=None, approver=None):
    """Publish a revision as one change of its record by its author with the reason `why`, and note who approved it.

    The author gets a notice.

    Call it within a content_transaction(). Raise RevertError, with nothing changed, if the record is not published, a
    clash has no answer, nothing is left to change, a related record was deleted, a form would refuse the values, or the
    record gets new publishing blockers.
    """
    try:
        with transaction.atomic():
            _publish(revision, why, answers, approver)
    except IntegrityError as error:
        raise RevertError([str(error)]) from error


def _publish(revision, why, answers, approver):
    lock_rows([revision.target])
    record = revision.target = revision.model._base_manager.get(pk=revision.record)
    if record.publication != PublicationStatus.PUBLISHED:
        raise RevertError([_("The record is not published now. Edit the record itself.")])
    with change_reason(why, revision.author):
        change = RevisionSteps(revision, answers)
        if change.asked:
            raise RevertError([_("Somebody else changed the same text. Choose which version to keep.")])
        if change.is_empty:
            raise RevertError([_("The record already says all of this. Nothing is left to publish.")])
        change.store([record])
    revision.state, revision.publish_at, revision.why = Revision.State.PUBLISHED, None, why
    revision.approver = approver or revision.approver
    revision.decided_at = change_times(record)[0]
    revision.changes = {}  # the history has them now
    revision.save()
    notify(Notice.Event.PUBLISHED, record, {revision.author_id}, revision.approver)
    if revision.approver:
        LogEntry.objects.log_actions(revision.approver.pk, [record], CHANGE, [{"changed": {}}])


def publish_due(sender, now, **kwargs):
    """Receive `publishing_due`: publish the revisions that are scheduled for `now` or earlier. Return their records.

    A revision that cannot be published goes back to review, with the reason as its note.
    """
    published = []
    due = Revision.objects.filter(state=Revision.State.SCHEDULED, publish_at__lte=now).order_by("publish_at", "pk")
    for revision in list(due):
        lock_rows([revision.target])
        revision.refresh_from_db()  # another process may have published it meanwhile
        if revision.state != Revision.State.SCHEDULED:
            continue
        try:
            publish_revision(revision, revision.why)
        except RevertError as refused:
            revision.refresh_from_db()
            revision.state, revision.publish_at, revision.decided_at = Revision.State.IN_REVIEW, None, None
            revision.note = "\n".join(map(str, refused.reasons))
            revision.save()
            logger.warning("Back to review: revision %s of %s %s", revision.pk, revision.kind, revision.target.key)
        else:
            logger.info("Published at its time: revision %s of %s %s", revision.pk, revision.kind, revision.target.key)
            published.append(revision.target)
    return published
