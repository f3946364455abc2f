"""The model of draft revisions: changes of a published record that readers do not see before a reviewer publishes them.

A revision stores what it changes, not the record: pairs of the versions before and after, of the record and of its
rows. So all that others change meanwhile is part of it too. Only a value that both changed is a clash.
"""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.models.record import Record
from portal.models.reference import delete_rows_about_deleted, records_of
from portal.tracking.history import (
    TRACKED,
    RowVersionPair,
    changeable_columns,
    parts_of,
    record_in,
    row_steps,
    rows_by_key,
    version_at,
)


@dataclass(frozen=True)
class RevisionClash:
    """A value, or a whole row, that a revision and somebody else changed in different ways.

    `column` is empty for a row. `before`, `theirs` and `mine` are values of the column, or versions of the row (None:
    there is none): when the revision was written, now, and in the revision.
    """

    model: type
    key: int
    column: str
    before: Any
    theirs: Any
    mine: Any

    @property
    def name(self):
        """Return the name of the question about it in a form."""
        return "-".join(filter(None, (self.model._meta.model_name, str(self.key), self.column)))


class RevisionQuerySet(models.QuerySet):
    """Queryset of revisions."""

    def open(self):
        """Return the revisions that are neither published nor discarded."""
        return self.filter(state__in=Revision.OPEN)

    def of(self, record):
        """Return the revisions of a record."""
        return self.filter(kind=record._meta.label_lower, record=record.pk)

    def published_at(self, record, moments):
        """Return the revisions of a record that were published at some of the moments, with author and approver."""
        published = self.of(record).filter(state=Revision.State.PUBLISHED, decided_at__in=moments)
        return published.select_related("author", "approver")


