"""Django's loaddata, looking each key up once: with several thousand references that is most of its time."""

from modeltranslation.management.commands import loaddata

from portal.querysets import remembering_keys


class Command(loaddata.Command):
    def handle(self, *args, **options):
        with remembering_keys():
            return super().handle(*args, **options)
