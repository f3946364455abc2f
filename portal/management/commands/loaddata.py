"""Django's loaddata, which looks each key up once and analyses each record once, in one transaction with the load."""

from django.db import connections
from modeltranslation.management.commands import loaddata

from portal.index.keeping import indexing
from portal.querysets import remembering_keys


class Command(loaddata.Command):
    def handle(self, *args, **options):
        with indexing(), remembering_keys():
            super().handle(*args, **options)
        connection = connections[options["database"]]
        if connection.vendor == "postgresql":
            # It gathers statistics by itself, but minutes later; until then some pages would take half a minute.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
