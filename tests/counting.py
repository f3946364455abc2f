"""What comes before counting what a page asks of the database."""

from portal.search import indexing
from portal.tracking import content_version


def settle():
    """Do what the end of the transaction would that made the records."""
    indexing.flush_index()
    content_version.flush()
