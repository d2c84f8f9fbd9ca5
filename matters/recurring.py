"""What came back (复发, 假闭环): a call about a matter whose every earlier ticket had been closed with an answer.

It follows from the tickets of a matter alone, whoever joined them and in whatever order: of a ticket, all that were
recorded before it were closed before it, the last of them within the days that the city goes by. Advice that was given
at once and praise are no closing and no coming back. What was found once stays found while it belongs to the matter: a
ticket that is reopened because of it was closed all the same.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F

from hotline.accounts.models import User
from matters.models import Recurrence
from tickets import limits
from tickets.choices import Closing, Kind, RuleKey, Status
from tickets.disclosure import Reader
from tickets.models import Answer, Ticket
from tickets.reading import read

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
SELECT id, matter_id, registered_at, last_answered_at FROM seen
WHERE all_over_at < registered_at AND last_answered_at > registered_at - %(days)s
AND closing <> %(direct)s
"""


def find(matters: Collection[int], *, now: datetime) -> int:
    """Finds what came back of these matters; returns how many are new. The next sweep looks at their tickets."""
    kept = Recurrence.objects.filter(matter__in=matters)
    kept.exclude(ticket__matter=F("matter")).delete()
    Recurrence.objects.filter(matter__isnull=True).delete()
    asked: dict[str, Any] = {
        "matters": list(matters), "answered": list(map(str, ANSWERED)), "refused": Status.NOT_ACCEPTED.value,
        "direct": Closing.DIRECT.value, "praise": Kind.PRAISE.value,
        "days": timedelta(days=limits.rule(RuleKey.CAME_BACK_DAYS)),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_CAME_BACK, asked)
        found = cursor.fetchall()
    known = set(Recurrence.objects.filter(ticket__in=[row[0] for row in found]).values_list("pk", flat=True))
    fresh = [_recurrence(*row, now=now) for row in found if row[0] not in known]
    Recurrence.objects.bulk_create(fresh, ignore_conflicts=True)
    Ticket.objects.filter(pk__in=[one.ticket_id for one in fresh]).update(next_due_at=now)
    return len(fresh)


def _recurrence(pk: int, matter: int, registered_at: datetime, closed_at: datetime, *, now: datetime) -> Recurrence:
    earlier = Ticket.objects.filter(matter=matter, closed_at=closed_at).only("pk", "department").order_by("-pk").first()
    assert earlier is not None
    return Recurrence(
        ticket_id=pk, earlier=earlier, matter_id=matter, department_id=earlier.department_id,
        days=(registered_at - closed_at).days, found_at=now,
    )  # fmt: skip


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
