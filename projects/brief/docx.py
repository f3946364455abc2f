"""A brief as DOCX, with Word’s own styles for headings, lists and tables, so that people can go on writing in it."""

import datetime
import io
import re

import docx
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.run import Run

from portal.core.formatting import NBSP
from projects.brief.document import Brief, Paragraph, Table, Text

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"  # the media type
LOCALES = {"en": "en-GB", "ko": "ko-KR", "ru": "ru-RU"}
FONT, KOREAN_FONT = "Arial", "Malgun Gothic"  # that every Word has
WIDTH = 17  # of the text on A4, in cm
ACCENT, GREY, LINE_COLOUR = RGBColor(0x0B, 0x55, 0x63), RGBColor(0x4A, 0x5A, 0x63), "C3CFD4"
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
        layout = paragraph.paragraph_format
        layout.left_indent, layout.first_line_indent, layout.space_after = Cm(0.8), Cm(-0.8), Pt(2)
        layout.tab_stops.add_tab_stop(Cm(0.8))
        paragraph.add_run(f"{source.number}.\t")
        add_text(paragraph, Text(source.text, (), source.url))
        set_size(paragraph, 7.5)
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
    normal.font.size = Pt(9.5)
    normal.paragraph_format.space_after = Pt(4)
    normal.paragraph_format.line_spacing = 1.0
    title, heading = document.styles["Heading 1"], document.styles["Heading 2"]
    title.paragraph_format.space_before = Pt(0)
    heading.paragraph_format.space_after = Pt(3)
    title.font.size, title.font.color.rgb, heading.font.color.rgb = Pt(18), ACCENT, ACCENT
    subtitle = document.styles["Subtitle"].font
    subtitle.size, subtitle.italic, subtitle.color.rgb = Pt(11), False, GREY
    footer = page.footer.paragraphs[0]
    footer.paragraph_format.tab_stops.add_tab_stop(Cm(WIDTH), WD_TAB_ALIGNMENT.RIGHT)
    footer.add_run(f"{clean(brief.author)}\t\t")
    add_field(footer, "PAGE")
    footer.add_run(" / ")
    add_field(footer, "NUMPAGES")
    set_size(footer, 8)
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
                add_text(paragraph, name, bold=True)
                paragraph.add_run(" · ").bold = True
            add_text(paragraph, text)


def add_table(document, block: Table) -> None:
    """Add a table whose first row is repeated on each page."""
    table = document.add_table(rows=1, cols=len(block.columns), style="Table Grid")
    table.autofit = False
    set_borders(table)
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
    for column, share in zip(table.columns, block.widths, strict=True):
        column.width = Cm(WIDTH * share / shares)  # LibreOffice reads these, and Word those of the cells
    for row in table.rows:
        for cell, share in zip(row.cells, block.widths, strict=True):
            cell.width = Cm(WIDTH * share / shares)
            cell.paragraphs[0].paragraph_format.space_after = Pt(2)
            set_size(cell.paragraphs[0], 8)
    # Word joins tables that touch.
    after = document.add_paragraph()
    after.paragraph_format.space_after = Pt(0)
    after.paragraph_format.line_spacing = Pt(6)


def set_borders(table) -> None:
    """Draw a grey line under each row, and no others."""
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        is_drawn = side in ("bottom", "insideH")
        line.set(qn("w:val"), "single" if is_drawn else "nil")
        line.set(qn("w:sz"), "4")  # eighths of a point
        line.set(qn("w:color"), LINE_COLOUR)
        borders.append(line)
    # The schema wants this element after the width and before the layout.
    table._tbl.tblPr.find(qn("w:tblLayout")).addprevious(borders)


def set_size(paragraph, points: float) -> None:
    """Set the size of all text of a paragraph, also that of links."""
    for run in paragraph._p.iter(qn("w:r")):
        Run(run, paragraph).font.size = Pt(points)


def add_field(paragraph, name: str) -> None:
    """Add a field that the program fills in, such as the number of the page."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), name)
    field.append(paragraph.add_run("1")._r)
    paragraph._p.append(field)


def add_text(paragraph, text: Text, *, bold: bool = False) -> None:
    """Add a text, as a link if it has an address, and the numbers of its sources."""
    run = paragraph.add_run(clean(text.text))
    run.bold = bold or None
    if text.url:
        make_link(run, text.url)
    if text.notes:
        notes = paragraph.add_run(f"[{f',{NBSP}'.join(map(str, text.notes))}]")
        notes.font.superscript = True


def make_link(run, url: str) -> None:
    """Make a run a hyperlink. python-docx reads hyperlinks, but has no function that adds one."""
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), run.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run.font.color.rgb = ACCENT
    run._r.addprevious(link)
    link.append(run._r)


def clean(text: str) -> str:
    """Return the text without the characters that XML cannot have."""
    return NOT_IN_XML.sub("", text)
