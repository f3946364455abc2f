"""The 503 response while a database, a shared cache or a disk fails: in the active language, with a time to retry.

`handler500` uses it, since every uncaught error of a view, a template or a middleware ends there. Nothing that makes it
queries the database. Django reconnects with the next request (CONN_HEALTH_CHECKS).

If the database only restarts, readers do not get it: their requests wait for the database for some seconds.
"""

import errno
import sqlite3
import threading
import time

from django.core.handlers.wsgi import WSGIRequest
from django.db import InterfaceError, InternalError, OperationalError, connection
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.log import log_response

RETRY_AFTER = 30  # seconds; a database restarts within this time
WAIT_SECONDS = 3  # PostgreSQL restarts within about one
MOST_WAITING = 4  # requests that wait in a process; its other threads stay free for cached pages and /healthz
DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def is_service_failure(error):
    """Return True if a database, Redis or a disk failed, so that the same request may succeed later.

    Any other error is a fault of the portal.
    """
    if isinstance(error, OSError):
        return error.errno in DISK_IS_FULL
    cause = getattr(error, "__cause__", None)
    if isinstance(error, OperationalError):
        # SQLite raises OperationalError for a missing table (SQLITE_ERROR) as for a locked database.
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_ERROR
    if isinstance(error, InternalError):
        # PostgreSQL itself failed, for example because a file may not grow. Other codes are mistakes of ours.
        return str(getattr(cause, "pgcode", "")).startswith("XX")
    # Imported here: the import takes 0.1 seconds, and without CACHE_URL nothing else imports it.
    from redis import exceptions as redis  # noqa: PLC0415

    if isinstance(error, (redis.ConnectionError, redis.TimeoutError)):
        return True
    # psycopg raises InterfaceError if the connection was lost earlier in the request; sqlite3, for wrong parameters.
    return isinstance(error, InterfaceError) and not isinstance(cause, sqlite3.Error)


def service_unavailable(request, error):
    """Return a 503 response in the active language, with Retry-After in seconds.

    Log one line without a traceback: an outage would log thousands of the same traceback.
    """
    # The request is not passed to the template, since its user and messages are in the database.
    response = render(None, "503.html", {"sent": request.method not in {"GET", "HEAD"}}, status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    add_never_cache_headers(response)
    response.is_database_lost = is_connection_lost(error)
    told = " ".join(str(error).split())
    log_response("Unavailable: %s: %s", request.path, told, response=response, request=request, level="warning")
    return response


def is_connection_lost(error):
    """Return True if PostgreSQL closed or refused the connection, so that a new one may work within seconds.

    Its errors of a connection have no code, or one of class 57P: shutdown, crash, not yet started.
    """
    if connection.vendor != "postgresql" or not isinstance(error, (OperationalError, InterfaceError)):
        return False
    code = getattr(error.__cause__, "pgcode", None)
    return code is None or code.startswith("57P")


class DatabaseRestartMiddleware:
    """Answers a request of a reader a second time if its connection to the database was lost.

    It waits up to WAIT_SECONDS for the database first, in up to MOST_WAITING threads. Other requests, and all that
    may have changed something, get the 503 response. The outermost middleware: the second time is a new request.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        self.places = threading.BoundedSemaphore(MOST_WAITING)

    def __call__(self, request):
        environ = request.environ.copy()  # as it came: other middlewares change it
        response = self.get_response(request)
        is_retried = getattr(response, "is_database_lost", False) and request.method in {"GET", "HEAD"}
        if not is_retried or not self.places.acquire(blocking=False):
            return response
        try:
            return self.get_response(WSGIRequest(environ)) if _database_answers() else response
        finally:
            self.places.release()


def _database_answers():
    """Wait for a connection to the database for WAIT_SECONDS at most. Return True if there is one."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end and not connection.in_atomic_block:
        connection.close()
        try:
            connection.ensure_connection()
            return True
        except OperationalError:
            time.sleep(0.1)
    return False
