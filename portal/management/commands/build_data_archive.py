"""Build the data archive in advance, so that no reader has to wait for it."""

from django.core.management.base import BaseCommand

from portal.open_data import archive


class Command(BaseCommand):
    help = "Make the archive of all data (DATA_DIR), if the content or PUBLIC_URL has changed since it was made."

    def handle(self, **options):
        made = archive.make()
        self.stdout.write(f"{made.path}: {made.size / 1_000_000:.1f} MB")
