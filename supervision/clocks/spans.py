"""Spans: which limits are in force after an action, and how actions end and begin them.

`follow` is the one rule. It goes through what happens to a ticket as it happens, and again through its events when all
is recomputed (`recomputed`), so that what is kept can be checked against what happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from hotline.worktime import calendar
from supervision.clocks.instants import STAGES
from tickets import limits
from tickets.choices import OPEN_STATUSES, UNANSWERED_STATUSES, Duty, Status
from tickets.models import Contribution, Span, Ticket, TicketEvent
from tickets.workflow.performing import Performance, once_saved

# These start the limit of their state again although the state stays.
RESTARTING = {"progress", "miss_follow_up", "record_findings", "send_down", "grant_extension"}
# The answer clock begins anew with these; else it goes on from its first start.
STARTING_ANEW = {"determine", "redo", "reopen"}
CLOSING = ("answer_directly", "refuse", "follow_up", "miss_follow_up", "close")
# By which actions what is owed is done; by all others it is owed no longer, or by somebody else.
MEETS: dict[Duty, tuple[str, ...]] = {
    Duty.OPEN: CLOSING,
    Duty.DISPATCH: ("dispatch", "dispatch_automatically", "answer_directly", "refuse"),
    Duty.ACCEPT: ("accept",),
    Duty.ANSWER: ("answer", "answer_directly"),
    Duty.REVIEW: ("grant_return", "refuse_return"),
    Duty.RULING: ("rule",),
    Duty.PROGRESS: ("progress", "answer"),
    Duty.COORDINATION: ("record_findings", "determine", "call_off"),
    Duty.SUSPENSION: ("resume",),
    Duty.FOLLOW_UP: ("follow_up", "miss_follow_up", "redo", "close"),
    Duty.ASSIST: ("assist",),
    Duty.OPINION: ("give_opinion",),
    Duty.ORDER: ("answer",),
    Duty.DIRECTIVE: ("answer",),
}
# These only move a limit: what is owed goes on.
MOVING = ("grant_extension", "recalculate", "correct")
# What an action takes back of what another had done.
UNDOES = {"undo_dispatch": ("dispatch",), "send_back": ("answer",)}
# A department owes these; in other states nobody has been given the ticket.
OF_WHO_HOLDS_IT = (Duty.ACCEPT, Duty.PROGRESS, Duty.SUSPENSION)
WITH_NOBODY = (Status.REGISTERED, Status.RULING, Status.COORDINATING)
# What a source of imported messages tells: when they were written and answered, nothing of what lay between.
IMPORTED = ("register", "dispatch", "accept", "answer", "close")
TOLD_BY_IMPORTS = (Duty.OPEN, Duty.ANSWER)


@dataclass(frozen=True)
class Owed:
    """A limit in force."""

    duty: Duty
    department: int | None
    due: datetime | None


@dataclass(frozen=True)
class Standing:
    """How a ticket stands after an action, as far as limits go.

    `is_restarted` says whether the limit of its state began with the action; `parts` are what other departments owe.
    """

    status: str
    department: int | None
    round: int
    is_restarted: bool
    stage_due: datetime | None
    answer_due: datetime | None
    order_due: datetime | None = None
    task_due: datetime | None = None
    parts: tuple[Owed, ...] = ()
    is_imported: bool = False

    def owed(self) -> list[Owed]:
        """The limits in force."""
        if self.status not in OPEN_STATUSES:
            return []
        stage = Duty(STAGES[self.status][0])
        found = [Owed(Duty.OPEN, None, None)]
        if self.stage_due:
            found.append(Owed(stage, self.department if stage in OF_WHO_HOLDS_IT else None, self.stage_due))
        if self.status in UNANSWERED_STATUSES:
            holder = None if self.status in WITH_NOBODY else self.department
            for duty, whose, due in (
                (Duty.ANSWER, holder, self.answer_due),
                (Duty.ORDER, self.department, self.order_due),
                (Duty.DIRECTIVE, self.department, self.task_due),
            ):
                if due:
                    found.append(Owed(duty, whose, due))
        found += self.parts
        return [one for one in found if one.duty in TOLD_BY_IMPORTS] if self.is_imported else found


@dataclass
class Change:
    """The spans that an action ended or took back, and those that it began."""

    changed: list[Span]
    begun: list[Span]


def follow(spans: Sequence[Span], now: Standing, action: str, at: datetime, ticket: Ticket) -> Change:
    """What `action` changes of a ticket's spans, given how the ticket stands after it."""
    change = Change(_taken_back(spans, action, at), [])
    owed = now.owed()
    for span in spans:
        if span.ended_at is not None:
            continue
        still = next((one for one in owed if _goes_on(span, one, now)), None)
        if still:
            owed.remove(still)
            continue
        _end(span, now, action, at)
        change.changed.append(span)
    for one in owed:
        span = Span(
            ticket=ticket, duty=one.duty, department_id=one.department, round=now.round, begun_at=at, begun_by=action,
            due_at=one.due,
        )  # fmt: skip
        before = _gone_on_from(spans, span, action, at)
        span.minutes = before.minutes if before else 0
        change.begun.append(span)
    return change


