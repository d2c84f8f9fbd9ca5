"""Garbage, and a house to throw it at: what tests/hotline/test_garbage.py and the fuzzers (tests/fuzz) have in common.

Nothing is listed by hand: addresses come from the resolver, forms from the pages as they are shown, names of parameters
by listening to what a view asks for. Each request is rolled back.
"""

from __future__ import annotations

import copy
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import lxml.html
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import resolve, reverse

from reports import building, periods
from supervision.ladder import steps
from tests import scene
from tests.addresses import examples, named_addresses
from tests.supervision.test_site import PNG
from tickets.attachments import keeping
from tickets.choices import Status
from tickets.matters import joining
from tickets.models import Ticket
from tickets.workflow.table import ACTIONS

SEED = int(os.environ.get("HOTLINE_GARBAGE_SEED", "1"))
TRIES = 3  # of what took too long; the shortest counts
ROUNDS = int(os.environ.get("HOTLINE_GARBAGE_ROUNDS", "1"))
GARBAGE = (
    "", " ", "\x00", "a\x00b", "\x0b\x1b[2J", "\ud800", "\ufeff\u202e反", "长" * 6000, "-1", "0", "1", "5", "9" * 30,
    "1e400", "-1e-400", "NaN", "inf", "0x1F", "1_000", "٣", "１", "½", "²", "2026-13-45", "2026-02-30", "0000-00-00",
    "9999-12-31T23:59", "9999-12-31", "0001-01-01T00:00", "0001-01-01", "2099-11-30T10:00", "24:00", "99:99",
    "2026-W99", "0000-W01", "9999-12", "2026-00", "😀" * 40, "𠮷𪚥", "'; --", "%", "\\", "<b>", "{{ 1 }}", "%s%n",
    "yes", "on", "null", "undefined", "[]", "{}", "place", "ownership_unclear", "../../etc/passwd", "a,b,,c", "-", "+",
    "@", "=1+1", "10012340001", "+8613800138000", "110", "https://elsewhere.example/", "//elsewhere.example/",
    "/\\elsewhere.example/", "javascript:alert(1)", "MjAyNi0wNC0yMHwx", "AAAA", "====", "-recorded_at", "risk",
    "__class__",
)  # fmt: skip
FILES = (
    ("a.xlsx", b""), ("a.xlsx", b"PK\x03\x04"), ("a.csv", b"\xff\xfe\x00"), ("a.csv", b'"' * 4000),
    ("a\x00.png", b"\x89PNG\r\n"),
    ("长" * 300 + ".pdf", b"%PDF-1.4"), ("../../a.jpg", b"\xff\xd8\xff"), (" ", b"x"),
    (".docx", b"PK\x05\x06" + b"\0" * 18),
)  # fmt: skip
# Addresses that are not asked, and why.
LEFT_OUT = {"healthz": "says 503 where no worker runs", "admin:jsi18n": "Django's own script"}
TYPICAL = {
    "date": "2026-04-21", "datetime-local": "2026-04-21T10:00", "time": "09:00", "number": "3", "tel": "13800138000",
    "email": "a@example.org", "search": "钢板", "month": "2026-04", "url": "https://example.org/",
}  # fmt: skip


# -- the house, and how it is asked ---------------------------------------------------------------------------


def _says_nothing(who: str, content: bytes) -> Iterable[str]:
    return ()


@dataclass
class House:
    """`watch` tells what of an answer somebody may not read; `limit` is how many seconds an answer may take."""

    numbers: list[str]
    clients: dict[str, Client]
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))
    found: list[str] = field(default_factory=list)
    watch: Callable[[str, bytes], Iterable[str]] = _says_nothing
    limit: float = 0
    seconds: list[float] = field(default_factory=list)  # that each answer took
    statuses: Counter[int] = field(default_factory=Counter)

    def ask(self, who: str, method: str, address: str, data: Any = None, **how: Any) -> Any:
        """One request by one person. What it changed is rolled back; what is wrong with its answer is kept."""
        answer, content = self._sent(who, method, address, data, how)
        if answer is None:
            return None
        self.statuses[answer.status_code] += 1
        where = urlsplit(answer.headers.get("Location", "")).netloc
        asked = f"{who}: {method} {address[:200]} {str(data or how)[:600]}"
        if answer.status_code >= 500:
            self.found.append(f"{asked}\n    {answer.status_code} {(answer.exc_info or ('', '?'))[1]!r}")
        elif where not in ("", "testserver"):
            self.found.append(f"{asked}\n    leads to another site: {where}")
        self.found += [f"{asked}\n    {answer.status_code} tells {word}" for word in self.watch(who, content)]
        if self.limit and self.seconds[-1] > self.limit:  # a machine that does something else besides is no fault
            for _again in range(TRIES):
                self._sent(who, method, address, data, how)
            least = min(self.seconds.pop() for _again in range(TRIES))
            if least > self.limit:
                self.found.append(f"{asked}\n    took {least:.1f} s")
            self.seconds[-1] = min(self.seconds[-1], least)
        return answer

    def _sent(self, who: str, method: str, address: str, data: Any, how: dict[str, Any]) -> tuple[Any, bytes]:
        client = self.clients[who]
        cookies = copy.copy(client.cookies)
        begun = time.perf_counter()
        try:
            with transaction.atomic():
                if isinstance(data, (bytes, str)):  # a body as it is
                    answer: Any = client.generic(method, address, data, **how)
                else:
                    answer = (client.get if method == "GET" else client.post)(address, dict(data or {}), **how)
                content = b"".join(answer.streaming_content) if answer.streaming else answer.content
                transaction.set_rollback(True)
        except UnicodeEncodeError:  # the test's client cannot send it; a browser could not either
            return None, b""
        finally:
            client.cookies = cookies
            if method != "GET":
                scene.forget()
        self.seconds.append(time.perf_counter() - begun)
        return answer, content

    def garbage(self) -> Any:
        """One value, or now and then several under one name."""
        if self.rng.random() < 0.1:
            return self.rng.choices(GARBAGE, k=3)
        return self.rng.choice(GARBAGE)

    def assert_nothing_broke(self) -> None:
        assert not self.found, "\n".join([f"{len(self.found)} found", *self.found])


