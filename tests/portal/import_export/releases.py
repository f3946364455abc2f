"""The fixtures of a release, for tests of updates of the content."""

import json

from portal.import_export.content_update import update_content
from portal.import_export.fixtures import as_json, fixture_texts


class Release:
    """The fixtures of a release: at first what the portal has now; then changed as a new release would be."""

    def __init__(self, folder):
        self.folder = folder
        texts, _left_out = fixture_texts()
        self.rows = {name: json.loads(text) for name, text in texts.items()}

    def all_of(self, model, **fields):
        return [
            row["fields"]
            for rows in self.rows.values()
            for row in rows
            if row["model"] == model and fields.items() <= row["fields"].items()
        ]

    def add(self, name, model, **fields):
        self.rows[name].append({"model": model, "fields": fields})

    def drop(self, model, **fields):
        for name, rows in self.rows.items():
            self.rows[name] = [
                row for row in rows if row["model"] != model or not fields.items() <= row["fields"].items()
            ]

    def load(self, **options):
        for name, rows in self.rows.items():
            (self.folder / f"{name}.json").write_text(as_json(rows), encoding="utf-8")
        return update_content(self.folder, **options)
