"""Uploaded documents: recognised by their content, and stored without what programs write of persons into them.

PDF files are opened by a process of its own (portal/core/pdf_process.py), which has limits of memory and time. Office
files are ZIP archives: they are packed anew with empty properties. Images are drawn anew (portal/core/images.py).
"""

import hashlib
import io
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from lxml import etree

from portal.core import images

PDF_PROCESS = Path(__file__).with_name("pdf_process.py")
# The longest times of a PDF: for removing its metadata, and for its text. Nobody else can save meanwhile.
CLEANING_SECONDS, TEXT_SECONDS = 15, 15
WIDEST_IMAGE = 4_000  # pixels; the text of a scanned page can be read
MOST_PARTS, MOST_UNPACKED_BYTES = 5_000, 300_000_000  # of an office file
DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError),
    *(EOFError, KeyError, NotImplementedError, OSError, RuntimeError, ValueError),
)


class DocumentFormat(models.TextChoices):
    """The format of a stored document. The value is also the ending of its file name."""

    PDF = "pdf", "PDF"
    DOCX = "docx", "DOCX"
    XLSX = "xlsx", "XLSX"
    PPTX = "pptx", "PPTX"
    ODT = "odt", "ODT"
    WEBP = "webp", "WebP"

    @property
    def content_type(self) -> str:
        """Return the media type that IANA registers for the format."""
        office = "application/vnd.openxmlformats-officedocument"
        return {
            "pdf": "application/pdf",
            "docx": f"{office}.wordprocessingml.document",
            "xlsx": f"{office}.spreadsheetml.sheet",
            "pptx": f"{office}.presentationml.presentation",
            "odt": "application/vnd.oasis.opendocument.text",
            "webp": "image/webp",
        }[self.value]


@dataclass(frozen=True)
class CleanedDocument:
    """A document as it is stored."""

    format: DocumentFormat
    content: bytes

    @property
    def digest(self) -> str:
        """Return 32 hex digits that identify the content."""
        return hashlib.sha256(self.content).hexdigest()[:32]

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return len(self.content)


def clean(data: bytes) -> CleanedDocument:
    """Return an uploaded document as it is stored. Raise ValidationError if the portal does not take it."""
    if len(data) > settings.MOST_ATTACHMENT_BYTES:
        raise ValidationError(
            _("The document is larger than {megabytes} MB. Save it in a smaller size.").format(
                megabytes=settings.MOST_ATTACHMENT_BYTES // 1_000_000
            )
        )
    if data.startswith(b"%PDF-"):
        return CleanedDocument(DocumentFormat.PDF, _clean_pdf(data))
    if data.startswith(b"PK\x03\x04"):
        return _clean_office(data)
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n", b"RIFF")):
        return CleanedDocument(DocumentFormat.WEBP, images.redraw(data, WIDEST_IMAGE))
    raise ValidationError(_("The file is not a PDF, DOCX, XLSX, PPTX, ODT, JPEG, PNG or WebP file."))


# ── PDF ──────────────────────────────────────────────────────────────────────────────────────────────────────


def run_pdf_process(task: str, data: bytes, seconds: int) -> subprocess.CompletedProcess[bytes]:
    """Run a task of pdf_process.py on a PDF. Raise subprocess.TimeoutExpired after `seconds`."""
    return subprocess.run(  # noqa: S603 - the program and its arguments are the portal's own
        [sys.executable, "-I", str(PDF_PROCESS), task, str(seconds)],
        input=data,
        capture_output=True,
        timeout=seconds + 5,  # the process ends itself first
        check=False,
    )


