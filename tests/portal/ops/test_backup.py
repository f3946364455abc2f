"""Backups contain all data of the portal in one file, and are restored completely or not at all."""

import itertools
import threading
import time

import pytest
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, models, transaction
from django.test import Client

from issues.models import Issue, Term, TermCitation
from portal.models import Attachment, Picture
from portal.ops import backup
from portal.ops.backup.files import FILES, BackupError
from portal.search import indexing
from portal.search.ranking import matching
from portal.tracking import content_version
from tests.make import make_citation, make_issue, make_term
from tests.portal.ops.backups import changed, empty_database, restoring, rows_of_all_tables, wait_for


class TestBackup:
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

    def test_uploaded_files_come_back_with_their_rows(self, portal, tmp_path, settings):
        settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
        with empty_database(tmp_path):
            backup.restore(portal.path)
            [picture] = Picture.objects.all()
            assert {width: Client().get(url).status_code for width, url in picture.files} == dict.fromkeys(
                (390, 780, 800), 200
            )
            assert Client().get(Attachment.objects.get().src).status_code == 200
            call_command("check_files")

    @pytest.mark.parametrize("other", [b"", b"<script>alert(1)</script>"])
    def test_uploaded_file_that_somebody_changed_is_refused(self, portal, tmp_path, other):
        with empty_database(tmp_path):
            name = next(iter(backup.check(portal.path).manifest.files))
            with pytest.raises(BackupError, match="not the one that its manifest tells of"):
                backup.restore(changed(portal.path, tmp_path, **{f"{FILES}{name}": other}))
            with pytest.raises(BackupError, match="not those that its manifest tells of"):
                backup.check(changed(portal.path, tmp_path, **{f"{FILES}pictures/evil.webp": other}))

    @pytest.mark.parametrize("name", ["../evil", "pictures/../../evil", "/etc/evil", "pictures/evil.webp"])
    def test_manifest_names_only_files_that_the_portal_itself_names(self, portal, tmp_path, name):
        evil = changed(
            portal.path, tmp_path, lambda told: told["files"].update({name: "0" * 64}), **{f"{FILES}{name}": b""}
        )
        with pytest.raises(BackupError, match="none of the portal’s"):
            backup.check(evil)

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

    def test_a_file_that_is_not_there_is_named(self, tmp_path):
        with pytest.raises(BackupError, match=r"No such file or directory: .*nowhere.zip"):
            backup.check(tmp_path / "nowhere.zip")

    def test_a_folder_that_cannot_be_written_to_is_named(self, tmp_path):
        (tmp_path / "file").write_text("no folder")
        with pytest.raises(BackupError, match=r"No backup was made: .*file"):
            backup.create(tmp_path / "file")

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

    def test_a_backup_of_an_older_version_asks_for_its_migrations(self, portal, tmp_path, capsys):
        older = changed(portal.path, tmp_path, lambda told: None)
        manifest = backup.check(older).manifest
        assert backup.lacking(manifest) == []
        manifest.migrations.remove("issues.0001_initial")
        assert backup.lacking(manifest) == ["issues.0001_initial"]


def test_no_model_keeps_files_apart_from_those_that_the_backup_holds():
    """A new file field needs a place in the backup, as the files of HeldFileModel have."""
    of_files = [
        field
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.FileField)
    ]
    assert of_files == []
