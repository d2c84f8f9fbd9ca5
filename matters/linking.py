"""What the machine joins by itself, and what it proposes (`settle`).

1. Of a ticket that nobody looked at yet, those like it are found (`nearest`), without holding anything.
2. The ticket and those that it may join are held, in the order of their ids. What people chose meanwhile is read now:
   by hand always wins. A ticket that has a matter already, or that people told apart, stays as it is.
3. What is at least JOIN sure is joined by `join_matter` of the workflow table, to the matter in which the other one is
   at that moment; what is at least PROPOSE sure is proposed; below that nothing is done. Where the caller of either
   asked for secrecy it is proposed at most: that a ticket belongs to a matter tells of it.
4. That it was looked at is written in the same transaction (`Looked`): twice, on several workers, or after a worker was
   killed, the outcome is the same.

A person who splits a matter while the machine joins holds the same rows: whoever comes second sees what the first did.
What the machine joins goes with the ticket that it is like, wherever the person has put that.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from hotline.locks import Lease
from hotline.waiting import busy
from hotline.waiting.busy import Busy, Cause
from matters import proposing
from matters.models import Choice, Looked
from matters.nearest import Near, nearest
from matters.pairs import JOIN, PROPOSE
from tickets import limits
from tickets.choices import OPEN_STATUSES, Kind, RuleKey, Status
from tickets.models import Ticket
from tickets.workflow.performing import Refused, apply, objection
from tickets.workflow.stores import DatabaseStore
from tickets.workflow.table import ACTIONS

CONSIDERED = 8  # of those like a ticket, the nearest
LATE = 2000  # ids below the last that was looked at: what was committed late is looked for so far back
RECENT = timedelta(days=7)  # what was recorded before that is looked at by `detect_matters`
BATCH = 200
LOOKING = Lease("matters", seconds=15)  # longer than one ticket may take; a killed run holds up the next for so long
logger = logging.getLogger(__name__)
Outcome = Looked.Outcome


# -- what waits -----------------------------------------------------------------------------------------------------


def waiting(now: datetime) -> list[int]:
    """The next tickets to be looked at, in the order in which they were recorded."""
    last = Looked.objects.aggregate(last=Max("pk"))["last"] or 0
    fresh = Ticket.objects.filter(pk__gt=last - LATE, looked=None, registered_at__gt=now - RECENT)
    return list(fresh.order_by("pk").values_list("pk", flat=True)[:BATCH])


def settle_waiting(now: datetime | None = None) -> int:
    """Looks at every ticket that waits; returns how many. One that somebody holds waits for the next run.

    One run looks at a time: what two tickets of one thing are joined to depends on which of them was looked at first,
    and two runs would look at the same ones twice.
    """
    now, done, is_wanted = now or timezone.now(), 0, True
    while is_wanted and LOOKING.take():
        try:
            done += _settle_waiting(now)
        finally:
            is_wanted = LOOKING.give_up()
    return done


def _settle_waiting(now: datetime) -> int:
    done, held = 0, set[int]()
    while fresh := [pk for pk in waiting(now) if pk not in held]:
        for pk in fresh:
            LOOKING.renew()
            try:
                settle(pk)
                done += 1
            except Exception as error:
                if not isinstance(error, Busy) or error.cause is Cause.SLOW:  # again in a minute it would be as slow
                    logger.exception("ticket %s could not be looked at for its matter", pk)
                    Looked.objects.get_or_create(ticket_id=pk, defaults={"outcome": Outcome.FAILED})
                held.add(pk)
    return done


# -- one ticket -----------------------------------------------------------------------------------------------------


def settle(pk: int, *, again: bool = False, near: Sequence[Near] | None = None) -> str:
    """Looks at one ticket and returns what came of it; once, unless `again`. Raises Busy.

    `near` is what it is like, where that was found out already.
    """
    with busy.told():  # all of it: a database that is away while it is asked is no fault of the ticket
        return _settled(pk, again=again, near=near)


def _settled(pk: int, *, again: bool, near: Sequence[Near] | None) -> str:
    if not again and (known := Looked.objects.filter(pk=pk).first()):
        return known.outcome
    if near is None:
        ticket = _whole().get(pk=pk)
        near = nearest(ticket) if is_looked_for(ticket.kind, ticket.status) else []
    near = worth(pk, near)
    with transaction.atomic():
        held = {row.pk: row for row in hold([pk, *(one.ticket for one in near)])}
        if not again and Looked.objects.filter(pk=pk).exists():
            return Looked.objects.get(pk=pk).outcome
        outcome, probability, proposals = _decide(held[pk], near, held, again=again)
        proposing.keep({pk: proposals})
        Looked.objects.update_or_create(
            ticket_id=pk,
            defaults={
                "outcome": outcome, "probability": probability, "matter_id": held[pk].matter_id, "at": timezone.now(),
            },
        )  # fmt: skip
    return outcome


def _whole() -> QuerySet[Ticket]:
    return Ticket.objects.select_related("category", "region__parent", "department", "matter").defer(
        "search", "caller_search"
    )


def hold(pks: Collection[int]) -> list[Ticket]:
    """Holds these tickets until the end of the transaction, in one order whoever holds them.

    What they refer to is read once they are held: read with them it would be as it was before somebody was waited for.
    """
    rows = Ticket.objects.defer("search", "caller_search").filter(pk__in=pks)
    rows = rows.select_for_update(of=("self",), no_key=True).order_by("pk")
    return list(rows.prefetch_related("category", "region__parent", "department", "matter"))


def is_looked_for(kind: str, status: str) -> bool:
    """Praise is no complaint about what it praises, and what is not accepted is nobody's matter."""
    return kind != Kind.PRAISE and status != Status.NOT_ACCEPTED


