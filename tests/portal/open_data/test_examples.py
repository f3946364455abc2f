"""The examples of docs/data.md work on the files that the portal offers."""

import re
import sqlite3
from contextlib import closing

import duckdb
import pytest
from django.conf import settings

from portal.open_data import archive
from tests.make import make_country, make_organisation, make_participation, make_project
from tests.portal.open_data.tables import content as body

pytestmark = pytest.mark.django_db
DOCUMENT = (settings.BASE_DIR / "docs/data.md").read_text()


@pytest.fixture
def project():
    project = make_project(key="trees")
    make_participation(project=project, organisation=make_organisation(key="koica", name_en="KOICA"), role="funding")
    project.countries.add(make_country(key="uz"))
    return project


def test_query_for_sqlite_answers(project):
    [query] = re.findall(r"```sql\n(.*?)```", DOCUMENT, re.DOTALL)
    with closing(sqlite3.connect(archive.make().sqlite)) as database:
        assert database.execute(query).fetchall() == [("KOICA", 1)]


def test_lines_for_duckdb_answer(project, client, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r'curl -s HOST(/\S+) \|\s+duckdb -c "(.*?)"', DOCUMENT)
    answers = []
    for address, statement in lines:
        (tmp_path / "table.csv").write_bytes(body(client.get(address)))
        found = duckdb.sql(statement.replace("/dev/stdin", "table.csv"))
        answers.append(found and found.fetchall())
    assert answers[0] == [("uz", 1)]
    assert duckdb.sql("SELECT key FROM 'projects.parquet'").fetchall() == [("trees",)]


# They need other records or stored files, and have tests of their own.
ELSEWHERE = re.compile(r"/en/indicators/aral-sea-area\.csv|/(data/(offline|editions)|oembed|\w\w/embed)\b.*")


def test_addresses_in_the_document_answer(project, client):
    paths = {path.replace("<key>", "trees") for path in re.findall(r"HOST(/[\w./<>?=&-]+)", DOCUMENT)}
    wrong = []
    for path in (path for path in paths if not ELSEWHERE.fullmatch(path)):
        response = client.get(path)
        if response.status_code != 200 or not body(response):
            wrong.append(path)
    assert wrong == []
    assert len(paths) > 10
