"""Jobs that run after a response has been sent."""

import pytest
from django.core.signals import request_finished
from django.utils.translation import get_language, override

from portal.core.after_response import after_response

pytestmark = pytest.mark.django_db  # Django closes idle connections at the end of a response


def finish_response():
    request_finished.send(sender=None)


def test_job_runs_once_after_the_response_in_the_language_of_the_request(rf):
    languages = []
    with override("ko"):
        after_response(rf.get("/"), lambda: languages.append(get_language()))
    assert languages == []
    finish_response()
    assert languages == ["ko"]
    finish_response()
    assert languages == ["ko"]


def test_job_that_fails_is_logged_and_the_next_one_runs(rf, caplog):
    done = []
    after_response(rf.get("/"), lambda: 1 / 0)
    after_response(rf.get("/"), lambda: done.append(True))
    finish_response()
    assert done == [True]
    [record] = caplog.records
    assert record.exc_info[0] is ZeroDivisionError
