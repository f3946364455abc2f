"""Compare the storage of uploaded files with the rows that name them."""

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError

from portal.models import Attachment, DocumentText
from portal.models.held_file import HeldFileModel, stored_bytes, stored_names


class Command(BaseCommand):
    help = "Find uploaded files that no row names, and rows whose files are lost."

    def add_arguments(self, parser):
        parser.add_argument("--delete", action="store_true", help="Delete the files that no row names.")

    def handle(self, *, delete, **options):
        stored = set(stored_names())
        # The rows are read after the storage: a file that is uploaded meanwhile is not in `stored`.
        rows = (row for model in HeldFileModel.__subclasses__() for row in model.objects.all())
        named = {name: row for row in rows for name in row.file_names}
        unnamed = sorted(stored - named.keys())
        for name in unnamed:
            if delete:
                default_storage.delete(name)
            self.stdout.write(f"{'Deleted' if delete else 'No row names'}: {name}")
        texts = DocumentText.objects.exclude(digest__in=Attachment.objects.values("digest"))
        if count := texts.count():
            if delete:
                texts.delete()
            self.stdout.write(f"{'Deleted' if delete else 'No row has'}: {count:,} texts of documents")
        lost = sorted(name for name in named.keys() - stored if not default_storage.exists(name))
        for name in lost:
            row = named[name]
            self.stderr.write(f"Lost: {name}, of {row._meta.verbose_name} {row.pk}")
        self.stdout.write(f"{len(stored):,} files, {len(unnamed):,} without a row; {len(lost):,} rows without a file.")
        used, most = stored_bytes() / 1_000_000, settings.MOST_STORED_BYTES // 1_000_000
        self.stdout.write(f"Rows use {used:,.1f} of {most:,} MB (MOST_STORED_MB).")
        if lost:
            raise CommandError("Files are lost. Restore the newest backup that has them.")
