"""The looks of a Chinese official document (GB/T 9704-2012): its page, its typefaces, its styles in Word.

A city edits the looks in its own template; what a template has no style for is put in from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm

PAGE_WIDTH, PAGE_HEIGHT = Mm(210), Mm(297)
TOP, BOTTOM, LEFT, RIGHT = Mm(37), Mm(35), Mm(28), Mm(26)
FOOTER_FROM_EDGE = Mm(17)  # the page number then stands 7 mm below the text
LINE_POINTS = 28
GRID_LINE = 579  # 22 lines a page, in twips
TIGHTER = -5  # twentieths of a point between characters of size 3: 28 of them then fill a line of 156 mm

TITLE_FONT, BODY_FONT, HEADING_FONT, SECOND_FONT, NUMBER_FONT = "方正小标宋简体", "仿宋", "黑体", "楷体", "宋体"
LATIN_FONT = "Times New Roman"
# What Word takes where a typeface is not installed. The first is bought, the others come with a Chinese Windows.
INSTEAD = {TITLE_FONT: "华文中宋", BODY_FONT: "仿宋_GB2312", SECOND_FONT: "楷体_GB2312"}
SIZE_2, SIZE_3, SIZE_4, SIZE_SMALL_4, SIZE_5, SIZE_SMALL_5 = 22, 16, 14, 12, 10.5, 9  # Chinese sizes in points
RED = "FF0000"


@dataclass(frozen=True)
class Look:
    """A style of paragraphs. `line` is its height in points, 0 as high as what stands in it; `indent` in characters."""

    font: str
    size: float
    bold: bool = False
    align: str = "both"
    line: int = LINE_POINTS
    indent: int = 0
    right: int = 0  # characters kept free at the right
    left: int = 0
    before: int = 0
    after: int = 0
    keep_next: bool = False
    colour: str = ""
    level: int = 0  # in the outline, from 1


BODY, PICTURE, BREAK = "Body Text", "插图", "分节"
TITLE, SUBTITLE, CAPTION = "Title", "Subtitle", "Caption"
HEADINGS = ("Heading 1", "Heading 2", "Heading 3")
CELL, COLUMN, NOTE = "表格文字", "表格表头", "表注"
MASTHEAD, ISSUE, PARTIAL, SIGNED = "发文机关标志", "期号", "阶段标识", "署名"
NUMBER_RIGHT, NUMBER_LEFT, MARK = "页码（单页）", "页码（双页）", "制作标记"

LOOKS = {
    "Normal": Look(BODY_FONT, SIZE_3),
    BODY: Look(BODY_FONT, SIZE_3, indent=2),
    MASTHEAD: Look(TITLE_FONT, 36, align="center", line=0, before=6, after=6, colour=RED),
    ISSUE: Look(BODY_FONT, SIZE_3, align="left"),
    TITLE: Look(TITLE_FONT, SIZE_2, align="center", line=34, before=24, keep_next=True),
    SUBTITLE: Look(SECOND_FONT, SIZE_3, align="center", keep_next=True),
    PARTIAL: Look(HEADING_FONT, SIZE_4, align="center", colour=RED, before=4, after=4),
    HEADINGS[0]: Look(HEADING_FONT, SIZE_3, indent=2, before=6, keep_next=True, level=1),
    HEADINGS[1]: Look(SECOND_FONT, SIZE_3, indent=2, keep_next=True, level=2),
    HEADINGS[2]: Look(BODY_FONT, SIZE_3, bold=True, indent=2, keep_next=True, level=3),
    CAPTION: Look(HEADING_FONT, SIZE_SMALL_4, align="center", line=22, before=6, keep_next=True),
    PICTURE: Look(BODY_FONT, SIZE_5, align="center", line=0, before=4, keep_next=True),
    COLUMN: Look(HEADING_FONT, SIZE_5, align="center", line=16, before=2, after=2, keep_next=True),
    CELL: Look(BODY_FONT, SIZE_5, align="left", line=16, before=2, after=2),
    NOTE: Look(BODY_FONT, SIZE_SMALL_5, align="left", line=16, before=2, after=6),
    SIGNED: Look(BODY_FONT, SIZE_3, align="right", right=4, keep_next=True),
    NUMBER_RIGHT: Look(NUMBER_FONT, SIZE_4, align="right", line=20, right=1),
    NUMBER_LEFT: Look(NUMBER_FONT, SIZE_4, align="left", line=20, left=1),
    MARK: Look(NUMBER_FONT, SIZE_SMALL_5, align="center", line=12, colour="595959"),
    BREAK: Look(BODY_FONT, 1, line=1),
}


def set_styles(document: Any, *, all_anew: bool = False) -> None:
    """Puts the styles into a document that it has not; all of them anew where it is the one we ship."""
    known = {style.name for style in document.styles if style.type == WD_STYLE_TYPE.PARAGRAPH}
    for name, look in LOOKS.items():
        if name in known and not all_anew:
            continue
        style = document.styles[name] if name in known else document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        element = style.element
        for tag in ("w:pPr", "w:rPr"):
            for old in element.findall(qn(tag)):
                element.remove(old)
        element.append(parse_xml(_paragraph(look)))
        element.append(parse_xml(_letters(look)))
        style.quick_style, style.hidden = True, False


def _paragraph(look: Look) -> str:
    spacing = f'w:line="{look.line * 20}" w:lineRule="exact"' if look.line else 'w:line="240" w:lineRule="auto"'
    if name_of(look) in (CELL, COLUMN):  # a sign above the line of a small type is not cut off
        spacing = spacing.replace("exact", "atLeast")
    return (
        f"<w:pPr {nsdecls('w')}>"
        + ("<w:keepNext/>" if look.keep_next else "")
        + ("<w:keepLines/>" if look.level else "")
        + '<w:widowControl w:val="0"/>'
        + ('<w:snapToGrid w:val="0"/>' if look.size != SIZE_3 else "")
        + f'<w:spacing w:before="{look.before * 20}" w:after="{look.after * 20}" {spacing}/>'
        + f'<w:ind w:leftChars="{look.left * 100}" w:left="{round(look.left * look.size * 20)}"'
        + f' w:rightChars="{look.right * 100}" w:right="{round(look.right * look.size * 20)}"'
        + f' w:firstLineChars="{look.indent * 100}" w:firstLine="{round(look.indent * look.size * 20)}"/>'
        + f'<w:jc w:val="{look.align}"/>'
        + (f'<w:outlineLvl w:val="{look.level - 1}"/>' if look.level else "")
        + "</w:pPr>"
    )


def name_of(look: Look) -> str:
    return next(name for name, one in LOOKS.items() if one is look)


def _letters(look: Look) -> str:
    bold = "1" if look.bold else "0"
    tighter = TIGHTER if look.size == SIZE_3 else 0
    latin = look.font if look.font in (HEADING_FONT, NUMBER_FONT) else LATIN_FONT
    return (
        f'<w:rPr {nsdecls("w")}><w:rFonts w:ascii="{latin}" w:hAnsi="{latin}" w:eastAsia="{look.font}" w:cs="{latin}"/>'
        + f'<w:b w:val="{bold}"/><w:bCs w:val="{bold}"/><w:i w:val="0"/><w:iCs w:val="0"/>'
        + f'<w:color w:val="{look.colour or "000000"}"/><w:spacing w:val="{tighter}"/><w:kern w:val="0"/>'
        + f'<w:sz w:val="{round(look.size * 2)}"/><w:szCs w:val="{round(look.size * 2)}"/>'
        + '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr>'
    )
