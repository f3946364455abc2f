"""The SQLite file of all tables: whole, typed, and with references that hold."""

import contextlib
import sqlite3

import pytest

from portal.formats.serialisers import SERIALISERS
from portal.open_data import archive
from tests.make import make_observation, make_organisation, make_participation, make_project
from tests.portal.open_data.tables import ALL_FILES
from tests.portal.open_data.tables import content as body

pytestmark = pytest.mark.django_db
ADDRESS = f"/data/{archive.SQLITE}"


@pytest.fixture
def database(tmp_path):
    """Return a function that downloads the file and opens it."""
    with contextlib.ExitStack() as opened:

        def opener(client):
            path = tmp_path / "all.sqlite"
            path.write_bytes(body(client.get(ADDRESS)))
            return opened.enter_context(contextlib.closing(sqlite3.connect(path)))

        yield opener


def test_database_has_all_tables_and_references_that_hold(content, client, database):
    found = database(client)
    names = [name for (name,) in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert names == ["about", *ALL_FILES]
    assert found.execute("PRAGMA foreign_key_check").fetchall() == []
    for kind in archive.KINDS:
        serialiser = SERIALISERS[kind]
        [(count,)] = found.execute(f"SELECT count(*) FROM {serialiser.file}")
        assert count == serialiser.published().count()
    joined = """
        SELECT count(*) FROM projects JOIN participations ON project = projects.key
        JOIN organisations ON organisation = organisations.key
    """
    [(count,)] = found.execute(joined)
    assert count > 100


def test_values_have_their_types_and_unknown_is_null(client, database):
    make_observation(value="24.10", year=2020)
    make_project(key="trees", start="2021-07", budget=None)
    found = database(client)
    [(value, year, kind)] = found.execute("SELECT value, year, typeof(value) FROM observations")
    assert (value, year, kind) == (24.1, 2020, "real")
    [row] = found.execute("SELECT start, budget, title_ko, summary_en IS NULL FROM projects")
    assert row[:3] == ("2021-07", None, None)
    about = dict(found.execute("SELECT name, value FROM about"))
    assert (about["licence"], about["address"]) == (
        "https://creativecommons.org/licenses/by/4.0/",
        "http://testserver/en/data/",
    )


def test_database_follows_a_change(client, database):
    make_project(key="one")
    database(client)
    make_participation(project=make_project(key="two"), organisation=make_organisation(key="koica"))
    archive.make()
    assert database(client).execute("SELECT project, organisation FROM participations").fetchall() == [("two", "koica")]


def test_lost_database_is_built_again(client):
    make_project()
    archive.make().sqlite.unlink()
    response = client.get(ADDRESS)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/vnd.sqlite3")
    assert body(response).startswith(b"SQLite format 3")
    tag = response.headers["ETag"]
    assert client.get(ADDRESS, headers={"If-None-Match": tag}).status_code == 304


def test_datasette_describes_every_table(client):
    described = client.get("/data/datasette.json").json()
    [(name, database)] = described["databases"].items()
    assert f"{name}.sqlite" == archive.SQLITE
    assert list(database["tables"]) == ALL_FILES
    assert all(table["description"] and table["columns"] for table in database["tables"].values())
    assert described["license_url"] == "https://creativecommons.org/licenses/by/4.0/"
