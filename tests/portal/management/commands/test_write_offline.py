"""The command that writes the offline edition."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from portal.open_data.offline import building, edition
from tests.make import make_project
from tests.portal.open_data.offline.test_edition import make_edition

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(monkeypatch):
    """Return the list of the folders into which editions are written from now on."""
    folders = []
    monkeypatch.setattr(building, "write_edition", lambda where, say: folders.append(where) or True)
    return folders


def test_edition_is_written_into_the_folder_or_where_the_portal_offers_it(written, tmp_path):
    call_command("write_offline", str(tmp_path))
    call_command("write_offline")
    assert written == [tmp_path, edition.folder()]


def test_timer_writes_an_edition_that_is_due_and_no_other(written, later):
    call_command("write_offline", "--if-due")
    assert written == [edition.folder()]
    make_edition()
    make_project()
    call_command("write_offline", "--if-due")
    assert len(written) == 1
    later(timedelta(days=1))
    call_command("write_offline", "--if-due")
    assert len(written) == 2


def test_timer_writes_a_new_edition_at_once_after_a_withdrawal(written):
    make_edition()
    edition.withdraw()
    call_command("write_offline", "--if-due")
    assert written == [edition.folder()]


def test_command_tells_that_another_one_is_at_work_and_what_failed(monkeypatch, capsys):
    monkeypatch.setattr(building, "write_edition", lambda *_args: None)
    call_command("write_offline")
    assert "Another process is writing the edition." in capsys.readouterr().out

    def failing(*_args):
        raise building.OfflineError("A record was withdrawn.")

    monkeypatch.setattr(building, "write_edition", failing)
    with pytest.raises(CommandError, match="A record was withdrawn"):
        call_command("write_offline")


def test_command_tells_that_libzim_is_missing(monkeypatch, capsys, written):
    monkeypatch.setattr("portal.open_data.offline.zim.is_available", False)
    call_command("write_offline")
    assert "there will be no offline.zim" in capsys.readouterr().out
