"""What the staff is told about records: the notices of comments, assignments and changes of state, and their words."""

import re

from django.contrib.auth import get_user_model
from django.utils.translation import gettext

from portal.accounts.adapters import display
from portal.core.choices import PublicationStatus
from portal.models import Assignment, Comment, Notice, NoticePreference, workflow
from portal.models.reference import delete_rows_about_deleted, records_of
from portal.publishing.review_trail import authors, review_trails

MENTION = re.compile(r"(?<![\w.+-])@([\w.@+-]+)")


def about(record):
    """Return the lookup of the rows about a record."""
    return {"kind": record._meta.label_lower, "record": record.pk}


def comments_of(record):
    """Return the comments on a record with their authors, the oldest first."""
    return Comment.objects.filter(**about(record)).select_related("author")


def assignee_of(record):
    """Return the user who reviews a record, or None."""
    found = Assignment.objects.filter(**about(record)).select_related("assignee").first()
    return found and found.assignee


# ── What happens ─────────────────────────────────────────────────────────────────────────────────────────────────────


def comment(record, author, text):
    """Store a comment, and notify those whom it mentions and those who take part. Return it."""
    written = Comment.objects.create(**about(record), author=author, text=text)
    _notify_of(written, record, {_submitter(record), _assignee(record), *_commenters(record)})
    return written


def send_back(record, author, text):
    """Store why a record goes back to draft, and notify its submitter. Return the comment."""
    written = Comment.objects.create(**about(record), author=author, text=text, is_sending_back=True)
    submitter = _submitter(record)
    notify(Notice.Event.SENT_BACK, record, {submitter}, author, written)
    _notify_of(written, record, set(), besides={submitter})
    return written


def discard(revision, actor, text):
    """Store why a revision is discarded, as a comment on its record, and notify its author.

    Nothing is stored if the author discards it.
    """
    if revision.author_id != actor.pk:
        written = Comment.objects.create(**about(revision.target), author=actor, text=text)
        notify(Notice.Event.DISCARDED, revision.target, {revision.author_id}, actor, written)


def assign(record, assignee, actor):
    """Make a user the reviewer of a record; None takes the reviewer away."""
    if assignee is None:
        Assignment.objects.filter(**about(record)).delete()
        return
    Assignment.objects.update_or_create(**about(record), defaults={"assignee": assignee})
    notify(Notice.Event.ASSIGNED, record, {assignee.pk}, actor)


def record_moved(record, old, actor, text=""):
    """Store the notices of a change of state from `old`, and `text` if it was the reason of sending the record back.

    `actor` is None for the scheduler. Who takes back their own submission sends nothing back.
    """
    new = record.publication
    if new == PublicationStatus.IN_REVIEW and old == PublicationStatus.DRAFT:
        notify(Notice.Event.SUBMITTED, record, {_assignee(record)}, actor)
    elif new == PublicationStatus.DRAFT and old == PublicationStatus.IN_REVIEW:
        if actor is not None and _submitter(record) != actor.pk:
            send_back(record, actor, text)
    elif new == PublicationStatus.PUBLISHED != old:
        notify(Notice.Event.PUBLISHED, record, {_submitter(record)}, actor)
        Assignment.objects.filter(**about(record)).delete()


def notify(event, record, recipients, actor, written=None):
    """Store a notice for each of the recipients, which are primary keys, except the actor and former staff."""
    wanted = {pk for pk in recipients if pk is not None and (actor is None or pk != actor.pk)}
    for user in get_user_model().objects.filter(pk__in=wanted, is_staff=True, is_active=True):
        Notice.objects.create(**about(record), recipient=user, event=event, actor=actor, comment=written)


def _notify_of(written, record, participants, besides=frozenset()):
    mentioned = _mentioned(written.text, record) - besides
    notify(Notice.Event.MENTIONED, record, mentioned, written.author, written)
    notify(Notice.Event.COMMENTED, record, participants - mentioned - besides, written.author, written)


def _mentioned(text, record):
    """Return the primary keys of the members of the staff whom a text names as @username, if they may see the record.

    A username may end in a mark of punctuation, so each name is read with and without it.
    """
    found = MENTION.findall(text)
    names = {*found, *(name.rstrip(".-+@") for name in found)}
    users = get_user_model().objects.filter(username__in=names, is_staff=True, is_active=True)
    return {user.pk for user in users if workflow.allowed_actions(user, type(record))} if names else set()


def _submitter(record):
    """Return the primary key of the user who submitted a record, or else of its first author; None if unknown."""
    trail = review_trails(type(record), [record.pk]).get(record.pk)
    if trail and trail.submission:
        return trail.submission.user
    wrote = authors(record)
    return wrote[-1][0] if wrote else None


def _assignee(record):
    return Assignment.objects.filter(**about(record)).values_list("assignee", flat=True).first()


def _commenters(record):
    return set(comments_of(record).order_by().values_list("author", flat=True))


def forget_deleted(sender, change, phase, **kwargs):
    """Receive `rows_changed`: delete the comments, notices and assignments of a deleted record."""
    delete_rows_about_deleted([Notice, Comment, Assignment], sender, change, phase)


# ── In words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def attach_records(rows):
    """Set `of` of each row about a record to that record, or to None. One query for each kind."""
    found = records_of(rows)
    for row in rows:
        row.of = found.get((row.kind, row.record))


def sentence(notice):
    """Return what a notice says, in the active language. `attach_records` was called before."""
    who = display(notice.actor) if notice.actor else ""
    event = Notice.Event
    words = {
        event.SUBMITTED: gettext("{who} submitted “{name}” again, which you review."),
        event.SENT_BACK: gettext("{who} sent back “{name}”."),
        event.PUBLISHED: gettext("{who} published “{name}”.") if who else gettext("“{name}” was published."),
        event.COMMENTED: gettext("{who} commented on “{name}”."),
        event.MENTIONED: gettext("{who} mentioned you in a comment on “{name}”."),
        event.ASSIGNED: gettext("{who} asks you to review “{name}”."),
        event.DISCARDED: gettext("{who} discarded your revision of “{name}”."),
    }
    return words[notice.event].format(who=who or "–", name=notice.of)


def unread_count(user):
    """Return the number of notices that the user has not read."""
    return Notice.objects.filter(recipient=user, read_at=None).count()


def preference_of(user):
    """Return the NoticePreference of a user; an unsaved one with the defaults if they chose nothing."""
    return NoticePreference.objects.filter(user=user).first() or NoticePreference(user=user)
