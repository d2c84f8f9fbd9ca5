"""Bringing all that is encrypted to the key and the suite that write now, while people work.

A batch of rows is locked, written anew and committed, so nobody waits longer than for a batch. It can be broken off at
any moment and begun again: what is done already is passed over by the name that stands before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db import models, transaction

from hotline import health, many
from hotline.vault import keys
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
    """A table with encrypted columns; `names` are those fields and the blind indices of some of them."""

    model: type[models.Model]
    encrypted: tuple[str, ...]
    names: tuple[str, ...]

    def stale(self, key: keys.Key) -> models.QuerySet[Any]:
        """The rows that hold something that another key than `key` encrypted."""
        conditions = [models.Q(**{f"{name}__by_another_key_than": key}) for name in self.encrypted]
        return self.model._default_manager.filter(reduce(or_, conditions))


def also(written: Pass) -> Pass:
    """Registers what else is made with keys, by a room above: it brings it to the key and says how many rows it was."""
    _passes.append(written)
    return written


def tables() -> Iterator[Table]:
    for model in apps.get_models():
        fields = model._meta.concrete_fields
        if encrypted := tuple(field.name for field in fields if isinstance(field, EncryptedMixin)):
            marks = (field.name for field in fields if isinstance(field, MarkField))
            yield Table(model, encrypted, (*encrypted, *marks))


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
        with transaction.atomic():
            rows = table.stale(key).filter(pk__gt=last).order_by("pk").only(*table.names)
            batch = list(rows.select_for_update(no_key=True)[:BATCH])
            many.update(batch, table.names)
        if not batch:
            return count
        last = batch[-1].pk
        count += len(batch)
        step(table.model._meta.db_table, len(batch))


def left() -> dict[str, int]:
    """How many rows of each table other keys still hold; only tables that have such."""
    key = keys.usable()[0]
    counted = {table.model._meta.db_table: table.stale(key).count() for table in tables()}
    return {name: count for name, count in counted.items() if count}


@health.notice
def half_way() -> str:
    """For the health page: some of what is encrypted is still another key's."""
    try:
        keys.usable()
    except keys.VaultClosed as closed:
        return f"personal data cannot be read: {closed}"
    others = KeyInUse.objects.exclude(name=keys.ring()[0].name.hex()).count()
    return "personal data is written with more than one key: run manage.py rotate_keys" if others else ""
