"""Whatever is typed or sent, nothing is a 500: garbage into every parameter of every address, by every way in.

Nothing is listed by hand: addresses come from the resolver, forms from the pages as they are shown, names of parameters
by listening to what a view asks for, fields of the API from its own schema. Each request is rolled back.
HOTLINE_GARBAGE_SEED=7 tries other garbage, HOTLINE_GARBAGE_ROUNDS=5 five times as much of it.
"""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import lxml.html
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import resolve, reverse
from drf_spectacular.generators import SchemaGenerator

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

pytestmark = pytest.mark.django_db
SEED = int(os.environ.get("HOTLINE_GARBAGE_SEED", "1"))
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
JSON_GARBAGE: tuple[Any, ...] = (
    None, True, False, -1, 0, 10**30, -(10**19), 1.5, 1e300, [], {}, [None], [[]], {"a": {"b": []}}, ["1", 2, None],
    [{}],
)  # fmt: skip
HEADERS: dict[str, tuple[str, ...]] = {
    "Accept": ("", "*/*;q=x", "text/html;q=9", "application/json; indent=99999999", "a" * 5000, "/"),
    "Accept-Language": ("", "zh;q=x", "x" * 5000, "zh-Hans-CN-x-y-z", "\xff", "*,,;;"),
    "Authorization": ("Token", "Token ", "Token a b", "Token \xff", "Basic !!", "Token " + "0" * 9000, "Bearer x"),
    "Content-Type": ("", "x", "multipart/form-data", "multipart/form-data; boundary=", "application/json; charset=nope",
                     "application/x-www-form-urlencoded; charset=utf-16", "text/xml", "application/json;;"),
    "Cookie": ("", "=", "sessionid=\xff", "sessionid=" + "x" * 3000, "csrftoken=%00", "messages=x:y:z",
               "django_language=../../x"),
    "Host": ("", "elsewhere.example", "a b", "[::1", "testserver:99999", "testserver:x"),
    "If-Modified-Since": ("x", "Mon, 99 Foo 9999 99:99:99 GMT", "Mon, 01 Jan 0000 00:00:00 GMT"),
    "If-None-Match": ("x", '"', '*', 'W/"' + "x" * 4000),
    "Idempotency-Key": ("", "\xff", "k" * 5000, "a\tb"),
    "Range": ("x", "bytes=5-1", "bytes=-0", "bytes=0-99999999999999999999"),
    "Referer": ("x", "https://elsewhere.example/", "http://[", "\xff"),
    "X-Forwarded-For": ("x", "999.1.1.1", ",,,", "1.2.3.4, evil", "::1%eth0", "\xff"),
    "X-Forwarded-Proto": ("x", "https,http"),
    "X-Requested-With": ("x", "fetch"),
}  # fmt: skip
METHODS = ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "LINK", "X")
FILES = (
    ("a.xlsx", b""), ("a.xlsx", b"PK\x03\x04"), ("a.csv", b"\xff\xfe\x00"), ("a.csv", b'"' * 4000),
    ("a\x00.png", b"\x89PNG\r\n"),
    ("长" * 300 + ".pdf", b"%PDF-1.4"), ("../../a.jpg", b"\xff\xd8\xff"), (" ", b"x"),
    (".docx", b"PK\x05\x06" + b"\0" * 18),
)  # fmt: skip
PARTS = (
    "%00",
    "XG1%00",
    "%20",
    "%F0%9F%98%80",
    "..",
    "'",
    "0",
    "-1",
    "9" * 40,
    "%ED%A0%80",
    "a" * 3000,
    "%2F",
    "%FF",
    "é",
)
# Addresses that are not asked, and why.
LEFT_OUT = {"healthz": "says 503 where no worker runs", "admin:jsi18n": "Django's own script"}
TYPICAL = {
    "date": "2026-04-21", "datetime-local": "2026-04-21T10:00", "time": "09:00", "number": "3", "tel": "13800138000",
    "email": "a@example.org", "search": "钢板", "month": "2026-04", "url": "https://example.org/",
}  # fmt: skip


# -- the house, and how it is asked ---------------------------------------------------------------------------


@dataclass
class House:
    numbers: list[str]
    clients: dict[str, Client]
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))
    found: list[str] = field(default_factory=list)

    def ask(self, who: str, method: str, address: str, data: Any = None, **how: Any) -> Any:
        """One request by one person. What it changed is rolled back; what is wrong with its answer is kept."""
        client = self.clients[who]
        cookies = copy.copy(client.cookies)
        try:
            with transaction.atomic():
                if isinstance(data, (bytes, str)):  # a body as it is
                    answer: Any = client.generic(method, address, data, **how)
                else:
                    answer = (client.get if method == "GET" else client.post)(address, dict(data or {}))
                if answer.streaming:
                    b"".join(answer.streaming_content)
                transaction.set_rollback(True)
        except UnicodeEncodeError:  # the test's client cannot send it; a browser could not either
            return None
        finally:
            client.cookies = cookies
            if method != "GET":
                scene.forget()
        where = urlsplit(answer.headers.get("Location", "")).netloc
        asked = f"{who}: {method} {address[:200]} {str(data or how)[:600]}"
        if answer.status_code >= 500:
            self.found.append(f"{asked}\n    {answer.status_code} {(answer.exc_info or ('', '?'))[1]!r}")
        elif where not in ("", "testserver"):
            self.found.append(f"{asked}\n    leads to another site: {where}")
        return answer

    def garbage(self) -> Any:
        """One value, or now and then several under one name."""
        if self.rng.random() < 0.1:
            return self.rng.choices(GARBAGE, k=3)
        return self.rng.choice(GARBAGE)

    def assert_nothing_broke(self) -> None:
        assert not self.found, "\n".join([f"{len(self.found)} found", *self.found])


