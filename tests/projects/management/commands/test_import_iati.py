"""The command import_iati: preview, import and messages."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from projects.models import ImportedFile, Project
from tests.make import make_project
from tests.projects.iati.files import activity, file
from tests.projects.iati.imports import country, whole_database

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("central_asia")]


def test_command_shows_a_preview_and_then_imports(command):
    make_project(title_en="Drip irrigation in the north 1").countries.add(country("uz"))
    before = whole_database()
    said = command(file(), "--dry-run")
    assert said.splitlines()[:2] == ["file.xml: New: 1", "  New: XM-DAC-99999-1 Drip irrigation in the north 1"]
    assert "possible double: Drip irrigation in the north 1 (the same name" in said
    assert whole_database() == before
    assert command(file(), "--retrieved", "2026-11-01") == "file.xml: New: 1\n"
    assert str(ImportedFile.objects.get().retrieved) == "2026-11-01"
    assert command(file()) == "file.xml: Unchanged: 1\n"


def test_command_says_in_words_why_it_refuses(command, capsys):
    content = file(activity("1", ("2027-02-28", "2023-02-28"), ("https://example.org/report.pdf", "ftp://x")))
    with pytest.raises(CommandError, match=r"Refused: file\.xml\. Nothing of it was imported\."):
        command(content)
    assert "  file.xml:3: it ends (2023-02-28) before it starts (2024-03-01)" in capsys.readouterr().out
    assert Project.objects.count() == 0
    assert command(content, "--leave-out-faulty").startswith("file.xml: With errors: 1")


def test_command_tells_of_warnings_and_differences_when_asked(command):
    make_project(iati_identifier="XM-DAC-99999-1", title_en="Water")
    said = command(file(activity("1", ("https://example.org/report.pdf", "ftp://x"))), "--verbosity", "2")
    assert "    file.xml:43: link ftp://x was dropped: only http and https are accepted" not in said
    assert "was dropped: only http and https are accepted" in said
    assert "title_en stays “Water”, the file has “Drip irrigation in the north 1”" in said


def test_command_takes_all_countries_and_knows_what_is_no_file(command):
    other = activity(
        "1",
        ('code="UZ" percentage="60"', 'code="ET" percentage="60"'),
        ('code="KG" percentage="40"', 'code="KE" percentage="40"'),
    )
    assert command(file(other)) == "file.xml: Other countries: 1\n"
    assert command(file(other), "--countries", "et") == "file.xml: New: 1\n"
    assert command(file(other), "--countries", "all") == "file.xml: Unchanged: 1\n"
    with pytest.raises(CommandError, match="is no file"):
        call_command("import_iati", "nowhere.xml")
