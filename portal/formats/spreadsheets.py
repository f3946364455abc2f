"""Writes tables of records as CSV, streamed, and lists the metadata of a file."""

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.core.licences import OWN_LICENCE
from portal.formats import fields, hxl

BOM = "\ufeff"
# A workbook is built in memory within one request. CSV is streamed, so longer lists must use it.
MOST_ROWS_OF_XLSX = 10_000


def csv_text(records, bom=True, tags=False):
    """Yield the table of records as CSV: the header, with `tags` a row of HXL tags, then one text for each chunk.

    With `bom` it begins with a byte order mark; without one, Excel misreads Hangul and Cyrillic. Files for programs
    have none, because their encoding is declared. A text that a spreadsheet would take for a formula gets an apostrophe
    in front.
    """
    yield (BOM if bom else "") + fields.csv_text([head.title for head in records.column_headers]) + "\r\n"
    if tags:
        yield ",".join(hxl.tag_row(records)) + "\r\n"
    for lines in records.lines():
        yield "\r\n".join([*lines, ""])


def described(records):
    """Return the metadata of a file as pairs of a label and a value, in the active language."""
    return [
        (_("Title"), str(records.title)),
        (_("Publisher"), str(settings.PORTAL_NAME)),
        (_("Address"), records.about),
        (_("Records"), len(records)),
        (_("Retrieved on"), timezone.localdate().isoformat()),
        (_("Licence"), _("Text by the portal: CC BY 4.0. Figures and sources have their own licences.")),
        (_("Licence, address"), OWN_LICENCE),
    ]
