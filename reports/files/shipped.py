"""The template that is shipped, made from code so that it can be reviewed; `make_report_template` writes the file.

The words in it are a Chinese paper's own; the fields are those of `template.FIELDS`.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

from . import official as look

PATH = Path(__file__).with_name("report-template.docx")


def made() -> bytes:
    """The template as a file."""
    document = Document()
    look.set_styles(document, all_anew=True)
    _defaults(document)
    _page(document.sections[0])
    _head(document)
    document.add_paragraph("{{ 正文 }}", style=look.BODY)
    _signature(document)
    _feet(document)
    properties = document.core_properties
    properties.title, properties.author, properties.language = "12345热线报告模板", "12345热线", "zh-CN"
    properties.comments = properties.keywords = properties.subject = ""
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _defaults(document: Any) -> None:
    """What holds where a style says nothing: our typefaces instead of the theme's, and which replace them."""
    fonts = document.styles.element.find(f".//{qn('w:rPrDefault')}").find(f".//{qn('w:rFonts')}")
    fonts.attrib.clear()
    for name in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{name}"), look.LATIN_FONT)
    fonts.set(qn("w:eastAsia"), look.BODY_FONT)
    table = next(part for part in document.part.package.iter_parts() if part.partname == "/word/fontTable.xml")
    table._blob = _fonts().encode()
    document.settings.odd_and_even_pages_header_footer = True


def _fonts() -> str:
    named = [look.TITLE_FONT, look.BODY_FONT, look.HEADING_FONT, look.SECOND_FONT, look.NUMBER_FONT]
    rows = []
    for name in named:
        other = f'<w:altName w:val="{look.INSTEAD[name]}"/>' if name in look.INSTEAD else ""
        family = "modern" if name != look.NUMBER_FONT else "roman"
        rows.append(
            f'<w:font w:name="{name}">{other}<w:charset w:val="86"/><w:family w:val="{family}"/>'
            '<w:pitch w:val="variable"/></w:font>'
        )
    latin = f'<w:font w:name="{look.LATIN_FONT}"><w:charset w:val="00"/><w:family w:val="roman"/></w:font>'
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f"<w:fonts {nsdecls('w')}>{latin}{''.join(rows)}</w:fonts>"
    )


def _page(section: Any) -> None:
    section.page_width, section.page_height = look.PAGE_WIDTH, look.PAGE_HEIGHT
    section.top_margin, section.bottom_margin = look.TOP, look.BOTTOM
    section.left_margin, section.right_margin = look.LEFT, look.RIGHT
    section.footer_distance, section.gutter = look.FOOTER_FROM_EDGE, 0
    grid = section._sectPr.find(qn("w:docGrid"))
    grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), str(look.GRID_LINE))


def _head(document: Any) -> None:
    """发文机关标志, 期号, 编发单位 and day, the red rule, the title."""
    document.add_paragraph("{{ 发文机关标志 }}", style=look.MASTHEAD)
    document.add_paragraph("{%p if 期号 %}", style=look.ISSUE)
    document.add_paragraph("{{ 期号 }}", style=look.ISSUE).alignment = 1
    document.add_paragraph("{%p endif %}", style=look.ISSUE)
    document.add_paragraph("{%p if 签发人 %}", style=look.ISSUE)
    approver = document.add_paragraph("签发人：", style=look.ISSUE)
    approver.alignment = 2
    _kai(approver.add_run("{{ 签发人 }}"))
    document.add_paragraph("{%p endif %}", style=look.ISSUE)
    issued = document.add_paragraph("{{ 编发单位 }}\t{{ 日期 }}", style=look.ISSUE)
    width = look.PAGE_WIDTH - look.LEFT - look.RIGHT
    tabs = f'<w:tabs {nsdecls("w")}><w:tab w:val="right" w:pos="{round(width / 635)}"/></w:tabs>'
    rule = f'<w:pBdr {nsdecls("w")}><w:bottom w:val="single" w:sz="18" w:space="4" w:color="{look.RED}"/></w:pBdr>'
    properties = issued._p.get_or_add_pPr()
    properties.append(parse_xml(rule))
    properties.append(parse_xml(tabs))
    document.add_paragraph("{{ 标题 }}", style=look.TITLE)
    for name, style in (("副标题", look.SUBTITLE), ("更正标识", look.SUBTITLE), ("阶段标识", look.PARTIAL)):
        document.add_paragraph(f"{{%p if {name} %}}", style=style)
        document.add_paragraph(f"{{{{ {name} }}}}", style=style)
        document.add_paragraph("{%p endif %}", style=style)
    document.add_paragraph("", style=look.BODY)


def _kai(run: Any) -> None:
    run.font.name = look.LATIN_FONT
    run._r.rPr.rFonts.set(qn("w:eastAsia"), look.SECOND_FONT)


def _signature(document: Any) -> None:
    document.add_paragraph("", style=look.SIGNED)
    document.add_paragraph("{{ 编发单位 }}", style=look.SIGNED)
    document.add_paragraph("{{ 日期 }}", style=look.SIGNED).paragraph_format.keep_with_next = False


def _feet(document: Any) -> None:
    """“— 1 —” at the outer edge of odd and even pages, and under it who made the paper when."""
    section = document.sections[0]
    for foot, style in ((section.footer, look.NUMBER_RIGHT), (section.even_page_footer, look.NUMBER_LEFT)):
        number = foot.paragraphs[0]
        number.style = document.styles[style]
        number.add_run("— ")
        field = f'<w:fldSimple {nsdecls("w")} w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
        number._p.append(parse_xml(field))
        number.add_run(" —")
        foot.add_paragraph("{{ 制作标记 }}", style=look.MARK)
