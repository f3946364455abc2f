"""The command build_data_archive builds the data archive in advance."""

import zipfile

import pytest
from django.core.management import call_command

from portal.open_data import archive
from tests.make import make_source

pytestmark = pytest.mark.django_db


def test_command_makes_it(capsys, settings):
    settings.PUBLIC_URL = "https://example.org"
    make_source(key="one")
    call_command("build_data_archive")
    assert archive.NAME in capsys.readouterr().out
    with zipfile.ZipFile(archive.folder() / archive.NAME) as files:
        assert "https://example.org/en/sources/one/" in files.read("csv/sources.csv").decode()
