"""Counts the queries that pages and files need."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.search import indexing
from portal.tracking import content_version
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
