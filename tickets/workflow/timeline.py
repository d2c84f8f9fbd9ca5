"""A ticket's events as lines that a person reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _t

from tickets.choices import Contacted, ExtensionGround, Principle, RefusalGround, ReturnGround, Satisfaction, Solved
from tickets.models import Attachment, Ticket, TicketEvent
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


Source = Callable[[Ticket], Iterable[Entry]]
_sources: list[Source] = []


def also(source: Source) -> Source:
    """Registers what a room above has to say on the timeline beside the events."""
    _sources.append(source)
    return source


def entries(ticket: Ticket) -> list[Entry]:
    """The whole timeline, the newest entry first."""
    events = ticket.events.select_related("actor__department", "department").prefetch_related("files")
    events = events.order_by("-sequence")
    found = [_entry(event) for event in events]
    others = [entry for source in _sources for entry in source(ticket)]
    # Sorting is stable: of two at the same instant the later event stays first.
    return sorted([*found, *others], key=lambda entry: entry.at, reverse=True) if others else found


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
    }
    for name, label in labels.items():
        if data.get(name):
            yield label, str(data[name])
    if data.get("assisting"):
        yield _t("Assisting departments"), _t(", ").join(data["assisting"])
    choices: dict[str, tuple[str, Any]] = {
        "principle": (_t("Principle"), Principle),
        "ground": (_t("Ground"), _grounds(data.get("ground"))),
        "contacted": (_t("Contacted"), Contacted),
        "solved": (_t("Solved or not"), Solved),
        "satisfaction": (_t("Satisfaction"), Satisfaction),
    }
    for name, (label, enumeration) in choices.items():
        if data.get(name) in getattr(enumeration, "values", ()):
            yield label, str(enumeration(data[name]).label)
    if "days" in data:
        yield _t("Working days"), str(data["days"])
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
