"""What PostgreSQL would read for a query, of tables with too few rows to want an index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

SUITS_A_FEW = ("seqscan", "bitmapscan")
SORTS = ("sort", "incremental_sort")


@contextmanager
def by_an_index_alone(table: str, *, in_its_order: bool = False) -> Iterator[None]:
    """Has the planner believe that `table` was vacuumed just now, and do without what suits a few rows better."""
    done_without = (*SUITS_A_FEW, *SORTS) if in_its_order else SUITS_A_FEW
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET relallvisible = 1000000 WHERE relname = %s", [table])
        for way in done_without:
            cursor.execute(f"SET LOCAL enable_{way} = off")
        yield
        transaction.set_rollback(True)


def way_to(rows: QuerySet[Any]) -> str:
    """How the table of `rows` itself is read, such as "Index Only Scan"."""
    return way_in(rows.explain(format="json"), rows.model._meta.db_table)


def way_in(plan: str, table: str) -> str:
    """How `table`, under its own name, is read by a plan in JSON."""
    (way,) = _scans(json.loads(plan)[0]["Plan"], table)
    return way


def _scans(node: dict[str, Any], table: str) -> Iterator[str]:
    if node.get("Alias") == table:
        yield node["Node Type"]
    for inner in node.get("Plans", ()):
        yield from _scans(inner, table)