def worth(pk: int, near: Sequence[Near]) -> list[Near]:
    """Of those like a ticket, the nearest that are sure enough to be worth a word."""
    likely = [one for one in near if one.probability >= PROPOSE and one.ticket != pk]
    return sorted(likely, key=lambda one: (-one.probability, one.ticket))[:CONSIDERED]


def _decide(
    ticket: Ticket, near: Sequence[Near], held: dict[int, Ticket], *, again: bool
) -> tuple[str, float, Sequence[Near]]:
    """What comes of a ticket, how sure that is, and what is to be proposed."""
    if ticket.matter_id and (not again or _is_by_hand(ticket)):
        return Outcome.KEPT, 0.0, ()
    if not is_looked_for(ticket.kind, ticket.status):
        return Outcome.PASSED_OVER, 0.0, ()
    if ticket.matter_id:
        own = (one for one in near if one.probability >= JOIN and _matter_of(one, held) == ticket.matter_id)
        if stays := next((one for one in own if _may_be_joined(ticket, held[one.ticket])), None):
            return Outcome.JOINED, stays.probability, ()
        apply(ACTIONS["part_matter"], ticket, actor=None, given={}, at=timezone.now(), store=DatabaseStore())
    possible = (one for one in near if one.ticket in held and _may_be_joined(ticket, held[one.ticket]))
    first = next(possible, None)
    if first is None:
        return Outcome.ALONE, near[0].probability if near else 0.0, ()
    if first.probability >= JOIN and not (ticket.is_secret or held[first.ticket].is_secret):
        _join(ticket, held[first.ticket], first)
        return Outcome.JOINED, first.probability, ()
    return Outcome.PROPOSED, first.probability, proposing.one_of_each([first, *possible])


def _matter_of(near: Near, held: dict[int, Ticket]) -> int | None:
    other = held.get(near.ticket)
    return other.matter_id if other else None


def _is_by_hand(ticket: Ticket) -> bool:
    """Whether a person had the last word on where a ticket belongs, or on what else belongs there."""
    if Choice.objects.filter(matter=ticket.matter_id).exists():
        return True
    last = ticket.events.filter(action__in=("join_matter", "part_matter")).order_by("-sequence").first()
    return last is None or last.actor_id is not None


def _may_be_joined(ticket: Ticket, other: Ticket) -> bool:
    """Whether the machine may put these two together: open, or closed lately; and nobody has told them apart."""
    if not is_looked_for(other.kind, other.status):
        return False
    lately = timedelta(days=limits.rule(RuleKey.CAME_BACK_DAYS))
    of = Q(matter=other.matter_id) if other.matter_id else Q(pk=other.pk)
    alive = Q(status__in=OPEN_STATUSES) | Q(closed_at__gte=ticket.registered_at - lately)
    if not Ticket.objects.filter(of, alive).exists():
        return False
    return not told_apart(ticket, other)


def told_apart(ticket: Ticket, other: Ticket) -> bool:
    """Whether a person has told these two, or one and the matter of the other, apart and not together since.

    A matter that was merged goes on as the one that it was merged into.
    """
    about = Q(ticket=ticket, other=other) | Q(ticket=other, other=ticket)
    for one, of in ((ticket, other), (other, ticket)):
        if of.matter_id:
            about |= Q(ticket=one, matter=of.matter_id) | Q(ticket=one, matter__standing__merged_into=of.matter_id)
            about |= Q(ticket=one, other__matter=of.matter_id) | Q(other=one, ticket__matter=of.matter_id, matter=None)
    chosen: dict[tuple[int, int | None, int | None], bool] = {}
    for choice in Choice.objects.filter(about).order_by("at", "pk"):
        pair = sorted(pk for pk in (choice.ticket_id, choice.other_id) if pk)
        chosen[pair[0], pair[-1], choice.matter_id] = choice.is_together
    return not all(chosen.values())


def _join(ticket: Ticket, other: Ticket, near: Near) -> None:
    action = ACTIONS["join_matter"]
    if reason := objection(action, ticket):
        raise Refused(reason)
    given = {"numbers": [other.number], "title": "", "why": why_joined(near, other)}
    apply(action, ticket, actor=None, given=given, at=timezone.now(), store=DatabaseStore())


def why_joined(near: Near, other: Ticket) -> dict[str, Any]:
    """What stands in the event of a ticket that the machine joins to another."""
    return {"why": list(near.why), "like": other.number, "probability": round(near.probability, 4)}
