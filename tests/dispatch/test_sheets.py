"""Tables as WPS, Excel and other programs write them: every row is read, or the file is refused with what to do."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from dispatch.sheets import cells, tables, workbooks
from dispatch.sheets.grids import Unreadable
from dispatch.sheets.tables import Columns, Table
from hotline import formulas

COLUMNS = Columns(
    {"category": ("类别", "分类"), "region": ("区域",), "day": ("日期",), "code": ("编码",)},
    needed=("category", "region"),
    together=("day", "code"),
)
HEADING = ("类别", "区域", "日期", "编码")
SHEET = "xl/worksheets/sheet1.xml"
Edit = Callable[[str], str]


def workbook(fill: Callable[[Any, Any], None], **edits: Edit) -> bytes:
    """A workbook of one sheet, afterwards edited by hand: `sheet`, `book` or `strings` is given its XML."""
    out, edited = io.BytesIO(), io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet("目录")
    fill(book, sheet)
    book.close()
    paths = {"sheet": SHEET, "book": "xl/workbook.xml", "strings": "xl/sharedStrings.xml"}
    by_path = {paths[name]: edit for name, edit in edits.items()}
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(edited, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode()
            new.writestr(name, by_path.get(name, str)(text))
    return edited.getvalue()


def rows_of(*rows: tuple[Any, ...]) -> Callable[[Any, Any], None]:
    def fill(_book: Any, sheet: Any) -> None:
        for index, row in enumerate(rows):
            sheet.write_row(index, 0, row)

    return fill


def read(content: bytes) -> Table:
    return tables.read(content, COLUMNS)


def values(content: bytes) -> list[tuple[str, ...]]:
    return [tuple(row.values.values()) for row in read(content).rows]


def refused(content: bytes) -> str:
    with translation.override("zh-hans"), pytest.raises(Unreadable) as caught:
        read(content)
    return str(caught.value)


def faults(content: bytes) -> dict[int, str]:
    with translation.override("zh-hans"):
        return {row.number: row.fault for row in read(content).rows if row.fault}


# -- workbooks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("declared", ["A1:B2", "A1", "A1:XFD1048576", ""])
def test_the_size_that_a_file_declares_cuts_nothing_off(declared: str) -> None:
    content = workbook(
        rows_of(HEADING, *((f"类{n}", "区", "", "") for n in range(300))),
        sheet=lambda xml: re.sub(r'<dimension ref="[^"]*"/>', f'<dimension ref="{declared}"/>' * bool(declared), xml),
    )
    found = read(content).rows
    assert len(found) == 300
    assert (found[-1].number, found[-1].values["category"]) == (301, "类299")


def test_a_title_and_notes_may_stand_above_the_heading() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.merge_range("A1:D1", "孝感市责任目录")
        sheet.write(1, 0, "填报单位：市政务局")
        sheet.write_row(3, 0, ("序号", "类 别*", "区域", "日期", "编码"))
        sheet.write_row(4, 0, (1, "道路", "东区"))

    (row,) = read(workbook(fill)).rows
    assert (row.number, row.values["category"], row.values["region"]) == (5, "道路", "东区")


def test_a_heading_that_is_printed_again_is_no_row() -> None:
    assert len(values(workbook(rows_of(HEADING, ("甲", "东"), HEADING, ("乙", "西"))))) == 2


def test_a_merged_cell_holds_for_each_of_its_rows() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, HEADING)
        sheet.merge_range("A2:A4", "道路")
        for row, region in enumerate(("东", "西", "南"), 1):
            sheet.write(row, 1, region)

    assert [pair[:2] for pair in values(workbook(fill))] == [("道路", "东"), ("道路", "西"), ("道路", "南")]


def test_rows_that_are_only_coloured_are_none_and_hidden_rows_are_rows() -> None:
    def fill(book: Any, sheet: Any) -> None:
        red = book.add_format({"bg_color": "red"})
        sheet.write_row(0, 0, HEADING)
        sheet.write_row(1, 0, ("甲", "东"))
        sheet.write_row(2, 0, ("乙", "西"))
        sheet.set_row(2, None, None, {"hidden": True})
        for row in range(3, 5000):
            sheet.write_blank(row, 0, None, red)
        sheet.write_row(5000, 0, ("丙", "南"))

    found = read(workbook(fill)).rows
    assert [(row.number, row.values["category"]) for row in found] == [(2, "甲"), (3, "乙"), (5001, "丙")]


@pytest.mark.parametrize("counts_from_1904", [False, True])
def test_days_are_days_whether_their_cells_are_formatted_or_not(counts_from_1904: bool) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, HEADING)
        sheet.write_row(1, 0, ("甲", "东"))
        serial = 46053 - 1462 * counts_from_1904
        sheet.write_number(1, 2, serial, book.add_format({"num_format": "yyyy/m/d"}))
        sheet.write_row(2, 0, ("乙", "西", serial))
        sheet.write_row(3, 0, ("丙", "南", serial + 0.5))
        sheet.write_row(4, 0, ("丁", "北", "2026年1月31日"))

    mark: Edit = lambda xml: xml.replace("<workbookPr ", '<workbookPr date1904="1" ')  # noqa: E731
    found = read(workbook(fill, book=mark if counts_from_1904 else str)).rows
    told = [cells.moment(row.values["day"], counts_from_1904=row.counts_from_1904) for row in found]
    assert [one.date() for one in told] == [date(2026, 1, 31)] * 4
    assert told[2].isoformat() == "2026-01-31T12:00:00"


def test_numbers_are_read_as_they_are_shown() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, HEADING)
        sheet.write_row(1, 0, (13812345678, 1.5, True))
        sheet.write_number(1, 3, 7, book.add_format({"num_format": "000000"}))

    assert values(workbook(fill)) == [("13812345678", "1.5", "TRUE", "000007")]


def test_a_cell_that_cannot_be_relied_on_is_the_fault_of_its_row_and_named() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, HEADING)
        sheet.write_row(1, 0, ("甲", "东"))
        sheet.write_row(2, 0, ("乙", "西", 421234567890123456))
        sheet.write_row(3, 0, ("丙", "南", "", "1.38E+10"))
        sheet.write(4, 1, "北")
        sheet.write_formula(4, 0, "=1/0", None, "#DIV/0!")

    found = faults(workbook(fill))
    assert list(found) == [3, 4, 5]
    assert "C3" in found[3]
    assert "15" in found[3]
    assert "1.38E+10" in found[4]
    assert "A5" in found[5]


def test_a_formula_without_a_kept_value_is_told_and_one_with_is_read() -> None:
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in (HEADING, ("甲", "东"), ("=A2", "西")):
        sheet.append(row)
    book.save(out)
    found = faults(out.getvalue())
    assert list(found) == [3]
    assert "A3" in found[3]
    assert "WPS" in found[3]
    kept = workbook(
        rows_of(HEADING, ("甲", "东"), ("=A2", "西")),
        sheet=lambda xml: xml.replace('<c r="A3"><f>A2</f><v>0</v>', '<c r="A3" t="str"><f>A2</f><v>甲</v>'),
        book=lambda xml: xml.replace(' fullCalcOnLoad="1"', ""),
    )
    assert [pair[0] for pair in values(kept)] == ["甲", "甲"]


def test_a_place_in_small_letters_is_the_same_place() -> None:
    content = workbook(
        rows_of(HEADING, ("=A1", "东")),
        sheet=lambda xml: xml.replace('<c r="A2"><f>A1</f><v>0</v>', '<c r="a2"><f>A1</f>'),
    )
    assert "A2" in faults(content)[2]


@pytest.mark.parametrize(
    "twice", ['<row r="2"><c r="A2"><v>7</v></c></row>', '<row><c r="A9"><v>1</v></c><c r="A9"/></row>']
)
def test_of_two_rows_or_cells_in_one_place_none_is_dropped_in_silence(twice: str) -> None:
    assert "损坏" in refused(workbook(rows_of(HEADING, ("甲", "东")), sheet=repeated(twice, 1)))


def test_what_a_cell_says_is_cleaned_where_it_is_read() -> None:
    content = workbook(
        rows_of(HEADING, ("道路\n施工", "东")),
        strings=lambda xml: xml.replace("东", "东_x0000__x000D_\n\u202e区_x0007_"),
    )
    assert values(content)[0][:2] == ("道路\n施工", "东\n区")


def test_cells_without_places_and_names_with_a_prefix() -> None:
    """As the Open XML SDK writes them."""
    content = workbook(
        rows_of(HEADING, ("甲", "东", 46053, 5)), sheet=lambda xml: re.sub(r'<(c|row) r="[A-Z]*\d+"', r"<\1", xml)
    )
    assert values(content) == [("甲", "东", "46053", "5")]


def sheets(*filled: tuple[str, bool, tuple[Any, ...]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    for name, is_hidden, heading in filled:
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, heading)
        sheet.write_row(1, 0, ("甲", "东"))
        if is_hidden:
            sheet.hide()
    book.close()
    return out.getvalue()


def test_of_several_sheets_the_one_with_the_table_is_read() -> None:
    found = read(sheets(("说明", False, ("请先阅读",)), ("目录", False, HEADING)))
    assert (found.sheet, found.passed_over, len(found.rows)) == ("目录", ("说明",), 1)
    assert "一月、二月" in refused(sheets(("一月", False, HEADING), ("二月", False, HEADING))).replace(", ", "、")
    assert "旧" in refused(sheets(("目录", False, HEADING), ("旧", True, HEADING)))
    assert "隐藏" in refused(sheets(("说明", False, ("请先阅读",)), ("旧", True, HEADING)))


def test_a_heading_that_is_not_whole_is_told() -> None:
    assert "区域" in refused(workbook(rows_of(("类别", "名称"), ("甲", "东"))))
    assert "编码" in refused(workbook(rows_of(("类别", "区域", "日期"), ("甲", "东"))))
    assert "B" in refused(workbook(rows_of(("类别", "分类", "区域"), ("甲", "乙", "东"))))
    assert "类别" in refused(workbook(rows_of()))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (workbooks.OLD + b"\0" * 600, ".xls"),
        (workbooks.OLD + b"\0" * 600 + workbooks.ENCRYPTED, "密码"),
        (b"PK\x03\x04 broken", "损坏"),
        (b"<html><body><table><tr><td>a</td></tr></table></body></html>", "网页"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "网页"),
        (b"%PDF-1.7 x", "网页"),
        (b"\x00\x01\x02", "零字节"),
        (b"", "类别"),
    ],
)
def test_what_is_no_workbook_is_refused_with_what_to_do(content: bytes, said: str) -> None:
    assert said in refused(content)


# -- workbooks that are made to harm ------------------------------------------------------------------------


def repeated(what: str, times: int) -> Edit:
    return lambda xml: xml.replace("</sheetData>", what * times + "</sheetData>")


FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
LONG = '<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>'


@pytest.mark.parametrize(
    "edits",
    [
        {"sheet": repeated(FAR, 1)},
        {"sheet": repeated(" " * 1000, 150_000)},
        {"sheet": repeated(LONG, 20_000), "strings": lambda xml: xml.replace("类别", "类" * 32_000)},
        {"sheet": repeated("<row>" + "<c><v>1</v></c>" * 20 + "</row>", 300_000)},
    ],
    ids=["a cell at the far end", "unpacks to 150 MB", "600 million characters", "six million cells"],
)
def test_a_workbook_cannot_hold_whoever_reads_it(edits: dict[str, Edit]) -> None:
    content = workbook(rows_of(HEADING, ("甲", "东")), **edits)
    assert len(content) < workbooks.ON_A_PAGE.size
    began = time.monotonic()
    assert "过多" in refused(content)
    assert time.monotonic() - began < 3 * workbooks.ON_A_PAGE.seconds


# -- text files ---------------------------------------------------------------------------------------------

TEXT = "责任目录,,,\n类别,区域,日期,编码\n道路,东区,2026/1/31,007\n\n公园,西区,,\n"
READ = [("道路", "东区", "2026/1/31", "007"), ("公园", "西区", "", "")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "，"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_text_file_in_any_encoding_with_any_separator(encoding: str, separator: str, ends: str) -> None:
    content = TEXT.replace(",", separator).replace("\n", ends).encode(encoding)
    assert values(content) == READ
    assert [row.number for row in read(content).rows] == [3, 5]


def test_what_separates_the_cells_may_be_said_in_the_first_line() -> None:
    assert values(b"sep=|\r\n" + TEXT.replace(",", "|").encode("gbk")) == READ


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("end", ["\0", "\0" * 511, "\x1a", "\x1a\0\0"])
def test_what_fills_up_the_end_of_a_text_file_is_no_part_of_it(encoding: str, end: str) -> None:
    assert values((TEXT + end).encode(encoding)) == READ


def test_blanks_beside_quotation_marks_are_no_part_of_a_cell() -> None:
    content = ' "类别", "区域"\t,\u3000"日期" ,"编码" \n "道路","东区",2026/1/31, "007"\n"公园", "西区" ,,\n'
    assert values(content.encode()) == READ


def test_a_text_file_that_is_not_certain_is_refused() -> None:
    assert "第 3 行" in refused(TEXT.replace("东区", "东\0区").encode() + b"," * 200)
    damaged = TEXT.encode().replace("东区".encode(), b"\xff\xfe\xfd")
    assert "第 3 行" in refused(damaged)
    assert "编码" in refused("類別,區域\n道路,東區噪音擾民請盡速處理謝謝\n".encode("big5"))
    assert "第 2 行" in refused('类别,区域\n甲,"东\n'.encode())


def test_a_row_that_has_slipped_is_a_fault() -> None:
    found = faults("类别,区域,日期,编码\n甲,东\n乙,西,,,多\n丙,南,,,,,\n".encode())
    assert list(found) == [2, 3]


# -- cells --------------------------------------------------------------------------------------------------


@given(st.text(alphabet="=+-@'\t\r\n＝ａa1 ", max_size=6))
def test_a_cell_is_no_formula_and_comes_back_as_it_was(text: str) -> None:
    written = formulas.harmless(text)
    assert not written.startswith(tuple(formulas.FORMULA_SIGNS))
    assert formulas.as_meant(written) == text


@pytest.mark.parametrize(
    "text",
    ["2026-01-31 14:05:00", "2026/1/31 14:05", "2026.1.31 14:05", "2026年1月31日14时5分", "2026年1月31日 下午2:05",
     "2026-01-31T14:05:00", "２０２６－０１－３１　１４：０５", "2026/1/31 2:05 PM", "46053.5868055556"],
)  # fmt: skip
def test_a_moment_as_people_and_programs_write_it(text: str) -> None:
    assert cells.moment(text).isoformat() == "2026-01-31T14:05:00"


@pytest.mark.parametrize("text", ["", "昨天", "31/1/2026", "2026-13-01", "2026-02-30", "20261301", "12", "1e9", "2026"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whoever asks tells it in words
        cells.moment(text)
