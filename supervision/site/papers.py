"""Papers of a coordination: its minutes (现场协调纪要) as a Word document, and the invitation as a calendar entry."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _t
from docx import Document
from docx.image.exceptions import InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from icalendar import Calendar, Event

from hotline.text import clean
from supervision.models import CoordinationTask, Participant, SiteEntry
from tickets.attachments.pictures import for_word
from tickets.models import Attachment, Ticket
from tickets.reading import matter_name, read

BODY_FONT, HEADING_FONT = "仿宋", "黑体"  # as official papers are set
PHOTO_WIDTH, SIGNATURE_WIDTH = Cm(7.5), Cm(3.5)
NO_PICTURE = (
    InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError, OSError, ValueError, ZeroDivisionError,
)  # fmt: skip
MEETING_LASTS = timedelta(hours=1)


def minutes(task: CoordinationTask) -> bytes:
    """The minutes: who met where about what, what each said, what was determined on which principle, who signed."""
    paper = _paper()
    paper.add_heading(_t("Minutes of the coordination on the spot"), level=0)
    _facts(paper, task)
    paper.add_heading(_t("Who came, and what they say"), level=1)
    _parties(paper, task, list(task.participants.select_related("department", "signature")))
    paper.add_heading(_t("Determination"), level=1)
    _determination(paper, task)
    for kind, heading in ((SiteEntry.Kind.BEFORE, _t("Before")), (SiteEntry.Kind.AFTER, _t("After"))):
        photos = task.entries.filter(kind=kind, attachment__isnull=False).select_related("attachment")
        if photos:
            paper.add_heading(heading, level=1)
            for entry in photos:
                assert entry.attachment is not None
                _picture(paper.add_paragraph(), entry.attachment, PHOTO_WIDTH)
                paper.add_paragraph(f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M} {entry.by}")
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _paper() -> Any:
    paper = Document()
    for name, font, size in (("Normal", BODY_FONT, 12), ("Title", HEADING_FONT, 18), ("Heading 1", HEADING_FONT, 14)):
        style = paper.styles[name]
        style.font.name, style.font.size = font, Pt(size)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    return paper


def _facts(paper: Any, task: CoordinationTask) -> None:
    tickets, on_paper = _told_of(task), read(task.ticket, None)
    rows = [
        (_t("Matter"), _name(task, tickets)),
        (_t("Tickets"), _t(", ").join(ticket.number for ticket in tickets)),
        (_t("Time"), f"{timezone.localtime(task.meets_at):%Y-%m-%d %H:%M}"),
        (_t("Place"), f"{task.place} {task.point}".strip()),
        (_t("Led by"), task.lead),
        (_t("To be settled"), task.question),
    ]
    table = paper.add_table(rows=0, cols=2, style="Table Grid")
    for label, value in rows:
        cells = table.add_row().cells
        cells[0].text, cells[1].text = label, clean(on_paper.text(value))
        cells[0].width, cells[1].width = Cm(3), Cm(13)


def _told_of(task: CoordinationTask) -> list[Ticket]:
    """The tickets that the parties are told of: none that asked for secrecy, but the one they are invited about."""
    tickets = (
        Ticket.objects.filter(coordinated_in__task=task).select_related("category").order_by("registered_at", "pk")
    )
    return [ticket for ticket in tickets if not ticket.is_secret] or [task.ticket]


def _name(task: CoordinationTask, tickets: list[Ticket]) -> str:
    """What the parties met about, as paper may say it."""
    if task.ticket.matter:
        return matter_name(task.ticket.matter, None, tickets)
    return read(task.ticket, None).title


def _parties(paper: Any, task: CoordinationTask, found: list[Participant]) -> None:
    on_paper = read(task.ticket, None)
    table = paper.add_table(rows=1, cols=4, style="Table Grid")
    for cell, text in zip(
        table.rows[0].cells, (_t("Party"), _t("Arrived"), _t("Statement"), _t("Signature")), strict=True
    ):
        cell.text = text
    for party in found:
        cells = table.add_row().cells
        cells[0].text = clean(party.name)
        cells[1].text = f"{timezone.localtime(party.arrived_at):%H:%M}" if party.arrived_at else _t("did not come")
        cells[2].text = clean(on_paper.text(party.statement)) or "—"
        if party.signature:
            _picture(cells[3].paragraphs[0], party.signature, SIGNATURE_WIDTH)


def _determination(paper: Any, task: CoordinationTask) -> None:
    on_paper = read(task.ticket, None)
    paper.add_paragraph(f"{_t('Findings')}：{clean(on_paper.text(task.findings)) or '—'}")
    if task.department is None:
        paper.add_paragraph(_t("Not determined."))
        return
    assert task.due is not None
    assert task.determined_at is not None
    paper.add_paragraph(
        _t("%(department)s is responsible, by %(principle)s. It binds and cannot be returned.")
        % {"department": task.department, "principle": task.get_principle_display()}
    )
    paper.add_paragraph(f"{_t('Directive')}：{clean(on_paper.text(task.directive))}")
    paper.add_paragraph(f"{_t('To be done by')}：{timezone.localtime(task.due):%Y-%m-%d %H:%M}")
    paper.add_paragraph(
        f"{_t('Determined')}：{task.determined_by} {timezone.localtime(task.determined_at):%Y-%m-%d %H:%M}"
    )
    if task.outcome:
        paper.add_paragraph(f"{_t('Outcome')}：{clean(on_paper.text(task.outcome))}")


def _picture(paragraph: Any, attachment: Attachment, width: Cm) -> None:
    """A picture; its name where it is of a kind that Word does not take, or lost."""
    run = paragraph.add_run()
    try:
        with attachment.file.open("rb") as file:
            run.add_picture(for_word(file) if attachment.content_type == "image/webp" else file, width=width)
    except NO_PICTURE:
        run.add_text(clean(read(attachment.ticket, None).text(attachment.name)))


def invitation(task: CoordinationTask, address: str) -> bytes:
    """The meeting as an iCalendar file; `address` is that of its page."""
    event = Event()
    event.add("uid", f"coordination-{task.pk}@{settings.CITY_PREFIX}12345")
    event.add("dtstamp", task.called_at)
    event.add("dtstart", task.meets_at)
    event.add("dtend", task.meets_at + MEETING_LASTS)
    event.add("summary", _t("Coordination on the spot: %(matter)s") % {"matter": clean(_name(task, _told_of(task)))})
    event.add("location", clean(read(task.ticket, None).text(task.place)))
    event.add("description", clean(read(task.ticket, None).text(f"{task.question}\n{task.lead}")))
    event.add("url", address)
    if task.latitude is not None and task.longitude is not None:
        event.add("geo", (float(task.latitude), float(task.longitude)))
    calendar = Calendar()
    calendar.add("prodid", "-//12345//hotline//")
    calendar.add("version", "2.0")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
