"""Import projects from a table: `manage.py import_projects --mapping world-bank FILE.csv`.

A mapping says what the columns mean (projects/iati/tables.py). Some come with the portal, in projects/iati/mappings/.
"""

from pathlib import Path

from django.core.management.base import CommandError

from projects.iati import tables
from projects.management.commands.import_iati import ImportCommand, shown
from projects.models import ImportedFile


class Command(ImportCommand):
    help = "Import projects of Central Asia out of a CSV file as drafts: the file as a whole, or not at all."
    kind = ImportedFile.Kind.TABLE

    def add_arguments(self, parser):
        super().add_arguments(parser)
        names = ", ".join(tables.shipped())
        parser.add_argument("--mapping", required=True, help=f"A TOML file, or one of: {names}.")

    def handle(self, *args, **options):
        path = tables.shipped().get(options["mapping"]) or Path(options["mapping"])
        if not path.is_file():
            raise CommandError(f"{options['mapping']} is no mapping.")
        try:
            self.read_by = tables.mapping_of(path.read_text(encoding="utf-8"))
        except tables.MappingError as error:
            raise CommandError(error.at(path.name)) from error
        super().handle(*args, **options)

    def reads(self, path, options):
        return lambda: shown(tables.rows(path, self.read_by), path)

    def mapping(self, options):
        return self.read_by
