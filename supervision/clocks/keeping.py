"""What an action does to the clocks of its ticket, and to the flags that hang on them."""

from __future__ import annotations

import copy
from datetime import datetime

from hotline.worktime import calendar
from supervision.clocks import flags, risk
from supervision.clocks.instants import STAGES, next_instant, redo_share, set_warnings, with_granted
from supervision.clocks.spans import RESTARTING, STARTING_ANEW
from tickets import limits
from tickets.choices import OPEN_STATUSES, NotReached, Stage, Status
from tickets.workflow.performing import Performance, after_every, once_saved
from tickets.workflow.stores import DatabaseStore, GatheringStore

# These change what is known of the other tickets of a matter.
JOINING = {"join_matter", "part_matter"}
# These change which of a caller's calls count together.
HIDING = {"mark_secret", "lift_secrecy", "make_anonymous", "lift_anonymity"}
# These may change which limits hold and what is known of two callers.
CORRECTING = {"correct"}


@after_every
def keep_clocks(p: Performance) -> None:
    """Sets the instants after an action, and raises or clears flags at once."""
    ticket = p.ticket
    if ticket.status not in OPEN_STATUSES:
        ticket.stage_due_at = ticket.half_at = ticket.warn_at = None
        ticket.contribution_due_at = ticket.order_due_at = ticket.task_due_at = None
    else:
        _move_answer_clock(p)
        if ticket.status_since == p.at or p.action.name in RESTARTING:
            ticket.stage_from = None if _agreed(p) else p.at  # a promise is no limit, and moves with none
            ticket.stage_due_at = _agreed(p) or limits.due(STAGES[ticket.status][0], ticket, p.at)
        elif p.action.name in CORRECTING and ticket.stage_from and ticket.stage_due_at:
            ticket.stage_due_at = _as_if_recorded_so(
                p, STAGES[ticket.status][0], ticket.stage_from, ticket.stage_due_at
            )
        if ticket.answer_due_at and ticket.answer_due_at != p.before["answer_due_at"]:
            set_warnings(ticket)
        if ticket.status == Status.DISPATCHED and ticket.stage_due_at:
            ticket.accept_due_at = ticket.stage_due_at
    _look(p)


def _agreed(p: Performance) -> datetime | None:
    """The instant that a caller was promised to be called at: to come later is to be late."""
    is_promise = p.action.name == "miss_follow_up" and p.given["why"] == NotReached.LATER
    return p.given["again_at"] if is_promise else None


def _look(p: Performance) -> None:
    """When to look again and how much is at stake: by its flags, or by the row alone where it is not stored yet."""
    ticket = p.ticket
    if isinstance(p.store, GatheringStore):
        ticket.next_due_at = p.at  # the next sweep looks at all of them together
    elif isinstance(p.store, DatabaseStore) and ticket.pk:
        flags.sync([ticket], now=p.at)
    else:
        ticket.next_due_at = next_instant(ticket, after=p.at)
        ticket.risk = risk.score(ticket, (), 0) if ticket.status in OPEN_STATUSES else 0
    if isinstance(p.store, DatabaseStore):
        if not ticket.pk:
            flags.greet(ticket, now=p.at)
        if p.action.name in JOINING | HIDING or _is_anothers(p):
            ticket.next_due_at = p.at  # its number of callers is known once this is saved


@once_saved
def look_at_others(p: Performance) -> None:
    """Has the next sweep look at the other tickets of which something is true now that was not before."""
    if not isinstance(p.store, DatabaseStore):
        return
    if p.action.name in JOINING:
        p.store.in_the_end(flags.look_again_at_matters, p.data["matter"])
    if _is_anothers(p):
        flags.look_again_at_caller(p.before["caller_id"], now=p.at)
    if p.action.name in HIDING or _is_anothers(p):
        flags.look_again_at_caller(p.ticket.caller_id, now=p.at)
        flags.look_again_at_matters({p.ticket.matter_id}, now=p.at)


def _is_anothers(p: Performance) -> bool:
    """Whether another person called than was known before."""
    return "caller_id" in p.before and p.before["caller_id"] != p.ticket.caller_id


def _move_answer_clock(p: Performance) -> None:
    ticket, name = p.ticket, p.action.name
    work = calendar.current()
    if name == "undo_dispatch" and ticket.dispatched_at is None:
        ticket.answer_due_at = ticket.half_at = ticket.warn_at = ticket.accept_due_at = ticket.clock_from = None
    elif name == "determine":
        ticket.answer_due_at = p.given["due"]
    elif name == "recalculate":
        ticket.answer_due_at = p.given["answer_due"] or ticket.answer_due_at
        ticket.stage_due_at = p.given["stage_due"] or ticket.stage_due_at
    elif name in CORRECTING and ticket.answer_due_at and ticket.clock_from and not ticket.task_due_at:
        share = redo_share() if ticket.round > 1 else 1.0
        ticket.answer_due_at = _as_if_recorded_so(p, Stage.ANSWER, ticket.clock_from, ticket.answer_due_at, share)
    elif name in ("redo", "reopen"):
        ticket.answer_due_at = limits.due(Stage.ANSWER, ticket, p.at, share=redo_share())
    elif name == "grant_extension":
        assert ticket.answer_due_at is not None
        ticket.answer_due_at = work.add_days(ticket.answer_due_at, p.data["days"])
    elif "suspended_minutes" in p.data and ticket.answer_due_at:
        ticket.answer_due_at = work.add_minutes(ticket.answer_due_at, p.data["suspended_minutes"])
    elif ticket.answer_due_at is None and ticket.dispatched_at:
        ticket.answer_due_at = limits.due(Stage.ANSWER, ticket, p.at)
        ticket.clock_from = p.at
    if name in STARTING_ANEW:
        ticket.clock_from = p.at
    if name in STARTING_ANEW or ticket.department_id is None:
        ticket.order_due_at = None  # an order goes to a department, and for this round
    if name in ("redo", "reopen", "escalate"):
        ticket.task_due_at = None


def _as_if_recorded_so(p: Performance, stage: Stage, start: datetime, due: datetime, share: float = 1.0) -> datetime:
    """A limit after a correction: as it would stand had the call been recorded so, with what was granted on top.

    Nobody is late by it: what would have passed already, and had not, is counted from the correction.
    """
    wrong = copy.copy(p.ticket)
    for name, value in p.before["corrected"].items():
        setattr(wrong, name, value)
    fresh = with_granted(
        due, limits.due(stage, wrong, start, share=share), limits.due(stage, p.ticket, start, share=share)
    )
    return limits.due(stage, p.ticket, p.at, share=share) if fresh <= p.at < due else fresh
