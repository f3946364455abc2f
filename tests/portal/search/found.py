"""Search the index in tests."""

from portal.models.search_index import record_of
from portal.search import ranking


def found(text):
    """Return the results of a search as kinds."""
    query = ranking.parse_query(text)
    return sorted(record_of(entry)[0].value for entry in ranking.ranked(query, ranking.matching_ids(query)))
