"""Bring a running portal up to date from fixtures/: new and corrected content. What editors changed stays."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.core.database import analyze
from portal.import_export.content_update import FixtureError, update_content
from portal.models import Source


class Command(BaseCommand):
    help = "Bring the records up to date from fixtures/*.json. What editors changed is left alone and listed."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="List what would change, and change nothing.")

    def handle(self, *, dry_run, verbosity, **options):
        if not Source.objects.exists():
            raise CommandError("The database has no records yet. Load them with `manage.py seed`.")
        try:
            report = update_content(settings.BASE_DIR / "fixtures", dry_run=dry_run)
        except FixtureError as error:
            raise CommandError(str(error)) from error
        if verbosity > 1:
            for change in report.changes:
                self.stdout.write(change)
        for what, reason in report.left_alone:
            self.stdout.write(f"left alone: {what}: {reason}")
        for action, counts in report.counts.items():
            named = ", ".join(f"{model._meta.verbose_name_plural} {count}" for model, count in counts.items())
            self.stdout.write(f"{action}: {named}")
        if not report.counts:
            self.stdout.write("The content is up to date.")
        elif dry_run:
            self.stdout.write("Nothing was stored (--dry-run).")
        else:
            analyze()
