"""The log of what the open transaction has changed: one log for each transaction, flushed at its end.

The log is a commit hook of its connection. Django drops a hook when the transaction, or the savepoint in which it was
added, is rolled back. So a log exists exactly as long as its first change. If a later savepoint is rolled back, the log
still lists what changed in it: receivers of `changes_flushed` must accept rows that did not change.
"""

import contextlib
from collections import defaultdict

from django.db import transaction

from portal.tracking.signals import changes_flushed


class ChangeLog:
    """What one transaction has changed. The log is also a commit hook of that transaction.

    `changed` and `unindexed` are sets of primary keys by model: changed records for the content version, and records
    whose entries in the search index are out of date. `renamed` is a set of pairs of kind and key of
    records whose aliases have changed. `pending` is a list of PendingRow, which the content version counts.
    `snapshots` are values read from the changed content, by name: pairs of what identifies the state and the value.
    """

    def __init__(self):
        self.changed, self.unindexed, self.pending = defaultdict(set), defaultdict(set), []
        self.renamed, self.snapshots = set(), {}

    def __call__(self):
        """Flush the rest after the commit. Errors of receivers are logged, not raised: the change itself is stored."""
        changes_flushed.send_robust(ChangeLog, log=self, is_committed=True)


def hooks(of_class, using=None):
    """Return the commit hooks of a class in the open transaction, without those that were rolled back."""
    return [
        hook for _ids, hook, _robust in transaction.get_connection(using).run_on_commit if isinstance(hook, of_class)
    ]


def open_log(using=None):
    """Return the log of the open transaction, or None if it has changed nothing yet."""
    return next(iter(hooks(ChangeLog, using)), None)


def current_log(using=None):
    """Return the log of the open transaction; create it if there is none yet.

    Raise TransactionManagementError outside of a transaction.
    """
    if not transaction.get_connection(using).in_atomic_block:
        raise transaction.TransactionManagementError("Change content within transaction.atomic().")
    log = open_log(using)
    if log is None:
        log = ChangeLog()
        transaction.on_commit(log, using=using)
    return log


def flush():
    """Flush the log within the open transaction. Receivers leave in it what they can only process after the commit."""
    if log := open_log():
        changes_flushed.send(ChangeLog, log=log, is_committed=False)


@contextlib.contextmanager
def content_transaction():
    """Run the block in a transaction that also stores what follows from its changes, such as search index entries."""
    with transaction.atomic():
        yield
        flush()


@contextlib.contextmanager
def joined_transaction():
    """Run the block in the open transaction, or in a content_transaction() if none is open."""
    if transaction.get_connection().in_atomic_block:
        yield
    else:
        with content_transaction():
            yield
