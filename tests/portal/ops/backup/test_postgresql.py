"""Backup and restore of a PostgreSQL database with the programs of PostgreSQL."""

import os
import shutil
import signal

import pytest
from django.db import connection

from portal.ops import backup
from portal.ops.backup import postgresql
from portal.ops.backup.files import BackupError, Manifest
from portal.search import indexing
from tests.make import make_issue
from tests.portal.ops.backups import empty_database, restoring, rows_of_all_tables, wait_for


class TestProgramsOnAPortal:
    @pytest.mark.postgres
    def test_programs_that_are_missing_are_named_with_what_to_install(self, portal, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(BackupError, match=r"^pg_dump was not found.*apt-get install postgresql-client"):
            backup.create(tmp_path / "backups")
        with pytest.raises(BackupError, match=r"pg_restore was not found"):
            backup.check(portal.path)

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


# ── Programs that fail ───────────────────────────────────────────────────────────────────────────────────────

MANIFEST = Manifest(2, "2026-11-27", "postgresql", "public", 1, "", 7, [], {"portal_place": 2})


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Return a function that replaces a program of PostgreSQL by a shell script."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def replace(name, script):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return replace


def test_dump_that_pg_restore_can_list_passes(program, tmp_path):
    program("pg_restore", f'echo "$@" > {tmp_path}/arguments')
    assert postgresql.look_through(tmp_path / "dump", MANIFEST) is None
    assert (tmp_path / "arguments").read_text() == f"--list {tmp_path}/dump\n"


def test_first_four_lines_of_an_error_are_told(program, tmp_path):
    program("pg_restore", "for line in one two three four five; do echo $line >&2; done; exit 1")
    with pytest.raises(BackupError) as failed:
        postgresql.look_through(tmp_path / "dump", MANIFEST)
    assert str(failed.value) == "pg_restore failed: one two three four"


def test_silent_failure_is_told_by_its_exit_code(program, tmp_path):
    program("pg_restore", "exit 3")
    with pytest.raises(BackupError, match=r"^pg_restore failed: exit code 3$"):
        postgresql.look_through(tmp_path / "dump", MANIFEST)


def test_missing_program_is_named_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match=r"^pg_restore was not found\. .*apt-get install postgresql-client$"):
        postgresql.look_through(tmp_path / "dump", MANIFEST)


@pytest.mark.postgres
@pytest.mark.django_db
def test_backup_of_another_schema_is_refused_before_anything_is_changed(tmp_path):
    other = Manifest(**{**MANIFEST.__dict__, "schema": "elsewhere"})
    with pytest.raises(
        BackupError, match=r"^The backup is of the schema elsewhere, and DATABASE_URL leads to public\.$"
    ):
        postgresql.restore(connection, tmp_path / "dump", other, 8)
