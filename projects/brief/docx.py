"""A brief as DOCX, with Word’s own styles for headings, lists and tables, so that people can go on writing in it."""

import datetime
import io
import re

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from projects.brief.document import Brief, Paragraph, Table, Text

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"  # the media type
LOCALES = {"en": "en-GB", "ko": "ko-KR", "ru": "ru-RU"}
FONT, KOREAN_FONT = "Arial", "Malgun Gothic"  # that every Word has
WIDTH = 17  # of the text on A4, in cm
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def docx_file(brief: Brief) -> bytes:
    """Return the brief as a DOCX file."""
    document = docx.Document()
    set_up(document, brief)
    document.add_heading(clean(brief.title), 1)
    document.add_paragraph(clean(brief.subtitle), "Subtitle")
    add_text(document.add_paragraph(), Text(brief.made))
    add_text(document.add_paragraph(), Text(brief.url, (), brief.url))
    for section in brief.sections:
        document.add_heading(clean(section.heading), 2)
        for block in section.blocks:
            add_block(document, block)
    if brief.sources:
        document.add_heading(clean(brief.sources_heading), 2)
    for source in brief.sources:
        paragraph = document.add_paragraph()
        paragraph.paragraph_format.left_indent, paragraph.paragraph_format.first_line_indent = Cm(0.8), Cm(-0.8)
        paragraph.add_run(f"{source.number}.\t")
        paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(0.8))
        add_text(paragraph, Text(source.text, (), source.url))
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def set_up(document, brief: Brief) -> None:
    """Set the paper, fonts, language and properties of the file."""
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(2)
    for name in ("Normal", "Title", "Subtitle", "Heading 1", "Heading 2"):
        style = document.styles[name]
        style.font.name = FONT
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:eastAsia"), KOREAN_FONT)
    normal = document.styles["Normal"]
    normal.font.size = Pt(10)
    normal.paragraph_format.space_after = Pt(4)
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), LOCALES[brief.language])
        language.set(qn("w:eastAsia"), LOCALES["ko"])
    properties = document.core_properties
    properties.title, properties.author, properties.language = clean(brief.title), clean(brief.author), brief.language
    properties.created = properties.modified = datetime.datetime.combine(brief.day, datetime.time())
    properties.comments = ""


def add_block(document, block) -> None:
    """Add a paragraph, a table or a list to the document."""
    if isinstance(block, Paragraph):
        add_text(document.add_paragraph(), block.text)
    elif isinstance(block, Table):
        add_table(document, block)
    else:
        for name, text in block.rows:
            paragraph = document.add_paragraph(style="List Bullet")
            if name.text:
                add_text(paragraph, name)
                paragraph.add_run(" · ").bold = True
            add_text(paragraph, text)


def add_table(document, block: Table) -> None:
    """Add a table whose first row is repeated on each page."""
    table = document.add_table(rows=1, cols=len(block.columns), style="Table Grid")
    table.autofit = False
    header = table.rows[0]
    header._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cell, name in zip(header.cells, block.columns, strict=True):
        cell.paragraphs[0].add_run(clean(name)).bold = True
    for texts in block.rows:
        row = table.add_row()
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, text in zip(row.cells, texts, strict=True):
            add_text(cell.paragraphs[0], text)
    shares = sum(block.widths)
    for row in table.rows:
        for cell, share in zip(row.cells, block.widths, strict=True):
            cell.width = Cm(WIDTH * share / shares)
            for run in cell.paragraphs[0].runs:
                run.font.size = Pt(8.5)
    document.add_paragraph().paragraph_format.space_after = Pt(0)  # Word joins tables that touch


def add_text(paragraph, text: Text) -> None:
    """Add a text, as a link if it has an address, and the numbers of its sources."""
    if text.url:
        add_link(paragraph, text)
    else:
        paragraph.add_run(clean(text.text))
    if text.notes:
        run = paragraph.add_run(", ".join(map(str, text.notes)))
        run.font.superscript = True


def add_link(paragraph, text: Text) -> None:
    """Add a hyperlink. python-docx reads hyperlinks, but has no function that adds one."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(text.url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run = paragraph.add_run(clean(text.text))
    run.font.underline = True
    run.font.size = Pt(8.5) if paragraph._p.getparent().tag == qn("w:tc") else None
    link.append(run._r)
    paragraph._p.append(link)


def clean(text: str) -> str:
    """Return the text without the characters that XML cannot have."""
    return NOT_IN_XML.sub("", text)
