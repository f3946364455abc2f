"""Django's loaddata, which looks each key up once and analyses each record once, in one transaction with the load.

What is loaded leaves no history: a record's begins when an editor first changes it.
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
