"""What the open transaction has changed: one log for each transaction, flushed at its end.

The log stands among the commit hooks of its connection. Django drops a hook when the transaction, or the savepoint in
which it was added, is rolled back; so a log lives exactly as long as its first change. If a later savepoint is rolled
back, the log still names what changed in it. Who flushes it must cope with rows that did not change.
"""

import contextlib
from collections import defaultdict

from django.db import transaction

from portal.tracking.signals import changes_flushed


class ChangeLog:
    """What one transaction has changed. It is also a commit hook of that transaction.

    `changed` are the records that the content version names as changed, and `unindexed` those whose entries in the
    search index are out of date: primary keys by model. `pending` are the rows by which the content version counts.
    """

    def __init__(self):
        self.changed, self.unindexed, self.pending = defaultdict(set), defaultdict(set), []

    def __call__(self):
        """Flush what is left after the commit. Errors are logged: the change itself is stored."""
        changes_flushed.send_robust(ChangeLog, log=self, is_committed=True)


def hooks(of_class, using=None):
    """Return the commit hooks of a class that the open transaction has added, without those that were rolled back."""
    return [
        hook for _ids, hook, _robust in transaction.get_connection(using).run_on_commit if isinstance(hook, of_class)
    ]


def open_log(using=None):
    """Return the log of the open transaction, or None if it has changed nothing yet."""
    return next(iter(hooks(ChangeLog, using)), None)


def current_log(using=None):
    """Return the log of the open transaction. Raise TransactionManagementError outside of one."""
    if not transaction.get_connection(using).in_atomic_block:
        raise transaction.TransactionManagementError("Change content within transaction.atomic().")
    log = open_log(using)
    if log is None:
        log = ChangeLog()
        transaction.on_commit(log, using=using)
    return log


def flush():
    """Flush the log within the open transaction, as far as its receivers can before the commit."""
    if log := open_log():
        changes_flushed.send(ChangeLog, log=log, is_committed=False)


@contextlib.contextmanager
def content_transaction():
    """Run the block in one transaction with all that is stored of its changes, such as entries of the search index."""
    with transaction.atomic():
        yield
        flush()


@contextlib.contextmanager
def joined_transaction():
    """Run the block in the open transaction; outside of any, in a content_transaction() of its own."""
    if transaction.get_connection().in_atomic_block:
        yield
    else:
        with content_transaction():
            yield
