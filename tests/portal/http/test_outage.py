"""While a database or a disk fails, readers get no error but a message in their language with a time to retry."""

import contextlib
import errno
import sqlite3

import lxml.html
import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import DatabaseError, InterfaceError, InternalError, OperationalError, connection
from redis import exceptions as redis

from portal.accounts.sessions import ACTIVE_AT
from portal.http.outage import is_connection_lost, is_service_failure

SILENT = "could not connect to server db.internal.example"
WORDS = {"en": "Back in a moment", "ko": "곧 다시 열립니다", "ru": "Скоро вернёмся"}
ADDRESSES = (
    *("", "glossary/", "projects/?country=uz", "search/?q=aral", "timeline/", "no-such-page/", "projects/?format=csv"),
    *("countries/uz/", "compare/", "feed/", "about/data/"),
)


@pytest.fixture
def impatient(client):
    """Return a client that gets the portal's response to an error instead of the error itself."""
    client.raise_request_exception = False
    return client


@contextlib.contextmanager
def database_that_fails(error):
    """During the block every query raises this error."""

    def fail(*args, **kwargs):
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "cursor", fail)
        patch.setattr(connection, "chunked_cursor", fail)
        yield


@pytest.fixture
def silent_database(db):
    with database_that_fails(OperationalError(SILENT)):
        yield


def caused(error, cause):
    error.__cause__ = cause
    return error


def of_sqlite(code):
    error = sqlite3.OperationalError("…")
    error.sqlite_errorcode = code
    return caused(OperationalError("…"), error)


def of_postgresql(kind, code):
    cause = Exception("…")
    cause.pgcode = code
    return caused(kind("…"), cause)


def told(response):
    """Return the parts of an outage page: its status, its language, its heading, and when to retry."""
    page = lxml.html.fromstring(response.content)
    [heading] = page.xpath("//h1/text()")
    return response.status_code, page.get("lang"), heading, response.headers.get("Retry-After")


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("path", ADDRESSES)
def test_readers_are_told_in_their_language_to_come_back(impatient, silent_database, path, language):
    response = impatient.get(f"/{language}/{path}")
    if path == "no-such-page/":
        assert response.status_code == 404
    else:
        assert told(response) == (503, language, WORDS[language], "30")
        assert "no-store" in response.headers["Cache-Control"]
    assert SILENT not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("language", WORDS)
def test_staff_are_told_too_and_stay_signed_in(impatient, language):
    impatient.force_login(User.objects.create_superuser("kim"))
    with database_that_fails(OperationalError(SILENT)):
        response = impatient.get("/admin/issues/term/", headers={"Accept-Language": language})
    assert told(response) == (503, language, WORDS[language], "30")
    assert impatient.get("/admin/issues/term/").status_code == 200


def test_who_was_saving_is_told_to_look_whether_it_was_stored(impatient, silent_database):
    response = impatient.post("/accounts/login/", {"login": "kim", "password": "a long password"})
    assert told(response) == (503, "en", WORDS["en"], "30")
    assert "may not have been saved" in response.content.decode()
    assert "Try again" not in response.content.decode()


def test_programs_are_told_in_their_own_form(impatient, silent_database):
    response = impatient.get("/api/v1/projects")
    assert (response.status_code, response.headers["Content-Type"]) == (503, "application/problem+json")
    assert response.json() == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "The portal cannot reach its data just now. Ask again after the seconds that Retry-After names.",
    }
    assert response.headers["Retry-After"] == "30"
    assert "no-store" in response.headers["Cache-Control"]


def test_the_process_still_says_that_it_is_alive(impatient, silent_database):
    assert impatient.get("/healthz").status_code == 200
    assert impatient.get("/readyz").json()["database"] is False


def test_the_log_has_a_line_for_it_and_no_traceback(impatient, silent_database, caplog):
    impatient.get("/en/glossary/")
    [record] = [record for record in caplog.records if record.name == "django.request"]
    assert (record.levelname, record.getMessage(), record.exc_info) == (
        "WARNING",
        f"Unavailable: /en/glossary/: {SILENT}",
        None,
    )


def test_a_fault_of_our_own_is_a_500_that_promises_nothing(impatient, db):
    with database_that_fails(ValueError("a mistake in the code")):
        response = impatient.get("/ru/glossary/")
    assert told(response) == (500, "ru", "Что-то пошло не так", None)
    assert "a mistake" not in response.content.decode()


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (OperationalError("server closed the connection unexpectedly"), True),
        (of_sqlite(sqlite3.SQLITE_BUSY), True),
        (of_sqlite(sqlite3.SQLITE_FULL), True),
        (of_sqlite(sqlite3.SQLITE_IOERR_WRITE), True),
        (of_sqlite(sqlite3.SQLITE_ERROR), False),  # the table does not exist
        (InterfaceError("connection already closed"), True),
        (caused(InterfaceError("bad parameter"), sqlite3.InterfaceError("bad parameter")), False),
        (of_postgresql(InternalError, "XX000"), True),  # could not extend a file: File too large
        (of_postgresql(InternalError, "25P02"), False),  # a query in a transaction that has failed
        (redis.ConnectionError("Connection refused"), True),
        (redis.TimeoutError("Timeout reading from socket"), True),
        (redis.ResponseError("unknown command"), False),
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (FileNotFoundError(errno.ENOENT, "No such file"), False),
        (ValueError("a mistake"), False),
        (None, False),
    ],
)
def test_an_outage_is_told_from_a_mistake(error, outage):
    assert is_service_failure(error) is outage


def test_a_missing_table_is_a_mistake_of_ours_on_either_database(db):
    with pytest.raises(Exception, match="no_such_table") as caught:
        connection.cursor().execute("SELECT 1 FROM no_such_table")
    assert not is_service_failure(caught.value)


@pytest.mark.parametrize(("error", "status"), [(OperationalError(SILENT), 503), (DatabaseError("no row"), 400)])
def test_editor_is_told_to_come_back_if_the_session_cannot_be_stored(impatient, db, monkeypatch, error, status):
    impatient.force_login(User.objects.create_superuser("kim"))
    session = impatient.session
    session[ACTIVE_AT] = 0  # so that the next request stores the session
    session.save()

    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(Session, "save", fail)
    response = impatient.get("/admin/")
    assert response.status_code == status
    assert response.headers.get("Retry-After") == ("30" if status == 503 else None)


@pytest.mark.parametrize(
    ("code", "is_lost"), [(None, True), ("57P01", True), ("57P03", True), ("53100", False), ("55P03", False)]
)
def test_connection_is_lost_only_by_errors_of_the_connection(monkeypatch, code, is_lost):
    monkeypatch.setattr(connection, "vendor", "postgresql")
    assert is_connection_lost(of_postgresql(OperationalError, code)) is is_lost
    assert not is_connection_lost(ValueError("…"))
