"""Whether the portal can answer readers: the database, its records, the search."""

from django.db import Error, connection

from portal.index import keeping
from portal.models import Source


def readiness():
    """Which parts are ready, and what is amiss with the search index, in words."""
    ready = {"database": False, "content": False, "search": False}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        ready |= {"database": True, "content": Source.objects.exists()}
        amiss = keeping.state_of_index()
    except Error:
        amiss = ""
    else:
        ready["search"] = not amiss
    return ready, amiss
