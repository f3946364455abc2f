"""Documents that tests make themselves: PDF and office files with metadata that must not be stored."""

import io
import zipfile

from docx import Document
from openpyxl import Workbook
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, TextStringObject

AUTHOR = "An author that tells"


def pdf(*pages, password=""):
    """Return a PDF with a text on each page, and with an author, XMP metadata, a script and an embedded file."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for text in pages or ("Trees on the dried bed",):
        page = writer.add_blank_page(300, 200)
        content = DecodedStreamObject()
        content.set_data(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = writer._add_object(content)
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
    writer.add_metadata({"/Author": AUTHOR, "/Title": "A title that tells"})
    writer.xmp_metadata = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{AUTHOR}</x:xmpmeta>".encode()
    script = {"/S": NameObject("/JavaScript"), "/JS": TextStringObject("app.alert('A script that tells')")}
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
        {NameObject(name): value for name, value in script.items()}
    )
    writer.add_attachment("note.txt", b"A file that tells")
    if password:
        writer.encrypt(password)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def docx():
    document = Document()
    document.add_paragraph("Trees on the dried bed")
    document.core_properties.author = AUTHOR
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def xlsx():
    book = Workbook()
    book.active["A1"] = "Trees"
    book.properties.creator = AUTHOR
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}</Types>'


def package(parts, compression=zipfile.ZIP_DEFLATED):
    """Return a ZIP archive of parts by their name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.comment = b"A comment that tells"
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def ooxml(main, **parts):
    """Return the smallest office file whose main part has this content type."""
    override = f'<Override PartName="/main.xml" ContentType="{main}"/>'
    return package({"[Content_Types].xml": TYPES.format(override), "main.xml": "<a/>", **parts})


def pptx():
    return ooxml("application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml")


def odt(**parts):
    meta = f"<office:document-meta xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0'>{AUTHOR}"
    content = {"content.xml": "<a>Trees</a>", "meta.xml": f"{meta}</office:document-meta>"}
    return package({"mimetype": "application/vnd.oasis.opendocument.text", **content, **parts})