@pytest.fixture
def house(monday: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Tickets in every state with files, a matter, an order, a meeting and reports, and somebody of each role."""
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path)
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


def pages(house: House) -> Iterator[tuple[str, str]]:
    """Every page and fragment, by the name of its address; actions on a ticket that is in a state for them."""
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
        for given in examples(name, arguments, house.numbers)[:9]:
            yield name, reverse(name, kwargs=given)


# -- what is garbled ------------------------------------------------------------------------------------------


def test_every_parameter_of_every_page(house: House) -> None:
    """Names are learned from what the view asks for: first with nothing given, then with what it has asked for."""
    for _name, address in pages(house):
        for method in ("GET", "POST"):
            for who in readers(house, method, address):
                names: set[str] = set()
                for _ in range(3 * ROUNDS):
                    given = {name: house.garbage() for name in sorted(names) if house.rng.random() < 0.7}
                    with listening() as asked:
                        house.ask(who, method, address, given)
                    names |= asked - {"csrfmiddlewaretoken"}
    house.assert_nothing_broke()


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


def test_every_form_as_it_is_shown_with_some_fields_garbled(house: House) -> None:
    found = forms(house)
    actions = {resolve(urlsplit(form.address).path).kwargs.get("name") for form in found}
    assert {"dispatch", "accept", "answer", "follow_up", "ask_return"} <= actions, "forms are found"
    taken = [form for form in found if form.method == "POST" and is_taken(house, form)]
    assert len(taken) >= 10, "garbage is thrown at open doors"
    for form in found:
        for _ in range(5 * ROUNDS):
            given: dict[str, Any] = dict(form.fields)
            for name in house.rng.sample(sorted(given), min(len(given), house.rng.randint(1, 3))):
                given[name] = house.garbage()
                if house.rng.random() < 0.15:
                    del given[name]
            for name in form.files:
                if house.rng.random() < 0.7:
                    given[name] = SimpleUploadedFile(*house.rng.choice(FILES))
            house.ask(form.who, form.method, form.address, given)
    house.assert_nothing_broke()


def is_taken(house: House, form: Form) -> bool:
    """Whether the form is accepted as it was filled in, before anything is garbled."""
    answer = house.ask(form.who, form.method, form.address, dict(form.fields))
    return answer is not None and answer.status_code == 302


# -- the API --------------------------------------------------------------------------------------------------


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, list[str], dict[str, Any], list[str]]]:
    """Method, path, names in the path, properties of the body, names of the query."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            parameters = operation.get("parameters", [])
            inside = [one["name"] for one in parameters if one["in"] == "path"]
            query = [one["name"] for one in parameters if one["in"] == "query"]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            if "$ref" in body:
                body = schema["components"]["schemas"][body["$ref"].rpartition("/")[2]]
            yield method.upper(), path, inside, body.get("properties", {}), query


def test_every_field_of_the_api(house: House) -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    for method, path, inside, properties, query in operations(schema):
        address = path
        for name in inside:
            address = address.replace(f"{{{name}}}", house.rng.choice(house.numbers) if name == "number" else "1")
        for who in (*scene.ROLE_PEOPLE.values(), ""):
            for _ in range(2 * ROUNDS):
                if method == "GET":
                    house.ask(who, "GET", address, {name: house.garbage() for name in query})
                    continue
                body = {name: house.rng.choice([*JSON_GARBAGE, *GARBAGE]) for name in properties}
                kept = {name: value for name, value in body.items() if house.rng.random() < 0.7}
                whole = house.rng.choice([kept, kept, kept, kept, house.rng.choice(JSON_GARBAGE)])
                sent = json.dumps(whole, allow_nan=True)
                house.ask(who, method, address, data=sent, content_type="application/json")
        house.ask(scene.OPERATOR, method, address, data=b'{"a": \xff', content_type="application/json")
        house.ask(scene.OPERATOR, method, address, data=b"[" * 100_000, content_type="application/json")
    house.assert_nothing_broke()


# -- headers, methods and parts of addresses --------------------------------------------------------------------


def one_of_each(house: House) -> Iterable[str]:
    """One address of each name, the API's too."""
    for name, arguments in dict(named_addresses()).items():
        if name not in LEFT_OUT:
            for given in examples(name, arguments, house.numbers[:1])[:1]:
                yield reverse(name, kwargs=given)


def test_every_header_and_method(house: House) -> None:
    people = list(house.clients)
    for address in one_of_each(house):
        for name in house.rng.sample(sorted(HEADERS), 3 * min(ROUNDS, 4)):
            value = house.rng.choice(HEADERS[name])
            method = house.rng.choice(["GET", "POST"])
            key = name.upper().replace("-", "_")
            how = {key if key == "CONTENT_TYPE" else f"HTTP_{key}": value}
            house.ask(house.rng.choice(people), method, address, data=b"a=1&b=\xff", **how)
        house.ask(house.rng.choice(people), house.rng.choice(METHODS), address, data=b"\x00")
    house.assert_nothing_broke()


def test_every_part_of_every_address(house: House) -> None:
    for name, arguments in dict(named_addresses()).items():
        for given in examples(name, arguments, house.numbers[:1])[:1]:
            address = reverse(name, kwargs=given)
            for value in {str(value) for value in given.values()}:
                for part in house.rng.sample(PARTS, 5):
                    garbled = "/".join(part if piece == value else piece for piece in address.split("/"))
                    for who in (scene.SUPERVISOR, scene.ADMIN):
                        house.ask(who, "GET", garbled)
                        house.ask(who, "POST", garbled)
    house.assert_nothing_broke()
