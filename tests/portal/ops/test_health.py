"""The endpoints for monitoring: is the portal alive, is it ready."""

import pytest
from django.db import OperationalError, connection

from portal.models.search_index import SearchEntry
from portal.search import indexing
from tests.counting import settle
from tests.make import make_place, make_source

pytestmark = pytest.mark.django_db


def test_healthz_says_that_the_process_answers(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response.headers["Cache-Control"]


def test_readyz_says_that_records_and_index_are_missing(client):
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (
        503,
        {
            "database": True,
            "content": False,
            "search": False,
            "search_index": "The index was made by another version of the portal.",
        },
    )


def test_readyz_says_that_all_is_well(client):
    make_source()
    indexing.flush_index()
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (200, {"database": True, "content": True, "search": True})
    assert "no-store" in response.headers["Cache-Control"]


def test_readyz_says_that_the_index_lacks_records(client):
    make_source(), make_source(), make_place()
    indexing.flush_index()
    SearchEntry.objects.filter(kind="source").first().delete()
    response = client.get("/readyz")
    assert (response.status_code, response.json()["search_index"]) == (503, "The index has 1 of 2 published sources.")


def test_readyz_counts_a_complete_index_again_after_a_change_of_content(client, page_cache, monkeypatch):
    make_source()
    settle()
    counted = []
    monkeypatch.setattr(indexing, "state_of_index", lambda: counted.append("asked") or "")
    assert [client.get("/readyz").status_code for _ in range(3)] == [200] * 3
    assert len(counted) == 1
    make_source()
    settle()
    client.get("/readyz")
    assert len(counted) == 2


def test_readyz_says_at_once_that_an_index_is_complete_again(client, page_cache, monkeypatch):
    make_source()
    settle()
    problems = iter(["The index has 0 of 1 published sources.", ""])
    monkeypatch.setattr(indexing, "state_of_index", lambda: next(problems))
    assert [client.get("/readyz").status_code for _ in range(2)] == [503, 200]


def test_readyz_says_that_the_database_does_not_answer(client, monkeypatch):
    def refuse():
        raise OperationalError("could not connect")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"database": False, "content": False, "search": False})
