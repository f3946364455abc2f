"""Django's `loaddata` with each key queried once and each record analysed for the search once, all in one transaction.

Loaded records have no history. The history of a record begins when an editor first changes it.
"""

from modeltranslation.management.commands import loaddata

from portal.core.database import analyze
from portal.models.querysets import remembering_keys
from portal.tracking.change_log import content_transaction
from portal.tracking.history import without_history


class Command(loaddata.Command):
    def handle(self, *args, **options):
        with content_transaction(), remembering_keys(), without_history():
            super().handle(*args, **options)
        analyze(options["database"])