def _taken_back(spans: Iterable[Span], action: str, at: datetime) -> list[Span]:
    """What the last action had ended as done, where this one takes that back."""
    done = [
        span for span in spans if span.is_met and span.undone_at is None and span.ended_by in UNDOES.get(action, ())
    ]
    last = max((span.ended_at for span in done if span.ended_at), default=None)
    found = [span for span in done if span.ended_at == last]
    for span in found:
        span.undone_at = at
    return found


def _goes_on(span: Span, owed: Owed, now: Standing) -> bool:
    if (span.duty, span.department_id, span.due_at) != (owed.duty, owed.department, owed.due):
        return False
    if owed.duty == Duty.OPEN:
        return True
    is_stage = owed.duty == STAGES[now.status][0]
    return span.round == now.round and not (is_stage and now.is_restarted)


def _end(span: Span, now: Standing, action: str, at: datetime) -> None:
    span.ended_at, span.ended_by = at, action
    span.is_met = action in MEETS[Duty(span.duty)]
    span.minutes += round(calendar.current().minutes_between(span.begun_at, at))
    if span.duty == Duty.OPEN:
        span.department_id, span.round = now.department, now.round


def _gone_on_from(spans: Iterable[Span], begun: Span, action: str, at: datetime) -> Span | None:
    """The span of the same duty that this one goes on from: its limit was moved, or it had been suspended."""
    if action not in (*MOVING, "resume"):
        return None
    same = [
        span
        for span in spans
        if (span.duty, span.department_id, span.round) == (begun.duty, begun.department_id, begun.round)
        and (span.ended_at == at if action in MOVING else span.ended_by == "suspend")
    ]
    return max(same, key=lambda span: span.begun_at, default=None)


# -- as it happens ------------------------------------------------------------------------------------------


@once_saved
def keep(p: Performance) -> None:
    """Ends and begins spans after an action whose clocks have been set."""
    ticket = p.ticket
    spans = p.store.all(Span, ticket) if ticket.version > 1 else []
    has_parts = ticket.contribution_due_at or any(
        span.duty in (Duty.ASSIST, Duty.OPINION) and span.ended_at is None for span in spans
    )
    contributions = p.store.all(Contribution, ticket) if has_parts else []
    now = Standing(
        status=ticket.status, department=ticket.department_id, round=ticket.round,
        is_restarted=p.before["status"] != ticket.status or p.action.name in RESTARTING,
        stage_due=ticket.stage_due_at, answer_due=ticket.answer_due_at,
        order_due=ticket.order_due_at, task_due=ticket.task_due_at,
        parts=tuple(Owed(Duty(one.part), one.department_id, one.due_at) for one in contributions if one.is_open),
        is_imported=_is_imported(ticket, p.action.name, p.actor),
    )  # fmt: skip
    change = follow(spans, now, p.action.name, p.at, ticket)
    for span in change.changed:
        p.store.change(span)
    p.store.add_all(change.begun)


def _is_imported(ticket: Ticket, action: str, actor: Any) -> bool:
    return ticket.import_key is not None and actor is None and action in IMPORTED


# -- from events --------------------------------------------------------------------------------------------


def recomputed(ticket: Ticket, events: Iterable[TicketEvent], contributions: Sequence[Contribution] = ()) -> list[Span]:
    """The spans of a ticket as its events have them, in the order in which they began.

    Events that were written before limits were kept with them (`stage_due`) have those of the city's table.
    """
    spans: list[Span] = []
    now: Standing | None = None
    for event in events:
        now = _after(now, ticket, event, contributions)
        spans += follow(spans, now, event.action, event.at, ticket).begun
    return spans


def _after(
    before: Standing | None, ticket: Ticket, event: TicketEvent, contributions: Sequence[Contribution]
) -> Standing:
    action, data = event.action, event.data
    is_restarted = before is None or event.from_status != event.to_status or action in RESTARTING
    stage_due = before.stage_due if before else None
    if "stage_due" in data:
        stage_due = _instant(data["stage_due"])
    elif is_restarted and event.to_status in STAGES:
        stage_due = limits.due(STAGES[event.to_status][0], ticket, event.at)
    answer_due = _instant(data["answer_due"][1]) if "answer_due" in data else before.answer_due if before else None
    order_due, task_due = (before.order_due, before.task_due) if before else (None, None)
    if action == "supervise":
        order_due = _instant(data["due"])
    elif action in STARTING_ANEW or event.department_id is None:
        order_due = None
    if action == "determine" and "due" in data:
        task_due = _instant(data["due"])
    elif action in ("redo", "reopen", "escalate"):
        task_due = None
    if event.to_status not in OPEN_STATUSES:
        stage_due = order_due = task_due = None
    return Standing(
        status=event.to_status, department=event.department_id, round=event.round, is_restarted=is_restarted,
        stage_due=stage_due, answer_due=answer_due, order_due=order_due, task_due=task_due,
        parts=tuple(_owed_then(contributions, event.at)),
        is_imported=_is_imported(ticket, action, event.actor_id),
    )  # fmt: skip


def _owed_then(contributions: Iterable[Contribution], at: datetime) -> Iterable[Owed]:
    for one in contributions:
        ended = one.given_at or one.withdrawn_at
        if one.asked_at <= at and (ended is None or ended > at):
            yield Owed(Duty(one.part), one.department_id, one.due_at)


def _instant(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None
