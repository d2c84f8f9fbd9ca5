"""How everything that people wait for grows when the city's history becomes ten times as long.

Each size is a database of its own, and each thing is asked of one and then of the other, again and again: a machine that
is busy or slow for a while is so for both. What is compared was asked within the same second or two.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.db import connection

from demo import multiplying, probes
from demo.turns import Asker
from tickets.models import Ticket

ROUNDS = 4  # in which each size has its turn, the other one first each time; there are nearly five hundred probes
EACH = 2  # requests of a turn
WARM_UP = 2  # before the first round
LONGEST = 8.0  # seconds for one probe at all sizes: what is slow has fewer rounds, at least LEAST
LEAST = 3
GOAL_MS = 100.0
GOAL_GROWTH = 1.3


def measure(sizes: Sequence[int], open_tickets: int) -> dict[str, Any]:
    """Grows the database from size to size, keeps each, and asks for everything at all of them in turns.

    How it grew is told of the last two. Raises CommandError where the database is larger than the smallest size.
    """
    if (there := Ticket.objects.count()) > min(sizes):
        raise CommandError(f"The database holds {there} tickets already, more than {min(sizes)}.")
    result: dict[str, Any] = {"open": open_tickets, "sizes": {}}
    with ExitStack() as kept:
        databases = {}
        for size in sorted(sizes):
            started = time.perf_counter()
            multiplying.grow(size, open_tickets)
            made = time.perf_counter() - started
            databases[size] = kept.enter_context(_copied(size))
            result["sizes"][size] = {"seconds_to_make": round(made, 1)}
            sys.stderr.write(f"{size} tickets made in {made:.0f} s\n")
        started = time.perf_counter()
        for size, found in in_turns({size: kept.enter_context(Asker(name, probes.everything))
                                     for size, name in databases.items()}).items():  # fmt: skip
            result["sizes"][size]["probes"] = found
        result["seconds_to_measure"] = round(time.perf_counter() - started, 1)
    return result | _compared(result["sizes"])


def in_turns(askers: Mapping[int, Asker]) -> dict[int, dict[str, dict[str, float]]]:
    """What each size's asker measures of each probe, by the probes' names."""
    found: dict[int, dict[str, dict[str, float]]] = {size: {} for size in askers}
    names = dict.fromkeys(name for asker in askers.values() for name in asker.names)
    for done, name in enumerate(names, start=1):
        order = [(size, asker) for size, asker in askers.items() if name in asker.names]
        for _size, asker in order:
            asker.ask(name, WARM_UP, counted=False)
        began = time.perf_counter()
        for turn in range(ROUNDS):
            if turn >= LEAST and time.perf_counter() - began > LONGEST:
                break
            for _size, asker in order:
                asker.ask(name, EACH)
            order.reverse()
        for size, asker in order:
            found[size][name] = asker.measured(name)
        if done % 50 == 0:
            sys.stderr.write(f"{done} of {len(names)} asked\n")
    return found


@contextmanager
def _copied(size: int) -> Iterator[str]:
    """A copy of the database as it is now, by its name; dropped in the end."""
    mine = connection.settings_dict["NAME"]
    name = f"{mine}_{size}"
    connection.close()  # nobody may be in a database that is copied
    quoted = connection.ops.quote_name
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [mine])
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(mine)} STRATEGY FILE_COPY")
    try:
        yield name
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")


def _compared(sizes: dict[int, Any]) -> dict[str, Any]:
    """Growth of each probe, and which miss a goal at the largest size: by people's time and by work, see `asking`."""
    *_, largest = found = sorted(sizes)
    last = sizes[largest]["probes"]
    missed = {
        "over_100_ms": {name: one["p95_ms"] for name, one in last.items() if one["p95_ms"] > GOAL_MS},
        "work_over_100_ms": {name: _cost(one) for name, one in last.items() if _cost(one) > GOAL_MS},
    }
    if len(found) < 2:
        return missed
    before = sizes[found[-2]]["probes"]
    growth = {
        name: round(_cost(one) / max(_cost(before[name]), 0.1), 2) for name, one in last.items() if name in before
    }
    return missed | {
        "growth": growth, "grown": {name: times for name, times in growth.items() if times > GOAL_GROWTH},
    }  # fmt: skip


def _cost(measured: dict[str, float]) -> float:
    """Milliseconds of work, or of people's time where that is not known."""
    return measured.get("work_ms", measured["median_ms"])


def table(result: dict[str, Any]) -> str:
    """What was measured, the most work first."""
    sizes = sorted(result["sizes"])
    probes_of = {size: result["sizes"][size]["probes"] for size in sizes}
    last = probes_of[sizes[-1]]
    heads = "".join(f"{f'{size:,} p95':>16}{'work':>8}" for size in sizes)
    lines = [f"{'milliseconds':44}{heads}{'queries':>9}{'growth':>8}"]
    for name in sorted(last, key=lambda name: -_cost(last[name])):
        cells = "".join(_cells(one.get(name)) for one in probes_of.values())
        grew = f"{result['growth'][name]:.2f}" if name in result.get("growth", {}) else ""
        lines.append(f"{name:44}{cells}{last[name]['queries']:>9}{grew:>8}")
    return "\n".join(lines)


def _cells(measured: dict[str, float] | None) -> str:
    """Empty where the size had no such probe."""
    return f"{measured['p95_ms']:>16,.1f}{_cost(measured):>8,.1f}" if measured else " " * 24
