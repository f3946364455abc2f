"""When the content last changed: one number that grows with every committed change of a record.

Files, feeds and answers of the API carry it in their ETag, so that who has the newest one is told so without its being
made again; pages and the archive of everything are kept under it.

A transaction that changes content inserts a row of `PendingChange`. The number is `Freshness.number` plus the count of
these rows, read in one query. So the number moves with the commit itself, even if the process is killed right after
it. After the commit the writer settles: it deletes the pending rows and adds their count to `Freshness.number`. If it
cannot, the next writer does.
"""

import functools
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db import Error, connections, models, router, transaction
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from portal.tracking import change_log
from portal.tracking.change_log import ChangeLog
from portal.tracking.signals import Action, Phase

MOST_CHANGES = 1_000  # of older ones nothing is known but that there were some
MOST_RECORDS = 5_000  # that a change tells one by one

ANY = None  # in the place of a primary key

NUMBER = (
    "SELECT coalesce((SELECT number FROM portal_freshness WHERE id = 1), 0)"
    " + (SELECT count(*) FROM portal_pendingchange)"
)

_followed = {}


class Freshness(models.Model):
    """How many changes were settled, and when the last of them was; there is one row."""

    number = models.PositiveBigIntegerField(default=0)
    changed_at = models.DateTimeField()

    is_audited = False

    def __str__(self):
        return str(self.number)


class PendingChange(models.Model):
    """A change that `Freshness.number` does not count yet. `records` are as in `Change`."""

    records = models.JSONField()

    is_audited = False

    def __str__(self):
        return str(self.pk)


class Change(models.Model):
    """Which followed records a settled change was about: by model their primary keys, or null for any."""

    number = models.PositiveBigIntegerField(primary_key=True)
    records = models.JSONField()

    is_audited = False

    def __str__(self):
        return str(self.number)


@dataclass(frozen=True)
class ContentState:
    """How the content stands: the same number, the same content. `settled` is the part of it in `Freshness`."""

    number: int
    settled: int
    changed_at: datetime


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class PendingRow:
    """A row of PendingChange that the open transaction has inserted.

    It is a commit hook that does nothing. Django drops it when its savepoint is rolled back, as the row itself.
    """

    pk: int
    records: dict
    was_counted: bool = False  # whether this transaction has read the number since: later changes need another row
    is_settled: bool = False

    def __call__(self):
        pass

    def covers(self, changed):
        """Whether the row already stands for a change of these records."""
        return not self.was_counted and all(
            (known := self.records.get(label, [])) is None or pks <= set(known) for label, pks in changed.items()
        )


def _rows(using=None):
    """The rows that the open transaction has inserted and not settled, without those that were rolled back."""
    return [row for row in change_log.hooks(PendingRow, using) if not row.is_settled]


def track_changes_of(model, *shown):
    """Keep note of which records of a model change, with what they show: they do with their rows, and any of them may
    with a record of the models `shown`.
    """
    _followed[model] = shown


def mark_changed_for_rows(sender, change, phase, **kwargs):
    """Receive `rows_changed`: note changes of the rows that readers see."""
    if phase is Phase.BEFORE or not _is_content(sender):
        return
    instance, pks = change.instance, change.pks
    if change.action is Action.RELATE:
        _mark_changed(lambda model: _related(sender, model, instance, pks))
    else:
        _mark_changed(lambda model: _changed(sender, model, instance, pks))


@functools.cache
def _is_content(model):
    return getattr(model._meta.auto_created or model, "is_content", False)


def mark_changed(model=None, pks=()):
    """Note that something changed, in the transaction that changes it. Raise TransactionManagementError outside of one.

    For what changes rows and sends no signal: with their model and primary keys, if they are known.
    """
    _mark_changed(lambda followed: [ANY] if model is None else _changed(model, followed, None, pks))


def _mark_changed(touched):
    """Note a change. `touched(model)` gives the primary keys of the records of a followed model that it is about; ANY
    among them if it may be about any.
    """
    using = router.db_for_write(PendingChange)
    log = change_log.current_log(using)
    changed = {}
    for model in _followed:
        if found := set(touched(model)):
            changed[model._meta.label_lower] = found
            log.changed[model] |= found
    rows = _rows(using)
    if any(row.covers(changed) for row in rows):
        return
    # The first row names its records. A second one stands for whatever else may follow, so that there are no more.
    several = any(not row.was_counted for row in rows)
    records = dict.fromkeys(_labels(), ANY) if several else _listed(changed)
    row = PendingRow(PendingChange.objects.using(using).create(records=records).pk, records)
    transaction.on_commit(row, using=using)
    log.pending = [*rows, row]


def _labels():
    return [model._meta.label_lower for model in _followed]


def _listed(changed):
    """Changed records as they are stored."""
    return {label: ANY if ANY in pks or len(pks) > MOST_RECORDS else sorted(pks) for label, pks in changed.items()}


def _changed(sender, model, instance, pks):
    """The followed records that a change of rows is about. Of many rows at once it is not known whose they are."""
    if sender in _followed[model]:
        return [ANY]
    if sender is model:
        return pks
    column = _column(sender, model)
    if not column:
        return []
    return [ANY] if instance is None else [getattr(instance, column)]


