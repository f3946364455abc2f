"""Health checks: whether the database, its records and the search index are ready."""

from django.db import Error, connection

from portal.models import Source
from portal.search import indexing


def health_checks():
    """Return whether each part is ready ("database", "content", "search") and the problem of the search index as text.

    The text is "" if the index has no problem or the database does not respond.
    """
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
