"""Work that must not run twice at once, whichever process or machine it runs on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache
from django.db import connection, transaction

WORD_STAYS = 600  # seconds; by then whoever is at work has seen it


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """A transaction in which only one holder of `name` is at work; the next one waits until it has committed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
        yield


@contextmanager
def held_through(name: str, number: int) -> Iterator[bool]:
    """Whether work of many transactions is ours alone as long as this lasts; it ends with whoever is killed.

    A transaction of a connection of its own holds the lock: one of the session would be left to others by a pooler.
    """
    holding = connection.copy()
    try:
        holding.set_autocommit(False)
        with holding.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s), %s)", [name, number])
            is_ours = bool(cursor.fetchone()[0])
        yield is_ours
    finally:
        holding.close()


class Lease:
    """Work that one process at a time does in many transactions of its own.

    Who comes while another is at work leaves word and goes; the one at work takes the work up once more for it. A lease
    ends by itself after `seconds` without `renew`, where its holder was killed. It lies in the cache, that is it spares
    work and does not guard anything: without the cache everybody works.
    """

    def __init__(self, name: str, seconds: int) -> None:
        self._name, self._seconds = name, seconds

    @property
    def _key(self) -> str:
        return f"lease:{connection.settings_dict['NAME']}:{self._name}"  # of a city; several may share a broker

    @property
    def _word(self) -> str:
        return f"{self._key}:word"

    def take(self) -> bool:
        """Whether the work is ours to do."""
        cache.set(self._word, 1, WORD_STAYS)  # first, so that who gives up now sees it
        if cache.add(self._key, 1, self._seconds):
            cache.delete(self._word)
            return True
        return cache.get(self._key) is None  # it ended at this moment, or the cache is away

    def renew(self) -> None:
        cache.touch(self._key, self._seconds)

    def give_up(self) -> bool:
        """Ends it; returns whether somebody has left word meanwhile."""
        cache.delete(self._key)
        return cache.delete(self._word)
