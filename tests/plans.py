"""What PostgreSQL would read for a query, of tables with too few rows to want an index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import Index, Model, QuerySet

BY_ITS_KEY = "by its key"


@contextmanager
def with_one_index(model: type[Model], column: str) -> Iterator[None]:
    """Has the planner believe that the table was vacuumed just now, and leaves it the index that begins with `column`.

    What belongs to a constraint stays too.
    """
    table = model._meta.db_table
    kept = [index.name for index in model._meta.indexes if _columns(index)[0] == column]
    assert kept, column
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
            " WHERE indrelid = %s::regclass AND NOT relname = ANY(%s)"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
            [table, kept],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute("UPDATE pg_class SET relallvisible = 1000000 WHERE relname = %s", [table])
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        yield
        transaction.set_rollback(True)


def _columns(index: Index) -> list[str]:
    return list(index.fields) or [getattr(expression, "name", "") for expression in index.expressions]


def way_to(rows: QuerySet[Any]) -> str:
    """How the table of `rows` itself is read, such as "Index Only Scan", or BY_ITS_KEY."""
    return way_in(rows.explain(format="json"), rows.model._meta.db_table)


def way_in(plan: str, table: str) -> str:
    """How `table`, under its own name, is read by a plan in JSON."""
    (way,) = _scans(json.loads(plan)[0]["Plan"], table)
    return way


def _scans(node: dict[str, Any], table: str) -> Iterator[str]:
    if node.get("Alias") == table:
        yield BY_ITS_KEY if str(node.get("Index Name", "")).endswith("_pkey") else node["Node Type"]
    for inner in node.get("Plans", ()):
        yield from _scans(inner, table)
