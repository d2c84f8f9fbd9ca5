"""Sealing what is kept: every few seconds a worker links the rows that were committed into the chain of blocks.

A block holds rows of one table that the database keeps for good (`@roles.kept`): events of tickets, of accounts, of
reports and set-up, and the entries of the audit log. It bears the keyed digest of each row, and a seal over these and
the seal of the block before: a row that is altered, removed, put in or moved later is found, and by which block.
Nobody who writes waits for it. What was there before there was a log lies in the first blocks.

Rows are committed in another order than they got their keys. So a round looks from a key below which nothing can still
come: the highest of a round whose every contemporary transaction has ended.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone
from psycopg2 import sql

from hotline import roles
from hotline.ledger import anchors, keys
from hotline.ledger.models import Block
from hotline.ledger.writing import check_key

AT_ONCE = 5000  # rows of a block
WIDTH = 16  # bytes of a row's digest
SETTLED_AFTER = 5.0  # seconds, beside the end of every transaction of then
# So that a row is written the same whoever asks for it.
AS_TEXT = (
    "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'iso_8601';"
    " SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1"
)
logger = logging.getLogger(__name__)


@dataclass
class _Round:
    """How far one table had got at a moment of this process."""

    at: float
    xmax: int
    highest: int


@dataclass
class _Standing:
    settled: int = 0  # nothing that is not sealed has a key as low as this
    rounds: list[_Round] = field(default_factory=list)


_standing: dict[str, _Standing] = {}


def sources() -> dict[str, tuple[str, list[str]]]:
    """The tables that are sealed, each with the column of its key and with those that never change."""
    found = {}
    for model in apps.get_models():
        table = model._meta.db_table
        if table in roles.KEPT and model is not Block:
            columns = [str(one.column) for one in model._meta.concrete_fields]
            columns = [one for one in columns if one not in roles.KEPT[table]]
            found[table] = (str(model._meta.pk.column), columns)
    return found


def digest(key: keys.Key, source: str, row: str) -> bytes:
    return keys.mark(key, source.encode(), row.encode())[:WIDTH]


def seal_of(key: keys.Key, block: Block, before: bytes) -> bytes:
    """The seal that a block must bear behind a block with the seal `before`."""
    head = [
        block.number,
        block.at.astimezone(UTC).isoformat(timespec="microseconds"),
        block.source,
        block.columns,
        block.last,
    ]
    rows = ",".join(map(str, block.rows))
    return keys.mark(key, json.dumps(head).encode(), rows.encode(), bytes(block.digests), before)


def as_written(source: str, pk: str, columns: list[str]) -> sql.Composed:
    """The beginning of a query for rows as they are digested: the key, and as one text what never changes of it."""
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("SELECT {pk}, ROW({columns})::text FROM {table} ").format(
        pk=sql.Identifier(pk), columns=listed, table=sql.Identifier(source)
    )


def seal() -> int:
    """Seals what was committed since the last round, in as many blocks as it takes; how many rows. Raises WrongKey."""
    check_key()
    total = sum(count for source in sources() for count in _blocks_of(source))
    anchors.catch_up()
    return total


def _blocks_of(source: str) -> Iterator[int]:
    standing = _standing.setdefault(source, _Standing())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(s)::text, pg_snapshot_xmax(s)::text FROM pg_current_snapshot() AS s")
        xmin, xmax = map(int, cursor.fetchone())
    now = time.monotonic()
    ended = [one for one in standing.rounds if one.xmax < xmin and now - one.at > SETTLED_AFTER]
    above = standing.settled
    while rows := _seal_some(source, above):
        yield len(rows)
        if len(rows) < AT_ONCE:
            break
        above = rows[-1]  # all that was to be found below it is sealed now
    if ended:  # all that could come below it has come by now, and this round has sealed it
        standing.settled = max(standing.settled, *(one.highest for one in ended))
        standing.rounds = [one for one in standing.rounds if one not in ended]
    if len(standing.rounds) < 4:
        highest = Block.objects.filter(source=source).order_by("-last").values_list("last", flat=True).first()
        standing.rounds.append(_Round(now, xmax, highest or 0))


def _seal_some(source: str, above: int) -> list[int]:
    """One block of the rows above the key `above` that lie in none yet, the lowest first; their keys."""
    pk, columns = sources()[source]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('hotline.ledger'))")
        cursor.execute(AS_TEXT)
        missing = sql.SQL(
            "WHERE {pk} > %(above)s AND NOT EXISTS (SELECT FROM (SELECT unnest(rows) AS key FROM {blocks}"
            " WHERE source = %(source)s AND last > %(above)s) AS sealed WHERE sealed.key = {pk})"
            " ORDER BY 1 LIMIT {most}"
        ).format(
            pk=sql.Identifier(pk), blocks=sql.Identifier(Block._meta.db_table), most=sql.Literal(AT_ONCE)
        )  # fmt: skip
        cursor.execute(as_written(source, pk, columns) + missing, {"above": above, "source": source})
        rows = cursor.fetchall()
        if rows:
            _chain(source, columns, rows)
    return [pk for pk, _text in rows]


def _chain(source: str, columns: list[str], rows: list[tuple[int, str]]) -> None:
    before = Block.objects.order_by("-number").only("number", "seal").first()
    name, key = keys.current()
    block = Block(
        number=before.number + 1 if before else 1, at=timezone.now(), source=source, columns=columns,
        rows=[pk for pk, _text in rows], digests=b"".join(digest(key, source, text) for _pk, text in rows),
        last=rows[-1][0], key_name=name,
    )  # fmt: skip
    block.seal = seal_of(key, block, bytes(before.seal) if before else b"")
    block.save(force_insert=True)


def forget() -> None:
    """For tests: the tables are looked at from their beginning again."""
    _standing.clear()
