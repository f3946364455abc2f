"""Write the offline edition. A timer runs this command each hour (docs/operation.md, Offline edition)."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from portal.open_data.offline import building, edition, zim


class Command(BaseCommand):
    help = (
        "Write the offline edition into FOLDER: the pages of all records and lists as offline.zip and, if libzim is "
        "installed, as offline.zim. Without FOLDER, write the edition that the portal offers, in DATA_DIR/offline. An "
        "interrupted run goes on where it stopped. It may run in several places."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", nargs="?", type=Path, help="where to write the files")
        parser.add_argument(
            "--if-due",
            action="store_true",
            help="do nothing if there is an edition of today, or of the same content from the last seven days",
        )

    def handle(self, *, folder, if_due, **options):
        where = folder or edition.folder()
        there = edition.current_edition() if where == edition.folder() else edition.stored_edition(where)
        if if_due and there and not there.is_due:
            return
        if not zim.is_available:
            self.stdout.write("libzim is not installed, so there will be no offline.zim.")
        try:
            written = building.write_edition(where, self.stdout.write)
        except building.OfflineError as error:
            raise CommandError(str(error)) from error
        if written is None:
            self.stdout.write("Another process is writing the edition.")
