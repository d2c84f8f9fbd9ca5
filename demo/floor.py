"""How far everyday pages are from their floor: what the machine would need if a page were nothing but its rows.

A page's floor is its own statements, sent by the bare driver and fetched whole, and a view that shows nothing, asked
without middleware. What lies above it is ours: middleware, the ORM, forms, templates.
"""

from __future__ import annotations

import http.client
import itertools
import os
import random
import statistics
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone

from demo import asking, probes, shift
from hotline.receipts.services import KEY_FIELD
from tickets.models import Ticket

PAGE = Path(settings.BASE_DIR) / "docs" / "performance.md"
GOAL = 3.0  # times the floor
RATES = {"all_tickets": 100, "ticket": 100, "create_ticket": 150}  # requests a second that are the goal
CLIENTS = 8
SECONDS = 10.0  # for which they ask for one thing
BUSY = 503  # told to try again
ROUNDS = 30  # requests of a page that are counted, and sendings of its floor
OURS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")  # the floor has a transaction of its own
_callers = itertools.count(random.randrange(10**6))
TOKEN = "a" * 32  # against forged forms: what is sent need only be what the cookie says

urlpatterns = [path("", lambda _request: HttpResponse())]  # all of the hotline that the floor knows


class TakeBack(Exception):
    """Has the database as it was: a page may be asked again and again, and so may its statements be sent."""


def measure(port: int) -> dict[str, Any]:
    """Work and floor of each everyday page, then how many requests a second a web server answers to eight at once."""
    everyday = probes.everyday()
    pages = {}
    for name, username, address, form in everyday:
        pages[name] = _beside_its_floor(username, address, form)
        sys.stderr.write(f"{name} {pages[name]}\n")
    with shift.web(port) as server:
        rates = {name: _a_second(server, who, address, form) for name, who, address, form in everyday if name in RATES}
    return {
        "day": timezone.localdate().isoformat(), "tickets": Ticket.objects.count(), "processors": os.cpu_count(),
        "load": round(os.getloadavg()[1], 1), "pages": pages, "a_second": rates,
    }  # fmt: skip


def _beside_its_floor(username: str, address: str, form: dict[str, Any] | None) -> dict[str, float]:
    """Both asked in turns, so that what else runs on the machine slows both."""
    client = asking.signed_in(username)
    nothing = Client(headers={"host": "localhost"})
    with override_settings(MIDDLEWARE=[], ROOT_URLCONF=__name__):
        nothing.get("/")  # from here on it has no middleware

    def page() -> None:
        response = client.get(address) if form is None else client.post(address, form)
        assert response.status_code in (200, 302), (address, response.status_code)

    def least() -> None:
        with connection.connection.cursor() as driver:
            for sql in statements:
                driver.execute(sql)
                driver.fetchall() if driver.description else None
        nothing.get("/")

    for _ in range(asking.WARM_UP):
        _taken_back(page)
    with CaptureQueriesContext(connection) as captured:
        _taken_back(page)
    statements = [one["sql"] for one in captured if not one["sql"].startswith(OURS)]
    work, floor = [], []
    for _ in range(ROUNDS):
        work.append(_taken_back(page))
        with override_settings(ROOT_URLCONF=__name__):
            floor.append(_taken_back(least))
    mine, bare = statistics.median(work), statistics.median(floor)
    return {
        "work_ms": round(mine, 1), "floor_ms": round(bare, 1), "times": round(mine / bare, 1),
        "queries": len(statements),
    }  # fmt: skip


def _taken_back(do: Callable[[], None]) -> float:
    """Does it and takes it back; milliseconds of work."""
    began = asking.on_the_processor()
    try:
        with transaction.atomic():
            do()
            raise TakeBack
    except TakeBack:
        return (asking.on_the_processor() - began) * 1000


def _a_second(server: str, username: str, address: str, form: dict[str, Any] | None) -> dict[str, float]:
    """How many a second are answered, and how many told to try again, while CLIENTS ask for the same: each once it has
    its answer.
    """
    cookies = {settings.SESSION_COOKIE_NAME: shift.session_of(username), settings.CSRF_COOKIE_NAME: TOKEN}
    headers = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    end = time.monotonic() + SECONDS

    def ask() -> Counter[int]:
        line, told = http.client.HTTPConnection(urlsplit(server).netloc, timeout=shift.LONGEST), Counter[int]()
        while time.monotonic() < end:
            sent = None if form is None else urlencode(form | _own())
            line.request("GET" if form is None else "POST", quote(address, safe="/?=&%"), sent, headers)
            answer = line.getresponse()
            answer.read()
            if answer.status not in (200 if form is None else 302, BUSY):
                raise RuntimeError(f"{address} was answered {answer.status}")
            told[answer.status] += 1
        line.close()
        return told

    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as clients:
        told = sum((one.result() for one in [clients.submit(ask) for _ in range(CLIENTS)]), Counter[int]())
    took = time.monotonic() - began
    return {"a_second": round((told.total() - told[BUSY]) / took, 1), "again": round(told[BUSY] / took, 1)}


def _own() -> dict[str, Any]:
    """What differs from call to call: who calls, since the calls of one person are recorded one after the other."""
    return {"csrfmiddlewaretoken": TOKEN, KEY_FIELD: uuid.uuid4(), "caller_phone": f"1001{next(_callers):07d}"}


# -- docs/performance.md ---------------------------------------------------------------------------------------------

HEAD = """# How far pages are from their floor

Made by `make bench ARGS="--floor --tickets {asked} --write"` on {day}; do not edit. {tickets} tickets, {processors} processors, a
load of {load} in the end. Work is milliseconds on the processor, here and in the database, the median of {rounds} requests
through the whole stack but the network. The floor is the page's own statements sent by the bare driver, and a view that
shows nothing, without middleware; it is asked in turns with the page. The goal is {goal:.0f} times the floor.

| page | work | floor | times | queries |
|---|--:|--:|--:|--:|
{pages}

What is measured of everything else that is offered, and how it grows, is in [benchmarks](benchmarks/README.md).

## Requests a second

{clients} clients ask for the same for {seconds:.0f} seconds each, through the web server as it comes, on the same processors.

| | answered a second | told to try again | goal |
|---|--:|--:|--:|
{rates}
"""


def write(found: dict[str, Any]) -> None:
    PAGE.write_text(written(found), encoding="utf-8")


def written(found: dict[str, Any]) -> str:
    """The page, what is farthest from its floor first."""
    pages = sorted(found["pages"].items(), key=lambda page: -page[1]["times"])
    return HEAD.format(
        **found | {
            "asked": found["tickets"] // 1000 * 1000, "rounds": ROUNDS, "goal": GOAL, "clients": CLIENTS, "seconds": SECONDS,
            "pages": "\n".join(
                f"| {probes.EVERYDAY[name]} | {one['work_ms']} | {one['floor_ms']} | {one['times']} | {one['queries']} |"
                for name, one in pages
            ),
            "rates": "\n".join(
                f"| {probes.EVERYDAY[name]} | {one['a_second']} | {one['again']} | {RATES[name]} |"
                for name, one in found["a_second"].items()
            ),
        }
    )  # fmt: skip
