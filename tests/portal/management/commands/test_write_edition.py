"""The command that writes the edition of the quarter."""

import pytest
from django.core.management import call_command

from portal.open_data import editions
from tests.make import make_project


@pytest.mark.django_db
def test_edition_of_the_quarter_is_written_once(on, capsys):
    make_project()
    on("2026-11-28")
    call_command("write_edition")
    call_command("write_edition")
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{editions.folder() / '2026-4'}: written, 0.0 MB"
    assert second == f"{editions.folder() / '2026-4'}: there already, 0.0 MB"
