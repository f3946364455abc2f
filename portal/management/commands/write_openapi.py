"""Write the OpenAPI description of the API to the file that a test compares with it."""

import json
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.api.description import document
from portal.api.resources import RESOURCES

STORED = Path(settings.BASE_DIR) / "tests" / "portal" / "api" / "openapi.json"


HOST = "https://portal.example"  # in the code samples of the file, wherever it is written


def described(base=HOST):
    """Return the description as JSON text, with sorted keys so that diffs are readable."""
    return json.dumps(document(RESOURCES, base), indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n"


class Command(BaseCommand):
    help = (
        f"Write what the API is (OpenAPI 3.1) to {STORED.relative_to(settings.BASE_DIR)}. Read what that changes: "
        "whatever is taken away or renamed breaks programs of others, and belongs under a new version."
    )

    def handle(self, **options):
        STORED.write_text(described(), encoding="utf-8")
        self.stdout.write(f"Wrote {STORED.relative_to(settings.BASE_DIR)}.")
