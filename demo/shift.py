"""A shift at the desk: operators who record calls at the same time, as browsers do, through a web server of its own.

What a call asks for is what the page of a call asks for (templates/tickets/new.html): the page, who calls, and at each
pause of the typing what the words say, the place, where it fits, the like tickets and the articles; what these fill in
is sent at the next pause. Then it is recorded. In the end every call must stand in the database exactly once.
"""

from __future__ import annotations

import os
import random
import re
import statistics
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demo.generator import Generator
from hotline import processes
from hotline.accounts.models import Region, User
from hotline.accounts.permissions import Role
from tickets.models import Caller, Ticket

PAUSES = (0.4, 0.7, 1.0)  # of the words typed, where an operator stops for half a second
KNOWN = 0.7  # of the callers have called before
MARK = "班次{:05d}"  # stands in the words of each call, by which it is found again
PERSON = "shift"  # with which the operators' user names begin
LONGEST = 60.0  # seconds that one answer may take
STARTED = 90.0  # seconds until the web server answers
PANELS = {
    "words": "call-words", "place": "call-place", "fit": "call-panel", "like": "call-like", "articles": "article-panel",
}  # fmt: skip
HIDDEN = re.compile(r'name="(csrfmiddlewaretoken|form_key)" value="([^"]+)"')
FILLED = re.compile(
    r'data-fill-in="(region|address|category|happened|plate|amount|contact_phone)"\s+data-value="([^"]*)"'
)


@dataclass
class Call:
    """What an operator types."""

    mark: str
    phone: str
    name: str
    ticket: Ticket


@dataclass
class Shift:
    """What came of it: seconds by what was asked for, and what went wrong."""

    address: str
    city: str = ""  # the region that an empty form has
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)
    late: list[float] = field(default_factory=list)  # seconds that a call began later than it came in

    def work(self, username: str, calls: list[Call], every: float, first: float) -> None:
        """One operator: a call `every` so many seconds, beginning at `first` (of the monotonic clock)."""
        with requests.Session() as browser:
            browser.cookies.set(settings.SESSION_COOKIE_NAME, session_of(username))
            for number, call in enumerate(calls):
                comes_in = first + number * every
                time.sleep(max(0.0, comes_in - time.monotonic()))
                self.late.append(time.monotonic() - comes_in)
                try:
                    self.take(browser, call)
                except requests.RequestException as fault:
                    self.faults.append(f"{call.mark}: {fault}")

    def take(self, browser: requests.Session, call: Call) -> bool:
        """Takes one call; whether it was acknowledged as recorded."""
        page = self.ask(browser, "page", "GET", f"{reverse('desk-call')}?phone={call.phone}")
        kept = dict(HIDDEN.findall(page.text))
        typed = {
            "caller_phone": call.phone, "title": "", "kind": call.ticket.kind, "channel": "phone", "region": self.city,
        }  # fmt: skip
        self.ask(browser, "caller", "POST", reverse("caller-history"), kept | typed)
        words = call.ticket.description
        for share in PAUSES:
            typed |= {"description": words[: int(len(words) * share)]}
            filled: dict[str, str] = {}
            for name, panel in PANELS.items():
                answer = self.ask(browser, name, "POST", reverse(panel), kept | typed)
                filled |= dict(FILLED.findall(answer.text))
            typed |= filled
        typed |= {
            "description": f"{words}{call.mark}", "caller_name": call.name, "urgency": "normal", "then": "dispatch",
            "region": str(call.ticket.region_id), "address": call.ticket.address,
            "category": str(call.ticket.category_id),
        }  # fmt: skip
        recorded = self.ask(browser, "record", "POST", reverse("new-ticket"), kept | typed)
        if recorded.status_code != 302:
            self.faults.append(f"{call.mark}: recorded with {recorded.status_code}")
        return bool(recorded.status_code == 302)

    def ask(self, browser: requests.Session, what: str, method: str, path: str, data: Any = None) -> Any:
        started = time.perf_counter()
        answer = browser.request(
            method, self.address + path, data=data, timeout=LONGEST, allow_redirects=method == "GET",
            headers={"Referer": self.address, **({"HX-Request": "true"} if data and what != "record" else {})},
        )  # fmt: skip
        self.seconds[what].append(time.perf_counter() - started)
        if answer.status_code >= 400:
            self.faults.append(f"{what}: {answer.status_code}")
        return answer


