"""Text files with a table (.csv, .tsv, .txt), in whatever encoding and with whatever separator they were saved."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator

from django.utils.translation import gettext as _t

from dispatch.sheets.grids import FIRST, Grid, Unreadable
from hotline.formulas import as_meant

SEPARATORS = ",;\t|，；"
BLANKS = " \t\u00a0\u3000"
FEW_ZEROS = 0.02  # share of zero bytes up to which they are damage; in UTF-16 each comma, digit and line end has one
LOOKED_AT = 100_000  # characters in which the first rows stand
MAX_FIELD = 2_000_000  # characters of one cell
BY_MARK = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
NAMED_SEPARATOR = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)  # by which Excel is told in the first line
OTHER_KINDS = re.compile(r"\s*(<!doctype html|<html|<table|<\?xml|%PDF-|\{\\rtf)", re.IGNORECASE)
SEEN = 4096  # characters by which it is told whether a text reads like Chinese
USUAL = 0.9  # share of its signs outside ASCII that stand in GB 2312, as nearly all of everyday Chinese does
ENDS = b"\0\x1a"  # by which the end of a text is filled up or marked
BROKEN = 0.3  # share of signs that do not decode, up to which it is a damaged file in UTF-8 and not another encoding


def grid(content: bytes, looks_right: Callable[[list[list[str]]], int]) -> Grid:
    """The rows of a text file. Raises Unreadable.

    `looks_right` tells how well the first rows fit what is looked for; the separator that fits best is taken.
    """
    text = decoded(content)
    if OTHER_KINDS.match(text):
        raise Unreadable(
            _t(
                "This is no table but a page or document under another name. Open it in Excel or WPS, save it as an "
                "Excel workbook (.xlsx) and try again."
            )
        )
    csv.field_size_limit(MAX_FIELD)
    text, separator = _separated(text, looks_right)
    rows = [(number, [as_meant(cell) for cell in cells]) for number, cells in _rows(text, separator) if any(cells)]
    return Grid(name="", rows=rows, must_match=True)


def _separated(text: str, looks_right: Callable[[list[list[str]]], int]) -> tuple[str, str]:
    """The text and what separates its cells; said in the first line, else what fits best."""
    if said := NAMED_SEPARATOR.match(text):
        return text[said.end() :], said[1]  # Excel does not count that line either
    return text, max(SEPARATORS, key=lambda one: looks_right(_first_rows(text, one)))


def _first_rows(text: str, separator: str) -> list[list[str]]:
    rows = []
    try:
        for number, cells in _rows(text[:LOOKED_AT], separator):
            rows.append(cells)
            if number >= FIRST:
                break
    except Unreadable:
        pass  # told where the whole is read
    return rows


def _quoted_at_once(text: str, separator: str) -> str:
    """Without blanks between a separator and a quotation mark, which would make the mark a letter of the cell."""
    blanks, parted = f"[{BLANKS.replace(separator, '')}]+", re.escape(separator)
    text = re.sub(rf'(^|{parted}){blanks}(?=")', r"\1", text, flags=re.MULTILINE)
    return re.sub(rf'"{blanks}(?=$|\r|{parted})', '"', text, flags=re.MULTILINE)


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    text = _quoted_at_once(text, separator)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            yield number, cells
    except csv.Error as error:
        raise Unreadable(
            _t("Row %(row)d: a quotation mark is missing, or a cell is longer than can be read.") % {"row": number + 1},
            number + 1,
        ) from error


# -- encodings ------------------------------------------------------------------------------------------------


def decoded(content: bytes) -> str:
    """The text of a file, by its mark or by what it looks like. Raises Unreadable where that is not certain."""
    for mark, encoding in BY_MARK:
        if content.startswith(mark):
            return _strict(content[len(mark) :], encoding)
    if b"\0" not in (filled := content.rstrip(ENDS)):
        content = filled  # up to the end of a block, as old programs and carriers of data do
    elif content.count(0) < len(content) * FEW_ZEROS and _is_utf8(content):
        raise _undecodable(content[: content.index(0)].count(b"\n") + 1, "UTF-8")
    if b"\0" in content:
        return _two_bytes_each(content)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        if _is_damaged_utf8(content):
            raise _undecodable(content[: error.start].count(b"\n") + 1, "UTF-8") from error
    return _chinese(content)


def _strict(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding).rstrip(ENDS.decode())
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(encoding, errors="replace")
        raise _undecodable(before.count("\n") + 1, encoding.upper()) from error
    if "\0" in text:
        raise _undecodable(text[: text.index("\0")].count("\n") + 1, encoding.upper())
    return text


def _two_bytes_each(content: bytes) -> str:
    """UTF-16 without a mark: its commas and line ends have a zero byte before or after them."""
    zeros_first = content[::2].count(0) > content[1::2].count(0)
    try:
        return _strict(content, "utf-16-be" if zeros_first else "utf-16-le")
    except Unreadable:
        raise Unreadable(
            _t("The file holds zero bytes; it is neither a text file nor an Excel workbook (.xlsx).")
        ) from None


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_damaged_utf8(content: bytes) -> bool:
    text = content.decode("utf-8", errors="replace")
    foreign = sum(char > "\x7f" for char in text)
    return text.count("\ufffd") <= foreign * BROKEN


def _chinese(content: bytes) -> str:
    """GBK and its larger brother, as Excel and WPS save a CSV file in China."""
    text = _strict(content, "gb18030")
    signs = [char for char in text[:SEEN] if char > "\x7f"]
    usual = sum(_stands_in_gb2312(char) for char in signs)
    if usual < len(signs) * USUAL:
        raise Unreadable(
            _t("The encoding of the file cannot be told. Save it as UTF-8 or as an Excel workbook (.xlsx).")
        )
    return text


def _stands_in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _undecodable(row: int, encoding: str) -> Unreadable:
    return Unreadable(
        _t(
            "Line %(row)d holds bytes that are no %(encoding)s: the file is damaged or mixed. Save it as UTF-8 or as "
            "an Excel workbook (.xlsx) and try again."
        )
        % {"row": row, "encoding": encoding},
        row,
    )
