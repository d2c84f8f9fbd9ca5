"""Bringing all that is encrypted to the key and the suite that write now, while people work.

A batch of rows is locked, written anew and committed, so nobody waits longer than for a batch. It can be broken off at
any moment and begun again: what is done already is passed over by the name that stands before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from psycopg2 import sql

from hotline import health
from hotline.vault import blind, cipher, keys
from hotline.vault.fields import EncryptedMixin, MarkField
from hotline.vault.models import KeyInUse

BATCH = 500  # rows that are locked at once
Step = Callable[[str, int], None]  # told of each batch: of what, and how many rows
Pass = Callable[[keys.Key, Step], int]
_passes: list[Pass] = []


class Unfinished(Exception):
    """Something was still written with an old key while all was brought to the new one."""


@dataclass(frozen=True)
class Table:
    """A table with encrypted columns, and with blind indices of some of them."""

    model: type[models.Model]
    encrypted: tuple[Any, ...]
    marked: tuple[MarkField, ...]

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def stale(self) -> sql.Composed:
        """A condition: a row has something that another key encrypted than the one `%(prefix)s` stands for."""
        one = sql.SQL("({0} <> ''::bytea AND substring({0} FROM 1 FOR %(long)s) <> %(prefix)s)")
        return sql.SQL(" OR ").join(one.format(sql.Identifier(field.column)) for field in self.encrypted)


def also(written: Pass) -> Pass:
    """Registers what else is made with keys, by a room above: it brings it to the key and says how many rows it was."""
    _passes.append(written)
    return written


def tables() -> Iterator[Table]:
    for model in apps.get_models():
        fields = model._meta.concrete_fields
        if encrypted := tuple(field for field in fields if isinstance(field, EncryptedMixin)):
            yield Table(model, encrypted, tuple(field for field in fields if isinstance(field, MarkField)))


def rotate(step: Step = lambda what, rows: None) -> int:
    """Writes anew what other keys wrote; returns how many rows that were. Then the other keys can be taken away.

    Raises keys.WrongKey where one of them is not here, and Unfinished where somebody still writes with it.
    """
    key = keys.usable()[0]
    KeyInUse.objects.get_or_create(name=key.name.hex())
    count = sum(_rotate(table, key, step) for table in tables()) + sum(written(key, step) for written in _passes)
    if left := sum(_rotate(table, key, step) for table in tables()):
        raise Unfinished(
            f"{left} rows were written with another key meanwhile: restart every process, then run this again"
        )
    KeyInUse.objects.exclude(name=key.name.hex()).delete()
    keys.forget()
    return count


def _rotate(table: Table, key: keys.Key, step: Step) -> int:
    count, last = 0, -1
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            rows = _next_rows(cursor, table, key, last)
            if not rows:
                return count
            _write(cursor, table, rows)
        last = rows[-1][0]
        count += len(rows)
        step(table.name, len(rows))


def _next_rows(cursor: Any, table: Table, key: keys.Key, last: int) -> list[tuple[Any, ...]]:
    """Key and encrypted columns of the next rows that are to be written anew, locked."""
    columns = sql.SQL(", ").join(sql.Identifier(field.column) for field in table.encrypted)
    cursor.execute(
        sql.SQL(
            "SELECT {pk}, {columns} FROM {table} WHERE {pk} > %(last)s AND ({stale}) ORDER BY {pk} LIMIT %(batch)s"
            " FOR NO KEY UPDATE"
        ).format(pk=_pk(table), columns=columns, table=sql.Identifier(table.name), stale=table.stale),
        {"last": last, "batch": BATCH, "prefix": cipher.prefix(key), "long": len(cipher.prefix(key))},
    )
    return list(cursor.fetchall())


def _write(cursor: Any, table: Table, rows: list[tuple[Any, ...]]) -> None:
    """One statement for the batch."""
    clear = {
        field.name: [cipher.decrypted(row[place], field.purpose) for row in rows]
        for place, field in enumerate(table.encrypted, start=1)
    }
    purposes = {field.name: field.purpose for field in table.encrypted}
    columns = [field.column for field in (*table.encrypted, *table.marked)]
    made: list[list[bytes | None]] = [
        [cipher.encrypted(text, purposes[name]) for text in texts] for name, texts in clear.items()
    ]
    made += [[blind.mark(text, purposes[field.of]) for text in clear[field.of]] for field in table.marked]
    given = sql.SQL(", ").join([sql.SQL("%s::bigint[]"), *[sql.SQL("%s::bytea[]")] * len(columns)])
    sets = sql.SQL(", ").join(sql.SQL("{0} = made.{0}").format(sql.Identifier(column)) for column in columns)
    cursor.execute(
        sql.SQL("UPDATE {table} SET {sets} FROM unnest({given}) AS made(row, {columns}) WHERE {pk} = made.row").format(
            table=sql.Identifier(table.name), sets=sets, given=given, pk=_pk(table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        ),
        [[row[0] for row in rows], *made],
    )  # fmt: skip


def _pk(table: Table) -> sql.Identifier:
    return sql.Identifier(table.name, str(table.model._meta.pk.column))


def left() -> dict[str, int]:
    """How many rows of each table other keys still hold; only tables that have such."""
    key, found = keys.usable()[0], {}
    with connection.cursor() as cursor:
        for table in tables():
            cursor.execute(
                sql.SQL("SELECT count(*) FROM {} WHERE {}").format(sql.Identifier(table.name), table.stale),
                {"prefix": cipher.prefix(key), "long": len(cipher.prefix(key))},
            )
            if count := cursor.fetchone()[0]:
                found[table.name] = count
    return found


@health.notice
def half_way() -> str:
    """For the health page: some of what is encrypted is still another key's."""
    try:
        keys.usable()
    except keys.VaultClosed as closed:
        return f"personal data cannot be read: {closed}"
    others = KeyInUse.objects.exclude(name=keys.ring()[0].name.hex()).count()
    return "personal data is written with more than one key: run manage.py rotate_keys" if others else ""
