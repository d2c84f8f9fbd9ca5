"""How everything that people wait for grows when the city's history becomes ten times as long."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Sequence
from typing import Any

from demo import asking, multiplying, probes

ROUNDS = 14  # requests of a probe; there are some two hundred probes
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
    """Growth of each probe, and which miss a goal at the largest size."""
    *_, largest = found = sorted(sizes)
    last = sizes[largest]["probes"]
    slow = {name: one["p95_ms"] for name, one in last.items() if one["p95_ms"] > GOAL_MS}
    if len(found) < 2:
        return {"over_100_ms": slow}
    before = sizes[found[-2]]["probes"]
    growth = {name: round(one["median_ms"] / max(before[name]["median_ms"], 0.1), 2) for name, one in last.items()}
    return {
        "growth": growth, "over_100_ms": slow,
        "grown": {name: times for name, times in growth.items() if times > GOAL_GROWTH},
    }  # fmt: skip


def table(result: dict[str, Any]) -> str:
    """What was measured, worst first."""
    sizes = sorted(result["sizes"])
    last = result["sizes"][sizes[-1]]["probes"]
    lines = [f"{'':44}" + "".join(f"{f'{size:,} p95 ms':>20}" for size in sizes) + f"{'queries':>9}{'growth':>8}"]
    for name in sorted(last, key=lambda name: -last[name]["p95_ms"]):
        cells = "".join(f"{result['sizes'][size]['probes'][name]['p95_ms']:>20,.1f}" for size in sizes)
        lines.append(f"{name:44}{cells}{last[name]['queries']:>9}{result.get('growth', {}).get(name, 1):>8.2f}")
    return "\n".join(lines)
