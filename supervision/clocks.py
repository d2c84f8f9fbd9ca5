"""Clocks as due instants: what starts them, what is true at an instant, and when to look again.

A ticket carries three instants. `answer_due_at` is the caller's clock: it starts at the first dispatch and
runs on through returns and re-dispatches; only an extension, a suspension, a determination or a new round moves
it. `stage_due_at` is the present state's own limit (accept within, make progress within, …), so no state can
be waited in unseen. `warn_at` is when the answer becomes due soon. `next_due_at` is the nearest of them that
lies ahead: the sweep takes tickets by it and by nothing else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hotline.worktime import calendar
from tickets import limits
from tickets.choices import OPEN_STATUSES, UNANSWERED_STATUSES, FlagKind, Status
from tickets.limits import RuleKey, Stage
from tickets.models import Ticket
from tickets.stores import DatabaseStore
from tickets.workflow import Performance, after_every

REDO_SHARE = 0.5  # of the limit for a new round, domain.md "redo"

# Which limit holds in a state, and which flag its passing raises.
STAGES: dict[str, tuple[Stage, FlagKind]] = {
    Status.REGISTERED: (Stage.DISPATCH, FlagKind.UNCLAIMED),
    Status.DISPATCHED: (Stage.ACCEPT, FlagKind.UNCLAIMED),
    Status.RETURN_ASKED: (Stage.REVIEW, FlagKind.UNCLAIMED),
    Status.RULING: (Stage.RULING, FlagKind.UNCLAIMED),
    Status.WORKING: (Stage.PROGRESS, FlagKind.STALLED),
    Status.COORDINATING: (Stage.COORDINATION, FlagKind.STALLED),
    Status.SUSPENDED: (Stage.SUSPENSION, FlagKind.REVIEW_DUE),
    Status.FOLLOW_UP: (Stage.FOLLOW_UP, FlagKind.FOLLOW_UP_LATE),
}
# These start the limit of their state again although the state stays.
RESTARTING = {"progress", "miss_follow_up", "record_findings", "send_down", "grant_extension"}


@after_every
def keep_clocks(p: Performance) -> None:
    """Sets the instants after an action, and raises or clears flags at once."""
    ticket = p.ticket
    if ticket.status not in OPEN_STATUSES:
        ticket.stage_due_at = ticket.warn_at = ticket.next_due_at = None
    else:
        _move_answer_clock(p)
        if ticket.status_since == p.at or p.action.name in RESTARTING:
            ticket.stage_due_at = limits.due(STAGES[ticket.status][0], ticket, p.at)
        if ticket.answer_due_at and ticket.answer_due_at != p.before["answer_due_at"]:
            ticket.warn_at = _warning_before(ticket.answer_due_at, ticket, p.at)
        if ticket.status == Status.DISPATCHED and ticket.stage_due_at:
            ticket.accept_due_at = ticket.stage_due_at
        ticket.next_due_at = next_instant(ticket, after=p.at)
        if p.action.name in ("join_matter", "part_matter"):
            ticket.next_due_at = p.at  # its number of callers is known once this is saved
    if isinstance(p.store, DatabaseStore) and ticket.pk:
        from . import flags  # flags asks this module what is true; this module tells it when

        flags.sync([ticket], now=p.at)
        if p.action.name in ("join_matter", "part_matter"):
            flags.look_again_at_matter(p.data["matter"], now=p.at)


def _move_answer_clock(p: Performance) -> None:
    ticket, name = p.ticket, p.action.name
    if name == "undo_dispatch" and ticket.dispatched_at is None:
        ticket.answer_due_at = ticket.warn_at = ticket.accept_due_at = None
    elif name == "determine":
        ticket.answer_due_at = p.given["due"]
    elif name in ("redo", "reopen"):
        ticket.answer_due_at = limits.due(Stage.ANSWER, ticket, p.at, share=REDO_SHARE)
    elif name == "grant_extension":
        assert ticket.answer_due_at is not None
        ticket.answer_due_at = calendar.current().add_days(ticket.answer_due_at, p.data["days"])
    elif "suspended_minutes" in p.data and ticket.answer_due_at:
        work = calendar.current()
        ticket.answer_due_at = work.add_minutes(ticket.answer_due_at, p.data["suspended_minutes"])
    elif ticket.answer_due_at is None and ticket.dispatched_at:
        ticket.answer_due_at = limits.due(Stage.ANSWER, ticket, p.at)


def _warning_before(due: datetime, ticket: Ticket, start: datetime) -> datetime:
    """When to warn: by the city's limit before the deadline; half-way where that lies before the start."""
    amount, unit = limits.limit(Stage.WARNING, ticket)
    warning = limits.shift(due, -amount, unit)
    return warning if warning > start else start + (due - start) / 2


def conditions(ticket: Ticket, now: datetime, *, callers: int = 0) -> dict[str, datetime]:
    """What is true of a ticket at `now`: each flag's kind with the instant its cause began.

    `callers` is the number of tickets in its matter. Depends on nothing else, so it can be asked twice.
    """
    found: dict[str, datetime] = {}
    if ticket.status not in OPEN_STATUSES:
        return found
    if ticket.stage_due_at and ticket.stage_due_at <= now:
        found[STAGES[ticket.status][1]] = ticket.stage_due_at
    if ticket.status in UNANSWERED_STATUSES and ticket.answer_due_at:
        if ticket.answer_due_at <= now:
            found[FlagKind.OVERDUE] = ticket.answer_due_at
        elif ticket.warn_at and ticket.warn_at <= now:
            found[FlagKind.DUE_SOON] = ticket.warn_at
    if ticket.status in UNANSWERED_STATUSES:
        if ticket.returns >= limits.rule(RuleKey.RETURNS_TO_RULING):
            found[FlagKind.BOUNCED] = ticket.status_since
        if callers >= limits.rule(RuleKey.MANY_CALLERS):
            found[FlagKind.MANY_CALLERS] = now
    return found


def next_instant(ticket: Ticket, *, after: datetime) -> datetime | None:
    """The nearest instant after `after` at which another condition can become true."""
    instants = [ticket.stage_due_at]
    if ticket.status in UNANSWERED_STATUSES:
        instants += [ticket.answer_due_at, ticket.warn_at]
    return min((instant for instant in instants if instant and instant > after), default=None)


def evidence(ticket: Ticket, callers: int) -> dict[str, Any]:
    """What the flags of a ticket say of it."""
    facts: dict[str, Any] = {"status": ticket.status}
    if ticket.department_id and ticket.department:
        facts["department"] = ticket.department.name
    if ticket.assigned_at:
        facts["assigned_at"] = ticket.assigned_at.isoformat()
    if ticket.returns:
        facts["returns"] = ticket.returns
    if callers > 1:
        facts["callers"] = callers
    return facts
