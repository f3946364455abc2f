"""Make the archive of everything, so that no reader has to wait for it."""

from django.conf import settings
from django.core.management.base import BaseCommand

from portal import archive


class Command(BaseCommand):
    help = "Make the archive of all data (DATA_DIR), if the content has changed since it was made."

    def add_arguments(self, parser):
        host = settings.ALLOWED_HOSTS[0].lstrip(".")
        default = f"https://{host}" if settings.HTTPS else f"http://{host}:8000"
        parser.add_argument(
            "--base",
            default=default,
            help="How the addresses in it begin, with no stroke at the end (default: %(default)s).",
        )

    def handle(self, *, base, **options):
        made = archive.make(base.rstrip("/"))
        self.stdout.write(f"{made.path}: {made.size / 1_000_000:.1f} MB")
