"""Export a table of records to a CSV or XLSX file that `import_table` and the admin can import."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from portal.import_export import files
from portal.staff.import_export import all_tables
from portal.tracking import audit_log
from portal.tracking.audit_log import AuditEntry


class Command(BaseCommand):
    help = "Write all records of a model, or all rows between records, to a CSV or XLSX file."

    def add_arguments(self, parser):
        parser.add_argument("table", choices=sorted(all_tables()), help="The model, such as project or observation.")
        parser.add_argument("file", type=Path, help="Where to write; its ending says whether CSV or XLSX.")

    def handle(self, *, table, file, verbosity, **options):
        table, form = all_tables()[table], file.suffix.lower().removeprefix(".")
        if form not in files.CONTENT_TYPES:
            raise CommandError("The file ends in .csv or .xlsx.")
        pks = table.all_keys()
        rows = (table.row(record) for record in table.in_batches(pks))
        bar = tqdm(rows, total=len(pks), unit=" rows", file=self.stderr._out, disable=not verbosity)
        texts = [table.is_text(name) for name in table.header]
        try:
            with file.open("wb") as out:
                if form == files.CSV:
                    out.writelines(line.encode() for line in files.csv_lines(table.header, texts, bar))
                else:
                    with files.xlsx_file(str(table.title), table.header, texts, bar) as book:
                        out.write(book.read())
        except files.FileError as error:
            raise CommandError(" ".join(error.args)) from error
        audit_log.log_action(AuditEntry.Action.EXPORTED, table=table.name, rows=len(pks), format=form)
        self.stdout.write(f"{file} has {len(pks)} rows.")
