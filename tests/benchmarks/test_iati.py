"""Measure an IATI import: 577 activities in under 20 seconds, and reading them in constant memory.

`make bench` prints the times. The tests do not fail because of them.
"""

import datetime

import pytest

from projects.iati import applying, reading
from projects.iati.planning import Options, RowState
from projects.models import Project
from tests.make import make_country
from tests.projects.iati.files import activity, file

COUNT = 577


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "activities.xml"
    path.write_bytes(file(*(activity(str(number)) for number in range(COUNT))))
    return path


def test_reading(benchmark, path):
    assert benchmark(lambda: sum(1 for _one in reading.activities(path))) == COUNT


@pytest.mark.django_db
def test_importing(benchmark, path):
    make_country(key="uz"), make_country(key="kg")
    about = applying.ImportDetails(path.name, datetime.date(2026, 11, 24))

    def run():
        received = applying.received(path.read_bytes(), about)
        return applying.run(lambda: reading.activities(path), received, Options())

    plan = benchmark.pedantic(run, rounds=1)
    assert plan.counts[RowState.NEW] == COUNT
    assert Project.objects.count() == COUNT


@pytest.mark.django_db
def test_preview_of_what_is_there_already(benchmark, path):
    make_country(key="uz"), make_country(key="kg")
    received = applying.received(path.read_bytes(), applying.ImportDetails(path.name, datetime.date(2026, 11, 24)))
    applying.run(lambda: reading.activities(path), received, Options())
    plan = benchmark(lambda: applying.planning.look(reading.activities(path), path.name, Options()))
    assert plan.counts[RowState.UNCHANGED] == COUNT
