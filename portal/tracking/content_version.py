"""The content version: one number that grows with every committed change of content.

Files, feeds and responses of the API have it in their ETag, so that the portal answers 304 without making them again.
It is part of the cache keys of pages and of the archive of all data.

A transaction that changes content inserts a row of `PendingChange`. The version is `ContentVersion.number` plus the
count of these rows, read in one query. So it grows with the commit itself, even if the process is killed directly
afterwards. After the commit, the writer settles the rows: it deletes them and adds their count to
`ContentVersion.number`. If it cannot, the next writer does.
"""

import functools
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db import Error, connections, models, router, transaction
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from portal.core.days import start_of_day
from portal.tracking import change_log
from portal.tracking.change_log import ChangeLog
from portal.tracking.signals import Action, Phase

MOST_CHANGES = 1_000  # rows of ContentChange that are kept; `changed_since` returns None for states before them
MOST_RECORDS = 5_000  # primary keys that one change lists; a change of more records is stored as ANY

ANY = None  # in place of primary keys: any record of the model may have changed

QUOTE = '"'

NUMBER = (
    "SELECT coalesce((SELECT number FROM portal_freshness WHERE id = 1), 0)"
    " + (SELECT count(*) FROM portal_pendingchange)"
)

_followed = {}


class ContentVersion(models.Model):
    """The number of settled changes, and the time of the last one. One row."""

    number = models.PositiveBigIntegerField(default=0)
    changed_at = models.DateTimeField()

    is_audited = False

    class Meta:
        db_table = "portal_freshness"

    def __str__(self):
        return str(self.number)


class PendingChange(models.Model):
    """A change that `ContentVersion.number` does not count yet. `records` is as in `ContentChange`."""

    records = models.JSONField()

    is_audited = False

    def __str__(self):
        return str(self.pk)


class ContentChange(models.Model):
    """A settled change of the tracked models: `records` maps model labels to lists of primary keys, or null for any."""

    number = models.PositiveBigIntegerField(primary_key=True)
    records = models.JSONField()

    is_audited = False

    class Meta:
        db_table = "portal_change"

    def __str__(self):
        return str(self.number)


@dataclass(frozen=True)
class ContentState:
    """A state of the content. The same `number` means the same content; `settled` is `ContentVersion.number`."""

    number: int
    settled: int
    changed_at: datetime


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class PendingRow:
    """A row of PendingChange that the open transaction has inserted.

    It is a commit hook that does nothing. Django drops it when its savepoint is rolled back, which also removes the
    row.
    """

    pk: int
    records: dict
    was_counted: bool = False  # True if this transaction has read the version since: later changes need another row
    is_settled: bool = False

    def __call__(self):
        pass

    def covers(self, changed):
        """Return True if the row already covers a change of these records, so that it needs no other row."""
        return not self.was_counted and all(
            (known := self.records.get(label, [])) is None or pks <= set(known) for label, pks in changed.items()
        )


def _rows(using=None):
    """Return the rows that the open transaction has inserted and not settled, without those that were rolled back."""
    return [row for row in change_log.hooks(PendingRow, using) if not row.is_settled]


def track_changes_of(model, *shown):
    """Track which records of `model` change, for `changed_since`.

    A change of a row that belongs to a record counts as a change of that record. A change of a record of the models
    `shown` may affect any record of `model`.
    """
    _followed[model] = shown


def mark_changed_for_rows(sender, change, phase, **kwargs):
    """Receive `rows_changed`: mark the content as changed if the rows are content, that is, if readers see them."""
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
    """Mark the content as changed, within the transaction that changes it.

    Call it for changes that send no `rows_changed`. Without `model`, any tracked record may have changed; `pks` are the
    primary keys of the changed rows of `model`. Raise TransactionManagementError outside of a transaction.
    """
    _mark_changed(lambda followed: [ANY] if model is None else _changed(model, followed, None, pks))


