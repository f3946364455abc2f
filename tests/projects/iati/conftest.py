"""Fixtures that read IATI files."""

import csv

import pytest

from projects.iati import reading
from tests.projects.iati.readings import found_in


@pytest.fixture(autouse=True)
def _usual_longest_cell():
    """Give the csv module its usual limit. It is one for the whole process, and frictionless changes it."""
    before = csv.field_size_limit(131_072)
    yield
    csv.field_size_limit(before)


@pytest.fixture
def read(tmp_path):
    """Read the bytes of a file."""

    def read(content):
        path = tmp_path / "file.xml"
        path.write_bytes(content)
        return list(reading.activities(path))

    return read


@pytest.fixture
def complaints(tmp_path):
    """Return the errors and the warnings in a file, each with the file and the line."""

    def complaints(content, name="file.xml"):
        path = tmp_path / name
        path.write_bytes(content)
        return found_in(path)

    return complaints
