"""The command restore puts a backup into the database, or only checks it."""

import re

import pytest
from django.core.management import CommandError, call_command

from tests.portal.ops.backups import changed, empty_database, rows_of_all_tables


class TestRestore:
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

    def test_commands_say_what_they_did(self, portal, tmp_path, capsys):
        folder = tmp_path / "backups"
        call_command("backup", str(folder))
        [path] = folder.iterdir()
        said = capsys.readouterr().out
        assert re.fullmatch(rf"{re.escape(str(path))}: [\d,]+ rows of \d+ tables, [\d,]+ files, [\d.]+ MB\n", said)
        call_command("restore", str(path), check=True)
        assert re.fullmatch(
            r"Whole: [\d,]+ rows of \d+ tables and [\d,]+ files, as of 2\S+\.\n", capsys.readouterr().out
        )
        with empty_database(tmp_path):
            call_command("restore", str(path))
        assert re.fullmatch(
            r"Restored: [\d,]+ rows of \d+ tables and [\d,]+ files, as of 2\S+\.\n", capsys.readouterr().out
        )
        with pytest.raises(CommandError, match="The database is not empty"):
            call_command("restore", str(path))
