"""The command seed loads the content into an empty database, once."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from portal.models import Place, Source

STAMP = "2026-11-24T00:00:00Z"


def run(command, *arguments, **options):
    """Return the output of a command, line by line."""
    out = StringIO()
    call_command(command, *arguments, stdout=out, **options)
    return out.getvalue().splitlines()


@pytest.fixture
def tiny_fixtures(settings, tmp_path):
    """Replace the portal's fixtures by two: the second refers to a record of the first."""
    record = {"publication": "published", "created_at": STAMP, "updated_at": STAMP}
    source = {"key": "micklin-2016", "title": "The Future Aral Sea", "publisher": "Springer", "kind": "report"}
    place = {"key": "aral-sea", "name_en": "Aral Sea", "kind": "lake"}
    citation = {"place": ["aral-sea"], "source": ["micklin-2016"]}
    (tmp_path / "fixtures").mkdir()
    for name, rows in {
        "20_places": [("portal.place", record | place), ("portal.placecitation", citation)],
        "10_sources": [("portal.source", record | source | {"language": "en"})],
    }.items():
        written = [{"model": model, "fields": fields} for model, fields in rows]
        (tmp_path / "fixtures" / f"{name}.json").write_text(json.dumps(written), encoding="utf-8")
    settings.BASE_DIR = tmp_path


def test_seed_loads_all_fixtures_in_order_into_an_empty_database(db, tiny_fixtures):
    run("seed", verbosity=0)
    place = Place.objects.get(key="aral-sea")
    assert (place.name_en, [source.key for source in place.sources.all()]) == ("Aral Sea", ["micklin-2016"])
    assert f"{place.updated_at:%Y-%m-%d}" == STAMP[:10]


def test_seed_leaves_a_database_that_editors_have_changed(db, tiny_fixtures):
    run("seed", verbosity=0)
    Place.objects.update(name_en="The Aral Sea")
    Source.objects.update(title="The Future of the Aral Sea")
    assert run("seed") == ["The database has records already; they stay as they are."]
    assert Place.objects.get().name_en == "The Aral Sea"
    assert Source.objects.get().title == "The Future of the Aral Sea"


@pytest.mark.postgres
def test_loading_leaves_the_database_with_statistics_to_plan_by(db, tiny_fixtures):
    run("seed", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT attname FROM pg_stats WHERE tablename = 'portal_source' AND attname = 'publication'")
        assert cursor.fetchall() == [("publication",)]
