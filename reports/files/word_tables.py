"""The tables of a report in Word: how wide their columns are, in which size, upright or sideways.

A figure is never broken over a line, nor a number of a ticket or a day; a row never over a page. What does not fit
upright in the usual size is set smaller, then sideways, and at last in several tables that share their first column.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from reports.content import cells

from . import official

PADDING = 60  # twips at either side of a cell
# What is tried, the first that fits: how much room columns get, whether sideways, points.
TRIED = (
    ("likes", False, 10.5), ("likes", False, 9.0), ("bears", False, 9.0), ("likes", True, 10.5), ("likes", True, 9.0),
    ("bears", True, 9.0), ("needs", True, 9.0), ("needs", True, 7.5),
)  # fmt: skip
WIDEST, LONGEST_WORD = 24, 22.0  # characters that a column asks for at most; that are kept together at most
COMFORTABLE_LINES, BEARABLE_LINES = 3, 6  # of a cell
SLACK = 0.3  # of a character, since typefaces differ
SHORT = 10  # rows of a table that is kept on one page
TALL = 500  # characters of a cell above which its row may go over a page: it would else not fit on one
FILL = "EDF2F7"
EVENLY = 8  # steps from half a page's width to all of it, in which tables of even breadth are looked for
WORD = re.compile(r"(?:\d+[年月日时分])+|[!-\u1fff]+|[^!-\u1fff]")  # a day as Chinese write it is one too
BORDER = re.compile(r"(?<=[\u2e80-\uffff])(?=[0-9A-Za-z])|(?<=[0-9A-Za-z%])(?=[\u2e80-\uffff])")
BETWEEN = 0.25  # of a character, which Word leaves between Chinese and Latin ones


@dataclass(frozen=True)
class Column:
    """How wide a column must be, can be borne, is liked and is asked for at most, in characters of its size."""

    needs: float
    bears: float
    likes: float
    wants: float
    is_figures: bool


@dataclass(frozen=True)
class Part:
    """One table: which columns of the section, on which page, in which size, with widths in twips."""

    section: dict[str, Any]
    columns: Sequence[int]
    is_turned: bool
    size: float
    widths: Sequence[int]
    figures: Sequence[bool]

    def xml(self, *, has_note: bool, style_of: Callable[[str], str]) -> Any:
        section = self.section
        head = self._row([section["columns"][at] for at in self.columns], style_of(official.COLUMN), is_head=True)
        style, last = style_of(official.CELL), len(section["rows"]) - 1
        rows = [
            self._row(
                [row[at] for at in self.columns], style,
                is_bold=section.get("has_total", False) and index == last,
                keeps_next=(has_note and index == last) or (index < last and (last < SHORT or index in (0, last - 1))),
            )
            for index, row in enumerate(section["rows"])
        ]  # fmt: skip
        line = 'w:val="single" w:sz="4" w:space="0" w:color="000000"'
        borders = "".join(f"<w:{side} {line}/>" for side in ("top", "left", "bottom", "right", "insideH", "insideV"))
        title = escape(section["title"], QUOTES)
        grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in self.widths)
        return parse_xml(
            f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(self.widths)}" w:type="dxa"/><w:jc w:val="center"/>'
            f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar>'
            f'<w:left w:w="{PADDING}" w:type="dxa"/><w:right w:w="{PADDING}" w:type="dxa"/></w:tblCellMar>'
            f'<w:tblLook w:val="0020" w:firstRow="1"/><w:tblCaption w:val="{title}"/></w:tblPr>'
            f"<w:tblGrid>{grid}</w:tblGrid>{head}{''.join(rows)}</w:tbl>"
        )

    def _row(
        self, row: list[Any], style: str, *, is_head: bool = False, is_bold: bool = False, keeps_next: bool = False
    ) -> str:
        texts = [str(cell) if is_head else printed(cell) for cell in row]
        size = "" if self.size == official.SIZE_5 else f'<w:sz w:val="{round(self.size * 2)}"/>'
        letters = f"<w:rPr>{'<w:b/>' if is_bold else ''}{size}</w:rPr>" if is_bold or size else ""
        whole = "" if max(map(len, texts)) > TALL else "<w:cantSplit/>"
        keep = "<w:keepNext/>" if keeps_next else ""
        fill = f'<w:shd w:val="clear" w:color="auto" w:fill="{FILL}"/>' if is_head else ""
        written = []
        for text, cell, width, is_figures in zip(texts, row, self.widths, self.figures, strict=True):
            right = '<w:jc w:val="right"/>' if not is_head and (is_figures or cells.form_of(cell) != "text") else ""
            no_wrap = "<w:noWrap/>" if right else ""
            paragraphs = "".join(
                f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{keep}{right}</w:pPr>'
                + "".join(f"<w:r>{letters}{run}</w:r>" for run in runs(line)) + "</w:p>"
                for line in text.split("\n")
            )  # fmt: skip
            written.append(
                f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{fill}{no_wrap}<w:vAlign w:val="center"/></w:tcPr>'
                f"{paragraphs}</w:tc>"
            )
        head = "<w:tblHeader/>" if is_head else ""
        return f"<w:tr><w:trPr>{whole}{head}</w:trPr>{''.join(written)}</w:tr>"


QUOTES = {'"': "&quot;"}


def parts_of(section: dict[str, Any], upright: int, turned: int) -> list[Part]:
    """The tables that a section is set in, for pages of two widths in twips; none where it has no rows."""
    if not section.get("columns") or not section["rows"]:
        return []
    columns = [_column(section, at) for at in range(len(section["columns"]))]
    every = range(len(columns))
    for ask, is_turned, size in TRIED:
        width = turned if is_turned else upright
        if _sum(columns, ask, size) <= width:
            widths = _shared_out(columns, ask, size, width)
            return [Part(section, every, is_turned, size, widths, [column.is_figures for column in columns])]
    return _in_several(section, columns, upright, turned)


def _in_several(section: dict[str, Any], columns: list[Column], upright: int, turned: int) -> list[Part]:
    """Several tables below each other, each with the first column; as few as may be, and of about the same breadth."""
    _ask, _turned, smallest = TRIED[-1]
    fewest = len(_groups(columns, "needs", smallest, turned))
    for ask, is_turned, size in TRIED:
        width = turned if is_turned else upright
        if groups := _evenly(columns, fewest, ask, size, width):
            break
    else:
        ask, size, is_turned, width = "needs", smallest, True, turned
        groups = _groups(columns, ask, size, width)
    parts = []
    for group in groups:
        chosen = [columns[at] for at in group]
        widths = _shared_out(chosen, ask, size, width)
        parts.append(Part(section, group, is_turned, size, widths, [column.is_figures for column in chosen]))
    return parts


def _groups(columns: list[Column], ask: str, size: float, width: float) -> list[list[int]]:
    """The columns in groups that fit into a width, each with the first one and as many others as go in."""
    groups: list[list[int]] = [[0]]
    for at in range(1, len(columns)):
        if len(groups[-1]) > 1 and _sum([columns[one] for one in [*groups[-1], at]], ask, size) > width:
            groups.append([0])
        groups[-1].append(at)
    return groups


def _evenly(columns: list[Column], count: int, ask: str, size: float, width: float) -> list[list[int]]:
    """So many groups, the widest of them as narrow as it can be; none where they do not fit."""
    for part in range(EVENLY + 1):
        narrower = width * (EVENLY + part) / (2 * EVENLY)
        groups = _groups(columns, ask, size, narrower)
        if len(groups) <= count and all(_sum([columns[at] for at in group], ask, size) <= width for group in groups):
            return groups
    return []


def _column(section: dict[str, Any], at: int) -> Column:
    found = [row[at] for row in section["rows"]]
    texts = [printed(cell) for cell in found]
    whole = max(max(map(breadth, text.split("\n")), default=0) for text in texts)
    title = section["columns"][at]
    is_figures = all(cells.is_number(cell) or cell == "" for cell in found)
    named = max(_longest_word(title), min(breadth(title), max(3, math.ceil(breadth(title) / 3))))
    if is_figures:
        least = max(whole, named) + SLACK
        return Column(least, least, least, max(least, min(breadth(title), 6)), True)
    words = max([_longest_word(text) for text in texts] + [max(map(breadth, map(printed_number, found)), default=0)])
    needs = max(words, named, min(whole, 5)) + SLACK
    bears, likes = (
        max(needs, min(whole, WIDEST, max(6, math.ceil(whole / lines))))
        for lines in (BEARABLE_LINES, COMFORTABLE_LINES)
    )
    return Column(needs, bears, likes, max(likes, min(whole, WIDEST)), False)


def printed_number(cell: Any) -> str:
    return printed(cell) if cells.is_number(cell) else ""


def _sum(columns: list[Column], ask: str, size: float) -> float:
    return sum(getattr(column, ask) * size * 20 + 2 * PADDING for column in columns)


def _shared_out(columns: list[Column], ask: str, size: float, width: int) -> list[int]:
    """A page's width shared out: each what it asks for, the rest first to those that want more, then to all."""
    asked = [getattr(column, ask) * size * 20 + 2 * PADDING for column in columns]
    more = [max(0.0, column.wants * size * 20 + 2 * PADDING - got) for column, got in zip(columns, asked, strict=True)]
    room = width - sum(asked)
    given = min(1.0, room / sum(more)) if sum(more) and room > 0 else 0.0
    widths = [got + given * one for got, one in zip(asked, more, strict=True)]
    scale = width / sum(widths)
    widths = [math.floor(one * scale) for one in widths]
    widths[-1] += width - sum(widths)
    return widths