def measure(operators: int, calls_an_hour: int, minutes: float, port: int) -> dict[str, Any]:
    """So many operators take so many calls an hour each, for `minutes`; milliseconds by what they waited for."""
    each = max(1, round(calls_an_hour * minutes / 60))
    every = 3600 / calls_an_hour
    calls = calls_to_come(operators * each)
    people = [operator(number) for number in range(operators)]
    before, since = Ticket.objects.count(), timezone.now()
    with web(port) as address, ThreadPoolExecutor(operators) as desks:
        shift = Shift(address, str(Region.objects.values_list("pk", flat=True).get(parent__isnull=True)))
        begin = time.monotonic()
        work = [
            desks.submit(shift.work, who, calls[number::operators], every, begin + every * number / operators)
            for number, who in enumerate(people)
        ]
        for one in work:
            one.result()
        took = time.monotonic() - begin
    return {
        "operators": operators, "calls": len(calls), "calls_an_hour": round(len(calls) / took * 3600),
        "minutes": round(took / 60, 1), "tickets_before": before, **kept(calls, since),
        "late_by_seconds_at_most": round(max(shift.late), 2), "faults": shift.faults[:20],
        "milliseconds": {what: _in_ms(seconds) for what, seconds in shift.seconds.items()},
    }  # fmt: skip


def kept(calls: list[Call], since: datetime) -> dict[str, Any]:
    """Whether every call stands there exactly once, and no number twice."""
    numbers, found = recorded(since)
    return {
        "lost": [call.mark for call in calls if not found[call.mark]],
        "twice": [call.mark for call in calls if found[call.mark] > 1],
        "numbers_twice": len(numbers) - len(set(numbers)),
    }


def recorded(since: datetime) -> tuple[list[str], Counter[str]]:
    """The numbers of the tickets that operators of a shift have recorded, and how often each call's mark is found."""
    rows = Ticket.objects.filter(registered_at__gte=since, registered_by__username__startswith=PERSON)
    numbers, found = [], Counter[str]()
    for number, words in rows.values_list("number", "description"):
        numbers.append(number)
        found[words[-len(MARK.format(0)) :]] += 1
    return numbers, found


def _in_ms(seconds: list[float]) -> dict[str, float]:
    quantiles = statistics.quantiles(seconds, n=20, method="inclusive") if len(seconds) > 1 else seconds
    return {
        "median": round(statistics.median(seconds) * 1000, 1), "p95": round(quantiles[-1] * 1000, 1),
        "most": round(max(seconds) * 1000, 1), "asked": len(seconds),
    }  # fmt: skip


def calls_to_come(count: int) -> list[Call]:
    generator = Generator(now=timezone.now(), days=1, seed=time.time_ns())
    chance = random.Random(count)
    known = list(Caller.objects.order_by("pk")[: count * 20 : 20])
    calls = []
    first = chance.randrange(10_000) * 7  # marks of another shift on the same day are others
    for number in range(count):
        if known and chance.random() < KNOWN:
            caller = chance.choice(known)
        else:
            caller = Caller(phone=f"139{chance.randrange(10**8):08d}", name="新来电")
        calls.append(
            Call(MARK.format(first + number), caller.phone, caller.name, generator.call(timezone.now(), caller))
        )
    return calls


def operator(number: int) -> str:
    person, _made = User.objects.get_or_create(
        username=f"{PERSON}{number:02d}", defaults={"role": Role.OPERATOR, "full_name": f"班次{number}"}
    )
    return person.username


def session_of(username: str) -> str:
    client = Client()
    client.force_login(User.objects.get(username=username))
    connection.close()  # of this thread
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@contextmanager
def web(port: int) -> Iterator[str]:
    """A web server on this process's database, as `hotline.processes` starts it; ends with the block."""
    name = connection.settings_dict["NAME"]
    database = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    environment = os.environ | {"DATABASE_URL": database, "HOST": "127.0.0.1", "PORT": str(port)}
    command = processes.commands(environment)["web"]
    web = subprocess.Popen(  # noqa: S603 - a command of our own list
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _until_it_answers(web, address)
        yield address
    finally:
        web.terminate()
        web.wait(timeout=LONGEST)


def _until_it_answers(web: subprocess.Popen[bytes], address: str) -> None:
    end = time.monotonic() + STARTED
    while time.monotonic() < end and web.poll() is None:
        try:
            if requests.get(f"{address}/healthz", timeout=5).status_code < 600:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise RuntimeError(f"the web server does not answer at {address}")
