"""Millions of tickets in minutes: a few generated ones multiplied inside the database, to measure what size costs.

The copies are tickets in every column that clocks, queues and indices look at; they carry no events and no search
vectors, so the search and the timeline are not measured on them.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import DateTimeField
from django.utils import timezone

from demo.generator import Generator
from supervision.clocks import sweeping
from supervision.models import Flag
from tickets.choices import OPEN_STATUSES, Status
from tickets.models import Caller, Ticket

MODELS = 2000  # generated tickets that are multiplied
CHUNK = 1_000_000  # rows an insert
DAYS = 1000  # over which the closed ones came in
CALLS = 5  # of each caller of closed tickets; the open ones are of as many people
ROUNDS = 7  # sweeps measured; the first warms up and is not counted
SWEPT = (Status.DISPATCHED, Status.WORKING)
LEFT_OUT = {
    "id",
    "number",
    "import_key",
    "search",
    "caller_search",
    "next_due_at",
    "matter_id",
    "split_from_id",
    "caller_id",
}


def grow(tickets: int, open_tickets: int) -> None:
    """Brings the database to so many tickets, so many of them open with nothing due yet."""
    if Ticket.objects.count() < MODELS:
        Generator(now=timezone.now(), days=60, seed=11).make(MODELS)
    with connection.cursor() as cursor, _without_indices(cursor):
        missing_open = open_tickets - Ticket.objects.filter(status__in=OPEN_STATUSES).count()
        _multiply(
            cursor,
            missing_open,
            "status IN ('dispatched', 'working')",
            "now() + random() * interval '20 days'",
            calls=1,
            days=1,
        )
        missing = tickets - Ticket.objects.count()
        _multiply(cursor, missing, "status = 'closed'", "NULL", calls=CALLS, days=DAYS)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE tickets_ticket")


def _multiply(cursor: Any, count: int, which: str, next_due: str, *, calls: int, days: int) -> None:
    columns = [str(f.column) for f in Ticket._meta.concrete_fields if f.column not in LEFT_OUT]
    instants = {f.column for f in Ticket._meta.concrete_fields if isinstance(f, DateTimeField)}
    values = ", ".join(
        f"m.{column} - (g %% {days}) * interval '1 day'" if column in instants else f"m.{column}" for column in columns
    )
    names = ", ".join(columns)
    cursor.execute(f"SELECT count(*) FROM tickets_ticket WHERE {which}")  # noqa: S608
    models, done = min(cursor.fetchone()[0], MODELS), 0
    while done < count:
        rows = min(CHUNK, count - done)
        first_caller = _callers(cursor, rows // calls + 1)
        begin = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        # S608: no value comes from outside
        cursor.execute(
            f"WITH models AS (SELECT row_number() OVER () - 1 AS place, t.*"  # noqa: S608
            f" FROM (SELECT * FROM tickets_ticket WHERE {which} ORDER BY id LIMIT {MODELS}) t)"
            f" INSERT INTO tickets_ticket (number, next_due_at, caller_id, {names})"
            f" SELECT 'XX' || lpad(({begin} + g)::text, 12, '0'), {next_due}, {first_caller} + g %% {rows // calls + 1}, {values}"
            f" FROM generate_series(1, {rows}) g JOIN models m ON m.place = g %% {models}",
            [],
        )
        done += rows
        sys.stderr.write(f"{done} of {count}\n")


def _callers(cursor: Any, count: int) -> int:
    """So many more callers; returns the id of the first."""
    last = Caller.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    cursor.execute(
        "INSERT INTO tickets_caller (id, phone, name, note) SELECT id, 'XX' || id, '', ''"
        " FROM generate_series(%s::bigint, %s::bigint) id",
        [last + 1, last + count],
    )
    return int(last + 1)


@contextmanager
def _without_indices(cursor: Any) -> Iterator[None]:
    """Takes the plain indices away while millions of rows are written, and the checks of rows known to be sound."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'tickets_ticket' AND indexdef NOT LIKE '%UNIQUE%'"
    )
    indices = cursor.fetchall()
    for name, _definition in indices:
        cursor.execute(f'DROP INDEX "{name}"')
    cursor.execute("SET session_replication_role = replica")
    yield
    cursor.execute("SET session_replication_role = DEFAULT")
    for _name, definition in indices:
        cursor.execute(definition)


def measure(due: int) -> dict[str, Any]:
    """Sweeps of exactly `due` tickets, again and again: each raises a flag, which is taken away for the next round."""
    chosen = list(Ticket.objects.filter(status__in=SWEPT, number__startswith="XX").values_list("pk", flat=True)[:due])
    Ticket.objects.filter(next_due_at__lte=timezone.now() + timedelta(hours=1)).update(
        next_due_at=timezone.now() + timedelta(days=9)
    )
    times, raised = [], set()
    for _ in range(ROUNDS):
        Flag.objects.filter(ticket__in=chosen).delete()
        now = timezone.now()
        Ticket.objects.filter(pk__in=chosen).update(
            stage_due_at=now - timedelta(minutes=1), next_due_at=now - timedelta(minutes=1),
            answer_due_at=now + timedelta(days=3), half_at=None, warn_at=None,
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE supervision_flag")
        started = time.perf_counter()
        result = sweeping.sweep(now)
        times.append(time.perf_counter() - started)
        assert result.due == due, (result.due, due)
        raised.add(result.raised)
    counted = times[1:]
    return {
        "tickets": Ticket.objects.count(),
        "open": Ticket.objects.filter(status__in=OPEN_STATUSES).count(),
        "due": due,
        "flags_raised": sorted(raised),
        "median_seconds": round(statistics.median(counted), 3),
        "slowest_seconds": round(max(counted), 3),
        "rounds": len(counted),
    }


def flag_many(share: float) -> dict[str, Any]:
    """Has so large a share of the open tickets flagged at once, as after a week in which nobody worked; one sweep."""
    chosen = Ticket.objects.filter(status__in=SWEPT, number__startswith="XX").values_list("pk", flat=True)
    many = list(chosen[: int(chosen.count() * share)])
    now = timezone.now()
    Ticket.objects.filter(pk__in=many).update(
        stage_due_at=now - timedelta(minutes=1), next_due_at=now - timedelta(minutes=1)
    )
    result = sweeping.sweep(now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE supervision_flag")
    return {"due": result.due, "raised": result.raised, "seconds": result.seconds}
