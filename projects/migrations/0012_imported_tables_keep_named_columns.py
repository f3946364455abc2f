"""Removes from imported tables every column that the mapping of their file does not name: it may hold personal data.

Each table is stored together with the mapping by which it was read. A table or row that cannot be read by its mapping
was never used, so it is emptied.
"""

import csv
import gzip
import io
import json
import re
from string import Formatter

from django.db import migrations

LINE_BREAK = re.compile(r"\r\n|\r|\n")


def named_columns(mapping):
    """The columns that a mapping names; none for what is no mapping."""
    named = set()
    try:
        for spec in mapping.get("columns", {}).values():
            named.update(one["column"] if isinstance(one, dict) else one for one in _listed(spec))
        named.update(mapping.get("markers", {}).values())
        named.update(one["column"] for one in mapping.get("organisations", []) if "column" in one)
        named.update(name for _text, name, *_rest in Formatter().parse(mapping.get("identifier", "")) if name)
    except (AttributeError, KeyError, TypeError, ValueError):
        return set()
    return named


def _listed(spec):
    return spec if isinstance(spec, list) else [spec]


def reduced_row(original, named):
    """A stored row with its named columns only."""
    try:
        row = json.loads(gzip.decompress(bytes(original)))
        kept = {column: cell for column, cell in row.items() if column in named}
    except (AttributeError, OSError, ValueError):
        kept = {}
    return gzip.compress(json.dumps(kept, ensure_ascii=False, indent=1).encode(), mtime=0)


def reduced_file(original, mapping, named):
    """A stored table with its named columns only, each row at its line."""
    if not named:
        return gzip.compress(b"", mtime=0)
    kept, parts, line = None, [], 0
    try:
        encoding, delimiter = mapping.get("encoding", "utf-8"), mapping.get("delimiter", ",")
        encoding = "utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding
        content = gzip.decompress(bytes(original)).decode(encoding)
        table = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
        for row in table:
            if row:
                if kept is None:
                    kept = [place for place, column in enumerate(row) if column in named]
                text = io.StringIO(newline="")
                cells = [row[place] if place < len(row) else "" for place in kept]
                csv.writer(text, delimiter=delimiter, lineterminator="\n").writerow(cells)
                parts.append(text.getvalue())
                line += len(LINE_BREAK.findall(parts[-1]))
            parts.append("\n" * (table.line_num - line))
            line = table.line_num
    except (AttributeError, LookupError, OSError, TypeError, UnicodeError, csv.Error):
        return gzip.compress(b"", mtime=0)
    return gzip.compress("".join(parts).encode(encoding), mtime=0)


def reduce(apps, schema_editor):
    files = apps.get_model("projects", "ImportedFile").objects.using(schema_editor.connection.alias)
    activities = apps.get_model("projects", "ImportedActivity").objects.using(schema_editor.connection.alias)
    for pk in list(files.filter(kind="table").values_list("pk", flat=True)):
        file = files.get(pk=pk)
        named = named_columns(file.mapping)
        files.filter(pk=pk).update(original=reduced_file(file.original, file.mapping, named))
        for row in list(activities.filter(file=pk).values_list("pk", flat=True)):
            original = activities.values_list("original", flat=True).get(pk=row)
            activities.filter(pk=row).update(original=reduced_row(original, named))


class Migration(migrations.Migration):
    dependencies = [("projects", "0011_projects_by_start_on_postgresql")]

    # Backwards there is nothing to do: what was removed cannot come back, and nothing asks for it.
    operations = [migrations.RunPython(reduce, migrations.RunPython.noop)]
