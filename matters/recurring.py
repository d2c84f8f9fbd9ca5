"""What came back (复发, 假闭环): a call about a matter whose every earlier ticket had been closed with an answer.

It follows from the tickets of a matter alone, whoever joined them and in whatever order: of a ticket, all that were
recorded before it were closed before it, the last of them within the days that the city goes by. Advice that was given
at once and praise are no closing and no coming back; a question or a suggestion was never a fault that could. What
the machine joined must lie at the very spot of one that was closed with an answer: neighbours are one matter, but a
lift that fails next door did not come back. What a person joined is taken at their word. What was found once stays
found while it belongs to the matter: a ticket that is reopened because of it was closed all the same.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet

from hotline.accounts.models import User
from matters import nearest, pairs
from matters.models import Recurrence
from tickets import limits
from tickets.choices import Closing, Kind, RuleKey, Status
from tickets.disclosure import Reader
from tickets.models import Answer, Ticket, TicketEvent
from tickets.reading import read

FAULTS = (Kind.COMPLAINT, Kind.HELP, Kind.REPORT)
LOOKED_BACK = 50  # of the tickets of a matter that were closed with an answer, the latest
ANSWERED = (Closing.FOLLOWED_UP, Closing.UNREACHED, Closing.NO_CALL)

# Of each ticket the latest closing among those recorded before it, and whether one of them was open when it came.
_CAME_BACK = """
WITH told AS (
    SELECT id, matter_id, registered_at, kind, closing,
        CASE WHEN closing = ANY(%(answered)s) THEN closed_at END AS answered_at,
        CASE WHEN status = %(refused)s OR closing = %(direct)s THEN registered_at
             ELSE coalesce(closed_at, 'infinity') END AS over_at
    FROM tickets_ticket WHERE matter_id = ANY(%(matters)s) AND kind <> %(praise)s
), seen AS (
    SELECT id, matter_id, registered_at, kind, closing,
        max(over_at) OVER earlier AS all_over_at, max(answered_at) OVER earlier AS last_answered_at
    FROM told WINDOW earlier AS (
        PARTITION BY matter_id ORDER BY registered_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
)
SELECT id FROM seen
WHERE kind = ANY(%(faults)s) AND all_over_at < registered_at AND last_answered_at > registered_at - %(days)s
AND closing <> %(direct)s
"""


def find(matters: Collection[int], *, now: datetime) -> int:
    """Finds what came back of these matters; returns how many are new. The next sweep looks at their tickets."""
    kept = Recurrence.objects.filter(matter__in=matters)
    kept.exclude(ticket__matter=F("matter")).delete()
    Recurrence.objects.filter(matter__isnull=True).delete()
    asked: dict[str, Any] = {
        "matters": list(matters), "answered": list(map(str, ANSWERED)), "refused": Status.NOT_ACCEPTED.value,
        "direct": Closing.DIRECT.value, "faults": list(map(str, FAULTS)), "praise": Kind.PRAISE.value,
        "days": timedelta(days=limits.rule(RuleKey.CAME_BACK_DAYS)),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CAME_BACK, asked)
        found = [pk for (pk,) in cursor.fetchall()]
    known = Recurrence.objects.filter(ticket__in=found).values("pk")
    rows = Ticket.objects.filter(pk__in=found).exclude(pk__in=known)
    by_hand = _joined_by_hand(found)
    fresh = [
        Recurrence(
            ticket=ticket, earlier=earlier, matter_id=ticket.matter_id, department_id=earlier.department_id,
            days=(ticket.registered_at - (earlier.closed_at or ticket.registered_at)).days, found_at=now,
        )
        for ticket in _compared(rows)
        if (earlier := _closed_there(ticket, asked["days"], is_by_hand=ticket.pk in by_hand))
    ]  # fmt: skip
    Recurrence.objects.bulk_create(fresh, ignore_conflicts=True)
    Ticket.objects.filter(pk__in=[one.ticket_id for one in fresh]).update(next_due_at=now)
    return len(fresh)


def _compared(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    return rows.select_related("category", "region", "trace").defer("search", "caller_search")


def _joined_by_hand(tickets: Collection[int]) -> set[int]:
    """Those of these tickets that a person joined last."""
    joined = TicketEvent.objects.filter(ticket__in=tickets, action="join_matter").order_by("ticket", "-sequence")
    last = joined.distinct("ticket").values_list("ticket", "actor")
    return {ticket for ticket, actor in last if actor}


def _closed_there(ticket: Ticket, lately: timedelta, *, is_by_hand: bool) -> Ticket | None:
    """The ticket of its matter that was closed last with an answer before this one came, at the same spot."""
    earlier = Ticket.objects.filter(
        matter=ticket.matter_id, kind__in=FAULTS, closing__in=ANSWERED, closed_at__lt=ticket.registered_at,
        closed_at__gt=ticket.registered_at - lately,
    )  # fmt: skip
    latest = _compared(earlier).order_by("-closed_at", "-pk")[:LOOKED_BACK]
    if is_by_hand:
        return latest.first()
    side = nearest.side_of(ticket, nearest.places_kept(ticket))
    there = (one for one in latest if pairs.at_one_spot(side, nearest.side_of(one, nearest.places_kept(one))))
    return next(there, None)


def came_back(tickets: Collection[int]) -> dict[int, int]:
    """Of these tickets those that came back: how many days before them the same thing had been closed."""
    found = Recurrence.objects.filter(ticket__in=tickets, refuted_at=None)
    return dict(found.values_list("ticket", "days")) if tickets else {}


def old_answers(tickets: Collection[int], reader: Reader) -> dict[int, str]:
    """Of these tickets those that came back: what the earlier one was closed with, as `reader` may read it."""
    found = Recurrence.objects.filter(ticket__in=tickets, refuted_at=None).select_related("earlier")
    if not isinstance(reader, User):
        return {}
    visible = set(Ticket.objects.visible_to(reader).filter(came_back_as__in=found).values_list("pk", flat=True))
    told = {}
    for one in found:
        answer = Answer.objects.filter(ticket=one.earlier, sent_back_at=None).order_by("-at", "-pk").first()
        if answer and one.earlier_id in visible:
            told[one.ticket_id] = read(one.earlier, reader).text(answer.text)
    return told
