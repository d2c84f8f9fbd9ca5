"""A report's sections as an Excel workbook: a sheet a section, numbers as numbers, charts native."""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter

from hotline.text import clean_within
from reports.content import cells

from .charts import CHART_COLOUR, MAX_BARS
from .paper import Paper

SHEET_NAME_LIMIT = 31  # Excel's own


def as_xlsx(paper: Paper, sections: list[dict[str, Any]]) -> bytes:
    """The report as an Excel workbook: a sheet a section, charts native."""
    paper, sections = paper.cleaned(), clean_within(sections)
    title, subtitle = paper.title, paper.subtitle
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    bold = book.add_format({"bold": True, "bg_color": "#E7F0F7", "border": 1, "text_wrap": True})
    plain = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    numbers = {
        form: book.add_format({"border": 1, "num_format": written, "valign": "top"})
        for form, written in cells.NUMBER_FORMATS.items()
    }
    heading = book.add_format({"bold": True, "font_size": 14})
    used: set[str] = set()
    for section in sections:
        name = _sheet_name(section["title"], used)
        sheet = book.add_worksheet(name)
        sheet.write_string(0, 0, f"{title}: {section['title']}", heading)
        sheet.write_string(1, 0, " · ".join(part for part in (subtitle, section["note"]) if part))
        for column, label in enumerate(section["columns"]):
            sheet.write_string(3, column, label, bold)
            widest = max([len(cells.text(row[column])) for row in section["rows"]] + [len(label)])
            sheet.set_column(column, column, min(60, 4 + 1.8 * widest))
        for index, row in enumerate(section["rows"], 4):
            for column, value in enumerate(row):
                if (number := cells.value(value)) is None:
                    sheet.write_string(index, column, cells.text(value), plain)
                else:
                    sheet.write_number(index, column, number, numbers[cells.form_of(value)])
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
