"""What comes before counting what a page asks of the database."""

from portal import freshness
from portal.index import keeping


def settle():
    """Do what the end of the transaction would that made the records."""
    keeping.settle()
    freshness.settle()
