"""The command backup writes a backup into a folder, and deletes old ones."""

import os
import re
import time

import pytest
from django.core.management import CommandError, call_command

from portal.ops import backup
from portal.ops.backup.files import BackupError


class TestBackup:
    def test_a_backup_without_a_lasting_key_is_not_signed_and_says_so(self, portal, tmp_path, settings, capsys):
        settings.SECRET_KEY_IS_TEMPORARY = True
        call_command("backup", str(tmp_path / "backups"))
        assert capsys.readouterr().err.startswith("SECRET_KEY is not set, so the backup is not signed")
        [path] = (tmp_path / "backups").iterdir()
        with pytest.raises(BackupError, match="is not signed"):
            backup.check(path)
        assert backup.check(path, unsigned=True).manifest.signature == ""

    def test_old_backups_make_room_and_nothing_else_does(self, portal, tmp_path, capsys):
        for name in ("portal-20240101T000000Z.zip", "portal-20250101T000000Z.zip", "portal-mine.zip", "notes.txt"):
            (tmp_path / name).write_text("of before")
        left, fresh = tmp_path / ".portal-backup-of-old", tmp_path / ".portal-backup-of-now"
        for folder in (left, fresh):
            folder.mkdir()
            (folder / "copy.sqlite3").write_text("unfinished")
        os.utime(left, (0, 0))
        os.utime(fresh, (time.time(), time.time()))
        call_command("backup", str(tmp_path), keep=2)
        names = sorted(path.name for path in tmp_path.iterdir())
        assert [re.sub(r"(?!20240101|20250101)\d{8}T\d{6}Z", "NOW", name) for name in names] == [
            ".portal-backup-of-now",
            "notes.txt",
            "portal-20250101T000000Z.zip",
            "portal-NOW.zip",
            "portal-mine.zip",
        ]
        assert f"Deleted {tmp_path / 'portal-20240101T000000Z.zip'}" in capsys.readouterr().out
        with pytest.raises(CommandError, match="Keep at least one"):
            call_command("backup", str(tmp_path), keep=0)
