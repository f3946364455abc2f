"""Backups contain all data of the portal in one file, and are restored completely or not at all."""

import contextlib
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, connections, models, transaction
from django.test import Client, override_settings

from issues.models import Issue, Term, TermCitation
from portal.ops import backup
from portal.ops.backup.files import DATABASE, MANIFEST, BackupError, Manifest, sign
from portal.search import indexing
from portal.search.ranking import matching
from portal.tracking import content_version
from tests.conftest import Switch, address_of, copy_of_the_test_database
from tests.make import make_citation, make_issue, make_term
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


@pytest.fixture(scope="class")
def portal(django_db_setup, django_db_blocker, tmp_path_factory):
    """Make a portal with data of every kind, in its own database, and its backup."""
    with (
        copy_of_the_test_database("backup", django_db_blocker, tmp_path_factory) as name,
        override_settings(SECRET_KEY_IS_TEMPORARY=False),
    ):
        with django_db_blocker.unblock(), Switch(name):
            of_nobody = backup._rows_of_somebody(connection)
            world = make_world()
            link(world.issue)
            world.issue.summary_ko = "아랄해가 마르고 있다."
            world.issue.save()
            User.objects.create_superuser("kim", password="a long password")
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
        for name, content in ({DATABASE: archive.read(DATABASE), MANIFEST: json.dumps(manifest)} | files).items():
            other.writestr(name, content)
    return copy


