"""Logging: plain text for people or JSON for programs. All lines of a request have the same request id.

gunicorn.conf.py uses the same configuration, so that the lines of the server have the same form. No data that could
identify a reader is logged: no IP address, no query string, no user agent. No secret of a link is logged either: a log
is read by more people than the link was sent to.
"""

import logging
import re
import secrets
import time
from contextvars import ContextVar

from django.conf import settings
from pythonjsonlogger.json import JsonFormatter

WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
REQUEST_LOGGER = "portal.requests"  # operators filter by this name, so it does not depend on the module
FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"
# What follows one of these in a path opens a draft, a stored plan, an import, or an account. A new URL with a secret
# needs a place here (tests/portal/ops/test_logs.py). Upper case is no URL of ours, but may hold a true secret.
BEFORE_SECRETS = (
    r"(/(?:preview|plan/result|accounts/password/reset/key|admin/translation/xliff"
    r"|admin/[a-z]+/[a-z]+/import(?!/undo/))/)"
)
SECRET_PATH = re.compile(BEFORE_SECRETS + r".+", re.IGNORECASE | re.DOTALL)
SECRET_IN_TEXT = re.compile(BEFORE_SECRETS + r"""[^\s"'?\\]+""", re.IGNORECASE)
HIDDEN = "[hidden]"
# Lines of gunicorn about a request that it could not read, or that broke off, name the client and the query.
OF_A_CLIENT = re.compile(r"(?<=\bip=)[0-9A-Fa-f.:]+(?=: )|(?<=\?)[^\s\"']+")

request_id = ContextVar("request_id", default="")
logger = logging.getLogger(REQUEST_LOGGER)


def configuration(level, form):
    """Return the configuration for `logging.config.dictConfig`.

    `form` is "text" or "json"; `level` is that of the root logger.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request_id": {"()": "portal.ops.logs.RequestIdFilter"},
            "privacy": {"()": "portal.ops.logs.PrivacyFilter"},
        },
        "formatters": {
            "text": {
                "()": "portal.ops.logs.HidingFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            },
            "json": {
                "()": "portal.ops.logs.HidingJsonFormatter",
                "format": FIELDS,
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                "datefmt": "%Y-%m-%dT%H:%M:%S%z",
                "json_ensure_ascii": False,
                # Django adds the request object, with everything that the client sent. The JSON has our request id
                # instead.
                "reserved_attrs": [*RESERVED, "request", "server_time", "status_code"],
            },
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": form, "filters": ["request_id", "privacy"]}
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "bibtexparser": {"level": "CRITICAL"},  # the editor sees errors in a pasted reference; they are not logged
            "httpx": {"level": "WARNING"},  # check_links reports its own progress
            REQUEST_LOGGER: {"level": "INFO" if form == "json" else "WARNING"},  # a line for each request
            # Without the handlers that Django gives these two: error mails and lines of `runserver` would hide nothing.
            "django": {"level": "INFO", "handlers": []},
            "django.server": {"level": "INFO", "handlers": [], "propagate": True},
            "gunicorn.access": {"level": "CRITICAL"},  # its lines hold IP addresses, queries and secrets
            # Start and stop of workers. gunicorn turns `propagate` off, and then no formatter sees its lines.
            "gunicorn.error": {"level": "INFO" if form == "json" else "WARNING", "propagate": True},
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


def without_secret(path):
    """Return the path of a request with a word in place of all that may be the secret of a link."""
    return SECRET_PATH.sub(rf"\1{HIDDEN}", path)


class PrivacyFilter(logging.Filter):
    """Removes from records what is only seen before they are text. It drops no record.

    A path may have spaces, after which the formatters would not see that a secret goes on. gunicorn names clients.
    """

    def filter(self, record):
        if isinstance(record.args, tuple):
            record.args = tuple(
                without_secret(one) if isinstance(one, str) and one.startswith("/") else one for one in record.args
            )
        if record.name == "gunicorn.error":
            record.msg, record.args = OF_A_CLIENT.sub(HIDDEN, record.getMessage()), ()
        return True


class HidingMixin:
    """Hides the secrets of links in whatever is written: messages, fields and tracebacks of any logger."""

    def format(self, record):
        return SECRET_IN_TEXT.sub(rf"\1{HIDDEN}", super().format(record))


class HidingFormatter(HidingMixin, logging.Formatter):
    """The formatter of lines for people."""


class HidingJsonFormatter(HidingMixin, JsonFormatter):
    """The formatter of lines for programs."""


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
            match, path = request.resolver_match, without_secret(request.path)
            told = {
                "method": request.method,
                "path": path,
                "view": match.view_name if match else "",
                "status": response.status_code,
                "milliseconds": round((time.perf_counter() - began) * 1000, 1),
            }
            logger.info("%s %s %s", request.method, path, response.status_code, extra=told)
        return response
