"""Who wrote, submitted and reviewed a record, from its history, and whether a user would review their own work."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from portal.core.choices import PublicationStatus
from portal.models import workflow
from portal.tracking.history import INITIAL, TRACKED, in_batches, versions, versions_of

SEEN = frozenset({PublicationStatus.PUBLISHED, PublicationStatus.ARCHIVED})
STATE_COLUMNS = ("history_user", "history_date")
WORKFLOW_FIELDS = frozenset({"publication", "publish_at", "published_at"})


@dataclass(frozen=True)
class ReviewStep:
    """A change of the publication state. `user` is a primary key, or None for a command or the scheduler."""

    user: int | None
    at: datetime
    old: str  # "" if the record was created in the state `new`
    new: str


@dataclass
class ReviewTrail:
    """How a record went through review.

    `submission` is the last step from draft to review, and `release` the last step to scheduled or published.
    `is_submitted` says that readers have not seen the record since its submission, and `was_seen` that they saw it at
    some time. `users` are those who changed the record itself since readers last saw it.
    """

    submission: ReviewStep | None = None
    release: ReviewStep | None = None
    is_submitted: bool = False
    was_seen: bool = False
    users: set = field(default_factory=set)
    writers: dict = field(default_factory=dict)  # user -> time of the last change of the record's content

    def add(self, user, at, old, new):
        if old != new and PublicationStatus.SET_ASIDE in {old, new}:
            return  # who sets a draft aside, or takes it up again, neither wrote nor reviewed it
        step = ReviewStep(user, at, old, new)
        if new in SEEN:
            if new == PublicationStatus.PUBLISHED and old not in workflow.PUBLIC_STATES:
                self.release = step
            self.was_seen, self.is_submitted, self.users = True, False, set()
            return
        self.users.add(user)
        if new == PublicationStatus.SCHEDULED != old:
            self.release = step
        elif new == PublicationStatus.IN_REVIEW and old in {"", PublicationStatus.DRAFT}:
            self.submission, self.is_submitted = step, True

    def is_own(self, user):
        """Return True if the user submitted the record, or wrote it without anybody else if nobody submitted it.

        Readers saw some records before: reviewers may correct those themselves, so only a submission counts.
        """
        if self.is_submitted:
            return self.submission.user == user.pk
        return not self.was_seen and self.users == {user.pk}


def review_trails(model, pks):
    """Return the ReviewTrail of each record that has a history, by primary key. One query for 500 records."""
    tracked, trails, last = TRACKED[model], defaultdict(ReviewTrail), {}
    columns = (tracked.key, *STATE_COLUMNS, "publication")
    for some in in_batches(list(pks)):
        states = tracked.states._base_manager.filter(**{f"{tracked.key}__in": some}).order_by("history_id")
        for pk, user, at, new in states.values_list(*columns):
            trails[pk].add(user, at, last.get(pk, ""), new)
            last[pk] = new
    return trails


def review_trail(record):
    """Return the ReviewTrail of a stored record, with `writers`. It is kept with the instance, as it was first read."""
    if not hasattr(record, "_review_trail"):
        record._review_trail = _read_trail(TRACKED[type(record)], record.pk)
    return record._review_trail


def _read_trail(tracked, pk):
    content = [name for name in tracked.content_fields if name not in WORKFLOW_FIELDS]
    states = tracked.states._base_manager.filter(**{tracked.key: pk}).order_by("history_id")
    trail, state, texts = ReviewTrail(), "", None
    for user, at, kind, new, *now in states.values_list(*STATE_COLUMNS, "history_type", "publication", *content):
        trail.add(user, at, state, new)
        if now != texts and kind != INITIAL and user is not None:
            trail.writers[user] = at
        state, texts = new, now
    return trail


def own_submissions(user, model, pks):
    """Return the primary keys of the records that the user may not publish: their own ones, without REVIEW_OWN."""
    if settings.REVIEW_OWN:
        return set()
    return {pk for pk, trail in review_trails(model, pks).items() if trail.is_own(user)}


def is_own_submission(user, record):
    """Return True if the user may not publish the record because it is their own, or is new, without REVIEW_OWN."""
    if settings.REVIEW_OWN:
        return False
    return record is None or record.pk is None or review_trail(record).is_own(user)


def authors(record):
    """Return pairs of a user and the time of their last change of the content of a record or its rows, newest first.

    Users are primary keys. A change of the publication state only is not a change of content.
    """
    last = dict(review_trail(record).writers)
    told = [
        versions(tracked, record).exclude(history_type=INITIAL).exclude(history_user=None).values_list(*STATE_COLUMNS)
        for tracked in versions_of(record)[1:]
    ]
    for user, at in told[0].union(*told[1:]) if told else ():
        last[user] = max(at, last.get(user, at))
    return sorted(last.items(), key=lambda one: one[1], reverse=True)
