"""Each ticket's state worked out anew from its events, for the proof of the audit log (`manage.py verify_ledger`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef

from hotline.ledger.verifying import proof
from tickets.models import EventCaller, TicketEvent
from tickets.workflow.table import ACTIONS

# Of every ticket that does not stand as its events leave it: what is kept and what follows, in one pass over them.
DIFFERENCES = """
WITH steps AS (
    SELECT ticket_id, sequence, to_status, department_id, round, data,
           from_status <> coalesce(lag(to_status) OVER of_ticket, '') AS breaks,
           row_number() OVER of_ticket AS place,
           sequence = max(sequence) OVER (PARTITION BY ticket_id) AS is_last,
           max(CASE WHEN data ? 'answer_due' THEN sequence END) OVER (PARTITION BY ticket_id) AS due_set_by
    FROM tickets_ticketevent WINDOW of_ticket AS (PARTITION BY ticket_id ORDER BY sequence)
), told AS (
    SELECT ticket_id, count(*) AS events, max(sequence) AS version, min(sequence) FILTER (WHERE breaks) AS broken,
           min(place) FILTER (WHERE sequence <> place) AS lacking,
           max(to_status) FILTER (WHERE is_last) AS status, max(department_id) FILTER (WHERE is_last) AS department_id,
           max(round) FILTER (WHERE is_last) AS round,
           max(data -> 'answer_due' ->> 1) FILTER (WHERE sequence = due_set_by) AS answer_due
    FROM steps GROUP BY ticket_id
)
SELECT t.number, t.status, t.version, t.department_id, t.round, t.answer_due_at,
       e.status, e.version, e.department_id, e.round, e.answer_due::timestamptz, e.broken, e.lacking
FROM tickets_ticket t LEFT JOIN told e ON e.ticket_id = t.id
WHERE e.ticket_id IS NULL OR e.broken IS NOT NULL OR e.lacking IS NOT NULL
   OR (t.status, t.version, t.round) <> (e.status, e.version, e.round)
   OR t.department_id IS DISTINCT FROM e.department_id OR t.answer_due_at IS DISTINCT FROM e.answer_due::timestamptz
ORDER BY t.id
"""
STEPS = "SELECT action, from_status, to_status, min(id) FROM tickets_ticketevent GROUP BY 1, 2, 3"


@proof("states")
def states() -> Iterator[str]:
    """Tickets whose state, holder, round or limit is not what follows from their events; steps that no table has."""
    with connection.cursor() as cursor:
        cursor.execute(STEPS)
        for name, source, target, event in cursor.fetchall():
            action = ACTIONS.get(name)
            if action is None or source not in action.sources or target not in action.leads_to(source):
                yield f"event {event}: “{name}” does not lead from “{source}” to “{target}”"
        cursor.execute(DIFFERENCES)
        for row in cursor:
            yield _in_words(*row)


@proof("callers")
def callers() -> Iterator[str]:
    """Corrections of who called whose old and new value are not those that the event was written with, or are gone.

    They may be empty once an event of the ticket says that its caller was forgotten.
    """
    forgotten = TicketEvent.objects.filter(ticket=OuterRef("event__ticket"), action="forget_caller")
    told = EventCaller.objects.select_related("event").annotate(is_forgotten=Exists(forgotten)).order_by("pk")
    for one in told.iterator(chunk_size=2000):
        if one.is_forgotten and not one.corrected and not bytes(one.salt):
            continue
        if one.digest != one.event.data.get("caller"):
            yield f"event {one.pk}: what it says of who called was altered"
    for event in TicketEvent.objects.filter(data__has_key="caller", caller_told=None).values_list("pk", flat=True):
        yield f"event {event}: what it says of who called is missing"


def _in_words(
    number: str, status: str, version: int, department: Any, round_: int, due: Any,
    told_status: str | None, told_version: int, told_department: Any, told_round: int, told_due: Any,
    broken: int | None, lacking: int | None,
) -> str:  # fmt: skip
    if told_status is None:
        return f"ticket {number}: has no events"
    if lacking is not None:
        return f"ticket {number}: its event {lacking} is missing"
    if broken is not None:
        return f"ticket {number}: its event {broken} does not begin where the one before ended"
    pairs = (
        (status, told_status), (f"version {version}", f"version {told_version}"),
        (f"with department {department}", f"with department {told_department}"),
        (f"in round {round_}", f"in round {told_round}"), (f"due {due}", f"due {told_due}"),
    )  # fmt: skip
    said = "; ".join(f"is {kept}, and by its events {told}" for kept, told in pairs if kept != told)
    return f"ticket {number}: {said}"
