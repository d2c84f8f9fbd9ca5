"""A report as a Word document: the city's template with the sections in it, in the style of an official document."""

from __future__ import annotations

import copy
import io
import logging
from datetime import UTC
from typing import Any

from django.utils.translation import gettext as _t
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph

from hotline.text import clean_within
from reports.content import cells
from reports.models import ReportTemplate

from . import charts, official, shipped, template, word_tables
from .paper import Paper, hotline_name

logger = logging.getLogger(__name__)
PICTURE_WIDTH = Mm(130)
NUMERALS = "〇一二三四五六七八九"


def as_docx(paper: Paper, sections: list[dict[str, Any]], *, by_template: bytes | None = None) -> bytes:
    """The report as a Word document, by the city's template or the one that is shipped.

    A template that is given is tried: raises template.Broken where it cannot be filled in. The one in use was tried
    when it was loaded; should it not do any more, a report is made by ours all the same, and the log says why.
    """
    paper, sections = paper.cleaned(), clean_within(sections)
    if by_template is not None:
        document, place = template.filled(by_template, paper)
    else:
        document, place = _by_template_in_use(paper)
    Body(document).write(sections, place)
    _say_what_it_is(document, paper)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _by_template_in_use(paper: Paper) -> tuple[Any, Any]:
    if own := ReportTemplate.content_in_use():
        try:
            return template.filled(own, paper)
        except template.Broken as broken:
            logger.error("The city's report template cannot be filled in, the shipped one is used: %s", broken)
    return template.filled(shipped.PATH.read_bytes(), paper)


