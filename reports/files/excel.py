"""A report's sections as an Excel workbook: a sheet a section, numbers as numbers, native charts, ready for print."""

from __future__ import annotations

import io
import math
import unicodedata
from datetime import UTC
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _t

from hotline.text import clean_within
from reports.content import cells

from .charts import CHART_COLOUR, MAX_BARS, bars_of
from .paper import Paper

SHEET_NAME_LIMIT, TEXT_LIMIT = 31, 32_767  # characters; Excel's own
HEAD, FIRST = 3, 4  # rows above the columns: title, note, the way back
ROW, HIGHEST = 17, 400  # points of a line in a row, and of a row at most
BESIDE = 80  # Latin characters up to which a table leaves room for its chart beside it on a printed page
WIDEST, NARROWEST, TEXT_WIDTH = 48, 8, 96  # Latin characters: a column at most and at least, a sheet of text
LARGE = 20_000  # cells; a workbook of more is written through a file and not held in memory
A4, FORMULA = 9, ("=", "+", "-", "@", "\t", "\r")
HEADER_LIMIT = 200  # characters of what stands above a printed page; Excel takes 255 with its signs
FILL = "#E7F0F7"
PAGE = (770.0, 480.0)  # points of an A4 page that lies, within its margins
DEFAULT_ROW, SLACK = 15.0, 0.06  # points; programs differ in where a page ends


