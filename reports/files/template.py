"""The template that a city edits in Word: its fields, how it is filled in, and what is wrong with it.

A field is written `{{ 标题 }}`; `{%p if 签发人 %}` and `{%p endif %}`, each in a paragraph of its own, keep or drop
what stands between them. A template may do nothing else: whatever is more is refused before it is run.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from . import official
from .paper import Paper

LARGEST = 5 * 2**20  # bytes of a template; of its texts unpacked
LARGEST_UNPACKED = 40 * 2**20  # bytes with its pictures
MOST_PARTS = 500
QUOTED = 40  # characters of a paragraph that say where something stands

BODY = "正文"
# What a field says, and whether a template must have it.
FIELDS = {
    "发文机关标志": (_("the red name at the head"), False),
    "期号": (_("the issue (总第N期), empty for a draft"), False),
    "编发单位": (_("who issues it"), False),
    "签发人": (_("who approved it, empty for a draft"), False),
    "日期": (_("the day of issue"), False),
    "标题": (_("the title"), True),
    "副标题": (_("the period"), False),
    "阶段标识": (_("the mark of a report whose period is not over, empty otherwise"), True),
    "更正标识": (_("the mark of a corrected version, empty otherwise"), False),
    "制作标记": (_("who made it when"), True),
    BODY: (_("the sections with their tables and charts; in a paragraph of its own"), True),
}
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.Not, nodes.And, nodes.Or,
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What is wrong with a template, and where it stands; `where` is empty for what concerns all of it."""

    what: str
    where: str = ""

    def __str__(self) -> str:
        return _t("%(where)s: %(what)s") % {"where": self.where, "what": self.what} if self.where else self.what