def built() -> House:
    """Tickets in every state with files, a matter, an order, a meeting and reports, and somebody of each role."""
    tickets = [scene.ticket_in(status) for status in Status]
    joining.join(tickets[:2], actor=scene.user(scene.DISPATCHER))
    working = next(ticket for ticket in tickets if ticket.status == Status.WORKING)
    keeping.attach(working, SimpleUploadedFile("现场.png", PNG), actor=scene.user(scene.OPERATOR))
    scene.do(working, "supervise", scene.SUPERVISOR)
    steps.climb()
    building.build(periods.parse("weekly", "2026-W16"))
    clients = {who: Client(raise_request_exception=False) for who in (*scene.ROLE_PEOPLE.values(), "")}
    for who, client in clients.items():
        if who:
            client.force_login(scene.user(who))
    return House([ticket.number for ticket in tickets], clients)


def hearing(real: Callable[..., Any], asked: set[str]) -> Callable[..., Any]:
    def heard(given: QueryDict, key: str, *rest: Any, **more: Any) -> Any:
        asked.add(key)
        return real(given, key, *rest, **more)

    return heard


@contextmanager
def listening() -> Iterator[set[str]]:
    """The names of parameters that a view asks a query or a form for, while it runs."""
    asked: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        for method in ("__getitem__", "__contains__", "getlist", "pop"):
            patch.setattr(QueryDict, method, hearing(getattr(QueryDict, method), asked))
        yield asked


def pages(house: House, most: int = 9) -> Iterator[tuple[str, str]]:
    """Every page and fragment, by the name of its address, `most` of each; actions on a ticket in a state for them."""
    for name, arguments in dict(named_addresses()).items():
        if name in LEFT_OUT or name.startswith("api-"):
            continue
        if name == "ticket-action":
            for action in ACTIONS.values():
                fits = [
                    number for number in house.numbers if Ticket.objects.get(number=number).status in action.sources
                ]
                for number in fits[:1]:
                    yield f"{name} {action.name}", reverse(name, args=[number, action.name])
            continue
        for given in examples(name, arguments, house.numbers)[:most]:
            yield name, reverse(name, kwargs=given)


def readers(house: House, method: str, address: str) -> list[str]:
    """One of those who may ask this; nobody where nobody may."""
    people = list(house.clients)
    house.rng.shuffle(people)
    for who in people:
        answer = house.ask(who, method, address)
        if answer.status_code == 405:  # by nobody
            return []
        if answer.status_code not in (403, 404) and "/sign-in/" not in answer.headers.get("Location", ""):
            return [who]
    return []


@dataclass(frozen=True)
class Form:
    """A form as a page shows it, filled in as a person would."""

    who: str
    method: str
    address: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...]


def forms_of(who: str, address: str, page: bytes) -> Iterator[Form]:
    if not page.strip():
        return
    document = lxml.html.fromstring(page.decode("utf-8", "replace"), base_url=f"http://testserver{address}")
    document.make_links_absolute()
    for form in document.iter("form"):
        target = urlsplit(form.get("action") or f"http://testserver{address}")
        inside = [*form.iter("input", "select", "textarea", "button")]
        inside += document.xpath("//*[@form=$id]", id=form.get("id") or "-") if form.get("id") else []
        fields = {one.get("name"): value_of(one) for one in inside if one.get("name") and one.get("type") != "file"}
        files = tuple(one.get("name") for one in inside if one.get("type") == "file" and one.get("name"))
        fields.pop("csrfmiddlewaretoken", None)
        query = f"?{target.query}" if target.query else ""
        yield Form(who, (form.get("method") or "get").upper(), target.path + query, tuple(fields.items()), files)


def value_of(control: Any) -> str:
    if control.tag == "select":
        values = [option.get("value") or "" for option in control.iter("option")]
        return next((value for value in values if value), "")
    if control.tag == "textarea":
        return (control.text or "").strip() or "路上铺的钢板没有固定，车一压就响。"
    return str(control.get("value") or TYPICAL.get(control.get("type") or "text", "某某"))


def forms(house: House) -> list[Form]:
    """Every form on every page of everybody; of those that differ only in their row, one."""
    found: dict[Any, Form] = {}
    posted: set[str] = set()
    for name, address in pages(house):
        for who in house.clients:
            if name in posted:
                break
            answer = house.ask(who, "GET", address)
            if answer.status_code == 405:  # for nobody, and for no row
                posted.add(name)
            if answer.status_code != 200 or answer.streaming or "html" not in answer.headers.get("Content-Type", ""):
                continue
            for form in forms_of(who, address, answer.content):
                place = resolve(urlsplit(form.address).path)
                kind = (place.view_name, place.kwargs.get("name"), frozenset(name for name, _ in form.fields))
                found.setdefault(kind, form)
    return list(found.values())


def is_taken(house: House, form: Form) -> bool:
    """Whether the form is accepted as it was filled in, before anything is garbled."""
    answer = house.ask(form.who, form.method, form.address, dict(form.fields))
    return answer is not None and answer.status_code == 302
