"""The command import_projects imports projects from a table, as a mapping reads it."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from projects.iati import tables
from projects.models import ImportedFile, Project
from tests.projects.iati.imports import HEADER, LINE, whole_database

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("central_asia")]


def test_a_mapping_that_is_not_there(command):
    with pytest.raises(CommandError, match="nowhere is no mapping"):
        command(b"x", "--mapping", "nowhere", name="list.csv", using="import_projects")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(HEADER + LINE, encoding="utf-8")
    return str(path)


def test_command_previews_a_table_and_then_imports_it(command, mapping):
    before = whole_database()
    content, arguments = (HEADER + LINE).encode(), ("--mapping", str(mapping))
    said = command(content, *arguments, "--dry-run", name="list.csv", using="import_projects")
    assert said.splitlines()[0] == "list.csv: New: 1"
    assert whole_database() == before
    said = command(content, *arguments, "--retrieved", "2026-11-01", name="list.csv", using="import_projects")
    assert said == "list.csv: New: 1\n"
    file = ImportedFile.objects.get()
    assert (file.kind, str(file.retrieved)) == (ImportedFile.Kind.TABLE, "2026-11-01")
    project = Project.objects.get()
    assert (project.publication, project.title_en) == ("draft", "Canals")


def test_mapping_is_required(table):
    with pytest.raises(CommandError, match="--mapping"):
        call_command("import_projects", table)


def test_mapping_with_a_mistake_is_refused_with_its_file_and_line(table, tmp_path, mapping):
    mapping.write_text(mapping.read_text().replace('title = "name"\n', "title = 5\n"))
    with pytest.raises(CommandError, match=r"^mapping\.toml:8: columns\.title must be a text in quotation marks"):
        call_command("import_projects", table, "--mapping", str(mapping))
    assert not ImportedFile.objects.exists()


def test_shipped_mapping_is_found_by_its_name(table, monkeypatch, mapping, capsys):
    monkeypatch.setattr(tables, "shipped", lambda: {"a-list": mapping})
    call_command("import_projects", table, "--mapping", "a-list", "--dry-run")
    assert capsys.readouterr().out.splitlines()[0] == "list.csv: New: 1"


def test_table_that_is_not_there_is_named(mapping):
    with pytest.raises(CommandError, match=r"nowhere\.csv is no file"):
        call_command("import_projects", "nowhere.csv", "--mapping", str(mapping))
