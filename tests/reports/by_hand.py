"""Figures of a month by SQL that knows nothing of spans and indicators, for messages imported with their replies."""

from __future__ import annotations

from django.db import connection

from reports.indicators import Window

# Each ticket was recorded and dispatched when it was written, answered and closed when its reply was.
BY_HAND = """
SELECT
    count(*) FILTER (WHERE recorded),
    count(*) FILTER (WHERE recorded AND closed_at < %(end)s),
    count(*) FILTER (WHERE dispatched_at >= %(start)s AND dispatched_at < %(end)s),
    count(*) FILTER (WHERE answered_at >= %(start)s AND answered_at < %(end)s),
    count(*) FILTER (WHERE closed_at >= %(start)s AND closed_at < %(end)s),
    count(*) FILTER (WHERE registered_at < %(end)s AND (closed_at IS NULL OR closed_at >= %(end)s)),
    count(*) FILTER (WHERE dispatched_at < %(end)s AND (answered_at IS NULL OR answered_at >= %(end)s)),
    count(*) FILTER (WHERE answer_due_at < %(end)s AND (answered_at IS NULL OR answered_at >= %(end)s)),
    count(*) FILTER (WHERE due),
    count(*) FILTER (WHERE due AND answered_at <= answer_due_at),
    count(*) FILTER (WHERE due AND answered_at <= answer_due_at AND closed_at < %(end)s),
    count(*) FILTER (WHERE answer_due_at < %(end)s AND (closed_at IS NULL OR closed_at >= %(start)s)),
    count(*) FILTER (WHERE answer_due_at < %(end)s AND closed_at >= %(start)s AND closed_at < %(end)s),
    count(*) FILTER (WHERE answer_due_at < %(end)s AND (answered_at IS NULL OR answered_at >= %(start)s)),
    count(*) FILTER (WHERE answer_due_at < %(end)s AND answered_at >= %(start)s AND answered_at < %(end)s),
    (SELECT count(*) FROM tickets_answer a WHERE a.at >= %(start)s AND a.at < %(end)s AND a.is_evasive IS NOT NULL),
    (SELECT count(*) FROM tickets_answer a WHERE a.at >= %(start)s AND a.at < %(end)s AND a.is_evasive)
FROM (
    SELECT *, registered_at >= %(start)s AND registered_at < %(end)s AS recorded,
        answer_due_at >= %(start)s AND answer_due_at < %(end)s AS due
    FROM tickets_ticket
) t
"""
# Of imported messages nobody knows when they were accepted, and nobody called back.
NOT_KNOWN = ("accept_on_time_rate", "dispatch_on_time_rate", "follow_up_on_time_rate", "satisfied_rate", "solved_rate")
BY_UNIT = """
SELECT coalesce(nullif(split_part(d.path, '/', 3), '')::bigint, d.id), count(*),
    count(*) FILTER (WHERE answered_at <= answer_due_at)
FROM tickets_ticket t JOIN accounts_department d ON d.id = t.department_id
WHERE answer_due_at >= %(start)s AND answer_due_at < %(end)s GROUP BY 1
"""


def month(window: Window) -> dict[str, tuple[int | None, int]]:
    """Part and base of 24 indicators; a count has no part."""
    with connection.cursor() as cursor:
        cursor.execute(BY_HAND, {"start": window.start, "end": window.end})
        (
            recorded, closed_of_them, dispatched, answered, closed, open_then, unanswered, overdue, due, in_time,
            closed_in_time, to_close, were_closed, to_answer, were_answered, looked_at, evasive,
        ) = cursor.fetchone()  # fmt: skip
    nothing = dict.fromkeys(NOT_KNOWN, (0, 0))
    return nothing | {
        "received": (None, recorded), "direct_rate": (0, recorded), "overall_closing_rate": (closed_of_them, recorded),
        "dispatched": (None, dispatched), "assigned": (None, dispatched), "answered": (None, answered),
        "closed": (None, closed), "open_at_end": (None, open_then), "unanswered_at_end": (None, unanswered),
        "overdue_at_end": (None, overdue), "on_time_rate": (in_time, due), "closed_on_time_rate": (closed_in_time, due),
        "due_closing_rate": (were_closed, to_close), "due_answer_rate": (were_answered, to_answer),
        "return_rate": (0, dispatched), "redo_rate": (0, closed), "follow_up_rate": (0, closed),
        "rated_rate": (0, closed), "evasive_rate": (evasive, looked_at),
    }  # fmt: skip


def on_time_by_unit(window: Window) -> dict[int, tuple[int, int]]:
    """Of each unit with all below it: answers in time, and answers that fell due."""
    with connection.cursor() as cursor:
        cursor.execute(BY_UNIT, {"start": window.start, "end": window.end})
        return {unit: (part, base) for unit, base, part in cursor.fetchall()}
