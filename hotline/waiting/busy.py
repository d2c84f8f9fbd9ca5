"""What is told when the database or the broker does not answer in time, or not at all: the one place for it.

`hotline.waiting.pages` answers for every page and the API with 503 and `Retry-After`; nothing has been saved then.
A view that shows its own form again catches `Busy`, which the verbs that change tickets raise (`told`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

import psycopg2
import redis
from django.db import Error
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError as BrokerError
from psycopg2 import errorcodes as codes

RETRY_AFTER = 5  # seconds


class Cause(Enum):
    """Why a request could not be served now; the value is what a person is told."""

    HELD = _("Somebody else is working on this just now. Nothing was saved; please try again in a moment.")
    SLOW = _("This took too long and was broken off. Nothing was saved; please try again, or ask for less.")
    FULL = _("The server has no room left to store anything. Nothing was saved; please tell the administrator.")
    AWAY = _("The database does not answer just now. Nothing was saved; please try again in a moment.")
    BROKER = _("The message broker does not answer just now. Nothing was saved; please try again in a moment.")


STATES = {
    codes.LOCK_NOT_AVAILABLE: Cause.HELD,
    codes.DEADLOCK_DETECTED: Cause.HELD,
    codes.SERIALIZATION_FAILURE: Cause.HELD,
    codes.QUERY_CANCELED: Cause.SLOW,
    codes.DISK_FULL: Cause.FULL,
    codes.TOO_MANY_CONNECTIONS: Cause.AWAY,
    codes.ADMIN_SHUTDOWN: Cause.AWAY,
    codes.CRASH_SHUTDOWN: Cause.AWAY,
    codes.CANNOT_CONNECT_NOW: Cause.AWAY,
    codes.IDLE_IN_TRANSACTION_SESSION_TIMEOUT: Cause.AWAY,
}


class Busy(Exception):
    """The work could not be done now, and nothing has changed; the same may well be done in a moment."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.name)
        self.cause = cause

    @property
    def message(self) -> str:
        return str(self.cause.value)


def cause_of(error: BaseException | None) -> Cause | None:
    """Why the database or the broker refused; None where the error is of another kind."""
    if isinstance(error, Busy):
        return error.cause
    if isinstance(error, redis.RedisError | BrokerError):
        return Cause.BROKER
    if not isinstance(error, Error | psycopg2.Error):
        return None
    told = error if isinstance(error, psycopg2.Error) else error.__cause__
    if isinstance(told, psycopg2.InterfaceError):
        return Cause.AWAY  # "connection already closed"
    if not isinstance(told, psycopg2.Error):
        return None
    if told.pgcode is None:  # no server has said it: there is none, or it went away in the middle
        return Cause.AWAY if type(told) in (psycopg2.OperationalError, psycopg2.DatabaseError) else None
    return STATES.get(told.pgcode)


@contextmanager
def told() -> Iterator[None]:
    """Turns what the database says of waiting in vain into `Busy`; goes round the transaction, not into it."""
    try:
        yield
    except Error as error:
        if cause := cause_of(error):
            raise Busy(cause) from error
        raise


def with_retry(response: HttpResponse) -> HttpResponse:
    """Says when the same may be asked again."""
    response["Retry-After"] = str(RETRY_AFTER)
    return response
