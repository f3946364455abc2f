"""Rows as files that spreadsheets open well."""

import csv
from collections.abc import Iterable, Sequence

from django.http import StreamingHttpResponse

LONGEST_CELL = 32_767  # what a cell of a workbook may hold
RISKY = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value) -> str:
    """A cell that no spreadsheet takes for a formula: a risky beginning is quoted, a number stays a number."""
    if value is None:
        return ""
    text = str(value)
    if isinstance(value, str) and text.startswith(RISKY):
        return f"'{text}"
    return text


class Echo:
    """A file that gives back each line at once."""

    def write(self, line):
        return line


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence]) -> StreamingHttpResponse:
    """A download of `rows` under `header`, streamed. It begins with a byte order mark, for Hangul in Excel."""
    writer = csv.writer(Echo())

    def lines():
        yield "\ufeff"
        yield writer.writerow(header)
        for row in rows:
            yield writer.writerow([safe_cell(cell) for cell in row])

    return StreamingHttpResponse(
        lines(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
