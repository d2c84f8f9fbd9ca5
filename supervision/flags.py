"""Raising and clearing flags. The database allows one open flag of a kind on a ticket, whoever raises it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count

from tickets.choices import OPEN_STATUSES
from tickets.models import Ticket

from . import clocks
from .models import Flag


def sync(tickets: Sequence[Ticket], *, now: datetime) -> tuple[int, int]:
    """Makes the open flags of these locked tickets what is true at `now`; returns how many were raised and cleared."""
    raised: list[Flag] = []
    changed: list[Flag] = []
    cleared: list[int] = []
    open_flags: dict[int, dict[str, Flag]] = defaultdict(dict)
    for flag in Flag.objects.filter(ticket_id__in=[t.pk for t in tickets], cleared_at__isnull=True):
        open_flags[flag.ticket_id][flag.kind] = flag
    callers = callers_of_matters({t.matter_id for t in tickets if t.matter_id})
    for ticket in tickets:
        count = callers.get(ticket.matter_id or 0, 0)
        true_now = clocks.conditions(ticket, now, callers=count)
        standing = open_flags[ticket.pk]
        facts = clocks.evidence(ticket, count)
        for kind, since in true_now.items():
            known = standing.get(kind)
            if known is None:
                raised.append(Flag(ticket=ticket, kind=kind, since=since, raised_at=now, evidence=facts))
            elif known.evidence != facts:  # a standing flag says what is true now: another caller, another return
                known.evidence = facts
                changed.append(known)
        cleared += [flag.pk for kind, flag in standing.items() if kind not in true_now]
    if raised:
        Flag.objects.bulk_create(raised, ignore_conflicts=True)
    if changed:
        Flag.objects.bulk_update(changed, ["evidence"])
    if cleared:
        Flag.objects.filter(pk__in=cleared, cleared_at__isnull=True).update(cleared_at=now)
    return len(raised), len(cleared)


def callers_of_matters(matter_ids: set[int]) -> dict[int, int]:
    """How many different callers each matter has; tickets without a number count one each."""
    if not matter_ids:
        return {}
    rows = (
        Ticket.objects.filter(matter_id__in=matter_ids)
        .values("matter_id")
        .annotate(known=Count("caller", distinct=True), tickets=Count("pk"), named=Count("caller"))
    )
    return {row["matter_id"]: row["known"] + row["tickets"] - row["named"] for row in rows}


def look_again_at_matter(matter_id: int | None, *, now: datetime) -> None:
    """Has the next sweep look at every open ticket of a matter: its number of callers has changed."""
    if matter_id:
        Ticket.objects.filter(matter_id=matter_id, status__in=OPEN_STATUSES).update(next_due_at=now)
