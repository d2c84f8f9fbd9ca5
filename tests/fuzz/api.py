"""The whole OpenAPI schema by schemathesis, as each role with a token: what it allows, and what it does not."""

from __future__ import annotations

import itertools
import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, Verbosity, given, seed
from hypothesis import settings as how_often
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from hotline.accounts import tokens
from tests import garbage, scene
from tests.fuzz import planted
from tests.garbage import House

pytestmark = pytest.mark.django_db
LEFT_OUT = ("Authorization", "Cookie", "Content-Type", "Content-Length")  # headers that are ours to set
KEYS = tuple(range(1, 13))  # of rows, some of which there are
MET = 0.8  # so often something that there is
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def test_the_whole_schema_as_each_role(monday: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path)
    logging.disable(logging.ERROR)
    house = planted.house()
    keys = {who: tokens.issue(scene.user(who), "fuzz", address=None)[1] if who else "" for who in house.clients}
    for client in house.clients.values():
        client.logout()
    raw = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))
    found = list(schemathesis.openapi.from_dict(raw).get_all_operations())
    operations = [one.ok() for one in found if isinstance(one, Ok)]
    assert len(operations) == len(found)
    turns = itertools.cycle(keys.items())  # what is drawn goes to the next of the roles
    rounds = itertools.count(garbage.SEED * 1000)
    while (lacking := planted.REQUESTS - len(house.seconds)) > 0:
        each = max(2, -(-lacking // (len(operations) * len(MODES))))
        for operation, mode, drawn in ((one, mode, next(rounds)) for one in operations for mode in MODES):

            @seed(drawn)
            @how_often(
                max_examples=each, database=None, deadline=None, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet,
            )  # fmt: skip
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: Case) -> None:
                _send(house, *next(turns), case)

            with suppress(Unsatisfiable):  # what has no parameters is asked in one way alone
                send()
    logging.disable(logging.NOTSET)
    planted.report("schemathesis", house, operations=len(operations), roles=len(keys))


def _send(house: House, who: str, key: str, case: Case) -> None:
    for name in case.path_parameters or ():  # chance alone meets no ticket, no message and no report
        if house.rng.random() < MET:
            case.path_parameters[name] = house.rng.choice(house.numbers if name == "number" else KEYS)
    try:
        address = case.formatted_path
        if case.query:
            address += f"?{urlencode(case.query, doseq=True)}"
        kind, body = _body(case)
    except (UnicodeEncodeError, ValueError, TypeError):  # lone halves of letters: no program can send them
        return
    headers = {name: str(value) for name, value in (case.headers or {}).items() if name.title() not in LEFT_OUT}
    if key:
        headers["Authorization"] = f"Token {key}"
    if any(not value.isprintable() for value in headers.values()):  # a web server takes none of these
        return
    house.ask(who, case.method.upper(), address, body, content_type=kind, headers=headers)


def _body(case: Case) -> tuple[str, bytes]:
    kind = case.media_type or "application/json"
    if isinstance(case.body, bytes):
        return kind, case.body
    if not isinstance(case.body, (dict, list, str, int, float, bool, type(None))):  # nothing is sent
        return kind, b""
    if kind != "application/json" and isinstance(case.body, dict):
        return "application/x-www-form-urlencoded", urlencode(case.body, doseq=True).encode()
    return "application/json", json.dumps(case.body).encode()
