"""A brief as PDF and DOCX: what programs read in them, in three languages, and that no text becomes markup."""

import dataclasses
import datetime
import io
import re

import docx
import pytest
from django.utils import translation
from docx.oxml.ns import qn
from pypdf import PdfReader

from issues.models import Issue
from portal.models import Place
from projects.brief.content import write_brief
from projects.brief.document import Brief, BriefSection, BriefSource, Items, Paragraph, Table, Text
from projects.brief.docx import docx_file
from projects.brief.pdf import pdf_file
from projects.brief.subject import Subject

DAY = datetime.date(2026, 11, 27)
HOSTILE = '#panic("x") = *a* $x$ <script> [b](c) \\u{41} @source-1 //'


def brief_with(text, language="en"):
    return Brief(
        title=text,
        subtitle=text,
        made=text,
        sources_heading="Sources",
        language=language,
        day=DAY,
        url="https://portal.example.org/en/brief/",
        author="Portal",
        sections=(
            BriefSection(
                text,
                (
                    Paragraph(Text(text)),
                    Table((text, text), ((Text(text), Text(text, (1,), "https://portal.example.org/")),), (2, 1)),
                    Items(((Text(text), Text(text)),)),
                ),
            ),
        ),
        sources=(BriefSource(1, text, "https://portal.example.org/source/"),),
    )


def pdf_text(data):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def docx_text(data):
    document = docx.Document(io.BytesIO(data))
    return "\n".join(node.text or "" for node in document.element.body.iter(qn("w:t")))


def content_brief(language):
    with translation.override(language):
        subject = Subject(place=Place.objects.get(key="uz"), issue=Issue.objects.get(key="water-scarcity"))
        return write_brief(subject, DAY, f"https://portal.example.org/{language}/brief/", "https://portal.example.org")


@pytest.mark.usefixtures("content")
class TestContent:
    @pytest.mark.parametrize(
        ("language", "title", "words"),
        [
            ("en", "Uzbekistan: Water scarcity", "Level of water stress"),
            ("ko", "우즈베키스탄: 물 부족", "물 스트레스 수준"),
            ("ru", "Узбекистан: Нехватка воды", "Соглашения"),
        ],
    )
    def test_pdf_is_tagged_titled_and_two_to_four_pages(self, language, title, words):
        brief = content_brief(language)
        data = pdf_file(brief)
        reader = PdfReader(io.BytesIO(data))
        root = reader.trailer["/Root"]
        assert brief.title == reader.metadata.title == title
        assert root["/Lang"].split("-")[0] == language
        assert root["/MarkInfo"]["/Marked"]
        assert b"pdfuaid:part" in root["/Metadata"].get_data()
        assert 2 <= len(reader.pages) <= 4
        assert words in pdf_text(data).replace("\n", " ")
        assert len(data) < 400_000

    @pytest.mark.parametrize("language", ["en", "ko", "ru"])
    def test_docx_has_headings_a_language_and_repeated_table_headers(self, language):
        brief = content_brief(language)
        document = docx.Document(io.BytesIO(docx_file(brief)))
        headings = [one.text for one in document.paragraphs if one.style.name.startswith("Heading")]
        assert headings == [brief.title, *(section.heading for section in brief.sections), brief.sources_heading]
        assert document.core_properties.title == brief.title
        assert document.core_properties.language == language
        tables = [block for section in brief.sections for block in section.blocks if isinstance(block, Table)]
        assert len(document.tables) == len(tables)
        for table, block in zip(document.tables, tables, strict=True):
            assert [cell.text for cell in table.rows[0].cells] == list(block.columns)
            assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
            shares = {
                round(column.width / width, -3) for column, width in zip(table.columns, block.widths, strict=True)
            }
            assert len(shares) == 1

    def test_docx_numbers_its_pages(self):
        document = docx.Document(io.BytesIO(docx_file(content_brief("en"))))
        [footer] = document.sections[0].footer.paragraphs
        assert footer.text.startswith("Central Asia Environment and Cooperation Portal")
        assert [one.get(qn("w:instr")) for one in footer._p.iter(qn("w:fldSimple"))] == ["PAGE", "NUMPAGES"]

    def test_numbers_of_sources_cannot_be_read_as_exponents(self):
        text = pdf_text(pdf_file(content_brief("en"))).replace("\N{WORD JOINER}", "")
        assert re.search(r"m³\s*\[\d", text)
        assert not re.search(r"m³\s*\d", text)

    def test_links_of_the_files_are_absolute(self):
        document = docx.Document(io.BytesIO(docx_file(content_brief("en"))))
        links = [part.target_ref for part in document.part.rels.values() if part.is_external]
        assert links
        assert [link for link in links if not link.startswith(("https://", "http://"))] == []


def test_text_never_becomes_markup():
    brief = brief_with(HOSTILE)
    assert HOSTILE in pdf_text(pdf_file(brief)).replace("\n", " ")
    assert docx_text(docx_file(brief)).count(HOSTILE) == 12


@pytest.mark.parametrize("text", ["A \U0001f30a wave", "ꓥ\u0378", "tab\tand\nline"])
def test_characters_without_a_font_do_not_stop_the_file(text):
    assert pdf_file(brief_with(text)).startswith(b"%PDF")
    assert docx_file(brief_with(text)).startswith(b"PK")


def test_square_units_of_korean_titles_are_spelled_out():
    data = pdf_file(brief_with("50㎾ 300㎡ 35㎍", "ko"))
    assert "50kW 300m² 35μg" in pdf_text(data)
    assert b"pdfuaid:part" in PdfReader(io.BytesIO(data)).trailer["/Root"]["/Metadata"].get_data()


def test_control_characters_do_not_stop_the_file():
    assert "ab" in docx_text(docx_file(brief_with("a\x00\x0bb")))
    assert pdf_file(brief_with("a\x00\x0bb")).startswith(b"%PDF")


def test_every_syllable_of_korean_is_in_the_fonts():
    text = "".join(map(chr, range(0xAC00, 0xD7A4)))
    data = pdf_file(dataclasses.replace(brief_with("가", "ko"), subtitle=text))
    assert b"pdfuaid:part" in PdfReader(io.BytesIO(data)).trailer["/Root"]["/Metadata"].get_data()
