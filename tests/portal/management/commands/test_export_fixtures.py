"""The command export_fixtures writes the public records into fixture files."""

import pytest
from django.core.management import CommandError, call_command

from portal.core.choices import PublicationStatus
from portal.import_export.fixtures import fixture_texts
from tests.make import make_indicator, make_source

pytestmark = pytest.mark.django_db


def test_the_command_writes_the_files_and_names_a_missing_folder(db, tmp_path):
    make_source(key="micklin-2016")
    call_command("export_fixtures", tmp_path, verbosity=0)
    assert {path.stem for path in tmp_path.iterdir()} == set(fixture_texts()[0])
    assert '    "key": "micklin-2016",\n' in (tmp_path / "10_sources.json").read_text(encoding="utf-8")
    with pytest.raises(CommandError, match=r"There is no folder .*nowhere"):
        call_command("export_fixtures", tmp_path / "nowhere")


def test_the_command_counts_rows_and_names_what_it_leaves_out(tmp_path, capsys):
    make_source(), make_source()
    make_indicator(key="area", source=make_source(publication=PublicationStatus.ARCHIVED))
    call_command("export_fixtures", tmp_path)
    said = capsys.readouterr()
    assert "10_sources: 2 rows" in said.out.splitlines()
    assert "50_indicators: 0 rows" in said.out.splitlines()
    assert said.err == "Left out: indicator area: it names a record that is not public.\n"


def test_the_command_writes_into_the_fixtures_of_the_portal_by_default(tmp_path, settings):
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match=rf"There is no folder {tmp_path / 'fixtures'}\."):
        call_command("export_fixtures")
    (tmp_path / "fixtures").mkdir()
    call_command("export_fixtures", verbosity=0)
    assert {path.stem for path in (tmp_path / "fixtures").iterdir()} == set(fixture_texts()[0])
