"""Import a table of records from a CSV or XLSX file, as the admin does, but for files of any size."""

from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from portal.import_export import files
from portal.import_export.apply import apply_plan
from portal.import_export.plan import REFUSED, ImportPlan
from portal.staff.import_export import all_tables

MOST_TOLD = 100


class Command(BaseCommand):
    help = "Add and change records from a CSV or XLSX file: all of it, or nothing if one line is wrong."

    def add_arguments(self, parser):
        parser.add_argument("table", choices=sorted(all_tables()), help="The model, such as project or observation.")
        parser.add_argument("file", type=Path, help="A file with columns as export_table writes them.")
        parser.add_argument("--why", default="", help="The reason, for the history of every record that changes.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would change, and store nothing.")
        parser.add_argument("--user", help="Whose rights it takes, and whose doing it is; none: everything is allowed.")
        parser.add_argument("--encoding", default="", choices=sorted(files.ENCODINGS), help="Else it is worked out.")

    def handle(self, *, table, file, why, dry_run, user, encoding, verbosity, **options):
        if not dry_run and not why:
            raise CommandError("Say why, with --why: it stands in the history of what changes.")
        users = get_user_model()
        try:
            who = users.objects.get(**{users.USERNAME_FIELD: user}) if user else None
            sheet = files.read(file.name, file.read_bytes(), all_tables()[table].header, encoding)
            ImportPlan(all_tables()[table], sheet)
        except (OSError, files.FileError, users.DoesNotExist) as error:
            raise CommandError(" ".join(map(str, error.args))) from error
        plan = self._with_progress(
            apply_plan(lambda: ImportPlan(all_tables()[table], sheet, who), keep=not dry_run, why=why, file=file.name),
            len(sheet.rows),
            verbosity,
        )
        for row in [row for row in plan.rows if row.errors][:MOST_TOLD]:
            for column, words in row.errors:
                self.stderr.write(f"Line {row.line}{f', {column}' if column else ''}: {words}")
        counts = plan.counts
        told = ", ".join(f"{count} {state}" for state, count in counts.items())
        if counts[REFUSED]:
            raise CommandError(f"Nothing is stored: {told}.")
        self.stdout.write(f"{'Nothing is stored, as asked' if dry_run else 'Done'}: {told}.")

    def _with_progress(self, work, total, verbosity):
        bars = {}
        try:
            while True:
                stage, count = next(work)
                if stage not in bars:
                    bars[stage] = tqdm(
                        desc=stage, total=total, unit=" rows", file=self.stderr._out, disable=not verbosity
                    )
                bars[stage].update(count)
        except StopIteration as end:
            return end.value
        finally:
            for bar in bars.values():
                bar.close()
