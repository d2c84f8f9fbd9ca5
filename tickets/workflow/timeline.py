"""A ticket's events as lines that a person reads."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _t

from tickets.choices import (
    Cause,
    ClosingReason,
    Contacted,
    ExtensionGround,
    NotReached,
    Principle,
    RefusalGround,
    ReturnGround,
    Satisfaction,
    Solved,
)
from tickets.disclosure import Reader, Standing
from tickets.models import Attachment, Matter, Ticket, TicketEvent
from tickets.reading import Reading, matter_name, read
from tickets.workflow import correcting
from tickets.workflow.table import ACTIONS, Whose


@dataclass(frozen=True)
class Entry:
    """One event: what was done, when, by whom; what it says; and the facts it set."""

    label: str
    tone: str
    at: datetime
    who: str
    note: str
    facts: list[tuple[str, str]]
    files: Iterable[Attachment] = ()


Source = Callable[[Reading], Iterable[Entry]]
_sources: list[Source] = []
Cleaner = Callable[[str], str]
_cleaners: list[Cleaner] = []


def also(source: Source) -> Source:
    """Registers what a room above has to say on the timeline beside the events."""
    _sources.append(source)
    return source


def cleans(cleaner: Cleaner) -> Cleaner:
    """Registers what takes out of a stored text that which only the hotline may read."""
    _cleaners.append(cleaner)
    return cleaner


def entries(ticket: Ticket, reader: Reader) -> list[Entry]:
    """The whole timeline as `reader` may read it, the newest entry first."""
    events = ticket.events.select_related("actor__department", "department", "caller_told").prefetch_related("files")
    events = events.order_by("-sequence")
    found = [_entry(event) for event in retold(ticket, events, reader)]
    others = [entry for source in _sources for entry in source(read(ticket, reader))]
    # Sorting is stable: of two at the same instant the later event stays first.
    return sorted([*found, *others], key=lambda entry: entry.at, reverse=True) if others else found


# -- what was written down, as it may be read ---------------------------------------------------------------

NAMES_A_TICKET = ("split_off", "praises", "like")  # what an event's data calls the number of another ticket
NAMES_A_MATTER = ("join_matter", "part_matter")


def retold(ticket: Ticket, events: Iterable[TicketEvent], reader: Reader) -> list[TicketEvent]:
    """Copies of a ticket's events whose note and data say only what `reader` may read.

    What was written down stays as it was; events of earlier versions carry names of matters and titles of other
    tickets in their notes.
    """
    told = [copy.copy(event) for event in events]
    others = _others_named(told, reader)
    matters = Matter.objects.in_bulk(
        {e.data["matter"] for e in told if e.action in NAMES_A_MATTER and e.data.get("matter")}
    )
    current = read(ticket, reader)
    for event in told:
        event.data = dict(event.data)
        for name in NAMES_A_TICKET:
            if (number := event.data.get(name)) and number in others:
                del event.data[name]
                event.note = "" if event.note == others[number] else event.note
        if "like" not in event.data:  # the words that decided are those of the other ticket too
            event.data.pop("why", None)
        if event.action in NAMES_A_MATTER and (matter := matters.get(event.data.get("matter"))):
            event.note = "" if event.note == matter.title else event.note
            event.data["matter_name"] = matter_name(matter, reader, [ticket])
        if corrected := correcting.whole(event):
            event.data["corrected"] = correcting.as_read(corrected, current)
        event.note = stored_text(event.note, current)
    return told


def stored_text(written: str, reading: Reading) -> str:
    """A text that was kept, without what `reading` leaves out."""
    if reading.standing != Standing.HOTLINE:
        for cleaner in _cleaners:
            written = cleaner(written)
    return reading.text(written)


def _others_named(events: Iterable[TicketEvent], reader: Reader) -> dict[str, str]:
    """The tickets that events name and `reader` may not know of: their titles by their numbers."""
    numbers = {event.data[name] for event in events for name in NAMES_A_TICKET if event.data.get(name)}
    if not numbers:
        return {}
    named = Ticket.objects.filter(number__in=numbers)
    visible = named.visible_to(reader) if reader is not None else named.none()
    return dict(named.exclude(pk__in=visible.values("pk")).values_list("number", "title"))


def _entry(event: TicketEvent) -> Entry:
    action = ACTIONS.get(event.action)
    who = _t("System")
    if event.actor:
        who = str(event.actor)
        if event.actor.department:
            who = f"{event.actor.department} {who}"
    elif event.department and action and action.whose is Whose.HOLDER:
        who = event.department.name
    return Entry(
        label=str(action.label) if action else event.action,
        tone=action.tone if action else "secondary",
        at=event.at,
        who=who,
        note=event.note,
        facts=list(_facts(event.data)),
        files=event.files.all(),
    )


def _facts(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The facts that are worth a line, in the order of the story."""
    labels = {
        "department_name": _t("To"),
        "from_department": _t("From"),
        "proposed": _t("Proposed department"),
        "order": _t("Supervision order"),
        "praises": _t("Praises"),
        "split_off": _t("Split off"),
        "matter_name": _t("Matter"),
        "like": _t("Like"),
    }
    for name, label in labels.items():
        if data.get(name):
            yield label, str(data[name])
    if data.get("why"):
        yield _t("Why"), _t("; ").join(map(str, data["why"]))
    if data.get("assisting"):
        yield _t("Assisting departments"), _t(", ").join(data["assisting"])
    choices: dict[str, tuple[str, Any]] = {
        "principle": (_t("Principle"), Principle),
        "ground": (_t("Ground"), _grounds(data.get("ground"))),
        "contacted": (_t("Contacted"), Contacted),
        "solved": (_t("Solved or not"), Solved),
        "satisfaction": (_t("Satisfaction"), Satisfaction),
        "cause": (_t("Cause"), Cause),
        "closing_reason": (_t("Why closed all the same"), ClosingReason),
        "not_reached": (_t("Why not reached"), NotReached),
    }
    for name, (label, enumeration) in choices.items():
        if data.get(name) in getattr(enumeration, "values", ()):
            yield label, str(enumeration(data[name]).label)
    yield from correcting.facts(data.get("corrected") or {})
    if "days" in data:
        yield _t("Working days"), str(data["days"])
    if data.get("again"):
        yield _t("Next try"), _moment(data["again"])
    if data.get("due"):
        yield _t("Deadline"), _moment(data["due"])
    if moved := data.get("answer_due"):
        before, after = (_moment(value) if value else "—" for value in moved)
        yield _t("Answer due"), after if before == "—" else f"{before} → {after}"


def _grounds(value: Any) -> Any:
    """The enumeration that a ground is of."""
    return next((kind for kind in (ReturnGround, ExtensionGround) if value in kind.values), RefusalGround)


def _moment(iso: str) -> str:
    parsed = parse_datetime(iso)
    return timezone.localtime(parsed).strftime("%Y-%m-%d %H:%M") if parsed else iso
