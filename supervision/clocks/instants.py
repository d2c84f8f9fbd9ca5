"""Clocks as due instants: what starts them, what is true at an instant, and when to look again.

A ticket carries the instants at which something becomes true of it. `answer_due_at` is the caller's clock: it starts
at the first dispatch (`clock_from`) and runs on through returns and re-dispatches; only an extension, a suspension, a
determination or a new round moves it. `half_at` and `warn_at` lie where two shares of that time are used up.
`stage_due_at` is the present state's own limit (accept within, make progress within, …), so no state can be waited in
unseen. Others are the limits of what assisting departments owe, of a supervision order and of an on-site directive.
`next_due_at` is the nearest of them that lies ahead: the sweep takes tickets by it and by nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from hotline.worktime import calendar
from supervision.words import callers_told
from tickets import limits
from tickets.choices import OPEN_STATUSES, UNANSWERED_STATUSES, FlagKind, RuleKey, Stage, Status, Unit
from tickets.models import Ticket
from tickets.workflow.stores import INSTANTS

WEEK = timedelta(days=7)

# Which limit holds in a state, and which flag its passing raises.
STAGES: dict[str, tuple[Stage, FlagKind]] = {
    Status.REGISTERED: (Stage.DISPATCH, FlagKind.UNPLACEABLE),
    Status.DISPATCHED: (Stage.ACCEPT, FlagKind.UNCLAIMED),
    Status.RETURN_ASKED: (Stage.REVIEW, FlagKind.STALLED),
    Status.RULING: (Stage.RULING, FlagKind.STALLED),
    Status.WORKING: (Stage.PROGRESS, FlagKind.STALLED),
    Status.COORDINATING: (Stage.COORDINATION, FlagKind.TASK_LATE),
    Status.SUSPENDED: (Stage.SUSPENSION, FlagKind.REVIEW_DUE),
    Status.FOLLOW_UP: (Stage.FOLLOW_UP, FlagKind.FOLLOW_UP_LATE),
}


@dataclass(frozen=True)
class Around:
    """What is known of a ticket beside its own row.

    `callers` is how many different people its matter has, `calls` how often its caller called in the week before,
    `is_refused_by_all` whether everybody whom directory and precedents name has returned it, `closed_before` how many
    days before it the same thing had been closed.
    """

    callers: int = 0
    calls: int = 0
    is_refused_by_all: bool = False
    closed_before: int | None = None


def redo_share() -> float:
    """Which part of the answer limit a new round has."""
    return limits.rule(RuleKey.REDO_PERCENT) / 100


def with_granted(due: datetime, old: datetime, new: datetime) -> datetime:
    """`due` where the limit beneath it moves from `old` to `new`: what an extension or a suspension granted on top of
    the old one is granted on top of the new one."""
    if old == new:
        return due
    granted = calendar.current().minutes_between(old, due)
    return calendar.current().add_minutes(new, granted) if granted else new


def set_warnings(ticket: Ticket) -> None:
    """Where half of the answer clock and where most of it is used up, counted as the limit itself is counted."""
    start, due = ticket.clock_from, ticket.answer_due_at
    if start is None or due is None:
        ticket.half_at = ticket.warn_at = None
        return
    in_working_time = limits.limit(Stage.ANSWER, ticket, timezone.localdate(start))[1] == Unit.WORK_DAY
    minutes = calendar.current().minutes_between(start, due) if in_working_time else 0

    def at_share(rule: RuleKey) -> datetime:
        share = limits.rule(rule) / 100
        if minutes:
            return calendar.current().add_minutes(start, minutes * share)
        return start + (due - start) * share

    ticket.half_at, ticket.warn_at = at_share(RuleKey.FIRST_WARNING), at_share(RuleKey.LAST_WARNING)


def conditions(ticket: Ticket, now: datetime, around: Around) -> dict[FlagKind, datetime]:
    """What is true of a ticket at `now`: each flag's kind with the instant its cause began.

    Depends on the ticket, the instant and what is `around` it, so it can be asked twice.
    """
    found: dict[FlagKind, datetime] = {}
    if ticket.status not in OPEN_STATUSES:
        return found
    if ticket.stage_due_at and ticket.stage_due_at <= now:
        found[STAGES[ticket.status][1]] = ticket.stage_due_at
    if ticket.contribution_due_at and ticket.contribution_due_at <= now:
        found[FlagKind.PART_LATE] = ticket.contribution_due_at
    if ticket.status in UNANSWERED_STATUSES:
        found |= _while_unanswered(ticket, now, around)
    return found


def _while_unanswered(ticket: Ticket, now: datetime, around: Around) -> dict[FlagKind, datetime]:
    found: dict[FlagKind, datetime] = {}
    # Of the three only the gravest: a ticket that is late is not also nearly late.
    for kind, instant in (
        (FlagKind.OVERDUE, ticket.answer_due_at),
        (FlagKind.DUE_SOON, ticket.warn_at),
        (FlagKind.HALF_TIME, ticket.half_at),
    ):
        if instant and instant <= now:
            found[kind] = instant
            break
    for kind, instant in ((FlagKind.TASK_LATE, ticket.task_due_at), (FlagKind.ORDER_LATE, ticket.order_due_at)):
        if instant and instant <= now:
            found[kind] = instant
    if ticket.returns >= limits.rule(RuleKey.RETURNS_TO_RULING):
        found[FlagKind.BOUNCED] = ticket.status_since
    if ticket.status == Status.RULING or (ticket.status == Status.REGISTERED and around.is_refused_by_all):
        found[FlagKind.UNPLACEABLE] = ticket.status_since
    if ticket.round > limits.rule(RuleKey.REDONE):
        found[FlagKind.REDONE] = ticket.clock_from or ticket.status_since
    if around.closed_before is not None:
        found[FlagKind.CAME_BACK] = ticket.status_since
    if around.callers >= limits.rule(RuleKey.MANY_CALLERS):
        found[FlagKind.MANY_CALLERS] = now
    if around.calls >= limits.rule(RuleKey.FREQUENT_CALLER):
        found[FlagKind.FREQUENT_CALLER] = now
    return found


def next_instant(ticket: Ticket, *, after: datetime, flagged: Any = ()) -> datetime | None:
    """The nearest instant after `after` at which another condition can become true.

    `flagged` are the kinds of its open flags: a caller who called often is looked at again a week later.
    """
    names = INSTANTS if ticket.status in UNANSWERED_STATUSES else ("stage_due_at", "contribution_due_at")
    instants = [getattr(ticket, name) for name in names]
    if FlagKind.FREQUENT_CALLER in flagged:
        instants.append(after + WEEK)
    return min((instant for instant in instants if instant and instant > after), default=None)


def evidence(ticket: Ticket, around: Around) -> dict[str, Any]:
    """What the flags of a ticket say of it."""
    facts: dict[str, Any] = {"status": ticket.status}
    if ticket.department_id and ticket.department:
        facts["department"] = ticket.department.name
    if ticket.stage_from:
        facts["last_word"] = ticket.stage_from.isoformat()
    if ticket.assigned_at:
        facts["assigned_at"] = ticket.assigned_at.isoformat()
    for name, value in (("returns", ticket.returns), ("urges", ticket.urges), ("rounds", ticket.round - 1)):
        if value:
            facts[name] = value
    if around.closed_before is not None:
        facts["closed_before"] = around.closed_before
    if around.callers > 1:
        facts["callers"] = callers_told(around.callers)
    if around.calls >= limits.rule(RuleKey.FREQUENT_CALLER):
        facts["calls"] = around.calls
    return facts
