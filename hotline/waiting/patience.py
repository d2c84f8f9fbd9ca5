"""How long each kind of work waits for the database, so that whoever waits never stops the others.

A process says once which kind it is (`adopt`); each of its connections then carries that kind's limits. One piece of
work that needs other limits, such as a report or the health page, is done inside `of`. What runs into a limit ends with
an error of the database, which `hotline.waiting.busy` puts into words.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connections
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from psycopg2 import sql
from psycopg2.extensions import TRANSACTION_STATUS_IDLE


@dataclass(frozen=True)
class Patience:
    """Limits in seconds; 0 is without end. `memory` is how many megabytes the database may take to sort or to join by;
    0 is what its configuration says."""

    lock: float  # for a row, or a lock, that somebody else holds
    statement: float  # for one statement, its waiting included
    idle: float  # for a transaction that holds its locks and does nothing
    memory: int = 0


WEB = Patience(lock=3, statement=12, idle=30)
PRESSED = Patience(lock=0.6, statement=12, idle=30)  # a request, while many others are at it (hotline.waiting.crowd)
HEALTH = Patience(lock=0.3, statement=0.7, idle=5)
JOB = Patience(lock=10, statement=180, idle=600)
# Reports and training, which read a whole month or year: in what is usual, joins of a month would go through the disk.
LONG = Patience(lock=60, statement=1800, idle=3600, memory=64)
ENDLESS = Patience(lock=0, statement=0, idle=0)  # migrations, imports and whatever a person starts by hand

_LIMITS = (
    "SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {};"
    " SET LOCAL idle_in_transaction_session_timeout = {}; "
)
_usual = ENDLESS
_own = threading.local()


def adopt(patience: Patience) -> None:
    """From now on every connection of this process has these limits."""
    global _usual
    _usual = patience


def current() -> Patience:
    """The limits of this thread's work."""
    return getattr(_own, "patience", _usual)


@contextmanager
def of(patience: Patience) -> Iterator[None]:
    """Does what is inside with limits of its own; begins and ends outside transactions."""
    before = current()
    _own.patience = patience
    try:
        _tell_all()
        yield
    finally:
        _own.patience = before
        _tell_all()


def _tell_all() -> None:
    """Tells this thread's connections, which are two where there is a replica."""
    for connection in connections.all(initialized_only=True) if not settings.DATABASE_POOLED else ():
        _tell(connection)


def _tell(to: Any) -> None:
    """Tells an open connection the present limits. One that is not open, or was lost, is told when it opens."""
    if to.connection is None or to.connection.closed or to.needs_rollback:
        return
    limits = current()
    try:
        with to.connection.cursor() as cursor:  # the driver's own, so that no query counts as one of the page's
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false),"
                " set_config('idle_in_transaction_session_timeout', %s, false)",
                [f"{round(seconds * 1000)}ms" for seconds in (limits.lock, limits.statement, limits.idle)],
            )
            cursor.execute(f"SET work_mem = '{limits.memory}MB'" if limits.memory else "RESET work_mem")
    except psycopg2.Error:
        to.close()


@receiver(connection_created)
def _tell_the_new(connection: Any, **kwargs: object) -> None:
    if not settings.DATABASE_POOLED:
        if current() != ENDLESS:
            _tell(connection)
    elif _with_limits not in connection.execute_wrappers:
        connection.execute_wrappers.append(_with_limits)


def _with_limits(execute: Callable[..., Any], query: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Behind a pooler a session is somebody else's after each transaction: each transaction is told its limits anew,
    together with its first statement, which costs no way there and back."""
    limits, to = current(), context["connection"].connection
    if limits != ENDLESS and to is not None and to.info.transaction_status == TRANSACTION_STATUS_IDLE:
        told = _LIMITS.format(*(round(seconds * 1000) for seconds in (limits.lock, limits.statement, limits.idle)))
        told += f"SET LOCAL work_mem = '{limits.memory}MB'; " if limits.memory else ""
        query = told + query if isinstance(query, str) else sql.SQL(told) + query
    return execute(query, params, many, context)
