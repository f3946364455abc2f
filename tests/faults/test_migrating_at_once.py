"""Two hosts that start together both migrate: one migrates, and the other waits and finds nothing to do."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from tests.browser.served import settings_of_a_local_run

WAITING = "Another process migrates this database. Waiting for it."


@pytest.fixture
def empty_database(tmp_path):
    """Return the URL of a database without tables, on the engine of the tests."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path}/portal.sqlite3"
        return
    url = urlsplit(os.environ["DATABASE_URL"])
    name = f"migrating_{os.getpid()}"
    with contextlib.closing(psycopg2.connect(url._replace(path="/postgres").geturl())) as server:
        server.autocommit = True
        server.cursor().execute(f"CREATE DATABASE {name}")
        yield url._replace(path=f"/{name}").geturl()
        server.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")  # a killed process may still be connected


def start_migrating(url, *until):
    """Start migrations, all or `until` one: its app and its name."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate", "--noinput", *until],
        cwd=settings.BASE_DIR,
        env=settings_of_a_local_run(url, PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_second_process_waits_for_the_first(empty_database):
    first = start_migrating(empty_database, "portal", "0010_history")
    applied = itertools.takewhile(lambda line: "Applying" not in line, first.stdout)
    before = [*applied]
    os.kill(first.pid, signal.SIGSTOP)  # it holds the lock until the other waits for it
    try:
        second = start_migrating(empty_database, "portal", "0010_history")
        waiting = second.stdout.readline().strip()
    finally:
        os.kill(first.pid, signal.SIGCONT)
    said = [process.communicate(timeout=300)[0] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], said
    assert waiting == WAITING
    assert WAITING not in "".join([*before, said[0]])
    assert "No migrations to apply." in said[1]


def test_plan_of_migrations_waits_for_nobody(empty_database):
    migrating = start_migrating(empty_database)
    try:
        # Its database is made, and in the mode that lets others read beside a writer.
        assert any("Applying" in line for line in migrating.stdout)
        planned = subprocess.run(
            [sys.executable, "manage.py", "migrate", "--plan"],
            cwd=settings.BASE_DIR,
            env=settings_of_a_local_run(empty_database),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert (planned.returncode, planned.stderr) == (0, "")
        assert WAITING not in planned.stdout
        assert migrating.poll() is None, "it was made after the migrations"
    finally:
        migrating.kill()  # the other test waits for the end of all migrations
        migrating.communicate()