class TestBackup:
    @pytest.fixture(autouse=True)
    def _in_that_portal(self, portal, db):
        """Data are committed here: the transaction of the test is in the usual database."""
        with Switch(portal.database):
            yield

    def test_every_row_comes_back_into_a_fresh_database(self, portal, tmp_path):
        assert sum(map(len, portal.rows.values())) > 600
        with empty_database(tmp_path):
            restored = backup.restore(portal.path)
            assert rows_of_all_tables() == portal.rows
            assert restored.rows >= sum(map(len, portal.rows.values()))
            call_command("migrate", check=True, verbosity=0)
            browser = Client()
            assert browser.get("/readyz").status_code == 200
            assert browser.login(username="kim", password="a long password")
            assert matching(Issue.objects, "아랄해가").exists()
            # A new row does not reuse the primary key of another one.
            make_issue(key="new")
            assert Issue.objects.count() == len(portal.rows["issues_issue"]) + 1

    def test_signed_in_people_and_caches_stay_out_of_it(self, portal, tmp_path):
        assert Session.objects.count() == UserSession.objects.count() == 1
        with empty_database(tmp_path):
            backup.restore(portal.path)
            assert not Session.objects.exists()
            assert not UserSession.objects.exists()
            assert cache.get("signed-in") is None

    def test_a_database_that_is_to_be_migrated_is_backed_up_too(self, portal, tmp_path):
        with empty_database(tmp_path):
            backup.restore(portal.path)
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE usersessions_usersession")
            assert backup.create(tmp_path / "of before").rows > 600

    @pytest.mark.sqlite
    def test_nothing_is_left_of_a_session_in_the_file(self, portal):
        with zipfile.ZipFile(portal.path) as archive:
            database = archive.read(DATABASE)
        assert SESSION[:40].encode() in Path(connection.settings_dict["NAME"]).read_bytes() + wal()
        assert SESSION[:40].encode() not in database

    def test_the_state_of_the_content_moves_past_all_that_were_given_out(self, portal, tmp_path):
        with empty_database(tmp_path):
            backup.restore(portal.path)
            first = content_version.state().number
            assert first > portal.number + 1_000_000  # more than the changes since any backup
            backup.restore(portal.path, replace=True)
            assert content_version.state().number > first

    def test_only_its_owner_may_read_it(self, portal):
        assert oct(portal.path.stat().st_mode) == "0o100600"
        assert oct(portal.path.parent.stat().st_mode) == "0o40700"
        assert list(portal.path.parent.iterdir()) == [portal.path]

    def test_it_is_of_one_moment_though_somebody_writes(self, portal, tmp_path):
        leaving, written, errors = threading.Event(), [], []

        def write():
            try:
                for number in itertools.count():
                    with transaction.atomic():
                        make_citation(make_term(key=f"written-{number}"))
                    written.append(number)
                    if leaving.is_set():
                        return
            except Exception as error:
                errors.append(error)
            finally:
                connection.close()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            wait_for(lambda: len(written) > 3)
            made = backup.create(tmp_path / "backups")
            after = len(written)
            wait_for(lambda: len(written) > after + 3)  # and nothing blocks writers afterwards
        finally:
            leaving.set()
            writer.join(60)
        assert errors == []
        with empty_database(tmp_path):
            backup.restore(made.path)
            there = Term.objects.filter(key__startswith="written-")
            assert there.count() >= 4
            assert there.count() == TermCitation.objects.filter(term__in=there).count()
            keys = set(there.values_list("key", flat=True))
            assert keys == {f"written-{number}" for number in range(len(keys))}

    # ── What is refused ──────────────────────────────────────────────────────────────────────────────────────

    def test_a_database_that_nobody_used_is_empty(self, portal):
        assert portal.of_nobody == {}

    def test_a_database_with_something_in_it_stays_as_it_is_unless_one_says_so(self, portal, tmp_path):
        with empty_database(tmp_path):
            backup.restore(portal.path)
            User.objects.create_user("lee")
            make_issue(key="later")
            indexing.flush_index()
            with connection.cursor() as cursor:  # from a later version of the portal
                cursor.execute(
                    "CREATE TABLE of_later (id integer PRIMARY KEY, issue_id bigint REFERENCES issues_issue (id))"
                )
                cursor.execute("INSERT INTO of_later SELECT 1, id FROM issues_issue WHERE key = 'later'")
            before = rows_of_all_tables()
            with pytest.raises(BackupError, match=r"The database is not empty: .*issues_.* say --replace") as refused:
                backup.restore(portal.path)
            assert str(refused.value).startswith("Nothing was changed. ")
            assert rows_of_all_tables() == before
            backup.restore(portal.path, replace=True)
            assert rows_of_all_tables() == portal.rows

    @pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.9, 0.999])
    def test_a_file_that_was_cut_off_is_refused(self, portal, tmp_path, share):
        cut = tmp_path / "cut.zip"
        whole = portal.path.read_bytes()
        cut.write_bytes(whole[: int(len(whole) * share)])
        with empty_database(tmp_path):
            with pytest.raises(BackupError, match=r"^Nothing was changed. .*cut.zip is damaged, or no backup"):
                backup.restore(cut)
            assert rows_of_all_tables() == {}

    def test_a_byte_that_has_changed_anywhere_in_the_database_is_noticed(self, portal, tmp_path):
        damaged = tmp_path / "damaged.zip"
        whole = portal.path.read_bytes()
        with zipfile.ZipFile(portal.path) as archive:
            database = max(archive.infolist(), key=lambda member: member.compress_size)
        for share in range(5, 90, 4):  # not in the headers of the archive, of which some bytes mean nothing
            place = database.header_offset + database.compress_size * share // 100
            damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
            with pytest.raises(BackupError, match="damaged"):
                backup.check(damaged)

    @pytest.mark.parametrize("name", ["../evil", "/etc/evil", "uploads/evil", "manifest.json.txt"])
    def test_a_file_with_anything_else_in_it_is_refused(self, portal, tmp_path, name):
        with pytest.raises(BackupError, match=r"nothing else; this file holds .*" + re.escape(name)):
            backup.check(changed(portal.path, tmp_path, **{name: "evil"}))
        assert {path.name for path in tmp_path.iterdir()} == {"changed.zip"}
        assert not Path("/etc/evil").exists()

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda told: told.update(sha256="0" * 64), "not the one that its manifest tells of"),
            (lambda told: told.update(bytes=told["bytes"] - 1), "not the one that its manifest tells of"),
            (lambda told: told.pop("rows"), "none of the portal’s"),
            (lambda told: told["rows"].update({'x"; DROP TABLE y; --': 0}), "none of the portal’s"),
            (lambda told: told.update(format=3), "a backup of format 3, and this version of the portal reads format 2"),
            (
                lambda told: told["migrations"].append("portal.9999_of_next_year"),
                "newer version of the portal: .* portal.9999_of_next_year .* Install the version that made it",
            ),
            (lambda told: told.update(engine="oracle"), "of a oracle database, and DATABASE_URL names"),
            (lambda told: told["rows"].update(issues_issue=1_000), "1000|does not hold what its manifest says"),
        ],
    )
    def test_what_a_manifest_must_not_say_changes_nothing(self, portal, tmp_path, change, words):
        with empty_database(tmp_path):
            with pytest.raises(BackupError, match=f"^Nothing was changed. .*{words}"):
                backup.restore(changed(portal.path, tmp_path, change))
            assert rows_of_all_tables() == {}

    # ── Who made it ──────────────────────────────────────────────────────────────────────────────────────────

    @pytest.mark.parametrize(
        "change",
        [
            lambda told: told.update(made_at="2026-01-01T00:00:00+00:00"),
            lambda told: told.update(data_version=told["data_version"] + 1),
            lambda told: told.update(signature="0" * 64),
        ],
    )
    def test_a_file_that_somebody_else_changed_is_refused(self, portal, tmp_path, change):
        with empty_database(tmp_path):
            with pytest.raises(BackupError, match=r"^Nothing was changed. The signature of .* does not match"):
                backup.restore(changed(portal.path, tmp_path, change, signed=False))
            assert rows_of_all_tables() == {}

    def test_another_database_with_its_own_hash_is_refused(self, portal, tmp_path):
        """Anyone can compute a hash: only the signature proves the origin."""
        with zipfile.ZipFile(portal.path) as archive:
            other = archive.read(DATABASE) + b"\0"

        def change(told):
            told.update(bytes=len(other), sha256=hashlib.sha256(other).hexdigest())

        with pytest.raises(BackupError, match="does not match"):
            backup.check(changed(portal.path, tmp_path, change, signed=False, **{DATABASE: other}))

    def test_former_keys_are_accepted_and_others_are_not(self, portal, tmp_path, settings):
        former, settings.SECRET_KEY = settings.SECRET_KEY, "another-key"
        with pytest.raises(BackupError, match=r"it was made with another SECRET_KEY, or changed since\. Set"):
            backup.check(portal.path)
        settings.SECRET_KEY_FALLBACKS = ["a-third-key", former]
        with empty_database(tmp_path):
            assert backup.restore(portal.path).manifest.signature
            assert rows_of_all_tables() == portal.rows

    def test_a_backup_of_an_earlier_version_is_restored_if_one_says_so(self, portal, tmp_path, capsys):
        def change(told):
            del told["signature"]
            told["format"] = 1

        earlier = changed(portal.path, tmp_path, change)
        with empty_database(tmp_path):
            with pytest.raises(CommandError, match=r"^Nothing was changed. .*changed.zip is not signed. .* --unsigned"):
                call_command("restore", str(earlier))
            assert rows_of_all_tables() == {}
            call_command("restore", str(earlier), check=True, unsigned=True)
            call_command("restore", str(earlier), unsigned=True)
            assert rows_of_all_tables() == portal.rows
        assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["Whole", "Restored"]

    def test_a_backup_without_a_lasting_key_is_not_signed_and_says_so(self, portal, tmp_path, settings, capsys):
        settings.SECRET_KEY_IS_TEMPORARY = True
        call_command("backup", str(tmp_path / "backups"))
        assert capsys.readouterr().err.startswith("SECRET_KEY is not set, so the backup is not signed")
        [path] = (tmp_path / "backups").iterdir()
        with pytest.raises(BackupError, match="is not signed"):
            backup.check(path)
        assert backup.check(path, unsigned=True).manifest.signature == ""

    def test_a_file_that_is_not_there_is_named(self, tmp_path):
        with pytest.raises(BackupError, match=r"No such file or directory: .*nowhere.zip"):
            backup.check(tmp_path / "nowhere.zip")

    def test_a_folder_that_cannot_be_written_to_is_named(self, tmp_path):
        (tmp_path / "file").write_text("no folder")
        with pytest.raises(BackupError, match=r"No backup was made: .*file"):
            backup.create(tmp_path / "file")

    @pytest.mark.postgres
    def test_programs_that_are_missing_are_named_with_what_to_install(self, portal, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(BackupError, match=r"^pg_dump was not found.*apt-get install postgresql-client"):
            backup.create(tmp_path / "backups")
        with pytest.raises(BackupError, match=r"pg_restore was not found"):
            backup.check(portal.path)

    def test_a_restore_that_is_killed_leaves_all_of_the_old_or_all_of_the_new(self, portal, tmp_path):
        with empty_database(tmp_path) as name:
            backup.restore(portal.path)
            whole, outcomes = None, []
            for share in (1, 0.92, 0.8):
                make_issue(key=f"later-{len(outcomes)}")
                indexing.flush_index()
                old = rows_of_all_tables()
                connection.close()
                begun, running = time.monotonic(), restoring(portal.path, name)
                if whole is None:
                    assert running.wait(120) == 0
                    whole = time.monotonic() - begun
                else:
                    time.sleep(whole * share)
                    running.kill()
                    running.wait(60)
                found = rows_of_all_tables()
                assert found in (old, portal.rows)
                outcomes.append(found == portal.rows)
            assert outcomes[0]

    @pytest.mark.postgres
    def test_half_of_a_restore_is_none(self, portal, tmp_path):
        with empty_database(tmp_path) as name:
            backup.restore(portal.path)
            make_issue(key="later")
            indexing.flush_index()
            old = rows_of_all_tables()
            connection.close()
            # It creates the tables, prints some empty lines, and then stays silent while it runs.
            programs, halfway = tmp_path / "programs", tmp_path / "halfway"
            programs.mkdir()
            half = programs / "pg_restore"
            real = shutil.which("pg_restore")
            half.write_text(
                f'#!/bin/sh\ncase "$*" in *--list*) exec {real} "$@";; esac\n'
                f'{real} "$@" | sed "/^COPY /Q"\nyes "" | head -c 4000000\ntouch {halfway}\nexec sleep 60\n'
            )
            half.chmod(0o755)
            running = restoring(portal.path, name, PATH=f"{programs}:{os.environ['PATH']}")
            try:
                wait_for(halfway.exists)
                running.kill()
                running.wait(60)
                assert rows_of_all_tables() == old  # the locks of the interrupted restore are released
            finally:
                os.killpg(running.pid, signal.SIGKILL)

    # ── The commands ─────────────────────────────────────────────────────────────────────────────────────────

    def test_commands_say_what_they_did(self, portal, tmp_path, capsys):
        folder = tmp_path / "backups"
        call_command("backup", str(folder))
        [path] = folder.iterdir()
        said = capsys.readouterr().out
        assert re.fullmatch(rf"{re.escape(str(path))}: [\d,]+ rows of \d+ tables, [\d.]+ MB\n", said)
        call_command("restore", str(path), check=True)
        assert re.fullmatch(r"Whole: [\d,]+ rows of \d+ tables, as of 2\S+\.\n", capsys.readouterr().out)
        with empty_database(tmp_path):
            call_command("restore", str(path))
        assert re.fullmatch(r"Restored: [\d,]+ rows of \d+ tables, as of 2\S+\.\n", capsys.readouterr().out)
        with pytest.raises(CommandError, match="The database is not empty"):
            call_command("restore", str(path))

    def test_a_backup_of_an_older_version_asks_for_its_migrations(self, portal, tmp_path, capsys):
        older = changed(portal.path, tmp_path, lambda told: None)
        manifest = backup.check(older).manifest
        assert backup.lacking(manifest) == []
        manifest.migrations.remove("issues.0001_initial")
        assert backup.lacking(manifest) == ["issues.0001_initial"]

    def test_old_backups_make_room_and_nothing_else_does(self, portal, tmp_path, capsys):
        for name in ("portal-20240101T000000Z.zip", "portal-20250101T000000Z.zip", "portal-mine.zip", "notes.txt"):
            (tmp_path / name).write_text("of before")
        left, fresh = tmp_path / ".portal-backup-of-old", tmp_path / ".portal-backup-of-now"
        for folder in (left, fresh):
            folder.mkdir()
            (folder / "copy.sqlite3").write_text("unfinished")
        os.utime(left, (0, 0))
        call_command("backup", str(tmp_path), keep=2)
        names = sorted(path.name for path in tmp_path.iterdir())
        assert [re.sub(r"2026\d+T\d+Z|20[3-9]\d+T\d+Z", "NOW", name) for name in names] == [
            ".portal-backup-of-now",
            "notes.txt",
            "portal-20250101T000000Z.zip",
            "portal-NOW.zip",
            "portal-mine.zip",
        ]
        assert f"Deleted {tmp_path / 'portal-20240101T000000Z.zip'}" in capsys.readouterr().out
        with pytest.raises(CommandError, match="Keep at least one"):
            call_command("backup", str(tmp_path), keep=0)


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


def test_no_model_keeps_files_that_a_backup_would_have_to_hold():
    """A new file field needs a place in the backup."""
    of_files = [
        field
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.FileField)
    ]
    assert of_files == []