def _clean_pdf(data: bytes) -> bytes:
    """Return a PDF without its metadata, scripts and embedded files. Raise ValidationError if it cannot be read."""
    try:
        done = run_pdf_process("clean", data, CLEANING_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ValidationError(_("The PDF takes too long to read. Save it anew with another program.")) from error
    if done.returncode == 2:
        raise ValidationError(_("The PDF is protected by a password. Save it without one."))
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        raise ValidationError(_("The PDF is damaged: the portal cannot read it. Save it anew with another program."))
    return done.stdout


def text_of(document: CleanedDocument) -> str:
    """Return the text of the first pages of a PDF, with form feeds between pages.

    It is "" for other formats, for scanned pages, and if the text cannot be read in TEXT_SECONDS.
    """
    if document.format != DocumentFormat.PDF:
        return ""
    try:
        done = run_pdf_process("text", document.content, TEXT_SECONDS)
    except subprocess.TimeoutExpired:
        return ""
    text = "" if done.returncode else done.stdout.decode(errors="replace")
    plain = "".join(letter if letter.isprintable() or letter == "\f" else " " for letter in text)
    return plain if plain.strip() else ""


# ── Office files ─────────────────────────────────────────────────────────────────────────────────────────────

_PACKAGE = "application/vnd.openxmlformats-package"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_MAIN_PARTS = {
    f"{_OFFICE}.wordprocessingml.document.main+xml": DocumentFormat.DOCX,
    f"{_OFFICE}.spreadsheetml.sheet.main+xml": DocumentFormat.XLSX,
    f"{_OFFICE}.presentationml.presentation.main+xml": DocumentFormat.PPTX,
}
# Parts that name persons, programs and organisations, by their content type, and what replaces each.
_PROPERTIES = {
    f"{_PACKAGE}.core-properties+xml": (
        b'<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>'
    ),
    f"{_OFFICE}.extended-properties+xml": (
        b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>'
    ),
    f"{_OFFICE}.custom-properties+xml": (
        b'<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>'
    ),
}
_ODF_META = (
    b'<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.2">'
    b"<office:meta/></office:document-meta>"
)
_TYPES = "[Content_Types].xml"
_MACROS = ("vbaproject.bin", "script-lb.xml")  # the ends of the names of parts, in lower case


def _clean_office(data: bytes) -> CleanedDocument:
    """Return an office file with empty properties. Raise ValidationError if it is none, or has macros."""
    unreadable = ValidationError(_("The file is not a DOCX, XLSX, PPTX or ODT file that the portal can read."))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = [part.filename for part in parts]
            if (
                len(names) > MOST_PARTS
                or len(set(names)) < len(names)
                or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES
            ):
                raise unreadable
            kind, emptied, has_macros = _read_parts(archive, names)
            if has_macros or any(name.lower().endswith(_MACROS) for name in names):
                raise ValidationError(_("The document has macros. Save it without them."))
            return CleanedDocument(kind, _packed(archive, parts, emptied))
    except DAMAGES as error:
        raise unreadable from error


def _read_parts(archive: zipfile.ZipFile, names: list[str]) -> tuple[DocumentFormat, dict[str, bytes], bool]:
    """Return the format of an office file, what replaces parts of it by name, and whether a part is of a macro file.

    Raise ValueError if it has none of the formats.
    """
    if "mimetype" in names:
        if archive.read("mimetype").strip().decode("ascii") != DocumentFormat.ODT.content_type:
            raise ValueError("another format of OpenDocument")
        return DocumentFormat.ODT, {"meta.xml": _ODF_META}, False
    types = dict(_content_types(archive.read(_TYPES)))
    [kind] = {_MAIN_PARTS[content_type] for content_type in types.values() if content_type in _MAIN_PARTS} or [None]
    has_macros = any("macroenabled" in content_type.lower() for content_type in types.values())
    if kind is None and not has_macros:
        raise ValueError("no main part")
    emptied = {part: _PROPERTIES[content_type] for part, content_type in types.items() if content_type in _PROPERTIES}
    return kind or DocumentFormat.DOCX, emptied, has_macros


def _content_types(xml: bytes) -> Iterator[tuple[str, str]]:
    """Yield pairs of the name of a part and its content type."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    for element in etree.fromstring(xml, parser).iter("{*}Override"):
        yield element.get("PartName", "").removeprefix("/"), element.get("ContentType", "")


def _packed(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo], emptied: dict[str, bytes]) -> bytes:
    """Return the archive packed anew: without comments, extra fields and times of parts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for part in parts:
            if part.is_dir():
                continue
            info = zipfile.ZipInfo(part.filename)  # its time is 1 January 1980
            # OpenDocument: the first part names the type and is not compressed.
            info.compress_type = zipfile.ZIP_STORED if part.filename == "mimetype" else zipfile.ZIP_DEFLATED
            new.writestr(info, emptied.get(part.filename) or archive.read(part))
    return packed.getvalue()
