"""Whether the portal can answer readers: the database, its records, the search."""

from django.db import Error, connection

from portal.models import Source
from portal.search import indexing


def health_checks():
    """Which parts are ready, and what is amiss with the search index, in words."""
    ready = {"database": False, "content": False, "search": False}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        ready |= {"database": True, "content": Source.objects.exists()}
        amiss = indexing.state_of_index()
    except Error:
        amiss = ""
    else:
        ready["search"] = not amiss
    return ready, amiss
