"""Load the fixtures into a database without records. A database that has records is not changed."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from portal.models import Source


class Command(BaseCommand):
    help = "Load fixtures/*.json if the database has no records yet."

    def handle(self, **options):
        if Source.objects.exists():
            self.stdout.write("The database has records already; they stay as they are.")
            return
        fixtures = sorted(settings.BASE_DIR.glob("fixtures/*.json"))
        call_command("loaddata", *fixtures, verbosity=options["verbosity"])
