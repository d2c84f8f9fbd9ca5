"""Whatever is typed or sent, nothing is a 500: garbage into every parameter of every address, by every way in.

Nothing is listed by hand: addresses come from the resolver, forms from the pages as they are shown, names of parameters
by listening to what a view asks for, fields of the API from its own schema. Each request is rolled back.
HOTLINE_GARBAGE_SEED=7 tries other garbage, HOTLINE_GARBAGE_ROUNDS=5 five times as much of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import resolve, reverse
from drf_spectacular.generators import SchemaGenerator

from tests import scene
from tests.addresses import examples, named_addresses
from tests.garbage import FILES, GARBAGE, LEFT_OUT, ROUNDS, House, built, forms, is_taken, listening, pages, readers

pytestmark = pytest.mark.django_db
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


@pytest.fixture
def house(monday: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path)
    return built()


# -- what is garbled ------------------------------------------------------------------------------------------


def test_every_parameter_of_every_page(house: House) -> None:
    """Names are learned from what the view asks for: first with nothing given, then with what it has asked for."""
    for _name, address in pages(house, most=3 * ROUNDS):
        for method in ("GET", "POST"):
            for who in readers(house, method, address):
                names: set[str] = set()
                for _ in range(2 * ROUNDS):
                    given = {name: house.garbage() for name in sorted(names) if house.rng.random() < 0.7}
                    with listening() as asked:
                        house.ask(who, method, address, given)
                    names |= asked - {"csrfmiddlewaretoken"}
    house.assert_nothing_broke()


def test_every_form_as_it_is_shown_with_some_fields_garbled(house: House) -> None:
    found = forms(house)
    actions = {resolve(urlsplit(form.address).path).kwargs.get("name") for form in found}
    assert {"dispatch", "accept", "answer", "follow_up", "ask_return"} <= actions, "forms are found"
    taken = [form for form in found if form.method == "POST" and is_taken(house, form)]
    assert len(taken) >= 10, "garbage is thrown at open doors"
    for form in found:
        for _ in range(2 * ROUNDS):
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
