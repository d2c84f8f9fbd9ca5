"""How long it takes to find what a ticket may be about too, in cities of different sizes, and how large the index is."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from demo import multiplying
from demo.generator import Generator
from matters import nearest
from matters.models import Trace
from tickets.models import Ticket

ASKED = 300  # tickets that are asked for, the latest ones
GOAL_MS, GOAL_GROWTH = 200.0, 1.3


def measure(sizes: Sequence[int], open_tickets: int) -> dict[str, Any]:
    """Grows the database from size to size and looks for what the latest tickets are like at each."""
    result: dict[str, Any] = {"open": open_tickets, "sizes": {}}
    generator = Generator(now=timezone.now(), days=multiplying.MODEL_DAYS, seed=11)
    generator.make(multiplying.MODELS)
    generator.make_hot_matters(40)
    for size in sorted(sizes):
        _grow(size, open_tickets)
        result["sizes"][size] = one = _measured()
        sys.stderr.write(f"{size}: {one}\n")
    least, most = min(sizes), max(sizes)
    if least != most:
        p95 = {size: result["sizes"][size]["p95_ms"] for size in (least, most)}
        result["growth"] = round(p95[most] / p95[least], 2)
    return result


def nothing_found(result: dict[str, Any]) -> str:
    """At which sizes no ticket that was asked for was like any other: fast, and told of nothing. Empty where none is."""
    empty = [str(size) for size, one in result["sizes"].items() if not one["found"]]
    told = "of none of the latest tickets anything like it was found; what was measured is no search"
    return f"At {', '.join(empty)} tickets {told}." if empty else ""


def _grow(size: int, open_tickets: int) -> None:
    """Copies have the traces of their models, each in its own month."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {Trace._meta.db_table}")
        multiplying.grow(size, open_tickets)
        nearest.forget()
        models = Ticket.objects.exclude(number__startswith=multiplying.NUMBER).select_related("category", "region")
        nearest.remember(list(models))
        (made_of,) = (index for index in Trace._meta.indexes if index.name == "trace_pieces")
        with connection.schema_editor() as editor:
            editor.remove_index(Trace, made_of)
        first, last = (nearest.month_of(at) for at in _ends())
        months = [[month, _signed(nearest.month_mark(month))] for month in range(first, last + 1)]
        # Both the model and the copy are of some month; a copy has the texts of its model and so its pieces.
        cursor.execute(
            "CREATE TEMP TABLE marks AS SELECT m.month, m.mark FROM unnest(%s::int[], %s::int[]) AS m (month, mark)",
            [[month for month, _ in months], [mark for _, mark in months]],
        )
        of = f"floor(extract(epoch FROM t.registered_at) / {nearest.MONTH.total_seconds():.0f})"
        cursor.execute(
            "CREATE TEMP TABLE of_texts AS SELECT DISTINCT ON (t.title, t.description, t.address) t.title,"  # noqa: S608
            " t.description, t.address, r.places, ARRAY(SELECT p # marks.mark FROM unnest(r.pieces) p) AS pieces"
            f" FROM matters_trace r JOIN tickets_ticket t ON t.id = r.ticket_id JOIN marks ON marks.month = {of}"
        )
        cursor.execute("TRUNCATE matters_trace")
        cursor.execute(
            "INSERT INTO matters_trace (ticket_id, pieces, places, thread, sure) SELECT t.id,"  # noqa: S608
            " ARRAY(SELECT p # marks.mark FROM unnest(o.pieces) p), o.places, t.id, 1 FROM tickets_ticket t"
            " JOIN of_texts o USING (title, description, address)"
            f" JOIN marks ON marks.month = {of}"
        )
        cursor.execute("DROP TABLE marks; DROP TABLE of_texts")
        with connection.schema_editor() as editor:
            editor.add_index(Trace, made_of)
        cursor.execute("VACUUM ANALYZE matters_trace")


def _ends() -> tuple[Any, Any]:
    instants = Ticket.objects.order_by("registered_at").values_list("registered_at", flat=True)
    return instants[0], instants.reverse()[0]


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number


def _measured() -> dict[str, Any]:
    nearest.forget()
    latest = list(Ticket.objects.select_related("category", "region").order_by("-registered_at", "-pk")[:ASKED])
    nearest.nearest(latest[0])  # reads the latest tickets, as a worker does once
    found, milliseconds, work = 0, [], time.process_time()
    for ticket in latest:
        started = time.perf_counter()
        found += bool(nearest.nearest(ticket))
        milliseconds.append(1000 * (time.perf_counter() - started))
    work = time.process_time() - work
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size('trace_pieces'), pg_total_relation_size('matters_trace')")
        index, table = cursor.fetchone()
    return {
        "tickets": Ticket.objects.count(), "traces": Trace.objects.count(), "found": found,
        "median_ms": round(statistics.median(milliseconds), 1),
        "p95_ms": round(statistics.quantiles(milliseconds, n=20)[18], 1),
        "work_ms": round(1000 * work / len(latest), 1),
        "index_mb": round(index / 2**20, 1), "table_with_indices_mb": round(table / 2**20, 1),
    }  # fmt: skip
