"""Restore the database from a backup."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from portal.ops import backup


class Command(BaseCommand):
    help = "Put a backup into an empty database, all of it or nothing. Only restore files that your own portal made."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="A file that backup wrote.")
        parser.add_argument("--check", action="store_true", help="Look the file through, and touch no database.")
        parser.add_argument("--replace", action="store_true", help="Give up what the database holds now.")
        parser.add_argument(
            "--unsigned",
            action="store_true",
            help="Do not check the signature: for a backup of an earlier version, or one whose SECRET_KEY is lost.",
        )

    def handle(self, *, file, check, replace, unsigned, **options):
        try:
            if check:
                found = backup.check(file, unsigned=unsigned)
            else:
                found = backup.restore(file, replace=replace, unsigned=unsigned)
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        rows, tables, files = found.rows, len(found.manifest.rows), len(found.manifest.files)
        told = f"{rows:,} rows of {tables} tables and {files:,} files, as of {found.manifest.made_at}"
        self.stdout.write(f"{'Whole' if check else 'Restored'}: {told}.")
        if lacking := backup.lacking(found.manifest):
            self.stdout.write(
                f"The backup is older than this version of the portal, which has {len(lacking)} migrations more. "
                f"{'After restoring it' if check else 'Now'} run manage.py migrate, then "
                "manage.py rebuild_search_index --if-needed."
            )