def _longest_word(text: str) -> float:
    """The breadth of the longest piece that no line breaks within, a figure with its unit too."""
    return min(max(map(breadth, WORD.findall(text)), default=0), LONGEST_WORD)


def breadth(text: str) -> float:
    """How broad a text is, in Chinese characters, rather too much than too little."""
    return sum(_broad(character) for character in text) + BETWEEN * len(BORDER.findall(text))


def _broad(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WFA":
        return 1.0
    if character == "%" or character in "MW@":
        return 0.95
    return 0.75 if character.isupper() else 0.56


# -- texts --------------------------------------------------------------------------------------------------


def printed(cell: Any) -> str:
    """A cell as it stands in a table: what a figure rests on too little is marked."""
    text = cells.text(cell)
    if cells.is_number(cell):
        text = text.replace(" ", "\u00a0").replace("-", "\u2212")
    return text + "*" if cells.few(cell) else text


def runs(text: str) -> list[str]:
    """The inside of a text's runs: its days, its telephone numbers and its units are not broken over a line."""
    found = []
    for index, piece in enumerate(re.split(r"(?<=\d)-(?=\d)", text)):
        if index:
            found.append("<w:noBreakHyphen/>")
        if piece:
            bound = re.sub(r"(?<=\d) (?=[^\d\s])", "\u00a0", piece).replace("\t", " ")
            found.append(f'<w:t xml:space="preserve">{escape(bound)}</w:t>')
    return found
