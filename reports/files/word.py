"""A report's sections as a Word document."""

from __future__ import annotations

import io
import unicodedata
from typing import Any

from django.utils.translation import gettext as _t
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from hotline.text import clean_within
from reports.content import cells

from . import charts

OFFICE_FONT, HEADING_FONT = "宋体", "黑体"
TEXT_WIDTH = 17.0  # centimetres between the margins of A4
WIDEST, NARROWEST = 40, 8  # Latin characters that a column may ask for, and gets at least
HEADING_FILL = "E7F0F7"


def as_docx(title: str, subtitle: str, sections: list[dict[str, Any]]) -> bytes:
    """The report as a Word document: a heading, a table and, where asked for, a picture a section."""
    title, subtitle, sections = clean_within([title, subtitle, sections])
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = OFFICE_FONT, Pt(10.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), OFFICE_FONT)
    for level in ("Title", "Heading 1"):
        document.styles[level].element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), HEADING_FONT)
    for page in document.sections:
        page.page_width, page.page_height = Cm(21), Cm(29.7)
        page.left_margin = page.right_margin = Cm(2)
    document.add_heading(title, 0)
    document.add_paragraph(subtitle)
    for number, section in enumerate(sections, 1):
        document.add_heading(f"{number}. {section['title']}", 1)
        if section["note"]:
            document.add_paragraph(section["note"])
        if drawn := charts.chart(section):
            document.add_picture(io.BytesIO(charts.as_png(drawn)), width=Cm(13))
        _add_table(document, section)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _add_table(document: Any, section: dict[str, Any]) -> None:
    """A plain ruled table whose heading is repeated on each page and whose columns are as wide as they need."""
    if not section["rows"]:
        document.add_paragraph(_t("Nothing to report."))
        return
    rows = [[cells.text(cell) for cell in row] for row in section["rows"]]
    widths = _widths([section["columns"], *rows])
    table = document.add_table(rows=1, cols=len(widths), style="Table Grid")
    table.autofit = False
    heading = table.rows[0]
    heading._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cell, name in zip(heading.cells, section["columns"], strict=True):
        cell.paragraphs[0].add_run(name).bold = True
        shade = OxmlElement("w:shd")
        shade.set(qn("w:val"), "clear")
        shade.set(qn("w:fill"), HEADING_FILL)
        cell._tc.get_or_add_tcPr().append(shade)
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width  # LibreOffice goes by the columns, Word by the cells
        for cell in column.cells:
            cell.width = width


def _widths(rows: list[list[str]]) -> list[Any]:
    """A page's width shared out by the longest text of each column, none below a minimum."""
    longest = [min(max(_breadth(row[index]) for row in rows), WIDEST) for index in range(len(rows[0]))]
    weights = [max(length, NARROWEST) for length in longest]
    return [Cm(TEXT_WIDTH * weight / sum(weights)) for weight in weights]


def _breadth(text: str) -> int:
    """How broad a text is, in Latin characters: a Chinese one counts two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
