"""Work that is done when a request has been answered, so that the time of the answer says nothing about it."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from allauth.core.context import request_context
from django.core.signals import request_finished
from django.db import connections
from django.http import HttpRequest
from django.utils import translation

logger = logging.getLogger(__name__)

# One thread of each process. At its end a process first does what is left.
executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="after-response")
_waiting = threading.local()  # the jobs of the request that this thread answers


def after_response(request: HttpRequest, job: Callable[[], object]) -> None:
    """Run `job()` in another thread, in the language of now, once the response to `request` has been sent.

    Its errors are logged.
    """
    language = translation.get_language()

    def run() -> None:
        with request_context(request), translation.override(language):
            try:
                job()
            except Exception:
                logger.exception("Work that was left until after a response failed.")

    _waiting.jobs = [*getattr(_waiting, "jobs", ()), run]


def _start(**kwargs: object) -> None:
    """Start the jobs of a request when the server has sent its response and closes it."""
    jobs, _waiting.jobs = getattr(_waiting, "jobs", ()), ()
    for job in jobs:
        executor.submit(_run, job)


def _run(job: Callable[[], None]) -> None:
    try:
        job()
    finally:
        connections.close_all()  # those of this thread


request_finished.connect(_start, dispatch_uid="after_response")
