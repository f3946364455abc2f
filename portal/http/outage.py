"""The 503 response while a database, a shared cache or a disk fails: in the active language, with a time to retry.

`handler500` uses it, since every uncaught error of a view, a template or a middleware ends there. Nothing here queries
the database. Django reconnects with the next request (CONN_HEALTH_CHECKS).
"""

import errno
import sqlite3

from django.db import InterfaceError, OperationalError
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.log import log_response

RETRY_AFTER = 30  # seconds; a database restarts within this time
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
    told = " ".join(str(error).split())
    log_response("Unavailable: %s: %s", request.path, told, response=response, request=request, level="warning")
    return response
