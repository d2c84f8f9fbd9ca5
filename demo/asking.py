"""What people wait for, measured through the whole stack but the network: from the address to the finished page."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hotline.accounts.models import User

ROUNDS = 40  # requests of a probe; the first few warm up and are not counted
WARM_UP = 2
LONGEST = 4.0  # seconds for one probe: what is slow is asked less often, at least LEAST times
LEAST = 5


@dataclass(frozen=True)
class Probe:
    """One thing that is measured: who asks, and for what."""

    name: str
    username: str
    ask: Callable[[Client], Any]


def getting(address: str, /, **data: str) -> Callable[[Client], Any]:
    return lambda client: client.get(address, data)


def posting(address: str, /, **data: Any) -> Callable[[Client], Any]:
    return lambda client: client.post(address, data)


def measure(probe: Probe, rounds: int = ROUNDS) -> dict[str, float]:
    """Median and 95th percentile in milliseconds, the number of queries of one request, and its work.

    The work is the median time on the processor, here and in the database, in milliseconds: what else runs on a machine
    makes people wait and changes it little. It is there where the database is on this machine.
    """
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username=probe.username))
    times: list[float] = []
    work: list[float] = []
    began = time.perf_counter()
    while len(times) < rounds and (len(times) < LEAST + WARM_UP or time.perf_counter() - began < LONGEST):
        started, worked = time.perf_counter(), _on_the_processor()
        response = probe.ask(client)
        times.append((time.perf_counter() - started) * 1000)
        work.append((_on_the_processor() - worked) * 1000)
        assert response.status_code in (200, 201, 302), (probe.name, response.status_code)
    with CaptureQueriesContext(connection) as captured:
        probe.ask(client)
    counted = times[WARM_UP:]
    return {
        "median_ms": round(statistics.median(counted), 1),
        "p95_ms": round(statistics.quantiles(counted, n=20, method="inclusive")[-1], 1),
        "queries": len(captured),
    } | ({"work_ms": round(statistics.median(work[WARM_UP:]), 1)} if any(work) else {})


def _on_the_processor() -> float:
    """Seconds for which this process and its connection's have had a processor; 0 where that cannot be known."""
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    try:
        theirs = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0
    return time.process_time() + theirs
