"""Health checks: whether the database, its records and the search index are ready."""

from django.db import Error, connections, router

from portal.models import Source
from portal.search import indexing


def health_checks():
    """Return whether each part is ready ("database", "content", "search") and the problem of the search index as text.

    The text is "" if the index has no problem or the database does not respond. The database is the one that readers
    read: a replica serves them while the first database is away.
    """
    ready = {"database": False, "content": False, "search": False}
    try:
        with connections[router.db_for_read(Source)].cursor() as cursor:
            cursor.execute("SELECT 1")
        ready |= {"database": True, "content": Source.objects.exists()}
        amiss = indexing.state_of_index()
    except Error:
        amiss = ""
    else:
        ready["search"] = not amiss
    return ready, amiss
