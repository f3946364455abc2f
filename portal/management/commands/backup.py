"""Back up the whole database and the uploaded files to one file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from portal.ops import backup


class Command(BaseCommand):
    help = (
        "Write a backup of the database and the uploaded files into a folder, while the portal runs. It holds "
        "accounts: guard it as such."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path, help="Where backups lie; made if it is not there.")
        parser.add_argument("--keep", type=int, metavar="N", help="Delete all backups of the folder but the newest N.")

    def handle(self, *, folder, keep, **options):
        if keep is not None and keep < 1:
            raise CommandError("Keep at least one backup: --keep 1.")
        try:
            made = backup.create(folder)
        except backup.BackupError as error:
            raise CommandError(str(error)) from error
        if not made.manifest.signature:
            self.stderr.write(
                "SECRET_KEY is not set, so the backup is not signed: restore takes it only with --unsigned. On the "
                "portal’s server, run this command with the portal’s own variables."
            )
        size = made.path.stat().st_size / 1_000_000
        self.stdout.write(
            f"{made.path}: {made.rows:,} rows of {len(made.manifest.rows)} tables, "
            f"{len(made.manifest.files):,} files, {size:.1f} MB"
        )
        for path in backup.prune(folder, keep) if keep else []:
            self.stdout.write(f"Deleted {path}")
