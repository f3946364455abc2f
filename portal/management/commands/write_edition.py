"""Write the edition of the present quarter."""

from django.core.management.base import BaseCommand

from portal.open_data import editions


class Command(BaseCommand):
    help = "Write the edition of the open data of the present quarter (DATA_DIR/editions), if there is none."

    def handle(self, **options):
        edition, is_new = editions.write_edition()
        size = edition.files[0].size / 1_000_000
        self.stdout.write(f"{edition.path}: {'written' if is_new else 'there already'}, {size:.1f} MB")
