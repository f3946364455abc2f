"""Uploaded documents are recognised by their content and stored without metadata; what may do harm is refused."""

import io
import zipfile

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from docx import Document
from PIL import Image
from pypdf import PdfReader

from portal.core import documents
from portal.core.documents import DocumentFormat
from tests.documents import AUTHOR, docx, odt, ooxml, package, pdf, pptx, xlsx
from tests.drawings import drawing

MACRO = "application/vnd.ms-word.document.macroEnabled.main+xml"


def refusal(data):
    with pytest.raises(ValidationError) as refused:
        documents.clean(data)
    return refused.value.messages


@pytest.mark.parametrize(
    ("make", "form"),
    [
        (pdf, DocumentFormat.PDF),
        (docx, DocumentFormat.DOCX),
        (xlsx, DocumentFormat.XLSX),
        (pptx, DocumentFormat.PPTX),
        (odt, DocumentFormat.ODT),
        (drawing, DocumentFormat.WEBP),
    ],
    ids=["pdf", "docx", "xlsx", "pptx", "odt", "image"],
)
def test_format_is_found_in_the_content_and_metadata_is_dropped(make, form):
    stored = documents.clean(make())
    assert (stored.format, stored.size) == (form, len(stored.content))
    content = stored.content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert archive.comment == b""
            content = b"".join(map(archive.read, archive.namelist()))
    assert AUTHOR.encode() not in content
    assert b"that tells" not in content


def test_pdf_shows_the_same_without_scripts_and_embedded_files():
    data = pdf("First page", "Second page")
    assert PdfReader(io.BytesIO(data)).metadata.author == AUTHOR
    reader = PdfReader(io.BytesIO(documents.clean(data).content))
    assert [page.extract_text() for page in reader.pages] == ["First page", "Second page"]
    assert not reader.metadata
    assert reader.xmp_metadata is None
    assert reader.attachments == {}
    assert b"/JavaScript" not in documents.clean(data).content


def test_office_files_can_still_be_opened():
    word = Document(io.BytesIO(documents.clean(docx()).content))
    assert [paragraph.text for paragraph in word.paragraphs] == ["Trees on the dried bed"]
    assert word.core_properties.author == ""
    book = openpyxl.load_workbook(io.BytesIO(documents.clean(xlsx()).content))
    assert (book.active["A1"].value, book.properties.creator) == ("Trees", "openpyxl")  # its default
    with zipfile.ZipFile(io.BytesIO(documents.clean(odt()).content)) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a PDF, DOCX"),
        (b"<html><script>alert(1)</script>", "not a PDF, DOCX"),
        (b"MZ\x90\x00", "not a PDF, DOCX"),
        (b"%PDF-1.7 and nothing else", "The PDF is damaged"),
        (pdf(password="secret"), "protected by a password"),
        (b"PK\x03\x04 and nothing else", "not a DOCX, XLSX"),
        (package({"a.txt": "A text"}), "not a DOCX, XLSX"),
        (ooxml("application/xml"), "not a DOCX, XLSX"),
        (package({"mimetype": "application/epub+zip"}), "not a DOCX, XLSX"),
        (ooxml(MACRO), "has macros"),
        (odt(**{"Basic/script-lb.xml": "<a/>"}), "has macros"),
        (drawing()[:2_000], "not a JPEG, PNG or WebP"),
    ],
    ids=[
        *("empty", "HTML", "program", "damaged PDF", "PDF with a password", "damaged ZIP", "ZIP", "other XML", "EPUB"),
        *("macros", "macros of OpenDocument", "damaged image"),
    ],
)
def test_other_files_are_refused_with_the_reason(data, why):
    assert why in refusal(data)[0]


def test_macros_are_found_in_a_file_that_hides_its_kind():
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    assert refusal(ooxml(main, **{"word/vbaProject.bin": "macro"})) == [
        "The document has macros. Save it without them."
    ]


def test_document_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(documents, "MOST_UNPACKED_BYTES", 1_000)
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    assert "not a DOCX" in refusal(ooxml(main, **{"big.xml": "a" * 2_000}))[0]


def test_large_document_is_refused(settings):
    settings.MOST_ATTACHMENT_BYTES = 1_000_000
    assert refusal(b"%PDF-" + b" " * 1_000_000) == ["The document is larger than 1 MB. Save it in a smaller size."]


def test_pdf_that_takes_too_long_is_refused(monkeypatch):
    def slow(task, data, seconds):
        raise documents.subprocess.TimeoutExpired("pdf_process.py", seconds)

    monkeypatch.setattr(documents, "run_pdf_process", slow)
    assert refusal(pdf()) == ["The PDF takes too long to read. Save it anew with another program."]


def test_scanned_page_is_stored_wide_enough_to_be_read():
    stored = Image.open(io.BytesIO(documents.clean(drawing(2_500, 1_800)).content))
    assert (stored.format, stored.size) == ("WEBP", (2_500, 1_800))
    assert Image.open(io.BytesIO(documents.clean(drawing(4_400, 100)).content)).width == documents.WIDEST_IMAGE
