"""A report's sections as Word and Excel files and as charts. All three draw from the same section."""

from __future__ import annotations

import hashlib
import io
import json
import unicodedata
from typing import Any

import altair
import vl_convert
import xlsxwriter
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _t
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from hotline.text import clean_within

FONT = "Noto Sans CJK SC, WenQuanYi Micro Hei, Microsoft YaHei, PingFang SC, sans-serif"
OFFICE_FONT, HEADING_FONT = "宋体", "黑体"
TEXT_WIDTH = 17.0  # centimetres between the margins of A4
WIDEST, NARROWEST = 40, 8  # Latin characters that a column may ask for, and gets at least
HEADING_FILL = "E7F0F7"
CHART_COLOUR = "#1b5e8c"
MAX_BARS = 15
KEPT_SECONDS = 30 * 24 * 3600
SHEET_NAME_LIMIT = 31  # Excel's own


def city_name() -> str:
    return str(settings.CITY_NAME)


def chart(section: dict[str, Any]) -> altair.Chart | None:
    """The bar chart of a section that asks for one and has rows."""
    if not section.get("chart") or not section["rows"]:
        return None
    label, value = section["chart"]["label"], section["chart"]["value"]
    data = [{"label": str(row[label]), "value": row[value]} for row in section["rows"][:MAX_BARS]]
    bars = altair.Chart(altair.Data(values=data)).mark_bar(color=CHART_COLOUR, height=14)
    drawn = bars.encode(
        x=altair.X("value:Q", title=None, axis=altair.Axis(tickMinStep=1, grid=True)),
        y=altair.Y("label:N", title=None, sort=None, axis=altair.Axis(labelLimit=260)),
    )
    font = {"labelFont": FONT, "titleFont": FONT}
    return drawn.properties(width=420, height={"step": 22}).configure_axis(**font).configure(font=FONT)


def as_svg(section: dict[str, Any]) -> str:
    """The section's chart for a page; empty where it has none.

    A drawing is kept under what it shows: a report is opened many times, and a chart takes a thirtieth of a second.
    """
    drawn = chart(section)
    if drawn is None:
        return ""
    shown = drawn.to_dict()
    key = "chart:" + hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()
    return str(cache.get_or_set(key, lambda: str(vl_convert.vegalite_to_svg(shown)), KEPT_SECONDS))


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
        if drawn := chart(section):
            png = vl_convert.vegalite_to_png(drawn.to_dict(), scale=2)
            document.add_picture(io.BytesIO(png), width=Cm(13))
        _add_table(document, section)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _add_table(document: Any, section: dict[str, Any]) -> None:
    """A plain ruled table whose heading is repeated on each page and whose columns are as wide as they need."""
    if not section["rows"]:
        document.add_paragraph(_t("Nothing to report."))
        return
    rows = [[f"{value:,}" if isinstance(value, int) else str(value) for value in row] for row in section["rows"]]
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


def as_xlsx(title: str, subtitle: str, sections: list[dict[str, Any]]) -> bytes:
    """The report as an Excel workbook: a sheet a section, charts native."""
    title, subtitle, sections = clean_within([title, subtitle, sections])
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    bold = book.add_format({"bold": True, "bg_color": "#E7F0F7", "border": 1, "text_wrap": True})
    plain = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    number = book.add_format({"border": 1, "num_format": "#,##0", "valign": "top"})
    heading = book.add_format({"bold": True, "font_size": 14})
    used: set[str] = set()
    for section in sections:
        name = _sheet_name(section["title"], used)
        sheet = book.add_worksheet(name)
        sheet.write_string(0, 0, f"{title}: {section['title']}", heading)
        sheet.write_string(1, 0, " · ".join(part for part in (subtitle, section["note"]) if part))
        for column, label in enumerate(section["columns"]):
            sheet.write_string(3, column, label, bold)
            widest = max([len(str(row[column])) for row in section["rows"]] + [len(label)])
            sheet.set_column(column, column, min(60, 4 + 1.8 * widest))
        for index, row in enumerate(section["rows"], 4):
            for column, value in enumerate(row):
                if isinstance(value, int | float):
                    sheet.write_number(index, column, value, number)
                else:
                    sheet.write_string(index, column, str(value), plain)
        sheet.freeze_panes(4, 1)
        if section.get("chart") and section["rows"]:
            _add_chart(book, sheet, name, section)
    book.close()
    return out.getvalue()


def _add_chart(book: Any, sheet: Any, name: str, section: dict[str, Any]) -> None:
    last = 3 + min(len(section["rows"]), MAX_BARS)
    bars = book.add_chart({"type": "bar"})
    bars.add_series(
        {
            "categories": [name, 4, section["chart"]["label"], last, section["chart"]["label"]],
            "values": [name, 4, section["chart"]["value"], last, section["chart"]["value"]],
            "fill": {"color": CHART_COLOUR},
        }
    )
    bars.set_legend({"none": True})
    bars.set_title({"name": section["title"]})
    bars.set_y_axis({"reverse": True})
    sheet.insert_chart(4, len(section["columns"]) + 1, bars)


def _sheet_name(title: str, used: set[str]) -> str:
    """A name that Excel allows: no special characters, short, and not twice."""
    base = "".join(character for character in title if character not in "[]:*?/\\")[:SHEET_NAME_LIMIT]
    name, serial = base, 2
    while name in used:
        name = f"{base[: SHEET_NAME_LIMIT - 3]}-{serial}"
        serial += 1
    used.add(name)
    return name