def as_xlsx(paper: Paper, sections: list[dict[str, Any]]) -> bytes:
    """The report as an Excel workbook: its contents first, then a sheet a section."""
    paper, sections = paper.cleaned(), clean_within(sections)
    size = sum(len(section["rows"]) * len(section["columns"]) for section in sections)
    out = io.BytesIO()
    options = {"in_memory": True} if size <= LARGE else {"constant_memory": True}
    with xlsxwriter.Workbook(out, options | {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        _Workbook(book, paper).write(sections)
    return out.getvalue()


class _Workbook:
    def __init__(self, book: Any, paper: Paper) -> None:
        self.book, self.paper = book, paper
        self.used: set[str] = {"history"}  # which Excel keeps for itself
        self.formats: dict[tuple[Any, ...], Any] = {}
        made = paper.made_at.astimezone(UTC).replace(tzinfo=None)
        book.set_properties({
            "title": paper.title, "subject": paper.subtitle, "author": paper.issuer, "company": paper.issuer,
            "comments": paper.mark, "created": made,
        })  # fmt: skip

    def write(self, sections: list[dict[str, Any]]) -> None:
        contents = self._name(_t("Contents"))
        names = [self._name(section["title"]) for section in sections]
        self._contents(self._sheet(contents), list(zip(names, sections, strict=True)))
        for name, section in zip(names, sections, strict=True):
            self._section(self._sheet(name), name, section, contents)

    def _sheet(self, name: str) -> Any:
        """A sheet that is printed on A4, lying, as wide as the page, with what it is and whose on each page."""
        sheet = self.book.add_worksheet(name)
        sheet.set_paper(A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.8)
        sheet.center_horizontally()
        sheet.hide_gridlines(2)
        sheet.set_header(f"&C{_in_header(self.paper.title)}")
        pages = _t("Page %(page)s of %(pages)s") % {"page": "&P", "pages": "&N"}
        sheet.set_footer(f"&L&8{_in_header(self.paper.mark)}&R&8{pages}")
        return sheet

    def _contents(self, sheet: Any, named: list[tuple[str, dict[str, Any]]]) -> None:
        paper = self.paper
        sheet.set_column(0, 0, 6)
        sheet.set_column(1, 1, 60)
        sheet.set_column(2, 2, 10)
        sheet.merge_range(0, 0, 0, 2, paper.title, self._format(bold=True, font_size=16, text_wrap=True))
        sheet.set_row(0, 24 * _lines(paper.title, 45))
        about = " · ".join(part for part in (paper.issue, paper.issuer, paper.day, paper.mark) if part)
        sheet.merge_range(1, 0, 1, 2, about, self._format(text_wrap=True, valign="top"))
        sheet.set_row(1, 16 * _lines(about, 74))
        sheet.merge_range(2, 0, 2, 2, paper.partial, self._format(bold=True, font_color="#C00000", text_wrap=True))
        for column, label in enumerate((_t("No."), _t("Contents"), _t("Rows"))):
            sheet.write_string(HEAD, column, label, self._format(bold=True, bg_color=FILL, border=1))
        for at, (name, section) in enumerate(named, 1):
            sheet.write_number(HEAD + at, 0, at, self._format(border=1))
            link = self._format(border=1, font_color="#0563C1", underline=1)
            sheet.write_url(HEAD + at, 1, f"internal:'{name.replace(APOSTROPHE, APOSTROPHE * 2)}'!A1", link,
                            _fitting(section["title"]))  # fmt: skip
            if not section["columns"]:
                sheet.write_blank(HEAD + at, 2, None, self._format(border=1))
                continue
            count = len(section["rows"]) - bool(section.get("has_total") and section["rows"])
            sheet.write_number(HEAD + at, 2, count, self._format(border=1))
        sheet.freeze_panes(FIRST, 0)

    def _section(self, sheet: Any, name: str, section: dict[str, Any], contents: str) -> None:
        told = section.get("paragraphs", ())
        columns = section["columns"]
        widths = [_width(section, at) for at in range(len(columns))] or [TEXT_WIDTH]
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        note = "\n".join([*told, *([section["note"]] if section["note"] else []), *_few(section)])
        bold = self._format(bold=True, font_size=14, text_wrap=True)
        self._across(sheet, 0, section["title"], bold, widths, 20)
        self._across(sheet, 1, note, self._format(text_wrap=True, valign="top", font_color="#595959"), widths, 15)
        sheet.write_url(2, 0, f"internal:'{contents}'!A1", self._format(font_color="#0563C1", underline=1, font_size=9),
                        _t("Back to the contents"))  # fmt: skip
        if not columns:
            return
        head = self._format(bold=True, bg_color=FILL, border=1, text_wrap=True, valign="vcenter", align="center")
        sheet.set_row(HEAD, ROW * max(_lines_of(label, width) for label, width in zip(columns, widths, strict=True)))
        for column, label in enumerate(columns):
            sheet.write_string(HEAD, column, _fitting(label), head)
        last = len(section["rows"]) - 1
        figures = [all(cells.is_number(row[at]) for row in section["rows"]) for at in range(len(columns))]
        for index, row in enumerate(section["rows"]):
            is_total = bool(section.get("has_total")) and index == last
            high = max(_lines_of(cells.text(cell), width) for cell, width in zip(row, widths, strict=True))
            sheet.set_row(FIRST + index, min(HIGHEST, ROW * high))
            for column, cell in enumerate(row):
                self._cell(sheet, FIRST + index, column, cell, is_total, figures[column])
        if not section["rows"]:
            self._across(sheet, FIRST, _t("Nothing to report."), self._format(border=1), widths, ROW)
        sheet.freeze_panes(FIRST, 1 if len(columns) > 1 else 0)
        sheet.repeat_rows(HEAD)
        counted = last - bool(section.get("has_total"))  # the total is not sorted or filtered with the rows
        if counted >= 0:
            sheet.autofilter(HEAD, 0, HEAD + 1 + counted, len(columns) - 1)
        if section.get("chart") and bars_of(section):
            self._chart(sheet, name, section, widths)

    def _across(self, sheet: Any, row: int, text: str, style: Any, widths: list[float], points: int) -> None:
        """A text over all columns of a table, as high as it needs."""
        text = _fitting(text)
        if len(widths) > 1:
            sheet.merge_range(row, 0, row, len(widths) - 1, text, style)
        else:
            sheet.write_string(row, 0, text, style)
        if text:
            lines = _lines_of(text, sum(widths) * (15 / points))
            sheet.set_row(row, min(HIGHEST, points * lines + 2))

    def _cell(self, sheet: Any, row: int, column: int, cell: Any, is_total: bool, is_figures: bool) -> None:
        total = {"bold": True, "top": 2} if is_total else {}
        if (number := cells.value(cell)) is not None and math.isfinite(number):
            written = cells.NUMBER_FORMATS[cells.form_of(cell)]
            if cells.few(cell):
                written = ";".join(part + '"*"' for part in written.split(";"))
            sheet.write_number(
                row, column, number, self._format(border=1, valign="vcenter", num_format=written, **total)
            )
            return
        text = _fitting(cells.text(cell))
        right = {"align": "right"} if is_figures and cells.is_number(cell) else {}
        typed = {"quote_prefix": True} if text.startswith(FORMULA) else {}  # is no formula after it was edited either
        style = self._format(border=1, text_wrap=True, valign="vcenter", **right, **typed, **total)
        sheet.write_string(row, column, text, style)

    def _chart(self, sheet: Any, name: str, section: dict[str, Any], widths: list[float]) -> None:
        """Beside a narrow table, under a wide one: a printed page then has both."""
        label, value = section["chart"]["label"], section["chart"]["value"]
        last = HEAD + len(bars_of(section))
        bars = self.book.add_chart({"type": "bar"})
        bars.add_series({
            "name": [name, HEAD, value], "categories": [name, FIRST, label, last, label],
            "values": [name, FIRST, value, last, value], "fill": {"color": CHART_COLOUR}, "gap": 60,
            "data_labels": {"value": True},
        })  # fmt: skip
        bars.set_legend({"none": True})
        title = section["title"]
        if len(section["rows"]) - bool(section.get("has_total")) > MAX_BARS:
            title = _t("%(title)s: the first %(count)d") % {"title": title, "count": MAX_BARS}
        bars.set_title({"name": title[:TITLE_LIMIT], "name_font": {"size": 12}, "overlay": False})
        bars.set_y_axis(
            {"reverse": True, "crossing": "max", "name": section["columns"][label], "name_font": {"size": 9}}
        )
        grid = {"visible": True, "line": {"color": "#D9D9D9"}}
        bars.set_x_axis({"name": section["columns"][value], "name_font": {"size": 9}, "major_gridlines": grid})
        height = 120 + 24 * len(bars_of(section))
        bars.set_size({"width": 560, "height": height})
        is_beside = sum(widths) <= BESIDE
        place = (HEAD, len(widths) + 1) if is_beside else (FIRST + len(section["rows"]) + 1, 0)
        if is_beside:
            sheet.set_column(len(widths), len(widths), 3)
        else:
            place = (place[0] + self._down_to_a_whole_page(sheet, widths, place[0], 0.75 * height), 0)
        sheet.insert_chart(*place, bars, {"description": section["title"], "object_position": 3})

    def _down_to_a_whole_page(self, sheet: Any, widths: list[float], row: int, height: float) -> int:
        """How many rows lower a chart of so many points begins below its table: no printed page shall end within it."""
        scale = min(1.0, PAGE[0] / sum(0.75 * (7 * width + 5) for width in widths))
        heights = [sheet.row_sizes[at][0] * 0.75 if at in sheet.row_sizes else DEFAULT_ROW for at in range(row)]
        used, room = 0.0, PAGE[1] / scale
        for one in heights:
            if used + one > room:
                used, room = 0.0, PAGE[1] / scale - heights[HEAD]  # which stands on each page again
            used += one
        if used + height <= room * (1 - SLACK):
            return 0
        return math.ceil((room - used) * (1 + SLACK) / DEFAULT_ROW) + 1

    def _format(self, **wanted: Any) -> Any:
        key = tuple(sorted(wanted.items()))
        if key not in self.formats:
            self.formats[key] = self.book.add_format({"font_name": "宋体", "font_size": 11} | wanted)
        return self.formats[key]

    def _name(self, title: str) -> str:
        """A name that Excel allows: no special characters, short, and not twice in any spelling."""
        base = "".join(one for one in title if one not in "[]:*?/\\\n\t").strip("' ")[:SHEET_NAME_LIMIT] or _t("Sheet")
        name, serial = base, 2
        while name.casefold() in self.used:
            ending = f"-{serial}"
            name, serial = base[: SHEET_NAME_LIMIT - len(ending)] + ending, serial + 1
        self.used.add(name.casefold())
        return name


APOSTROPHE, TITLE_LIMIT = "'", 120


def _few(section: dict[str, Any]) -> list[str]:
    is_so = any(cells.few(cell) for row in section["rows"] for cell in row)
    return [_t("* The base is too small to judge by.")] if is_so else []


def _fitting(text: str) -> str:
    """A text that a cell can hold."""
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"


def _in_header(text: str) -> str:
    """A text above or below a printed page, where & begins a sign."""
    return text[:HEADER_LIMIT].replace("&", "&&")


def _width(section: dict[str, Any], at: int) -> float:
    """As wide as what stands in it; a heading may go over two lines, a long text over several."""
    widest = max((_breadth(line) for row in section["rows"] for line in cells.text(row[at]).split("\n")), default=0)
    return min(WIDEST, max(NARROWEST, widest + 2, math.ceil(_breadth(section["columns"][at]) / 2) + 4))


def _lines(text: str, width: float) -> int:
    return max(1, math.ceil(_breadth(text) / max(1, width)))


def _lines_of(text: str, width: float) -> int:
    """How many lines a text takes in a cell of a width."""
    return sum(_lines(line, width - 1) for line in text.split("\n"))


def _breadth(text: str) -> float:
    """How broad a text is, in Latin characters: a Chinese one counts two and a bit."""
    return sum(2.1 if unicodedata.east_asian_width(character) in "WFA" else 1.1 for character in text)
