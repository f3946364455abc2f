"""A program that opens one PDF, in a process with limits of memory and time. It imports nothing of the portal.

Arguments: a task and a number of seconds. Standard input is the PDF. The task `clean` writes the PDF without its
metadata, `text` the text of its first pages, in UTF-8. Exit codes: 2 if a password is needed, 1 for any other failure.
"""

import io
import resource
import sys
import time

from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject

MOST_MEMORY = 1_500_000_000  # bytes of address space
MOST_PAGES, MOST_CHARACTERS = 200, 150_000  # of text; the search index holds no more
NEEDS_PASSWORD = 2
# Of the catalogue and of pages: XMP metadata, data of programs, what a viewer runs by itself, and embedded files.
REMOVED = ("/Metadata", "/PieceInfo", "/OpenAction", "/AA", "/AF")
REMOVED_NAMES = ("/JavaScript", "/EmbeddedFiles")


def clean(reader: PdfReader) -> bytes:
    """Return the PDF without the document information, XMP metadata, scripts and embedded files."""
    catalogue = reader.root_object
    for holder in (catalogue, *reader.pages):
        for name in REMOVED:
            holder.pop(name, None)
    names = catalogue["/Names"].get_object() if "/Names" in catalogue else None
    if isinstance(names, DictionaryObject):
        for name in REMOVED_NAMES:
            names.pop(name, None)
    writer = PdfWriter(clone_from=reader)  # only what the catalogue leads to
    writer.metadata = None
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def text(reader: PdfReader, deadline: float) -> bytes:
    """Return the text of the first pages, as far as it is read before `deadline` (time.monotonic), in UTF-8.

    A form feed ends each page but the last.
    """
    found: list[str] = []
    length = 0
    for page in reader.pages[:MOST_PAGES]:
        found.append(page.extract_text().replace("\f", " "))
        length += len(found[-1])
        if length > MOST_CHARACTERS or time.monotonic() > deadline:
            break
    return "\f".join(found)[:MOST_CHARACTERS].encode("utf-8", "ignore")


def main() -> int:
    task, seconds = sys.argv[1], int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    deadline = time.monotonic() + seconds / 2
    reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()))
    if reader.is_encrypted:
        return NEEDS_PASSWORD
    sys.stdout.buffer.write(clean(reader) if task == "clean" else text(reader, deadline))
    return 0


if __name__ == "__main__":
    sys.exit(main())
