"""The command migrate runs in one process at a time: it waits for the lock of the database, then migrates."""

import contextlib
import io
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.core.management.commands import migrate as django_migrate
from django.db import connection

from portal.management.commands import migrate
from portal.management.commands.migrate import Command, advisory_lock, file_lock

WAITING = "Another process migrates this database. Waiting for it."


@pytest.fixture
def steps(monkeypatch):
    """Replace the locks and Django's command, and return the list of what happens."""
    steps = []

    @contextlib.contextmanager
    def lock(connection, wait):
        steps.append("locked")
        yield
        steps.append("released")

    monkeypatch.setattr(migrate, "file_lock", lock)
    monkeypatch.setattr(migrate, "advisory_lock", lock)
    monkeypatch.setattr(django_migrate.Command, "execute", lambda self, *args, **options: steps.append("migrated"))
    return steps


def test_migrations_are_applied_under_the_lock(steps):
    call_command("migrate")
    assert steps == ["locked", "migrated", "released"]


@pytest.mark.parametrize("option", ["plan", "check_unapplied"])
def test_options_that_change_nothing_wait_for_nobody(steps, option):
    call_command("migrate", **{option: True})
    assert steps == ["migrated"]


def waiting(monkeypatch, *answers):
    """Return the output of `wait` and its pauses, in seconds, if the lock can be taken as `answers` say."""
    out, pauses, left = io.StringIO(), [], list(answers)
    monkeypatch.setattr(migrate.time, "sleep", pauses.append)
    Command(stdout=out).wait(lambda: left.pop(0))
    assert left == []
    return out.getvalue().splitlines(), pauses


def test_free_lock_is_taken_without_a_word(monkeypatch):
    assert waiting(monkeypatch, True) == ([], [])


def test_lock_that_is_taken_is_waited_for_and_said_once(monkeypatch):
    assert waiting(monkeypatch, False, False, False, True) == ([WAITING], [migrate.POLL_SECONDS] * 2)


# ── The lock of SQLite ───────────────────────────────────────────────────────────────────────────────────────


def sqlite_database(path, *, in_memory=False):
    """Return what `file_lock` uses of a connection."""
    return SimpleNamespace(settings_dict={"NAME": str(path)}, is_in_memory_db=lambda: in_memory)


def test_only_one_process_has_the_lock_of_a_file(tmp_path):
    database, answers = sqlite_database(tmp_path / "portal.sqlite3"), []

    def ask(try_lock):
        answers.append(try_lock())

    with file_lock(database, ask):
        with file_lock(database, ask):
            pass
        with file_lock(sqlite_database(tmp_path / "other.sqlite3"), ask):  # another database
            pass
    with file_lock(database, ask):
        pass
    assert answers == [True, False, True, True]
    assert (tmp_path / "portal.sqlite3-migrate.lock").exists()


def test_lock_of_a_file_is_released_after_an_error(tmp_path):
    database, answers = sqlite_database(tmp_path / "portal.sqlite3"), []
    with pytest.raises(RuntimeError), file_lock(database, lambda try_lock: try_lock()):
        raise RuntimeError("A migration failed.")
    with file_lock(database, lambda try_lock: answers.append(try_lock())):
        assert answers == [True]


def test_database_in_memory_needs_no_lock(tmp_path):
    with file_lock(sqlite_database(tmp_path / "memory", in_memory=True), lambda try_lock: pytest.fail("It waits.")):
        assert list(tmp_path.iterdir()) == []


# ── The lock of PostgreSQL ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.postgres
@pytest.mark.django_db
def test_only_one_session_has_the_advisory_lock():
    answers = []

    def ask(try_lock):
        answers.append(try_lock())

    with contextlib.closing(connection.copy()) as other:
        with advisory_lock(connection, ask), other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [migrate.LOCK_KEY])
            assert cursor.fetchone() == (False,)
        with advisory_lock(other, ask):
            pass
    assert answers == [True, True]
