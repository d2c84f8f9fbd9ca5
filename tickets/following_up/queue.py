"""Whom to call next about an answer, and who is on the telephone with whom.

1. First whoever was promised a call at a time that has come, then by when the call is due, the overdue before all.
2. Nobody is tried again before the time set for it, and nobody whom somebody else is calling just now.
3. Tickets without a number are not called: they are closed without a call by those who check answers.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from hotline.accounts.models import User
from tickets.choices import NotReached, Status
from tickets.models import FollowUp, FollowUpClaim, Ticket, TicketQuerySet
from tickets.workflow import performing
from tickets.workflow.inputs import TRIED_WITHIN
from tickets.workflow.performing import Performance, effect
from tickets.workflow.stores import DatabaseStore
from tickets.workflow.table import ACTIONS

HOLD = timedelta(minutes=10)  # for so long whoever was given a call is thought to be making it
LOOKED_AT = 50  # tickets of each kind that are looked at for one that can be called now


def waiting(user: User) -> TicketQuerySet:
    """The tickets that wait for a call and that `user` may know of."""
    return Ticket.objects.visible_to(user).filter(status=Status.FOLLOW_UP)


def take_next(user: User, *, but: Container[str] = ()) -> Ticket | None:
    """The ticket that `user` calls about next, held for them; None where nobody is to be called.

    `but` are numbers of tickets that they put off.
    """
    for ticket in _in_turn(user, timezone.now()):
        if ticket.number in but or performing.objection(ACTIONS["follow_up"], ticket):
            continue
        if claim(ticket, by=user).by_id == user.pk:
            return ticket
    return None


def _in_turn(user: User, now: datetime) -> Iterator[Ticket]:
    others = FollowUpClaim.objects.filter(ticket=OuterRef("pk"), until__gt=now).exclude(by=user)
    tries = FollowUp.objects.filter(ticket=OuterRef("pk"), round=OuterRef("round"), again_at__isnull=False)
    promises = tries.filter(why=NotReached.LATER, again_at__lte=now, again_at__gt=now - TRIED_WITHIN)
    rows = waiting(user).select_related("category", "department").defer("search", "caller_search")
    callable_now = rows.exclude(caller_phone="", contact_phone="").exclude(Exists(others))
    callable_now = callable_now.exclude(Exists(tries.filter(again_at__gt=now))).order_by("stage_due_at", "pk")
    mine = callable_now.filter(follow_up_claim__by=user, follow_up_claim__until__gt=now)
    turns = (mine, callable_now.filter(Exists(promises)), callable_now)
    return chain.from_iterable(turn[:LOOKED_AT] for turn in turns)


# -- who is on it -------------------------------------------------------------------------------------------


def claim(ticket: Ticket, *, by: User) -> FollowUpClaim:
    """Holds the call about `ticket` for `by`, unless somebody else is on it; the row says who is."""
    now = timezone.now()
    fresh = FollowUpClaim(ticket=ticket, by=by, at=now, until=now + HOLD)
    FollowUpClaim.objects.filter(ticket=ticket, until__lte=now).delete()
    FollowUpClaim.objects.bulk_create([fresh], ignore_conflicts=True)
    FollowUpClaim.objects.filter(ticket=ticket, by=by).update(until=fresh.until)
    return holder_of(ticket) or fresh


def holder_of(ticket: Ticket) -> FollowUpClaim | None:
    """Who is on the call about `ticket` just now."""
    held = FollowUpClaim.objects.filter(ticket=ticket, until__gt=timezone.now())
    return held.select_related("by").first()


def holders_of(tickets: Iterable[Ticket]) -> dict[int, FollowUpClaim]:
    """Who is on the calls about these tickets just now, by the ticket's id."""
    held = FollowUpClaim.objects.filter(ticket__in=[ticket.pk for ticket in tickets], until__gt=timezone.now())
    return {claim.ticket_id: claim for claim in held.select_related("by")}


def let_go(ticket: Ticket, *, by: User) -> None:
    """`by` does not make this call just now; whoever comes next may."""
    FollowUpClaim.objects.filter(ticket=ticket, by=by).delete()


@effect("follow_up", "miss_follow_up", "redo", "close", "send_back")
def nobody_is_on_it(p: Performance) -> None:
    """What was recorded is called no longer."""
    if isinstance(p.store, DatabaseStore):
        FollowUpClaim.objects.filter(ticket=p.ticket).delete()


# -- how many -----------------------------------------------------------------------------------------------


def counts(user: User) -> tuple[int, int]:
    """How many tickets wait for a call, and of how many the call is overdue."""
    found = waiting(user).aggregate(all=Count("pk"), late=Count("pk", filter=Q(stage_due_at__lt=timezone.now())))
    return found["all"], found["late"]