class Broken(Exception):
    """A template that cannot be filled in."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


def too_large() -> Fault:
    return Fault(_t("It is larger than %(most)d MB.") % {"most": LARGEST // 2**20})


def unfit() -> Fault:
    """Where nothing better is known."""
    return Fault(_t("It cannot be filled in with an example report. Begin with the shipped template."))


def filled(content: bytes, paper: Paper) -> tuple[Any, Any]:
    """The template as a Word document with its fields filled in, and the paragraph that the sections take the place of.

    Raises Broken.
    """
    if found := faults(content):
        raise Broken(found)
    place = "\ue000"  # a character that no cleaned text of ours is asked to show
    template = DocxTemplate(io.BytesIO(content))
    template.init_docx()
    _forget_properties(template.docx)
    try:
        template.render(_values(paper) | {BODY: place}, _environment(), autoescape=True)
    except (TemplateError, ValueError, KeyError, SyntaxError) as error:
        raise Broken([Fault(_t("It cannot be filled in (%(why)s).") % {"why": error})]) from error
    out = io.BytesIO()
    template.save(out)
    out.seek(0)
    document = Document(out)
    official.set_styles(document)
    for paragraph in document.paragraphs:
        if place in paragraph.text:
            return document, paragraph
    raise Broken([Fault(_t("The field {{ %(name)s }} must stand in a paragraph of its own.") % {"name": BODY})])


def faults(content: bytes) -> list[Fault]:
    """What is wrong with a template, in the order in which it stands there; nothing where it can be used."""
    if found := _of_file(content):
        return [found]
    try:
        template = DocxTemplate(io.BytesIO(content))
        template.init_docx()
        parts = list(_parts(template))
    except Exception:  # whatever a library of XML and archives says of a file that somebody made up
        return [Fault(_t("It cannot be opened as a Word document. Save it in Word as .docx and try again."))]
    found_all: list[Fault] = []
    used: set[str] = set()
    for name, element in parts:
        found_all += _of_braces(name, element)
        source = re.sub(r"<w:p([ >])", r"\n<w:p\1", template.patch_xml(template.xml_to_string(element)))
        try:
            tree = _environment().parse(source)
        except TemplateSyntaxError as error:
            found_all.append(Fault(_said(error), _where(name, source, error.lineno)))
            continue
        for node in tree.find_all(nodes.Node):
            if isinstance(node, nodes.Name):
                used.add(node.name)
                if node.name not in FIELDS:
                    what = _t("There is no field “%(name)s”.") % {"name": node.name}
                    found_all.append(Fault(what, _at(name, element, node.name)))
            elif not isinstance(node, ALLOWED):
                what = _t("A template may name fields and ask with “if” whether one is filled in, nothing else.")
                found_all.append(Fault(what, _where(name, source, node.lineno)))
    found_all = list(dict.fromkeys(found_all))
    if not found_all:
        found_all += [
            Fault(_t("The field {{ %(name)s }} is missing: %(says)s.") % {"name": name, "says": says})
            for name, (says, is_needed) in FIELDS.items()
            if is_needed and name not in used
        ]
    if not found_all:
        alone = re.compile(r"\s*\{\{\s*" + BODY + r"\s*\}\}\s*")
        if sum(bool(alone.fullmatch(one.text)) for one in template.docx.paragraphs) != 1:
            what = _t("The field {{ %(name)s }} must stand once, in a paragraph of its own and in no table.")
            found_all.append(
                Fault(what % {"name": BODY}, _at(_t("Body of the template"), template.docx.element.body, BODY))
            )
    return found_all


# -- the parts of a template --------------------------------------------------------------------------------


def _of_file(content: bytes) -> Fault | None:
    """What is wrong with the file before anything of it is opened."""
    if len(content) > LARGEST:
        return too_large()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            names = {info.filename for info in infos}
            links = [archive.read(one) for one in infos if one.filename.endswith(".rels") and one.file_size < LARGEST]
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError):
        names = set()
    if "word/document.xml" not in names:
        return Fault(_t("It is no Word document. Save it in Word as .docx and try again."))
    texts = sum(info.file_size for info in infos if info.filename.endswith((".xml", ".rels")))
    if len(infos) > MOST_PARTS or texts > LARGEST or sum(info.file_size for info in infos) > LARGEST_UNPACKED:
        return Fault(_t("It unpacks to more than a template can be."))
    if any("vba" in name.lower() for name in names):
        return Fault(_t("It holds macros. Save it in Word as .docx and try again."))
    if any(b"attachedTemplate" in one or _fetches(one) for one in links):
        return Fault(_t("It fetches something from elsewhere (a linked picture or template). Put it into the file."))
    return None


def _fetches(links: bytes) -> bool:
    """Whether a part is joined to something outside the file that is opened with it; a link to click is not."""
    rows = re.findall(rb"<[\w:]*Relationship\b[^>]*>", links)
    return any(b'"External"' in row.replace(b"'", b'"') and b"/hyperlink" not in row for row in rows)


def _parts(template: DocxTemplate) -> Iterator[tuple[str, Any]]:
    """The parts that may hold fields, by the name that Word has for them."""
    yield _t("Body of the template"), template.docx.element.body
    for part in template.docx.part.package.iter_parts():
        kind = part.content_type.rpartition(".")[2]
        if kind == "header+xml":
            yield _t("Page header"), part.element
        elif kind == "footer+xml":
            yield _t("Page footer"), part.element
        elif kind == "footnotes+xml":
            yield _t("Footnotes"), parse_xml(part.blob)


def _paragraphs(element: Any) -> Iterator[str]:
    for one in element.iter(qn("w:p")):
        yield Paragraph(one, None).text  # type: ignore[arg-type]


def _at(name: str, element: Any, word: str) -> str:
    """Where a word stands in a part."""
    for text in _paragraphs(element):
        if word in text and "{" in text:
            return _quoted(name, text)
    return name


def _where(name: str, source: str, line: int) -> str:
    """Where the paragraph of a line stands; docxtpl leaves a line to each paragraph."""
    lines = source.splitlines()
    text = re.sub(r"<[^>]+>", "", lines[min(line, len(lines)) - 1]) if lines else ""
    return _quoted(name, text)


def _quoted(name: str, text: str) -> str:
    text = text.strip()
    if not text:
        return name
    short = text if len(text) <= QUOTED else text[:QUOTED] + "…"
    return _t("%(part)s, at “%(text)s”") % {"part": name, "text": short}


def _of_braces(name: str, element: Any) -> Iterator[Fault]:
    """Fields that Word or an input method has turned into something that nothing would fill in."""
    fields = "|".join(FIELDS)
    for text in _paragraphs(element):
        if "｛" in text or "｝" in text:
            yield Fault(_t("Braces are typed half-width: {{ }}."), _quoted(name, text))
        elif re.search(rf"(?<!\{{)\{{\s*({fields})\s*\}}", text):
            yield Fault(_t("A field stands in double braces: {{ }}."), _quoted(name, text))
        elif re.search(rf"\{{\{{\s*({fields})\s*(\}}(?!\}})|$)", text) or text.count("{{") != text.count("}}"):
            yield Fault(_t("The braces {{ }} do not match."), _quoted(name, text))


def _said(error: TemplateSyntaxError) -> str:
    message = error.message or ""
    if "endif" in message or "end of template" in message.lower():
        return _t("An “if” has no “endif”, or an “endif” no “if”.")
    if "unknown tag" in message:
        return _t("A template may name fields and ask with “if” whether one is filled in, nothing else.")
    return _t("This cannot be read; between {{ and }} stands the name of one field and nothing else.")


# -- filling in ---------------------------------------------------------------------------------------------


def _environment() -> ImmutableSandboxedEnvironment:
    """Jinja without a way into Python; an unknown field is an error and no blank."""
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    environment.globals.clear()
    environment.filters.clear()
    return environment


def _values(paper: Paper) -> dict[str, Any]:
    subtitle = "" if paper.subtitle in paper.title else paper.subtitle
    return {
        "发文机关标志": _t("%(issuer)s work bulletin") % {"issuer": paper.issuer},
        "期号": paper.issue,
        "编发单位": paper.issuer,
        "签发人": paper.approver,
        "日期": paper.day,
        "标题": paper.title,
        "副标题": subtitle,
        "阶段标识": paper.partial,
        "更正标识": paper.correction,
        "制作标记": paper.mark,
    }


def _forget_properties(document: Any) -> None:
    """What the template says of itself says nothing about the report, and is no place for fields."""
    properties = document.core_properties
    for name in ("author", "comments", "identifier", "language", "subject", "title", "keywords", "category"):
        setattr(properties, name, "")
