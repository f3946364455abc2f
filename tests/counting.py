"""Counts the queries that pages and files need."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from portal.search import indexing
from portal.tracking import content_version
from tests.conftest import empty_caches
from tests.world import link, make_world, records


def settle():
    """Do what the end of the transaction that made the records would do: write the index and the content version."""
    indexing.flush_index()
    content_version.flush()


def counts_of_one_world_and_three(requests):
    """Return two dicts: how many queries each request needs with one world of linked records, and with three worlds.

    `requests` maps names to functions without arguments.
    """
    world = make_world()
    one = _counts_with_new_links(world, requests)
    make_world(), make_world()
    return one, _counts_with_new_links(world, requests)


def _counts_with_new_links(world, requests):
    """Link a new record of each kind to each record of the world. Return the number of queries of each request."""
    for record in records(world):
        link(record)
    settle()
    counts = {}
    for name, request in requests.items():
        with CaptureQueriesContext(connection) as queries:
            request()
        counts[name] = len(queries)
    return counts


def queries(client, address):
    """Return the SQL of each query that a page needs."""
    empty_caches()
    with CaptureQueriesContext(connection) as asked:
        response = client.get(address)
    assert response.status_code == 200
    return [query["sql"] for query in asked]


def queries_while_growing(addresses, grow):
    """Return the queries of each address as a pair: before and after `grow()` is called."""
    client = Client()
    client.get("/en/about/")  # the first page of a process also fills Django's own caches
    settle()  # the end of the transaction that made the records would do this
    before = {address: queries(client, address) for address in addresses}
    with translation.override("en"):
        grow()
    settle()
    return {address: (one, queries(client, address)) for address, one in before.items()}
