"""How everything that people wait for grows when the city's history becomes ten times as long."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Sequence
from typing import Any

from demo import asking, multiplying, probes

ROUNDS = 9  # requests of a probe; there are nearly five hundred probes
GOAL_MS = 100.0
GOAL_GROWTH = 1.3


def measure(sizes: Sequence[int], open_tickets: int) -> dict[str, Any]:
    """Grows the database from size to size and asks for everything at each; how it grew is told of the last two."""
    result: dict[str, Any] = {"open": open_tickets, "sizes": {}}
    for size in sorted(sizes):
        started = time.perf_counter()
        multiplying.grow(size, open_tickets)
        made = time.perf_counter() - started
        sys.stderr.write(f"{size} tickets made in {made:.0f} s\n")
        started = time.perf_counter()
        gc.collect()
        gc.freeze()  # as a web process does once it has loaded everything
        found = {probe.name: asking.measure(probe, ROUNDS) for probe in probes.everything()}
        result["sizes"][size] = {
            "seconds_to_make": round(made, 1), "seconds_to_measure": round(time.perf_counter() - started, 1),
            "probes": found,
        }  # fmt: skip
    return result | _compared(result["sizes"])


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
    growth = {name: round(_cost(one) / max(_cost(before[name]), 0.1), 2) for name, one in last.items()}
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
        cells = "".join(f"{one[name]['p95_ms']:>16,.1f}{_cost(one[name]):>8,.1f}" for one in probes_of.values())
        lines.append(f"{name:44}{cells}{last[name]['queries']:>9}{result.get('growth', {}).get(name, 1):>8.2f}")
    return "\n".join(lines)
