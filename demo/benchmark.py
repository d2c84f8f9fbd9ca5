"""Speed of what people wait for, measured through the whole stack but the network: URL to finished page."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hotline.accounts.models import Region, User
from supervision.clocks import sweeping
from tickets.choices import Status
from tickets.models import Category, Ticket

ROUNDS = 40  # requests a page; the first two warm up and are not counted
WARM_UP = 2


@dataclass(frozen=True)
class Probe:
    """One thing that is measured: who asks, and for what."""

    name: str
    username: str
    ask: Callable[[Client], HttpResponse]


def probes() -> list[Probe]:
    """The ten main pages, and recording a ticket."""
    shown = Ticket.objects.filter(status=Status.WORKING).order_by("-pk").first()
    assert shown is not None, "the benchmark needs tickets"
    pages = [
        ("new_ticket", "operator1", "/tickets/new/"),
        ("my_tickets", "operator1", "/tickets/mine/"),
        ("all_tickets", "operator1", "/tickets/"),
        ("search", "operator1", "/tickets/?q=路灯 孝南"),
        ("follow_ups", "operator1", "/follow-ups/"),
        ("dispatch_queue", "dispatcher1", "/dispatch/"),
        ("inbox", "zhujian", "/inbox/?tab=working"),
        ("ticket", "supervisor1", shown.get_absolute_url()),
        ("board", "supervisor1", "/board/"),
        ("dashboard", "manager1", "/dashboard/"),
    ]
    found = [Probe(name, who, _getter(address)) for name, who, address in pages]
    return [*found, Probe("create_ticket", "operator1", _create)]


def _getter(address: str) -> Callable[[Client], Any]:
    return lambda client: client.get(address)


def _create(client: Client) -> Any:
    details = {
        "caller_phone": "10012345678", "channel": "phone", "kind": "complaint", "urgency": "normal",
        "description": "小区门口路灯不亮，夜间出行不便，请尽快维修。", "region": _pk(Region.objects.filter(name="书院街道")),
        "address": "某小区东门", "category": _pk(Category.objects.filter(name="路灯不亮")), "then": "dispatch",
    }  # fmt: skip
    return client.post("/tickets/new/", details)


def _pk(rows: Any) -> int:
    return int(rows.values_list("pk", flat=True).get())


def measure(probe: Probe) -> dict[str, float]:
    """Median and 95th percentile in milliseconds, and the number of queries of one request."""
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username=probe.username))
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        response = probe.ask(client)
        times.append((time.perf_counter() - started) * 1000)
        assert response.status_code in (200, 302), (probe.name, response.status_code)
    with CaptureQueriesContext(connection) as captured:
        probe.ask(client)
    counted = times[WARM_UP:]
    return {
        "median_ms": round(statistics.median(counted), 1),
        "p95_ms": round(statistics.quantiles(counted, n=20)[-1], 1),
        "queries": len(captured),
    }


def measure_sweep() -> dict[str, float]:
    """A sweep over everything that has become due since the tickets were made, and one with nothing to do."""
    first, second = sweeping.sweep(timezone.now()), sweeping.sweep(timezone.now())
    return {"due": first.due, "raised": first.raised, "seconds": first.seconds, "idle_seconds": second.seconds}
