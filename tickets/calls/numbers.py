"""Ticket numbers: a city's letters, the day, and a counter without gaps."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db.models import F

from tickets.models import NumberCounter

SERIAL_DIGITS = 6


def next_number(day: date) -> str:
    """The next ticket number of `day`, such as XG20260419000123. Call inside a transaction."""
    NumberCounter.objects.get_or_create(day=day)
    counter = NumberCounter.objects.select_for_update().get(day=day)
    counter.last = F("last") + 1
    counter.save(update_fields=["last"])
    counter.refresh_from_db()
    return format_number(day, counter.last)


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
