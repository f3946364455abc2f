"""What the portal logs, and how: lines for people, or JSON for programs. The lines of a request have its id in common.

gunicorn.conf.py uses it too, so that the server's own words come in the same form. Of readers nothing is logged that
could tell who they are: no address, no query, no agent.
"""

import logging
import re
import secrets
import time
from contextvars import ContextVar

WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
REQUEST_LOGGER = "portal.requests"  # operators filter by this name: it does not depend on the module
FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"

request_id = ContextVar("request_id", default="")
logger = logging.getLogger(REQUEST_LOGGER)


def configuration(level, form):
    """For `logging.config.dictConfig`; `form` is `text` or `json`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "portal.ops.logs.RequestIdFilter"}},
        "formatters": {
            "text": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "format": FIELDS,
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                "datefmt": "%Y-%m-%dT%H:%M:%S%z",
                "json_ensure_ascii": False,
                # Django hands over the request itself, with all that its reader sent; our id stands for it.
                "reserved_attrs": [*RESERVED, "request", "server_time", "status_code"],
            },
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": form, "filters": ["request_id"]}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "bibtexparser": {"level": "CRITICAL"},  # what an editor pasted is told to the editor, not to the log
            "httpx": {"level": "WARNING"},  # check_links says itself how far it is
            REQUEST_LOGGER: {"level": "INFO" if form == "json" else "WARNING"},  # a line for each request
            "gunicorn.error": {"level": "INFO" if form == "json" else "WARNING"},  # its comings and goings
        },
    }


# What every record has of its own.
RESERVED = [*vars(logging.makeLogRecord({})), "taskName", "message"]


class RequestIdFilter(logging.Filter):
    """Says of each line which request it belongs to, if to any."""

    def filter(self, record):
        if found := request_id.get():
            record.request_id = found
        return True


class RequestIdMiddleware:
    """Gives each request an id, or keeps the one that a proxy gave it, and answers with it in `X-Request-ID`.

    In JSON it also logs a line for each request: what was asked, of which view, what came of it, how long it took.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        request.id = given if WELL_FORMED.fullmatch(given) else secrets.token_hex(16)
        # Not taken back at the end: what Django says of an answer, it says after this. The next request has its own.
        request_id.set(request.id)
        began = time.perf_counter()
        response = self.get_response(request)
        response.headers["X-Request-ID"] = request.id
        if logger.isEnabledFor(logging.INFO):
            match = request.resolver_match
            told = {
                "method": request.method,
                "path": request.path,
                "view": match.view_name if match else "",
                "status": response.status_code,
                "milliseconds": round((time.perf_counter() - began) * 1000, 1),
            }
            logger.info("%s %s %s", request.method, request.path, response.status_code, extra=told)
        return response
