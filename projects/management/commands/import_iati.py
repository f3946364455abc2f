"""Import IATI files: `manage.py import_iati FILE…`. With `--dry-run`, only show what the import would do."""

import datetime
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from projects.iati import planning, reading
from projects.iati.applying import ImportDetails, received, run
from projects.iati.planning import REGION, Options, RowState
from projects.models import ImportedFile

CENTRAL_ASIA = ("KZ", "KG", "TJ", "TM", "UZ", REGION)


def shown(reads, path):
    """Return the activities of a file with a progress bar."""
    return tqdm(reads, desc=path.name, unit=" activities", leave=False, disable=None)


class ImportCommand(BaseCommand):
    """Base class of the commands that import projects from files."""

    kind = None

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="Show what would come of it, and change nothing.")
        parser.add_argument(
            "--countries",
            default=",".join(CENTRAL_ASIA),
            help="Whose projects to take: codes by commas, “region” for Central Asia as a whole, or “all”.",
        )
        parser.add_argument("--leave-out-faulty", action="store_true", help="Go on without the faulty activities.")
        parser.add_argument(
            "--retrieved", type=datetime.date.fromisoformat, help="When the file was retrieved (today)."
        )
        parser.add_argument("--url", default="", help="Where it was retrieved.")
        parser.add_argument("--licence", default="", help="Under which it is published.")

    def reads(self, path, options):
        """Return a function that reads the activities of the file at `path`. It can be called several times."""
        raise NotImplementedError

    def mapping(self, options):
        """Return the mapping of a table; None for an IATI file."""

    def handle(self, *args, files, **options):
        for path in files:
            if not path.is_file():
                raise CommandError(f"{path} is no file.")
        codes = options["countries"]
        countries = (
            None
            if codes == "all"
            else frozenset(code if code == REGION else code.upper() for code in codes.replace(" ", "").split(","))
        )
        chosen = Options(countries, leave_out=options["leave_out_faulty"], may_publish=True)
        refused = []
        for path in files:
            reads = self.reads(path, options)
            if options["dry_run"]:
                plan = planning.preview(reads(), path.name, chosen)
            else:
                about = ImportDetails(
                    path.name, options["retrieved"] or timezone.localdate(), options["url"], options["licence"]
                )
                file = received(path.read_bytes(), about, self.kind, self.mapping(options))
                plan = run(reads, file, chosen)
            self.tell(plan, options)
            if plan.blocked:
                refused.append(path.name)
        if refused:
            raise CommandError(f"Refused: {', '.join(refused)}. Nothing of it was imported.")

    def tell(self, plan, options):
        """Print the result of the import or of the dry run of a file."""
        said = ", ".join(f"{state.label}: {count}" for state, count in plan.counts.items() if count)
        self.stdout.write(f"{plan.name}: {said or '—'}")
        for complaint in plan.complaints():
            self.stdout.write(f"  {complaint}")
        for row in plan.rows:
            if row.state in {RowState.NEW, RowState.CHANGED, RowState.KEPT} or row.doubles:
                if options["verbosity"] > 1 or options["dry_run"]:
                    self.stdout.write(f"  {row.state.label}: {row.identifier} {row.title}")
                for finding in row.warnings if options["verbosity"] > 1 else ():
                    self.stdout.write(f"    {finding.at(plan.name)}")
                for _pk, title, reason in row.doubles:
                    self.stdout.write(f"    possible double: {title} ({reason})")
                for name, (portal, file) in row.differences.items():
                    self.stdout.write(f"    {name} stays “{portal}”, the file has “{file}”")


class Command(ImportCommand):
    help = "Import IATI activities of Central Asia as drafts: each file as a whole, or not at all."
    kind = ImportedFile.Kind.IATI

    def reads(self, path, options):
        return lambda: shown(reading.activities(path), path)
