"""What joining, parting and every other action leave behind in this room."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from django.core.cache import cache
from django.db import transaction

from hotline.accounts.models import User
from matters import totals
from matters.models import Alert, Choice, Deed
from tickets.forgetting import writings
from tickets.models import Ticket
from tickets.workflow.performing import Performance, after_every, effect
from tickets.workflow.stores import DatabaseStore

ASKED = "matters:asked"  # a job is on its way that will look at whatever waits
ASKED_FOR = 20  # seconds; a job that was lost holds up the next for no longer
PAIRS = 20  # of a matter that is left, so many tickets are told apart one by one, for training to learn from
logger = logging.getLogger(__name__)
writings.also(Alert, "matter__tickets")
writings.also(Deed, "matter__tickets")


@effect("join_matter")
def keep_joining(p: Performance) -> None:
    """A person's choice is kept: with the ticket that they named, or with the matter."""
    if p.actor is None or not isinstance(p.store, DatabaseStore):
        return
    numbers = p.given.get("numbers") or ()
    others: list[int | None] = list(Ticket.objects.filter(number__in=numbers).values_list("pk", flat=True))
    matter = None if others else p.ticket.matter_id
    Choice.objects.bulk_create(
        Choice(ticket=p.ticket, other_id=other, matter_id=matter, is_together=True, by=p.actor, at=p.at)
        for other in (others or [None])
    )


@effect("part_matter")
def keep_parting(p: Performance) -> None:
    if p.actor is not None and isinstance(p.store, DatabaseStore):
        keep_apart([p.ticket], p.data["matter"], by=p.actor)


def keep_apart(tickets: Sequence[Ticket], matter: int, *, by: User) -> None:
    """Keeps that these tickets, which have just left a matter, are another thing than it and its tickets."""
    left = Ticket.objects.filter(matter=matter).exclude(pk__in=[ticket.pk for ticket in tickets]).order_by("-pk")
    others = [None, *left.values_list("pk", flat=True)[:PAIRS]]
    Choice.objects.bulk_create(
        Choice(ticket=ticket, other_id=other, matter_id=None if other else matter, is_together=False, by=by)
        for ticket in tickets
        for other in others
    )


@after_every
def look_again(p: Performance) -> None:
    """Once it is committed: what is new is looked at, and the matter is counted anew."""
    if not isinstance(p.store, DatabaseStore):
        return
    named = (p.ticket.matter_id, p.data.get("matter"), p.data.get("from_matter"))
    matters = {pk for pk in named if pk}
    if matters and (gathered := _gathered.get()) is not None:
        gathered |= matters
    elif matters:
        transaction.on_commit(lambda: _told(matters))
    elif p.action.name == "register":
        transaction.on_commit(ask)


_gathered: ContextVar[set[int] | None] = ContextVar("matters that are marked in the end", default=None)


@contextmanager
def marked_in_the_end() -> Iterator[None]:
    """Has the matters that change within counted anew when it ends, and not one by one."""
    matters = set[int]()
    token = _gathered.set(matters)
    try:
        yield
    finally:
        _gathered.reset(token)
        totals.mark(matters)


def _told(matters: set[int]) -> None:
    totals.mark(matters)
    ask()


def ask() -> None:
    """Sends for the job that looks at what waits, unless it is on its way. Without a broker the schedule finds it."""
    from matters import tasks  # which performs actions, whose effects these are

    try:
        if cache.add(ASKED, True, timeout=ASKED_FOR):
            tasks.work.apply_async(retry=False, expires=600)
    except Exception:
        logger.warning("the broker does not answer; what waits is looked at by the schedule", exc_info=True)
