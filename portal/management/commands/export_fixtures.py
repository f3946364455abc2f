"""Write the public records of the portal as fixtures: what `loaddata` and `update_content` read."""

import json
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.import_export.fixtures import fixture_texts


class Command(BaseCommand):
    help = "Write the public records, with their rows, into fixture files. Nothing else is written: no accounts."

    def add_arguments(self, parser):
        parser.add_argument(
            "folder", type=Path, nargs="?", default=None, help="Where to write (default: fixtures, beside manage.py)."
        )

    def handle(self, *, folder, **options):
        folder = folder or settings.BASE_DIR / "fixtures"
        if not folder.is_dir():
            raise CommandError(f"There is no folder {folder}. Create it first.")
        texts, left_out = fixture_texts()
        for name, text in texts.items():
            (folder / f"{name}.json").write_text(text, encoding="utf-8")
            self.stdout.write(f"{name}: {len(json.loads(text))} rows")
        for sentence in left_out:
            self.stderr.write(f"Left out: {sentence}")
