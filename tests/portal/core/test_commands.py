"""Former names of commands are aliases."""

from io import StringIO

import pytest
from django.core.management import load_command_class
from django.core.management.base import BaseCommand


@pytest.mark.parametrize(
    ("app", "old", "new"),
    [
        ("portal", "find_doubles", "find_duplicates"),
        ("portal", "search_rebuild", "rebuild_search_index"),
        ("portal", "write_data", "build_data_archive"),
        ("projects", "generate_load", "generate_test_data"),
    ],
)
def test_command_answers_to_its_former_name_and_says_so(app, old, new, monkeypatch):
    command = load_command_class(app, old)
    assert isinstance(command, type(load_command_class(app, new)))
    monkeypatch.setattr(BaseCommand, "execute", lambda self, **options: f"done in {options['language']}")
    command.stderr = StringIO()
    assert command.execute(language="en") == "done in en"
    assert command.stderr.getvalue() == f"{old} is now called {new}. The former name goes with the next release."
