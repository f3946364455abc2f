"""A portal with a backup, for tests of backups and restores."""

import contextlib
import json
import os
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection, connections
from django.test import override_settings

from portal.ops import backup
from portal.ops.backup.files import FILES, MANIFEST, WITHOUT_FILES, Manifest, sign
from portal.search import indexing
from portal.tracking import content_version
from tests.conftest import Switch, address_of, copy_of_the_test_database
from tests.make import make_attachment, make_picture, make_revision
from tests.world import link, make_world

BEGIN_ANEW = {
    "django_session",
    "usersessions_usersession",
    "portal_cache",
    "portal_freshness",
    "sqlite_stat1",
    "sqlite_stat4",
}
SESSION = "the-key-of-a-session-that-must-not-leave"


@dataclass(frozen=True)
class Portal:
    """A portal with a backup: the file, its rows at that time, and the rows of an unused portal."""

    database: str
    path: Path
    rows: dict
    of_nobody: dict
    number: int


def rows_of_all_tables():
    """Return every row of every table, except those of tables that a restore leaves empty."""
    with connection.cursor() as cursor:
        found = {}
        for table in sorted(set(connection.introspection.table_names(cursor)) - BEGIN_ANEW):
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


@contextlib.contextmanager
def portal_with_backup(django_db_blocker, tmp_path_factory):
    """Make a portal with data of every kind, in its own database, and its backup."""
    with (
        copy_of_the_test_database("backup", django_db_blocker, tmp_path_factory) as name,
        override_settings(SECRET_KEY_IS_TEMPORARY=False),
    ):
        with django_db_blocker.unblock(), Switch(name):
            of_nobody = backup._rows_of_somebody(connection)
            world = make_world()
            link(world.issue)
            make_picture(issue=world.issue)
            make_attachment(agreement=world.agreement)
            world.issue.summary_ko = "아랄해가 마르고 있다."
            world.issue.save()
            kim = User.objects.create_superuser("kim", password="a long password")
            make_revision(world.project, {"summary_en": "Trees on the dried bed."}, author=kim)
            Session.objects.create(session_key=SESSION[:40], session_data="…", expire_date="2030-01-01T00:00Z")
            UserSession.objects.create(user=User.objects.get(username="kim"), session_key=SESSION[:40], ip="192.0.2.1")
            cache.set("signed-in", "kim")
            indexing.flush_index()
            number = content_version.state().number
            made = backup.create(tmp_path_factory.mktemp("backups") / "of the portal")
            rows = rows_of_all_tables()
        yield Portal(name, made.path, rows, of_nobody, number)


@contextlib.contextmanager
def empty_database(folder):
    """Replace the test database by one without tables. Yield its name."""
    here = connections["default"]
    if here.vendor == "sqlite":
        name = str(folder / "fresh.sqlite3")
    else:
        name = f"{here.settings_dict['NAME']}_fresh"
        with here._nodb_cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    try:
        with Switch(name):
            yield name
    finally:
        if here.vendor != "sqlite":
            with here._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def changed(path, folder, change=lambda manifest: None, *, signed=True, **files):
    """Return a copy of a backup with another manifest, signed again or not, or with other files in it."""
    copy = folder / "changed.zip"
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(copy, "w") as other:
        manifest = json.loads(archive.read(MANIFEST))
        change(manifest)
        if signed and manifest.keys() == {field.name for field in fields(Manifest)}:
            manifest["signature"] = sign(Manifest(**manifest), settings.SECRET_KEY)
        of_old = manifest["format"] <= WITHOUT_FILES
        held = {name: archive.read(name) for name in archive.namelist() if not (of_old and name.startswith(FILES))}
        for name, content in (held | {MANIFEST: json.dumps(manifest)} | files).items():
            other.writestr(name, content)
    return copy


def restoring(path, name, **environment):
    """Start `manage.py restore --replace` on a database. It and its children are a process group."""
    told = os.environ | {"DATABASE_URL": address_of(name), "SECRET_KEY": settings.SECRET_KEY} | environment
    command = [sys.executable, "manage.py", "restore", "--replace", str(path)]
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=told, stdout=subprocess.DEVNULL, start_new_session=True)


def wal():
    """Return the content that SQLite has not yet written to the file of the database."""
    path = Path(f"{connection.settings_dict['NAME']}-wal")
    return path.read_bytes() if path.exists() else b""


def wait_for(condition, seconds=60):
    """Wait until a condition is true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
