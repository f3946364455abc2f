"""Fixtures of IATI imports."""

import pytest
from django.core.management import call_command

from projects.iati import applying, planning, reading
from projects.iati.planning import Options
from tests.make import make_country
from tests.projects.iati.imports import COUNTRIES, MAPPING


@pytest.fixture
def central_asia():
    """Make the five countries, which imports do not create."""
    for key, name in COUNTRIES.items():
        make_country(key=key, name_en=name)


@pytest.fixture
def run(tmp_path):
    """Return a function that imports a file as the command does: `run(content, **options)` returns the plan."""

    def run(content, name="file.xml", dry=False, **options):
        path = tmp_path / name
        path.write_bytes(content)
        chosen = Options(**{"countries": frozenset({"UZ", "KG", "KZ", "region"}), "may_publish": True, **options})
        if dry:
            return planning.preview(reading.activities(path), name, chosen)
        about = applying.ImportDetails(name, applying.date(2026, 11, 24), "https://example.org/iati.xml", "CC BY 4.0")
        received = applying.received(content, about)
        return applying.run(lambda: reading.activities(path), received, chosen)

    return run


@pytest.fixture
def command(tmp_path, capsys):
    """Return a function that runs import_iati with a file of this content and returns its output."""

    def command(content, *args, name="file.xml", using="import_iati"):
        path = tmp_path / name
        path.write_bytes(content)
        call_command(using, str(path), *args)
        return capsys.readouterr().out

    return command


@pytest.fixture
def mapping(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING)
    return path
