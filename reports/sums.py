"""The figures of operators, summed up for each day: a month is read from its days, however many tickets it has.

Whatever changes a figure of a day leaves a note of that day: the database does that itself, by the triggers of
`migrations/0003`, so that no way of writing is left out. A job sums the noted days up anew; until it has, whoever
reads counts them at once: nobody sees an old figure (docs/decisions/0065).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Max, Min, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from hotline.instants import LAST_DAY, midnight
from hotline.locks import one_at_a_time
from tickets.models import Call, Ticket

from .indicators import INDICATORS, SECONDS_TO_RECORD, WAS_TIMED, Figure, Window, counts
from .models import ChangedDay, OperatorDay

OF_CALLS = ["picked_up"]
OF_TICKETS = ["received", "direct_rate", "recording_return_rate"]
NAMES = [*OF_CALLS, "received", "direct_rate", "seconds_to_record", "recording_return_rate"]
Key = tuple[int, date]  # an operator, and a day


@dataclass
class Sums:
    """What an operator did in one day or in several."""

    picked_up: int = 0
    received: int = 0
    direct: int = 0
    dispatched: int = 0
    returned: int = 0
    seconds: Counter[int] = field(default_factory=Counter)  # how many tickets took so long

    def add(self, other: Sums) -> None:
        self.picked_up += other.picked_up
        self.received += other.received
        self.direct += other.direct
        self.dispatched += other.dispatched
        self.returned += other.returned
        self.seconds.update(other.seconds)

    @property
    def figures(self) -> list[Figure]:
        """In the order of NAMES."""
        counted: dict[str, tuple[int, int | None]] = {
            "picked_up": (self.picked_up, None), "received": (self.received, None),
            "direct_rate": (self.received, self.direct), "seconds_to_record": (self.seconds.total(), None),
            "recording_return_rate": (self.dispatched, self.returned),
        }  # fmt: skip
        middle = {"seconds_to_record": median(self.seconds)}
        return [Figure(INDICATORS[name], *counted[name], middle.get(name)) for name in NAMES]


def median(counted: Counter[int]) -> float | None:
    """The middle of values that are given with how often each is there; as PostgreSQL's percentile_cont(0.5)."""
    total = counted.total()
    if not total:
        return None
    wanted, passed = ((total - 1) // 2, total // 2), 0
    found: list[int] = []
    for value in sorted(counted):
        passed += counted[value]
        found += [value for place in wanted[len(found) :] if place < passed]
    return sum(found) / 2


# -- counting -----------------------------------------------------------------------------------------------


def count(first: date, last: date, operators: Iterable[int] | None = None) -> dict[Key, Sums]:
    """The sums of the days `first` to `last`, counted from tickets and calls; of everybody if nobody is named."""
    # as it is, whenever it is counted: what a day of theirs came to shows later
    span = Window(midnight(first), midnight(last + timedelta(days=1)), as_of=midnight(LAST_DAY))
    found: dict[Key, Sums] = defaultdict(Sums)
    whose: dict[str, object] = {"in": list(operators)} if operators is not None else {"isnull": False}
    calls = Call.objects.filter(span.within("answered_at"), _whose("operator", whose))
    by_day = calls.annotate(day=TruncDate("answered_at")).values_list("operator", "day")
    picked_up = counts([INDICATORS[name] for name in OF_CALLS], span)
    for operator, day, number in by_day.annotate(**picked_up).order_by():
        found[operator, day].picked_up = number
    tickets = Ticket.objects.filter(span.within("registered_at"), _whose("registered_by", whose))
    counted = counts([INDICATORS[name] for name in OF_TICKETS], span)
    rows: Any = tickets.annotate(day=TruncDate("registered_at")).values("registered_by", "day")
    timed = ArrayAgg(SECONDS_TO_RECORD, filter=WAS_TIMED)
    for row in rows.annotate(**counted, timed=timed).order_by():
        sums = found[row["registered_by"], row["day"]]
        sums.received, sums.direct = row["received_base"], row["direct_rate_part"]
        sums.dispatched, sums.returned = row["recording_return_rate_base"], row["recording_return_rate_part"]
        sums.seconds = Counter(map(int, row["timed"] or ()))
    return dict(found)


def _whose(field_name: str, whose: dict[str, object]) -> Q:
    return Q(**{f"{field_name}__{how}": value for how, value in whose.items()})


def _count_anew(keys: Iterable[Key]) -> Iterator[tuple[Key, Sums]]:
    """The sums of these days of these operators as they are now."""
    by_day: dict[date, set[int]] = defaultdict(set)
    for operator, day in keys:
        by_day[day].add(operator)
    for day, operators in by_day.items():
        counted = count(day, day, operators)
        for operator in operators:
            yield (operator, day), counted.get((operator, day), Sums())


# -- reading ------------------------------------------------------------------------------------------------


def read(first: date, last: date, operator: int | None = None) -> dict[int, Sums]:
    """By operator what they did from `first` to `last`, as it is at this moment."""
    mine = {"operator": operator} if operator else {}
    changed = _keys_of(ChangedDay.objects.filter(_noted(first, last), **mine))  # first: a job may sum them up meanwhile
    found: dict[Key, Sums] = {
        key: sums
        for key, sums in _kept(OperatorDay.objects.filter(day__range=(first, last), **mine))
        if key not in changed
    }
    found.update(_count_anew(changed))
    by_operator: dict[int, Sums] = defaultdict(Sums)
    for (who, _day), sums in found.items():
        by_operator[who].add(sums)
    return {who: sums for who, sums in by_operator.items() if sums != Sums()}


COLUMNS = ("picked_up", "received", "direct", "dispatched", "returned", "seconds")


def _kept(rows: QuerySet[OperatorDay]) -> Iterator[tuple[Key, Sums]]:
    for row in rows:
        numbers = {name: getattr(row, name) for name in COLUMNS}
        seconds = Counter({int(length): times for length, times in row.seconds.items()})
        yield (row.operator_id, row.day), Sums(**numbers | {"seconds": seconds})


def _noted(first: date, last: date) -> Q:
    return Q(at__gte=midnight(first), at__lt=midnight(last + timedelta(days=1)))


def _keys_of(notes: QuerySet[ChangedDay]) -> set[Key]:
    days = notes.annotate(day=TruncDate("at")).values_list("operator", "day")
    return set(days.distinct())


# -- keeping ------------------------------------------------------------------------------------------------


def catch_up() -> int:
    """Sums up anew each day in which something changed; returns how many of how many operators that were.

    The notes go first: what is noted while it counts is counted the next time.
    """
    with one_at_a_time("operator days"):
        keys = _take_notes()
        _keep(_count_anew(keys))
    return len(keys)


def rebuild() -> list[str]:
    """Counts every day from the beginning and keeps that; returns what was kept differently, in words.

    A day in which something changed and that was not summed up yet is no difference.
    """
    with one_at_a_time("operator days"):
        waiting = _take_notes()
        kept = dict(_kept(OperatorDay.objects.all()))
        counted: dict[Key, Sums] = {}
        for first, last in _months():
            counted |= count(first, last)
        waiting |= _keys_of(ChangedDay.objects.all())  # of what changed while this counted
        differing = {
            key: counted.get(key, Sums()) for key in kept.keys() | counted.keys()
            if kept.get(key, Sums()) != counted.get(key, Sums())
        }  # fmt: skip
        _keep(differing.items())
    return [
        f"{day} {operator}: {kept.get((operator, day), Sums())} → {sums}"
        for (operator, day), sums in sorted(differing.items())
        if (operator, day) not in waiting
    ]


def _take_notes() -> set[Key]:
    """Takes all notes away; returns what they were of."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM reports_changedday RETURNING operator, at")
        return {(operator, timezone.localdate(at)) for operator, at in cursor.fetchall()}


def _months() -> Iterator[tuple[date, date]]:
    """From the first day of which anything is known to the last, a month at a time."""
    ends = [
        rows.aggregate(first=Min(when), last=Max(when))
        for rows, when in ((Ticket.objects.all(), "registered_at"), (Call.objects.all(), "answered_at"))
    ]
    instants = [instant for one in ends for instant in one.values() if instant]
    if not instants:
        return
    first, last = timezone.localdate(min(instants)), timezone.localdate(max(instants))
    while first <= last:
        until = min(last, (first.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1))
        yield first, until
        first = until + timedelta(days=1)


def _keep(sums: Iterable[tuple[Key, Sums]]) -> None:
    rows = [
        OperatorDay(operator_id=operator, day=day, **{name: getattr(one, name) for name in COLUMNS})
        for (operator, day), one in sums
    ]
    OperatorDay.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=("operator", "day"), update_fields=COLUMNS, batch_size=1000
    )