class Revision(models.Model):
    """A draft revision of a published record.

    It is no content: it has no history, and no page, file, feed, search or API contains it. `kind` is the label of the
    record's model and `record` its primary key, as in the tables of curation. `why` is the reason that readers see when
    it is published; `note` says why it was sent back or discarded. `approver` and `decided_at` say who published,
    scheduled or discarded it; a published one has the time of its change in the history.
    """

    is_audited = False

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("state of a revision", "Being written")
        IN_REVIEW = "in-review", pgettext_lazy("state of a revision", "In review")
        SCHEDULED = "scheduled", pgettext_lazy("state of a revision", "Scheduled")
        PUBLISHED = "published", pgettext_lazy("state of a revision", "Published")
        DISCARDED = "discarded", pgettext_lazy("state of a revision", "Discarded")

    EDITABLE = (State.DRAFT, State.IN_REVIEW)
    OPEN = (*EDITABLE, State.SCHEDULED)

    kind = models.CharField(_("kind"), max_length=60, editable=False)
    record = models.BigIntegerField(editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("author"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT, editable=False)
    why = models.CharField(_("why"), max_length=500, editable=False)
    note = models.TextField(_("note"), blank=True, editable=False)
    # By the label of a model, a list of [key, version before, version after]: `row_steps` as JSON.
    changes = models.JSONField(default=dict, editable=False)
    publish_at = models.DateTimeField(_("to be published at"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    decided_at = models.DateTimeField(_("decided"), null=True, editable=False)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        default_permissions = ("view",)
        ordering = ["-updated_at", "-pk"]
        indexes = [
            models.Index(fields=["kind", "record", "state"], name="revision_of_a_record"),
            models.Index(fields=["state", "publish_at"], name="revision_by_state"),
        ]
        constraints = [
            models.CheckConstraint(
                name="revision_state_is_known",
                condition=models.Q(state__in=("draft", "in-review", "scheduled", "published", "discarded")),
                violation_error_message=_("A revision is being written, in review, scheduled, published or discarded."),
            ),
            models.CheckConstraint(
                name="revision_is_scheduled_for_a_time",
                condition=models.Q(state="scheduled", publish_at__isnull=False)
                | (~models.Q(state="scheduled") & models.Q(publish_at=None)),
                violation_error_message=_("A revision has a time of publication if it is scheduled."),
            ),
            models.CheckConstraint(
                name="revision_says_when_it_was_decided",
                condition=models.Q(state__in=("draft", "in-review"), decided_at=None)
                | (~models.Q(state__in=("draft", "in-review")) & models.Q(decided_at__isnull=False)),
                violation_error_message=_("A revision has a time of decision if it is no longer written or reviewed."),
            ),
            models.UniqueConstraint(
                name="revision_is_the_only_open_one_of_its_author",
                fields=["kind", "record", "author"],
                condition=models.Q(state__in=("draft", "in-review", "scheduled")),
                violation_error_message=_("This editor has another open revision of the record."),
            ),
        ]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"

    @property
    def model(self):
        """Return the model of the record."""
        return apps.get_model(self.kind)

    @property
    def is_editable(self):
        return self.state in self.EDITABLE

    @property
    def is_open(self):
        return self.state in self.OPEN

    @cached_property
    def target(self):
        """Return the record as it is stored. `attach_targets` sets it for many revisions."""
        return self.model._base_manager.get(pk=self.record)

    # ── What it changes ──────────────────────────────────────────────────────────────────────────────────────────

    @property
    def steps(self):
        """Return what the revision changes: RowVersionPairs by model and key, as `row_steps` returns them."""
        found = {part.model: {} for part in parts_of(self.target)}
        for label, rows in self.changes.items():
            model = apps.get_model(label)
            if model in found:
                found[model] = {
                    key: RowVersionPair(_from_json(model, before), _from_json(model, after))
                    for key, before, after in rows
                }
        return found

    def set_steps(self, steps):
        """Set what the revision changes. It is not saved."""
        self.changes = {
            model._meta.label_lower: [
                [key, _to_json(step.before), _to_json(step.after)] for key, step in of_model.items()
            ]
            for model, of_model in steps.items()
            if of_model
        }

    def merge(self, now, answers=None):
        """Return the steps from the version `now` of the record to the revised one, and a list of RevisionClash.

        `now` are the states of the record and its rows (`version_at` with `parts_of`). `answers` are pairs of the name
        of a clash and "theirs"; in all other clashes the value of the revision is taken.
        """
        merger = _Merger(self.target, now, answers or {})
        steps = self.steps
        for tracked in parts_of(self.target):
            merger.merge(tracked, steps[tracked.model])
        return merger.steps, merger.clashes

    def rewrite(self, now, after):
        """Set what the revision changes to the steps from the version `now` to `after`. It is not saved.

        Rows that are only in `after` get a temporary key below 0. What was a clash stays one: for it the revision keeps
        the version before.
        """
        old = self.steps
        _steps, clashes = self.merge(now)
        open_rows = {(clash.model, clash.key) for clash in clashes if not clash.column}
        open_values = [clash for clash in clashes if clash.column]
        steps = {}
        for tracked in parts_of(self.target):
            model = tracked.model
            after_rows = _with_temporary_keys(tracked, after[model], known={*now[model], *old[model]})
            after_rows = {key: _with_empty_values_of(now[model].get(key), row) for key, row in after_rows.items()}
            steps[model] = row_steps(tracked, self.target, now[model], after_rows)
            for key, step in steps[model].items():
                if (model, key) in open_rows:
                    steps[model][key] = RowVersionPair(old[model][key].before, step.after)
        for clash in open_values:
            if step := steps[clash.model].get(clash.key):
                before = step.before | {clash.column: clash.before} if step.before else step.before
                steps[clash.model][clash.key] = RowVersionPair(before, step.after)
        self.set_steps(steps)

    def as_record(self):
        """Return the revised record with its rows, as `as_of` returns a past one. Do not save it.

        It has this revision as `revision`, and the version of the record and its rows by model as `revised`.
        """
        now = version_at(self.target, kinds=parts_of(self.target))
        steps, _clashes = self.merge(now)
        revised = {
            tracked.model: _after(tracked, now[tracked.model], steps[tracked.model])
            for tracked in parts_of(self.target)
        }
        record = record_in(self.model, revised)
        record.revision, record.revised = self, revised
        return record


def attach_targets(revisions):
    """Set `target` of each revision to its record, and return the list of those whose record is there.

    One query for each kind.
    """
    revisions = list(revisions)
    records = records_of(revisions)
    found = [revision for revision in revisions if (revision.kind, revision.record) in records]
    for revision in found:
        revision.target = records[revision.kind, revision.record]
    return found


def forget_deleted(sender, change, phase, **kwargs):
    """Receive `rows_changed`: delete the revisions of a deleted record."""
    delete_rows_about_deleted([Revision], sender, change, phase)


# ── Versions as JSON ─────────────────────────────────────────────────────────────────────────────────────────────


def _to_json(state):
    """Return a version as JSON values: what JSON has as itself, everything else as text."""
    if state is None:
        return None
    return {name: value if type(value) in _PLAIN else str(value) for name, value in state.items()}


def _from_json(model, state):
    """Return a version from JSON values, in the order of the model's columns: PostgreSQL keeps no order of its own.

    Columns that the model no longer has are left out. Columns that a model of rows has got since have their default:
    the row may be added, or compared as a whole.
    """
    if state is None:
        return None
    added = () if issubclass(model, Record) else TRACKED[model].columns
    return {
        column.attname: (column.target_field if column.is_relation else column).to_python(state[column.attname])
        if column.attname in state
        else column.get_default()
        for column in model._meta.concrete_fields
        if column.attname in state or column.attname in added
    }


_EMPTY = (None, "")
_PLAIN = {type(None), bool, int, float, str}


# ── Merging ──────────────────────────────────────────────────────────────────────────────────────────────────────


class _Merger:
    """The merge of the steps of a revision into the present version of its record."""

    def __init__(self, record, now, answers):
        self.record, self.now, self.answers = record, now, answers
        self.steps = {model: {} for model in now}
        self.clashes = []

    def merge(self, tracked, steps):
        here = rows_by_key(tracked, self.now[tracked.model].values())
        for key, step in steps.items():
            self._merge_row(tracked, key, step, here)
        self._move_added_rows(tracked)

    def _merge_row(self, tracked, key, step, here):
        now, model = here.get(key), tracked.model
        if model._meta.auto_created:
            if bool(now) != bool(step.after):
                self.steps[model][key] = RowVersionPair(now, step.after)
        elif step.before is None and now is None:
            if (same := _same_row(tracked, step.after, here)) is None:
                self.steps[model][key] = step
            else:
                self._merge_values(tracked, same[tracked.key], RowVersionPair(None, step.after), same)
        elif step.before is None or (now and step.after):
            self._merge_values(tracked, key, step, now)
        elif now is None and step.after is None:
            return
        else:  # one of both removed the row
            changed = now or step.after
            unchanged = all(
                _is_same(changed[column], step.before[column]) for column in changeable_columns(tracked, self.record)
            )
            if (now and unchanged) or self._is_mine(RevisionClash(model, key, "", step.before, now, step.after)):
                self.steps[model][key] = RowVersionPair(now, step.after)

    def _move_added_rows(self, tracked):
        """Move added rows to the end if others have added a row at their position meanwhile."""
        if "position" not in tracked.columns:
            return
        steps = self.steps[tracked.model]
        for key, step in steps.items():
            if step.before is None:
                rows = _after(tracked, self.now[tracked.model], steps)
                taken = [row["position"] for pk, row in rows.items() if pk != key]
                if step.after["position"] in taken:
                    steps[key] = RowVersionPair(None, step.after | {"position": max(taken) + 1})

    def _merge_values(self, tracked, key, step, now):
        """Merge a row that both have, value by value. Without a version before, each difference is a clash."""
        merged = dict(now)
        for column in changeable_columns(tracked, self.record):
            mine, theirs = step.after.get(column, now[column]), now[column]
            before = step.before.get(column, theirs) if step.before else None
            if _is_same(mine, theirs) or (step.before and _is_same(mine, before)):
                continue
            if step.before is None and column == "position":
                continue
            is_clash = step.before is None or not _is_same(theirs, before)
            if not is_clash or self._is_mine(RevisionClash(tracked.model, key, column, before, theirs, mine)):
                merged[column] = mine
        if merged != now:
            self.steps[tracked.model][key] = RowVersionPair(now, merged)

    def _is_mine(self, clash):
        self.clashes.append(clash)
        return self.answers.get(clash.name) != "theirs"


def _is_same(one, other):
    """Return True if two values are equal, or both empty: a form stores "" where nothing was stored before."""
    return one == other or (one in _EMPTY and other in _EMPTY)


def _with_empty_values_of(before, state):
    """Return a version with the values of `before` where both are empty."""
    if before is None:
        return state
    return {name: before[name] if _is_same(value, before[name]) else value for name, value in state.items()}


def _same_row(tracked, state, here):
    """Return the present row that names the same as an added one, such as a citation of the same source; or None."""
    names = [tracked.model._meta.get_field(name).attname for name in tracked.named_by]
    if not names or not set(names) <= set(tracked.columns):
        return None
    return next((row for row in here.values() if all(row[name] == state[name] for name in names)), None)


def _with_temporary_keys(tracked, states, known):
    """Return the states of rows by primary key. A row that is not `known` gets a key below 0, unless it has one."""
    taken, found = set(states), {}
    for pk, state in states.items():
        key = pk
        if pk not in known and pk > 0:
            key = -pk
            while key in taken:
                key -= 1
            taken.add(key)
        found[key] = state | {tracked.key: key}
    return found


def _after(tracked, now, steps):
    """Return the versions of rows by primary key after the steps."""
    rows = rows_by_key(tracked, now.values())
    for key, step in steps.items():
        if step.after is None:
            del rows[key]
        else:
            rows[key] = step.after
    return {state[tracked.key]: state for state in rows.values()}