class Body:
    """Writes the sections where the template has its place for them; wide tables on pages turned sideways."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.upright = document.element.body.sectPr
        self.turned = _turned(self.upright)
        self.is_turned = False
        self.numbers = {1: 0, 2: 0, 3: 0}
        self.tables = self.pictures = 0

    def write(self, sections: list[dict[str, Any]], place: Any) -> None:
        body = self.document.element.body
        before = len(body)
        for section in sections:
            self._section(section)
        self._turn(False)
        for element in list(body)[before - 1 : -1]:  # what was written stands before the last page's properties
            place._p.addprevious(element)
        body.remove(place._p)

    def _section(self, section: dict[str, Any]) -> None:
        parts = word_tables.parts_of(section, _inner(self.upright), _inner(self.turned))
        drawn = charts.chart(section)
        told = section.get("paragraphs", ())
        if not (drawn or told):
            self._turn(bool(parts) and parts[0].is_turned)
        else:
            self._turn(False)
        self._heading(section)
        for text in told:
            self._paragraph(text, official.BODY)
        if drawn:
            self._picture(section, drawn)
        self.tables += bool(parts)
        for index, part in enumerate(parts):
            self._turn(part.is_turned)
            caption = _t("Table %(number)d") % {"number": self.tables} + "　" + section["title"]
            self._paragraph(caption + (_t(" (continued)") if index else ""), official.CAPTION)
            self._append(part.xml(has_note=bool(_notes(section)), style_of=self._style))
        if section.get("columns") and not section["rows"]:
            self._paragraph(_t("Nothing to report."), official.BODY)
        notes = _notes(section)
        for note in notes:
            self._paragraph(note, official.NOTE if section["rows"] else official.BODY)
            if note is not notes[-1]:
                self._last().paragraph_format.keep_with_next = True

    def _heading(self, section: dict[str, Any]) -> None:
        level = min(max(int(section.get("level", 1)), 1), 3)
        self.numbers[level] += 1
        self.numbers |= dict.fromkeys(range(level + 1, 4), 0)
        number = self.numbers[level]
        written = {1: f"{in_chinese(number)}、", 2: f"（{in_chinese(number)}）", 3: f"{number}."}[level]
        self._paragraph(written + section["title"], official.HEADINGS[level - 1])

    def _picture(self, section: dict[str, Any], drawn: Any) -> None:
        self.pictures += 1
        paragraph = self.document.add_paragraph(style=official.PICTURE)
        picture = paragraph.add_run().add_picture(io.BytesIO(charts.as_png(drawn)), width=PICTURE_WIDTH)
        about = picture._inline.docPr
        about.set("descr", charts.in_words(section))
        about.set("title", section["title"])
        caption = self.document.add_paragraph(style=official.CAPTION)
        _write(caption, _t("Figure %(number)d") % {"number": self.pictures} + "　" + section["title"])
        caption.paragraph_format.keep_with_next = False

    def _paragraph(self, text: str, style: str) -> None:
        for line in text.split("\n"):
            _write(self.document.add_paragraph(style=style), line)

    def _turn(self, sideways: bool) -> None:
        """Goes on on pages that stand the other way."""
        if sideways == self.is_turned:
            return
        end = self.document.add_paragraph(style=official.BREAK)
        end._p.get_or_add_pPr().append(copy.deepcopy(self.turned if self.is_turned else self.upright))
        self.is_turned = sideways

    def _append(self, element: Any) -> None:
        self.document.element.body.sectPr.addprevious(element)

    def _last(self) -> Any:
        """The paragraph that was written last."""
        return Paragraph(self.document.element.body.sectPr.getprevious(), self.document)

    def _style(self, name: str) -> str:
        return str(self.document.styles[name].style_id)


def in_chinese(number: int) -> str:
    """A number below a hundred as headings are counted: 一, 十, 十二, 二十一."""
    tens, ones = divmod(number, 10)
    if not tens:
        return NUMERALS[ones]
    return ("" if tens == 1 else NUMERALS[tens]) + "十" + (NUMERALS[ones] if ones else "")


def _write(paragraph: Any, text: str) -> None:
    for run in word_tables.runs(text):
        paragraph._p.append(parse_xml(f"<w:r {nsdecls('w')}>{run}</w:r>"))


def _notes(section: dict[str, Any]) -> list[str]:
    found = [_t("Note: %(note)s") % {"note": section["note"]}] if section.get("note") else []
    if any(cells.few(cell) for row in section["rows"] for cell in row):
        found.append(_t("* The base is too small to judge by."))
    return found


def _inner(page: Any) -> int:
    """The width between a page's margins, in twips."""
    size, margins = page.find(qn("w:pgSz")), page.find(qn("w:pgMar"))
    return int(size.get(qn("w:w"))) - int(margins.get(qn("w:left"))) - int(margins.get(qn("w:right")))


def _turned(page: Any) -> Any:
    """A page's properties turned sideways: what was its top is its right."""
    turned = copy.deepcopy(page)
    size, margins = turned.find(qn("w:pgSz")), turned.find(qn("w:pgMar"))
    width, height = size.get(qn("w:w")), size.get(qn("w:h"))
    size.set(qn("w:w"), height)
    size.set(qn("w:h"), width)
    size.set(qn("w:orient"), "landscape")
    sides = {name: margins.get(qn(f"w:{name}")) for name in ("top", "right", "bottom", "left")}
    for name, was in (("right", "top"), ("bottom", "right"), ("left", "bottom"), ("top", "left")):
        margins.set(qn(f"w:{name}"), sides[was])
    room = int(sides["bottom"]) - int(margins.get(qn("w:footer"), 0))
    margins.set(qn("w:footer"), str(max(340, int(sides["right"]) - room)))
    return turned


def _say_what_it_is(document: Any, paper: Paper) -> None:
    properties = document.core_properties
    properties.title, properties.subject, properties.author = (
        paper.title,
        paper.subtitle,
        paper.issuer or hotline_name(),
    )
    properties.last_modified_by, properties.language, properties.version = (
        properties.author,
        "zh-CN",
        str(paper.version),
    )
    properties.created = properties.modified = paper.made_at.astimezone(UTC).replace(tzinfo=None)
    properties.comments = paper.mark
    properties.revision = 1
