"""What readers and editors get while a database, a shared cache or a disk fails: in their language, when to return.

It stands behind `handler500`, since that is where every error ends that nobody caught, of a view, a template or a
middleware. Nothing here asks the database; connections mend themselves with the next request (CONN_HEALTH_CHECKS).
"""

import errno
import sqlite3

from django.db import InterfaceError, OperationalError
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.log import log_response

RETRY_AFTER = 30  # seconds; a database that is started anew is back within them
DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def is_service_failure(error):
    """Whether one of those failed, so that the same request may succeed later; else the fault is ours."""
    if isinstance(error, OSError):
        return error.errno in DISK_IS_FULL
    cause = getattr(error, "__cause__", None)
    if isinstance(error, OperationalError):
        # SQLite calls a missing table by the same name as a locked database.
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_ERROR
    # Read late: it takes a tenth of a second, and where no Redis is named nothing else reads it.
    from redis import exceptions as redis  # noqa: PLC0415

    if isinstance(error, (redis.ConnectionError, redis.TimeoutError)):
        return True
    # psycopg says so of a connection that was cut off earlier in the request; sqlite3, of wrong parameters.
    return isinstance(error, InterfaceError) and not isinstance(cause, sqlite3.Error)


def service_unavailable(request, error):
    """503 in the reader's language, with the time after which to ask again. The log gets a line instead of a traceback:
    an outage has thousands of them, and all say the same.
    """
    # Without the request, whose user and messages are in the database.
    response = render(None, "503.html", {"sent": request.method not in {"GET", "HEAD"}}, status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER)
    add_never_cache_headers(response)
    told = " ".join(str(error).split())
    log_response("Unavailable: %s: %s", request.path, told, response=response, request=request, level="warning")
    return response