def _mark_changed(touched):
    """Add the change to the log of the transaction, and insert a PendingChange unless a row covers it already.

    `touched(model)` returns the primary keys of the changed records of a tracked model, with ANY among them if any
    record may have changed.
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
    # The first row lists its records. A second row covers all records, so that a transaction needs no third one.
    several = any(not row.was_counted for row in rows)
    records = dict.fromkeys(_labels(), ANY) if several else _listed(changed)
    row = PendingRow(PendingChange.objects.using(using).create(records=records).pk, records)
    transaction.on_commit(row, using=using)
    log.pending = [*rows, row]


def _labels():
    return [model._meta.label_lower for model in _followed]


def _listed(changed):
    """Return `changed` as it is stored in `records`: sorted lists, or ANY if it contains ANY or over MOST_RECORDS."""
    return {label: ANY if ANY in pks or len(pks) > MOST_RECORDS else sorted(pks) for label, pks in changed.items()}


def _changed(sender, model, instance, pks):
    """Return the primary keys of the records of `model` that a change of rows of `sender` affects.

    `instance` is None if many rows changed at once. If they belong to records of `model`, the result is ANY: their
    owners are not looked up.
    """
    if sender in _followed[model]:
        return [ANY]
    if sender is model:
        return pks
    column = _column(sender, model)
    if not column:
        return []
    return [ANY] if instance is None else [getattr(instance, column)]


def _related(through, model, instance, pks):
    """Return the primary keys of the records of `model` that a change of a relation affects, made from either side."""
    if not _column(through, model):
        return []
    return [instance.pk] if isinstance(instance, model) else pks or [ANY]


@functools.cache
def _column(row, model):
    """Return the column of the first foreign key from the model `row` to `model`, or an empty string."""
    owners = [field.attname for field in row._meta.concrete_fields if field.related_model is model]
    return owners[0] if owners else ""


def flush():
    """Settle all pending changes that are committed or that belong to the open transaction."""
    _flush(change_log.open_log(router.db_for_write(ContentVersion)) or ChangeLog())


def flush_log(sender, log, is_committed, **kwargs):
    """Receive `changes_flushed`: settle pending changes after the commit."""
    if is_committed:
        _flush(log)


def _flush(log):
    """Settle all pending rows: delete them, store a ContentChange for each, and add their count to the settled number.

    `log` has the exact records of its own rows: the first of these rows gets all of them, the others none.
    """
    own, records = [row.pk for row in log.pending], {model._meta.label_lower: pks for model, pks in log.changed.items()}
    for row in log.pending:
        row.is_settled = True
    log.pending, log.changed = [], defaultdict(set)
    using = router.db_for_write(ContentVersion)
    with transaction.atomic(using=using):
        # The lock on this row ensures that no pending row is counted twice, and that no number is visible before its
        # ContentChange.
        settled = ContentVersion.objects.using(using).select_for_update().filter(pk=1).first()
        if settled is None:
            ContentVersion.objects.using(using).get_or_create(pk=1, defaults={"changed_at": timezone.now()})
            settled = ContentVersion.objects.using(using).select_for_update().get(pk=1)
        pending = dict(PendingChange.objects.using(using).order_by("pk").values_list("pk", "records"))
        if not pending:
            return
        PendingChange.objects.using(using).filter(pk__in=pending).delete()
        if own := [pk for pk in own if pk in pending]:
            pending |= {pk: {} for pk in own} | {own[0]: _listed(records)}
        changes = [
            ContentChange(number=settled.number + place, records=one) for place, one in enumerate(pending.values(), 1)
        ]
        settled.number, settled.changed_at = settled.number + len(changes), timezone.now()
        settled.save(using=using)
        ContentChange.objects.using(using).filter(number__lte=settled.number - MOST_CHANGES).delete()
        ContentChange.objects.using(using).bulk_create(changes)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────


def state() -> ContentState:
    """Return the present state of the content. One query, or two while there is no row of ContentVersion.

    `changed_at` is now while changes are pending, since the time of their commit is not stored. Without any change it
    is 1 January 2026.
    """
    _counted()
    pending = PendingChange.objects.order_by().annotate(of=models.Value(1)).values("of").annotate(n=models.Count("pk"))
    rows = ContentVersion.objects.filter(pk=1).annotate(pending=models.Subquery(pending.values("n")))
    settled, changed_at, pending = rows.values_list("number", "changed_at", "pending").first() or (
        *(0, datetime(2026, 1, 1, tzinfo=timezone.get_default_timezone())),
        PendingChange.objects.count(),
    )
    return ContentState(settled + (pending or 0), settled, timezone.now() if pending else changed_at)


def is_changing() -> bool:
    """Return True if the open transaction has changed content that is not settled.

    Do not cache under the version then: after a rollback, another state gets the same number.
    """
    return bool(_rows())


def open_changes() -> tuple:
    """Return what identifies the content within the open transaction, or () if it has changed none, settled or not.

    Nobody else sees this state. While the result is equal, the content is the same: a later change adds a row, and a
    rollback removes rows and savepoints.
    """
    rows = change_log.hooks(PendingRow)
    if not rows:
        return ()
    _counted()
    return (*rows, *transaction.get_connection().savepoint_ids)


def _counted():
    """Mark the version as read by this transaction: if it changes more content, the version must grow again."""
    for row in _rows():
        row.was_counted = True


def changed_since(old: ContentState, new: ContentState, model) -> set[int] | None:
    """Return the primary keys of the records of a tracked model that changed between two states; None if not known.

    The set may also contain records that changed before or after. It contains all changes that were pending in the old
    state, since pending rows are settled in no particular order. The result is None if a change is stored as ANY, if
    rows of ContentChange are deleted already, or if there are more than MOST_RECORDS. Two queries.
    """
    label = model._meta.label_lower
    # PendingChange first: a row that is settled between the two queries is found by at least one of them.
    found = [records.get(label, []) for records in PendingChange.objects.values_list("records", flat=True)]
    settled = [
        records.get(label, [])
        for records in ContentChange.objects.filter(number__gt=old.settled).values_list("records", flat=True)
    ]
    if len(settled) < new.settled - old.settled or None in settled or None in found:
        return None
    changed = set().union(*found, *settled)
    return changed if len(changed) <= MOST_RECORDS else None


def current_version() -> int:
    """Return the content version. One raw SQL query, because each request for a cached page needs it."""
    _counted()
    connection = connections[router.db_for_read(ContentVersion)]
    try:
        return _read_version(connection)
    except Error:
        if connection.in_atomic_block:
            raise
        connection.close()  # it may have been lost since the last request, and nothing has checked it since
        return _read_version(connection)


def _read_version(connection):
    connection.health_check_done = True  # saves Django's health check: the query itself fails on a lost connection
    with connection.cursor() as cursor:
        cursor.execute(NUMBER)
        return cursor.fetchone()[0]


def conditional_response(request, etag, changed_at, make, headers):
    """Return the response of `make()`, or 304 without calling it if the client's copy is still valid.

    The copy is valid by its ETag or by the time of the last change (`changed_at`), and until midnight in the portal's
    time zone: responses state values that depend on the day, such as the status of a project today. So the day is part
    of the ETag, and a copy from before midnight counts as changed. Responses with status 200 or 304 get `headers`,
    `ETag` and `Last-Modified`. The response is 412 if a precondition of the request fails.
    """
    midnight = start_of_day()
    changed_at, etag = max(changed_at, midnight), f'{etag.removesuffix(QUOTE)}-{midnight:%Y%m%d}"'
    response = get_conditional_response(request, etag=etag, last_modified=int(changed_at.timestamp()))
    if response is None:
        response = make()
    if response.status_code in {200, 304}:
        stated = {"ETag": etag, "Last-Modified": http_date(changed_at.timestamp())} | headers
        for name, value in stated.items():
            response.headers[name] = value
    return response
