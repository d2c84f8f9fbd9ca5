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

ROUNDS = 38  # requests of a probe that are counted
WARM_UP = 2  # before those
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


def signed_in(username: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username=username))
    return client


class Asking:
    """A probe that is asked again and again, by somebody who stays signed in."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._client = signed_in(probe.username)
        self._times: list[float] = []
        self._work: list[float] = []

    def ask(self, times: int, *, counted: bool = True) -> None:
        """Asks so many times; what is not counted warms up."""
        for _ in range(times):
            started, worked = time.perf_counter(), on_the_processor()
            response = self._probe.ask(self._client)
            took, work = time.perf_counter() - started, on_the_processor() - worked
            assert response.status_code in (200, 201, 302), (self._probe.name, response.status_code)
            if counted:
                self._times.append(took * 1000)
                self._work.append(work * 1000)

    def measured(self) -> dict[str, float]:
        """Median and 95th percentile in milliseconds, the number of queries of one request, and its work.

        The work is the median time on the processor, here and in the database, in milliseconds: what else runs on a
        machine makes people wait and changes it little. It is there where the database is on this machine.
        """
        with CaptureQueriesContext(connection) as captured:
            self._probe.ask(self._client)
        return {
            "median_ms": round(statistics.median(self._times), 1),
            "p95_ms": round(statistics.quantiles(self._times, n=20, method="inclusive")[-1], 1),
            "queries": len(captured),
        } | ({"work_ms": round(statistics.median(self._work), 1)} if any(self._work) else {})


def measure(probe: Probe, rounds: int = ROUNDS) -> dict[str, float]:
    """What `Asking.measured` tells of one probe, asked so many times or for as long as LONGEST."""
    asking, began = Asking(probe), time.perf_counter()
    asking.ask(WARM_UP, counted=False)
    for asked in range(rounds):
        if asked >= LEAST and time.perf_counter() - began > LONGEST:
            break
        asking.ask(1)
    return asking.measured()


def on_the_processor() -> float:
    """Seconds for which this process and its connection's have had a processor; 0 where that cannot be known."""
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    try:
        theirs = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0
    return time.process_time() + theirs
