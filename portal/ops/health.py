"""Health checks: whether the database, its records and the search index are ready."""

from django.core.cache import caches
from django.db import Error, connections, router

from portal.http import page_cache
from portal.models import Source
from portal.search import indexing
from portal.tracking import content_version


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
        amiss = _problem_of_index()
    except Error:
        amiss = ""
    else:
        ready["search"] = not amiss
    return ready, amiss


def _problem_of_index():
    """Return the problem of the search index as text; "" if there is none.

    Counting all records takes seconds with millions of them, and proxies ask twice a second. So an index that was
    complete counts as complete for ten minutes, unless content changes.
    """
    key = page_cache.cache_key(content_version.current_version(), "complete search index")
    if caches["pages"].get(key):
        return ""
    amiss = indexing.state_of_index()
    if not amiss and not content_version.is_changing():
        caches["pages"].set(key, True, page_cache.SECONDS)
    return amiss
