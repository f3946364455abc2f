"""`loaddata`: rows to which no other refers are inserted in batches, and left alone if the file has the same."""

import json

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from issues.models import Observation
from portal.search.ranking import keys_matching
from projects.models import Participation, Project
from tests.make import make_indicator, make_observation, make_organisation, make_place, make_project, make_source

pytestmark = pytest.mark.django_db


def load(path, model, *rows):
    path.write_text(json.dumps([{"model": model, "fields": row} for row in rows]))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        call_command("loaddata", path, verbosity=0)
    return [query["sql"] for query in asked]


@pytest.fixture
def observations():
    """The rows of a fixture with two observations, of which the first is stored already."""
    keys = {"indicator": ["area"], "place": ["aral-sea"], "source": ["micklin"]}
    source = make_source(key="micklin")
    make_observation(
        indicator=make_indicator(key="area", source=source),
        place=make_place(key="aral-sea"),
        year=1960,
        source=source,
        value=68_000,
    )
    return [keys | {"year": 1960, "value": "68000"}, keys | {"year": 2018, "value": "6990"}]


def test_new_rows_are_inserted_and_changed_ones_restored(tmp_path, observations):
    Observation.objects.update(value=1)
    load(tmp_path / "a.json", "issues.observation", *observations)
    assert list(Observation.objects.order_by("year").values_list("year", "value")) == [(1960, 68_000), (2018, 6_990)]


def test_second_load_writes_no_row(tmp_path, observations):
    first, second = (load(tmp_path / "a.json", "issues.observation", *observations) for _ in range(2))
    writes = [
        [sql for sql in asked if sql.startswith(("INSERT", "UPDATE")) and '"issues_observation"' in sql]
        for asked in (first, second)
    ]
    assert [len(found) for found in writes] == [1, 0]


def test_record_is_found_by_the_words_of_rows_that_are_loaded_later(tmp_path):
    make_project(key="trees")
    make_organisation(key="koica", name_en="Korea International Cooperation Agency")
    row = {"project": ["trees"], "organisation": ["koica"], "role": "funding"}
    load(tmp_path / "a.json", "projects.participation", row)
    assert Participation.objects.count() == 1
    assert keys_matching(Project, "cooperation agency") == [Project.objects.get().pk]
