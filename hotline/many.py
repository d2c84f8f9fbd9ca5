"""Many rows changed by one statement. Django's `bulk_update` sends a CASE of as many branches for each column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models
from psycopg2 import sql

AT_ONCE = 2000  # rows a statement


def update(rows: Sequence[models.Model], names: Iterable[str]) -> None:
    """Writes these fields of rows that are stored, all of one model, each as saving the row would."""
    if not rows:
        return
    told = rows[0]._meta
    key = told.pk
    assert key is not None
    fields: list[Any] = [key, *(told.get_field(name) for name in names)]
    for begin in range(0, len(rows), AT_ONCE):
        _write(told.db_table, fields, rows[begin : begin + AT_ONCE])


def _write(table: str, fields: list[Any], rows: Sequence[models.Model]) -> None:
    key, *others = (sql.Identifier(field.column) for field in fields)
    statement = sql.SQL(
        "UPDATE {table} SET {sets} FROM unnest({given}) AS new({columns}) WHERE {table}.{key} = new.{key}"
    )
    kinds = [sql.SQL(f"%s::{str(field.db_type(connection)).split('(')[0]}[]") for field in fields]
    values = [
        [field.get_db_prep_save(field.pre_save(row, False), connection=connection) for row in rows] for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            statement.format(
                table=sql.Identifier(table), key=key, given=sql.SQL(", ").join(kinds),
                columns=sql.SQL(", ").join([key, *others]),
                sets=sql.SQL(", ").join(sql.SQL("{0} = new.{0}").format(one) for one in others),
            ),
            values,
        )  # fmt: skip
