"""Reading from a copy of the database that follows the first one, where REPLICA_URL names one.

Readers without an account read there: one may have as many copies as readers need. Whatever is written goes to the
first database, and so does all reading of whoever is signed in, within a transaction, and after a write. A copy is a
moment behind; the number of the content (portal/tracking/content_version.py) is read where the content is, so that no
answer is kept under a number that it is older than. A copy that does not answer is left alone for half a minute, and
the first one stands in.
"""

import logging
from contextvars import ContextVar
from time import monotonic

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections

REPLICA = "replica"
APPS = {"portal", "issues", "projects"}  # sessions, accounts and the cache are never a moment behind
NOT_HERE = ("/admin/", "/accounts/", "/healthz", "/readyz", "/metrics")
PAUSE = 30  # seconds

logger = logging.getLogger(__name__)
_reads_replica = ContextVar("reads_replica", default=False)


class ReplicaRouter:
    """Says where to read and write. Set only where there is a replica."""

    def db_for_read(self, model, **hints):
        """The replica, for the records of a reader's request."""
        if not _reads_replica.get() or model._meta.app_label not in APPS:
            return DEFAULT_DB_ALIAS
        return DEFAULT_DB_ALIAS if connections[DEFAULT_DB_ALIAS].in_atomic_block else REPLICA

    def db_for_write(self, model, **hints):
        """The first database; what the request reads from then on has to show it."""
        _reads_replica.set(False)
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one, other, **hints):
        """Both hold the same records."""
        return True

    def allow_migrate(self, db, app_label, **hints):
        """A replica gets its tables from the first database."""
        return db == DEFAULT_DB_ALIAS


class ReplicaMiddleware:
    """Lets the request of a reader without an account read from the replica."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.paused_until = 0.0

    def __call__(self, request):
        # Not taken back at the end: a streamed answer reads on. The next request of the thread says so for itself.
        _reads_replica.set(self.is_readers(request) and self.answers())
        return self.get_response(request)

    @staticmethod
    def is_readers(request):
        """Whether somebody without an account only reads, and no draft."""
        path = request.path_info
        elsewhere = path.startswith(NOT_HERE) or "/preview/" in path
        return (
            request.method in {"GET", "HEAD"} and settings.SESSION_COOKIE_NAME not in request.COOKIES and not elsewhere
        )

    def answers(self):
        """Whether the replica is there. The look is the one that each request takes at its connection anyway."""
        if monotonic() < self.paused_until:
            return False
        try:
            connections[REPLICA].close_if_health_check_failed()
            connections[REPLICA].ensure_connection()
        except Error:
            self.paused_until = monotonic() + PAUSE
            logger.warning("The replica does not answer; readers get the first database.", exc_info=True)
            return False
        return True
