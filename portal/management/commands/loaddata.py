"""Django's loaddata, looking each key up once: with several thousand references that is most of its time."""

from django.db import connections
from modeltranslation.management.commands import loaddata

from portal.querysets import remembering_keys


class Command(loaddata.Command):
    def handle(self, *args, **options):
        with remembering_keys():
            super().handle(*args, **options)
        connection = connections[options["database"]]
        if connection.vendor == "postgresql":
            # It gathers statistics by itself, but minutes later; until then some pages would take half a minute.
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
