"""What comes before counting what a page asks of the database."""

from portal.index import keeping
from portal.tracking import content_version


def settle():
    """Do what the end of the transaction would that made the records."""
    keeping.settle()
    content_version.settle()
