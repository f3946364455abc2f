"""The command write_openapi writes the description of the API, and the stored one is the present one."""

import json

from django.core.management import call_command

from portal.management.commands import write_openapi
from portal.management.commands.write_openapi import STORED, described

RENEW = "If that is meant, and nothing is taken away: .venv/bin/python manage.py write_openapi"


def test_stored_description_is_the_present_one():
    assert STORED.read_text(encoding="utf-8") == described(), RENEW


def test_command_writes_the_description_and_names_the_file(tmp_path, monkeypatch, settings, capsys):
    settings.BASE_DIR = tmp_path
    monkeypatch.setattr(write_openapi, "STORED", tmp_path / "openapi.json")
    call_command("write_openapi")
    assert capsys.readouterr().out == "Wrote openapi.json.\n"
    assert (tmp_path / "openapi.json").read_text(encoding="utf-8") == described()


def test_description_has_sorted_keys_and_one_line_for_each_value():
    written = described()
    assert written == json.dumps(json.loads(written), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
