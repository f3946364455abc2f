"""Database routing to a read replica, used only if REPLICA_URL is set.

Requests of anonymous readers read from the replica, so replicas can be added as the number of readers grows. All writes
go to the default database. So do all reads of a request with a session, within a transaction, and after a write.

A replica is slightly behind. The content version (portal/tracking/content_version.py) is therefore read from the same
database as the content: no response is cached under a version newer than its content. If the replica does not respond,
it is not used for half a minute (PAUSE), and the default database replaces it.
"""

import logging
from contextvars import ContextVar
from time import monotonic

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections

REPLICA = "replica"
APPS = {"portal", "issues", "projects"}  # sessions, accounts and the cache are always read from the default database
NOT_HERE = ("/admin/", "/accounts/", "/healthz", "/metrics")
PAUSE = 30  # seconds

logger = logging.getLogger(__name__)
_reads_replica = ContextVar("reads_replica", default=False)


class ReplicaRouter:
    """Selects the database for reads and writes. DATABASE_ROUTERS contains it only if there is a replica."""

    def db_for_read(self, model, **hints):
        """Return the replica for models of APPS during a request of an anonymous reader, outside a transaction."""
        if not _reads_replica.get() or model._meta.app_label not in APPS:
            return DEFAULT_DB_ALIAS
        return DEFAULT_DB_ALIAS if connections[DEFAULT_DB_ALIAS].in_atomic_block else REPLICA

    def db_for_write(self, model, **hints):
        """Return the default database. The rest of the request reads from it too, so that it sees what was written."""
        _reads_replica.set(False)
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one, other, **hints):
        """Return True: both databases hold the same records."""
        return True

    def allow_migrate(self, db, app_label, **hints):
        """Return True only for the default database. The replica gets its tables by replication."""
        return db == DEFAULT_DB_ALIAS


class ReplicaMiddleware:
    """Lets requests of anonymous readers read from the replica."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.paused_until = 0.0

    def __call__(self, request):
        # Not reset after the request, because a streamed response still reads. The next request of the thread sets its
        # own value.
        _reads_replica.set(self.is_readers(request) and self.answers())
        return self.get_response(request)

    @staticmethod
    def is_readers(request):
        """Return True for a GET or HEAD without a session cookie, outside NOT_HERE and not a preview of a draft."""
        path = request.path_info
        elsewhere = path.startswith(NOT_HERE) or "/preview/" in path
        return (
            request.method in {"GET", "HEAD"} and settings.SESSION_COOKIE_NAME not in request.COOKIES and not elsewhere
        )

    def answers(self):
        """Return True if the replica accepts a connection. If not, log a warning and do not use it for PAUSE seconds.

        This costs nothing extra: each request makes the same health check of its connection anyway.
        """
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
