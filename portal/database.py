"""What either database is told beside the queries."""

from django.db import DEFAULT_DB_ALIAS, connections


def gather_statistics(using=DEFAULT_DB_ALIAS):
    """Have the database count what its tables hold, as after a load, so that it chooses the right indexes.

    PostgreSQL does so by itself, but minutes later; SQLite never does. Until then some pages take half a minute.
    """
    with connections[using].cursor() as cursor:
        if connections[using].vendor == "sqlite":
            cursor.execute("PRAGMA analysis_limit = 400")
        cursor.execute("ANALYZE")
