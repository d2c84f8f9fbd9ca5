"""Proving the audit log: every block's seal, every sealed row, every entry's mark, every anchor, and that none lacks.

What is found is told with the first row and block that is wrong. Upper rooms add what they can recompute (`proof`),
such as the state of each ticket from its events.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from psycopg2 import ProgrammingError, sql

from hotline.ledger import anchors, keys
from hotline.ledger.models import Block, Entry
from hotline.ledger.sealing import AS_TEXT, WIDTH, as_written, digest, seal_of, sources
from hotline.ledger.writing import MARKED, first_key_at, mark_of_values

SHOWN = 20  # findings in words
YOUNG = timedelta(minutes=10)  # what was written since may not be sealed yet
BLOCKS_AT_ONCE = 20
Proof = Callable[[], Iterator[str]]
_proofs: list[tuple[str, Proof, bool]] = []


def proof(name: str, *, is_long: bool = False) -> Callable[[Proof], Proof]:
    """Registers what recomputes something from what is sealed; it yields each difference in words.

    What takes long is only done where it is asked for.
    """

    def register(function: Proof) -> Proof:
        _proofs.append((name, function, is_long))
        return function

    return register


@dataclass
class Found:
    """What was gone through, how much of it is wrong, and the first of it in words."""

    blocks: int = 0
    rows: int = 0
    entries: int = 0
    young: int = 0  # rows that are too young to be sealed for sure
    anchors: int = 0
    wrong: int = 0
    first_wrong: str = ""
    findings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def tell(self, said: str) -> None:
        self.wrong += 1
        self.first_wrong = self.first_wrong or said
        if len(self.findings) < SHOWN:
            self.findings.append(said)


def verify(*, processes: int = 1, whole: bool = False) -> Found:
    """Goes through all of it, a block at a time, in so many processes; with `whole` also through what takes long.

    Raises WrongKey where no key is given.
    """
    keys.all_of_them()
    found = Found()
    parts: list[tuple[str, Callable[[Found], None]]] = [
        ("chain", _chain), ("rows", partial(_rows, processes=processes)), ("unsealed", _unsealed),
        ("anchors", _anchors),
        *((name, partial(_told_by, made)) for name, made, is_long in _proofs if whole or not is_long),
    ]  # fmt: skip
    for name, part in parts:
        begun = time.perf_counter()
        part(found)
        found.seconds[name] = round(time.perf_counter() - begun, 1)
    return found


def _told_by(made: Proof, found: Found) -> None:
    for said in made():
        found.tell(said)


def _chain(found: Found) -> None:
    """Each block bears the seal that follows from what it holds and from the block before."""
    known, before, expected = keys.all_of_them(), b"", 1
    for block in Block.objects.order_by("number").iterator(chunk_size=50):
        found.blocks += 1
        found.rows += len(block.rows)
        if block.number != expected:
            found.tell(f"block {expected}: missing; block {block.number} follows on {expected - 1}")
        if block.key_name not in known:
            found.tell(f"block {block.number}: sealed with the key {block.key_name}, which LEDGER_KEYS does not hold")
        elif not hmac.compare_digest(seal_of(known[block.key_name], block, before), bytes(block.seal)):
            found.tell(f"block {block.number}: its seal is wrong; the block itself, or the one before it, was altered")
        before, expected = bytes(block.seal), block.number + 1


def _rows(found: Found, *, processes: int) -> None:
    """Each row that lies in a block is as it was sealed."""
    numbers = list(Block.objects.order_by("number").values_list("number", flat=True))
    parts = [numbers[at : at + BLOCKS_AT_ONCE] for at in range(0, len(numbers), BLOCKS_AT_ONCE)]
    if processes == 1 or len(parts) == 1:
        told = map(rows_of_blocks, parts)
        for entries, findings in told:
            _add(found, entries, findings)
        return
    connection.close()
    with ProcessPoolExecutor(processes, initializer=_begin_in_process) as pool:
        for entries, findings in pool.map(rows_of_blocks, parts):
            _add(found, entries, findings)


def _begin_in_process() -> None:
    connection.close()


def _add(found: Found, entries: int, findings: list[str]) -> None:
    found.entries += entries
    for said in findings:
        found.tell(said)


def rows_of_blocks(numbers: list[int]) -> tuple[int, list[str]]:
    """How many entries of the log these blocks hold, and what is wrong with the rows that they hold."""
    known, tables, entries = keys.all_of_them(), sources(), 0
    findings: list[str] = []
    for block in Block.objects.filter(number__in=numbers).order_by("number"):
        if block.key_name not in known:  # told with the chain
            continue
        if block.source not in tables:
            findings.append(f"block {block.number}: there is no table {block.source} any more")
            continue
        try:
            findings += _rows_of_block(block, known[block.key_name], tables[block.source][0])
        except Exception as error:
            if not isinstance(error.__cause__, ProgrammingError):
                raise
            findings.append(f"block {block.number}: the table {block.source} lacks a column that was sealed ({error})")
        if block.source == Entry._meta.db_table:
            entries += len(block.rows)
            findings += _marks(block.rows, f"block {block.number}")
    return entries, findings


def _rows_of_block(block: Block, key: keys.Key, pk: str) -> Iterator[str]:
    digests = bytes(block.digests)
    if len(digests) != WIDTH * len(block.rows):
        yield f"block {block.number}: holds {len(block.rows)} rows and another number of digests"
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(AS_TEXT)
        which = sql.SQL("WHERE {pk} = ANY(%s)").format(pk=sql.Identifier(pk))
        cursor.execute(as_written(block.source, pk, block.columns) + which, [block.rows])
        there = dict(cursor.fetchall())
    for at, row in enumerate(block.rows):
        text = there.get(row)
        if text is None:
            yield f"block {block.number}: row {row} of {block.source} was removed"
        elif digest(key, block.source, text) != digests[at * WIDTH : (at + 1) * WIDTH]:
            yield f"block {block.number}: row {row} of {block.source} was altered"


def _marks(rows: list[int], where: str) -> Iterator[str]:
    """Entries that do not bear the mark of a key that is known."""
    known = keys.all_of_them()
    found = Entry.objects.filter(pk__in=rows).order_by("pk").values_list("pk", "key_name", "mark", "at", *MARKED)
    for pk, name, mark, at, *values in found:
        if name not in known:
            yield f"{where}: entry {pk} bears the key {name}, which LEDGER_KEYS does not hold"
        elif not hmac.compare_digest(mark_of_values(at, values, known[name]), bytes(mark)):
            yield f"{where}: entry {pk} bears a wrong mark: it was altered, or written without the key"


def _unsealed(found: Found) -> None:
    """Rows that lie in no block were put in later, unless they are so young that the next round has them."""
    last = Block.objects.order_by("-number").first()
    since = min(timezone.now(), last.at if last else timezone.now()) - YOUNG
    for source, (pk, _columns) in sources().items():
        for row in _in_no_block(source, pk):
            if source == Entry._meta.db_table:
                for said in _marks([row], "in no block"):
                    found.tell(said)
                is_young = row >= first_key_at(since)
            else:
                highest = Block.objects.filter(source=source, at__lt=since).order_by("-last").first()
                is_young = highest is None or row > highest.last
            if is_young:
                found.young += 1
            else:
                found.tell(f"row {row} of {source} lies in no block: it was put in, and not by the hotline")


def _in_no_block(source: str, pk: str) -> list[int]:
    query = sql.SQL(
        "SELECT {pk} FROM {table} WHERE NOT EXISTS (SELECT FROM (SELECT unnest(rows) AS key FROM {blocks}"
        " WHERE source = %s) AS sealed WHERE sealed.key = {pk}) ORDER BY 1"
    ).format(
        pk=sql.Identifier(pk), table=sql.Identifier(source), blocks=sql.Identifier(Block._meta.db_table)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(query, [source])
        return [row for (row,) in cursor.fetchall()]


def _anchors(found: Found) -> None:
    """What was written outside the database says the same of each block, and knows of none that is missing."""
    seals = {number: bytes(seal).hex() for number, seal in Block.objects.values_list("number", "seal")}
    anchored = set()
    for number, seal in anchors.read():
        found.anchors += 1
        anchored.add(number)
        if number not in seals:
            found.tell(f"block {number}: is anchored and no longer there: the end of the chain was cut off")
        elif seals[number] != seal:
            found.tell(f"block {number}: is anchored with another seal")
    if seals and not anchored:
        found.tell(f"there are {len(seals)} blocks and no anchor in {anchors.path()}")
    elif lacking := sorted(set(seals) - anchored - {max(seals, default=0)}):
        found.tell(f"block {lacking[0]}: is not anchored, and neither are {len(lacking) - 1} others")


def as_dict(found: Found) -> dict[str, Any]:
    """For the last line of the command."""
    return {
        "ok": not found.wrong, "blocks": found.blocks, "rows": found.rows, "entries": found.entries,
        "young": found.young, "anchors": found.anchors, "wrong": found.wrong, "first_wrong": found.first_wrong,
        "seconds": found.seconds,
    }  # fmt: skip
