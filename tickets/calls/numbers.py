"""Ticket numbers: a city's letters, the day, and a counter without gaps."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import connection

from tickets.models import NumberCounter

SERIAL_DIGITS = 6


def next_number(day: date) -> str:
    """The next ticket number of `day`, such as XG20260419000123.

    Call inside the transaction that writes the ticket, and as late in it as can be: until it ends, everybody else who
    records a call waits here. That is what leaves no gap where a transaction is taken back.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {NumberCounter._meta.db_table} AS counter (day, last) VALUES (%s, 1)"  # noqa: S608 - our table
            " ON CONFLICT (day) DO UPDATE SET last = counter.last + 1 RETURNING last",
            [day],
        )
        return format_number(day, cursor.fetchone()[0])


def format_number(day: date, serial: int) -> str:
    return f"{settings.CITY_PREFIX}{day:%Y%m%d}{serial:0{SERIAL_DIGITS}d}"


class NumberBook:
    """Numbers for many tickets at once, counted in memory; `close` writes what was taken. One writer at a time."""

    def __init__(self) -> None:
        self._last = dict(NumberCounter.objects.values_list("day", "last"))
        self._taken: set[date] = set()

    def take(self, day: date) -> str:
        """The next number of `day`."""
        self._last[day] = self._last.get(day, 0) + 1
        self._taken.add(day)
        return format_number(day, self._last[day])

    def close(self) -> None:
        """Writes the counters; call in the transaction that writes the tickets."""
        NumberCounter.objects.bulk_create(
            [NumberCounter(day=day, last=self._last[day]) for day in sorted(self._taken)],
            update_conflicts=True, unique_fields=["day"], update_fields=["last"],
        )  # fmt: skip
        self._taken.clear()
