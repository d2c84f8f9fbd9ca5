"""Reading from a second PostgreSQL that streams from the first (`REPLICA_URL`), for what only counts and takes long.

1. Nothing that is read there is older than the moment in which the reading began: it first waits until the replica has
   all that the primary had committed by then. So whoever has just written sees it, whatever machine they wrote on.
2. A replica that is away, promoted, of another cluster or further behind than `REPLICA_PATIENCE` is left alone, and the
   primary is read; health says so. What it breaks off, as a conflict with what it has to write, is counted once more
   by the primary.
3. Only reading goes there. What is written, locked or raw SQL goes to the primary even inside `reads`, and nothing is
   read there by whoever is in a transaction: its own rows are in the primary alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import Error, connection, connections

from hotline import health
from hotline.waiting import busy

ALIAS = "replica"
LEFT_ALONE = 10.0  # seconds after it was found away or behind
LOOK = 0.01  # seconds between two looks at how far it has come
AWAY, BEHIND = "does not answer", "lags behind"
P = ParamSpec("P")
T = TypeVar("T")
logger = logging.getLogger(__name__)
_thread = threading.local()


class _Process:
    """What a process knows of the replica."""

    left_alone_until = 0.0
    wrong = ""


class Router:
    """The primary for everything but what is read inside `reads`."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return ALIAS if getattr(_thread, "reads", False) else "default"

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True  # they are the same rows

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db != ALIAS


def reads(count: Callable[P, T]) -> Callable[P, T]:
    """Has `count` read the replica where that is fit for it. It may be done twice, and decides nothing."""

    @wraps(count)
    def counted(*args: P.args, **named: P.kwargs) -> T:
        if connection.in_atomic_block or getattr(_thread, "reads", False) or objection():
            return count(*args, **named)
        _thread.reads = True
        try:
            return count(*args, **named)
        except Error as error:
            cause = busy.cause_of(error)
            if cause not in (busy.Cause.AWAY, busy.Cause.HELD):
                raise
            logger.warning("counted once more by the primary: %s", str(error).strip())
            if cause == busy.Cause.AWAY:
                _leave_alone(AWAY)
        finally:
            _thread.reads = False
        return count(*args, **named)

    return counted


def objection() -> str:
    """Why the primary is to be read instead; empty where the replica has all that is committed by now."""
    if ALIAS not in connections.settings:
        return "there is none"
    if time.monotonic() < _Process.left_alone_until:
        return _Process.wrong
    with connection.cursor() as cursor:  # what is written to the disk, and so may be seen by anybody
        cursor.execute("SELECT pg_current_wal_flush_lsn(), system_identifier FROM pg_control_system()")
        committed, cluster = cursor.fetchone()
    end = time.monotonic() + settings.REPLICA_PATIENCE
    try:
        while (wrong := _wrong(committed, cluster)) == BEHIND and time.monotonic() < end:
            time.sleep(LOOK)
    except Error:
        wrong = AWAY
    return _leave_alone(wrong) if wrong else ""


def _wrong(committed: str, cluster: int) -> str:
    """What keeps the replica from being read just now."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier, pg_is_in_recovery(), pg_last_wal_replay_lsn() >= %s::pg_lsn"
            " FROM pg_control_system()",
            [committed],
        )
        its_cluster, follows, has_all = cursor.fetchone()
    if its_cluster != cluster or not follows:
        return "does not follow the primary"
    return "" if has_all else BEHIND


def _leave_alone(wrong: str) -> str:
    """For some seconds nobody of this process asks it again."""
    connections[ALIAS].close()
    _Process.left_alone_until, _Process.wrong = time.monotonic() + LEFT_ALONE, wrong
    return wrong


def forget() -> None:
    """It is asked again at once."""
    _Process.left_alone_until = 0.0


@health.notice
def replica_left_alone() -> str:
    """For the health page: reports and the dashboard burden the primary."""
    if ALIAS in connections.settings and (wrong := objection()):
        return f"the database's replica {wrong}: reports, the dashboard and exports read the primary (docs/deploy.md)"
    return ""
