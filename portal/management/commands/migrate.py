"""Django's `migrate`, run by one process at a time."""

import fcntl
import time
from contextlib import contextmanager
from pathlib import Path

from django.core.management.commands import migrate
from django.db import connections

LOCK_KEY = 6_208_471_395_027_418_113  # PostgreSQL: any number that all processes of the portal share
POLL_SECONDS = 0.5


class Command(migrate.Command):
    """Wait until no other process migrates the same database, then migrate.

    Without the lock, two hosts or containers that start together would both read which migrations are missing. The
    second would fail when it applies one that the first has applied meanwhile.
    """

    def execute(self, *args, **options):
        # Take the lock before the system checks: they query a SQLite database, which must not be locked then.
        if options["plan"] or options["check_unapplied"]:
            # These options change nothing and wait for nobody. The checks would wait for the lock of a writer.
            return super().execute(*args, **options | {"skip_checks": True})
        connection = connections[options["database"]]
        lock = advisory_lock if connection.vendor == "postgresql" else file_lock
        with lock(connection, self.wait):
            return super().execute(*args, **options)

    def wait(self, try_lock):
        """Return as soon as `try_lock()` returns True."""
        if try_lock():
            return
        self.stdout.write("Another process migrates this database. Waiting for it.")
        while not try_lock():
            time.sleep(POLL_SECONDS)


@contextmanager
def advisory_lock(connection, wait):
    """Hold PostgreSQL's advisory lock for the session. The server releases it if this process is killed.

    The lock is polled: the portal's connections have a `lock_timeout` of 20 seconds, and a migration may take longer.
    """

    def try_lock():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
            return cursor.fetchone()[0]

    wait(try_lock)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])


@contextmanager
def file_lock(connection, wait):
    """Hold a lock on a file beside the SQLite database. The system releases it if this process is killed.

    SQLite's own locks last for one transaction, and a migration is one: they cannot cover the whole command.
    """
    if connection.is_in_memory_db():
        yield
        return
    name = Path(connection.settings_dict["NAME"])
    with name.with_name(f"{name.name}-migrate.lock").open("w") as file:

        def try_lock():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        wait(try_lock)
        yield
