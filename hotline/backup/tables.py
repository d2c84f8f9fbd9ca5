"""The rows of all tables, as PostgreSQL copies them: out of one snapshot, and back in one transaction.

By the driver's COPY and not by `pg_dump`: it works wherever the hotline works, whatever the version of the server, and
needs no program in the image. What a table looks like is known from the migrations, which stand in the backup by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.db import connection, transaction
from psycopg2 import sql

# Made by `migrate` itself; the backup names what was applied, and the rows of it follow from that.
NOT_COPIED = "django_migrations"
MANY = 20_000  # rows; a table with as many is filled without its indexes, which are built when it is full
WORK_MEMORY = "256MB"  # in which an index is built
Tables = dict[str, list[str]]  # each with its columns


@contextmanager
def snapshot() -> Iterator[None]:
    """All that is read inside is as of one moment, while others go on writing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


def all_of_them() -> Tables:
    """Every table of the database that holds rows, with the columns that are stored and not computed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum) FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> %s"
            " GROUP BY c.relname ORDER BY c.relname",
            [NOT_COPIED],
        )
        return dict(cursor.fetchall())


def copy_out(table: str, columns: list[str], into: Any) -> None:
    """Writes the rows of a table into `into`, one a line."""
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(_copy("COPY {table} ({columns}) TO STDOUT", table, columns), into)


def copy_in(table: str, columns: list[str], rows: IO[bytes]) -> int:
    """Puts rows into a table; returns how many."""
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(_copy("COPY {table} ({columns}) FROM STDIN", table, columns), rows)
        return int(cursor.cursor.rowcount)


def _copy(statement: str, table: str, columns: list[str]) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL(statement).format(table=sql.Identifier(table), columns=names)


def sequences() -> dict[str, int | None]:
    """The last number that each sequence has given; none where it has given none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1")
        return dict(cursor.fetchall())


def set_sequences(values: dict[str, int | None]) -> None:
    there = set(sequences())
    with connection.cursor() as cursor:
        for name, last in values.items():
            if name in there:
                cursor.execute(
                    "SELECT setval(%s::regclass, %s, %s)",
                    (f'public."{name}"', 1 if last is None else last, last is not None),
                )


@contextmanager
def being_filled(tables: Tables, rows: dict[str, int]) -> Iterator[None]:
    """Inside, all tables are empty and take rows in any order, and no trigger acts on them.

    Afterwards every reference is checked, and what was put aside of large tables stands again: their indexes and
    references. Inside a transaction, as the owner.
    """
    large = [table for table in tables if rows.get(table, 0) >= MANY]
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('maintenance_work_mem', %s, true)", [WORK_MEMORY])
        for table in tables:
            cursor.execute(_of("ALTER TABLE {table} DISABLE TRIGGER USER", table))
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        cursor.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))
        again = [*_without_indexes(cursor, large), *_without_references(cursor, large)]
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in again:
            cursor.execute(statement)
        for table in tables:
            cursor.execute(_of("ALTER TABLE {table} ENABLE TRIGGER USER", table))


def _of(statement: str, table: str) -> sql.Composed:
    return sql.SQL(statement).format(table=sql.Identifier(table))


def _without_indexes(cursor: Any, tables: list[str]) -> list[str]:
    """Takes away the indexes that no constraint stands on; returns the statements that make them again."""
    cursor.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " JOIN pg_class t ON t.oid = i.indrelid WHERE t.relname = ANY(%s)"
        " AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        [tables],
    )
    found = cursor.fetchall()
    for name, _definition in found:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _name, definition in found]


def _without_references(cursor: Any, tables: list[str]) -> list[str]:
    """Takes away what refers to other tables; returns the statements that set and check it again."""
    cursor.execute(
        "SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid) FROM pg_constraint c"
        " JOIN pg_class t ON t.oid = c.conrelid WHERE c.contype = 'f' AND t.relname = ANY(%s)",
        [tables],
    )
    found = cursor.fetchall()
    for table, name, _definition in found:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    return [f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}" for table, name, definition in found]


def drop_all() -> None:
    """Takes away every table and function of the hotline's, for an older one to be made in their place."""
    with connection.cursor() as cursor:
        for table in [*all_of_them(), NOT_COPIED]:
            cursor.execute(_of("DROP TABLE IF EXISTS {table} CASCADE", table))
        cursor.execute(
            "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND prorettype = 'trigger'::regtype"
        )
        for (function,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {function} CASCADE")
