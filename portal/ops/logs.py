"""Logging: plain text for people or JSON for programs. All lines of a request have the same request id.

gunicorn.conf.py uses the same configuration, so that the lines of the server have the same form. No data that could
identify a reader is logged: no IP address, no query string, no user agent.
"""

import logging
import re
import secrets
import time
from contextvars import ContextVar

from django.conf import settings

WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
REQUEST_LOGGER = "portal.requests"  # operators filter by this name, so it does not depend on the module
FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"

request_id = ContextVar("request_id", default="")
logger = logging.getLogger(REQUEST_LOGGER)


def configuration(level, form):
    """Return the configuration for `logging.config.dictConfig`.

    `form` is "text" or "json"; `level` is that of the root logger.
    """
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
                # Django adds the request object, with everything that the client sent. The JSON has our request id
                # instead.
                "reserved_attrs": [*RESERVED, "request", "server_time", "status_code"],
            },
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": form, "filters": ["request_id"]}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "bibtexparser": {"level": "CRITICAL"},  # the editor sees errors in a pasted reference; they are not logged
            "httpx": {"level": "WARNING"},  # check_links reports its own progress
            REQUEST_LOGGER: {"level": "INFO" if form == "json" else "WARNING"},  # a line for each request
            "gunicorn.error": {"level": "INFO" if form == "json" else "WARNING"},  # start and stop of workers
        },
    }


# The attributes of every log record, which are not extra fields.
RESERVED = [*vars(logging.makeLogRecord({})), "taskName", "message"]


class RequestIdFilter(logging.Filter):
    """Adds the request id to each log record, if there is a request. It drops no record."""

    def filter(self, record):
        if found := request_id.get():
            record.request_id = found
        return True


class RequestIdMiddleware:
    """Gives each request an id, or keeps a valid one from `X-Request-ID`, and returns it in the `X-Request-ID` header.

    Static files are sent without the header: a page has a dozen, and readers pay for each byte. With LOG_FORMAT=json
    the middleware also logs a line for each request: method, path, view, status and milliseconds.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        request.id = given if WELL_FORMED.fullmatch(given) else secrets.token_hex(16)
        # Not reset after the request: Django logs the response after this method returns. The next request sets its own
        # id.
        request_id.set(request.id)
        began = time.perf_counter()
        response = self.get_response(request)
        if not request.path_info.startswith(settings.STATIC_URL):
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