def _related(through, model, instance, pks):
    """The followed records that a change of a relation is about, made from either side."""
    if not _column(through, model):
        return []
    return [instance.pk] if isinstance(instance, model) else pks or [ANY]


@functools.cache
def _column(row, model):
    """The column by which rows of a model belong to a record of another, if they do."""
    owners = [field.attname for field in row._meta.concrete_fields if field.related_model is model]
    return owners[0] if owners else ""


def flush():
    """Move all pending changes that are committed, or of this transaction, into `Freshness.number`."""
    _flush(change_log.open_log(router.db_for_write(Freshness)) or ChangeLog())


def flush_log(sender, log, is_committed, **kwargs):
    """Receive `changes_flushed`: settle after the commit."""
    if is_committed:
        _flush(log)


def _flush(log):
    """Settle all pending rows. Of those in the log it is known which records they were about in the end."""
    own, records = [row.pk for row in log.pending], {model._meta.label_lower: pks for model, pks in log.changed.items()}
    for row in log.pending:
        row.is_settled = True
    log.pending, log.changed = [], defaultdict(set)
    using = router.db_for_write(Freshness)
    with transaction.atomic(using=using):
        # Whoever settles holds this row, so that no pending row is counted twice, and no number is seen without its
        # change.
        settled = Freshness.objects.using(using).select_for_update().filter(pk=1).first()
        if settled is None:
            Freshness.objects.using(using).get_or_create(pk=1, defaults={"changed_at": timezone.now()})
            settled = Freshness.objects.using(using).select_for_update().get(pk=1)
        pending = dict(PendingChange.objects.using(using).order_by("pk").values_list("pk", "records"))
        if not pending:
            return
        PendingChange.objects.using(using).filter(pk__in=pending).delete()
        if own := [pk for pk in own if pk in pending]:
            pending |= {pk: {} for pk in own} | {own[0]: _listed(records)}
        changes = [Change(number=settled.number + place, records=one) for place, one in enumerate(pending.values(), 1)]
        settled.number, settled.changed_at = settled.number + len(changes), timezone.now()
        settled.save(using=using)
        Change.objects.using(using).filter(number__lte=settled.number - MOST_CHANGES).delete()
        Change.objects.using(using).bulk_create(changes)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────


def state() -> ContentState:
    """How the content stands now. While changes are pending, when the last was committed is not known: it is now."""
    _counted()
    pending = PendingChange.objects.order_by().annotate(of=models.Value(1)).values("of").annotate(n=models.Count("pk"))
    rows = Freshness.objects.filter(pk=1).annotate(pending=models.Subquery(pending.values("n")))
    settled, changed_at, pending = rows.values_list("number", "changed_at", "pending").first() or (
        *(0, datetime(2026, 1, 1, tzinfo=timezone.get_default_timezone())),
        PendingChange.objects.count(),
    )
    return ContentState(settled + (pending or 0), settled, timezone.now() if pending else changed_at)


def is_changing() -> bool:
    """Whether the open transaction has changed content. If it is taken back, another state gets the same number."""
    return bool(_rows())


def _counted():
    """Note that the number was read: if this transaction changes more, the number has to move once more."""
    for row in _rows():
        row.was_counted = True


def changed_since(old: ContentState, new: ContentState, model) -> set[int] | None:
    """The primary keys of the records of a followed model that changed between two states, and maybe of some that
    changed before or later; None if nobody knows.

    All that was pending in the old state is named again: pending rows are settled in no order.
    """
    label = model._meta.label_lower
    # In this order: a row that is settled meanwhile is found in either of them.
    found = [records.get(label, []) for records in PendingChange.objects.values_list("records", flat=True)]
    settled = [
        records.get(label, [])
        for records in Change.objects.filter(number__gt=old.settled).values_list("records", flat=True)
    ]
    if len(settled) < new.settled - old.settled or None in settled or None in found:
        return None
    changed = set().union(*found, *settled)
    return changed if len(changed) <= MOST_RECORDS else None


def current_version() -> int:
    """The number of the state, in the quickest way: every page that is kept asks for it."""
    _counted()
    connection = connections[router.db_for_read(Freshness)]
    try:
        return _read_version(connection)
    except Error:
        if connection.in_atomic_block:
            raise
        connection.close()  # it may have been lost since the last request, which nothing else has looked for
        return _read_version(connection)


def _read_version(connection):
    connection.health_check_done = True  # the question itself tells
    with connection.cursor() as cursor:
        cursor.execute(NUMBER)
        return cursor.fetchone()[0]


def conditional_response(request, etag, changed_at, make, headers):
    """What `make` gives; or 304 for who has that already, by the tag or the time of the last change. Both come with
    these headers, and with those by which a cache asks again.
    """
    response = get_conditional_response(request, etag=etag, last_modified=int(changed_at.timestamp()))
    if response is None:
        response = make()
    if response.status_code in {200, 304}:
        stated = {"ETag": etag, "Last-Modified": http_date(changed_at.timestamp())} | headers
        for name, value in stated.items():
            response.headers[name] = value
    return response
