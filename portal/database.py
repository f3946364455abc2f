"""What either database is told beside the queries, and how one of them packs what it tells."""

import sys
from array import array

from django.db import DEFAULT_DB_ALIAS, connections


def gather_statistics(using=DEFAULT_DB_ALIAS):
    """Have the database count what its tables hold, as after a load, so that it chooses the right indexes.

    PostgreSQL does so by itself, but minutes later; SQLite never does. Until then some pages take half a minute.
    """
    with connections[using].cursor() as cursor:
        if connections[using].vendor == "sqlite":
            cursor.execute("PRAGMA analysis_limit = 400")
        cursor.execute("ANALYZE")


def unpacked(code: str, sent: bytes) -> array:
    """The whole numbers that PostgreSQL sent as one value, `int4send` or `int8send` of each: an array of that code."""
    numbers = array(code)
    numbers.frombytes(sent)
    if sys.byteorder == "little":  # PostgreSQL sends the highest byte first
        numbers.byteswap()
    return numbers
