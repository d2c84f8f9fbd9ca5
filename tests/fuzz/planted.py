"""Words that only some may read, and what an answer tells of them to whom it should not.

A ticket whose caller asked for secrecy lies with the clerk's department, another lies with a department of its own.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from tests import garbage, scene
from tests.garbage import House
from tickets.disclosure import Standing, standing_of

REQUESTS = int(os.environ.get("HOTLINE_FUZZ_REQUESTS", "10000"))  # of each machine
MOST_SECONDS = 2.0
NAME, NUMBER = "欧阳慎密", "13987650001"
SAID, ELSEWHERE = "夜合花谢了", "鹧鸪天牌匾"  # in the secret ticket, in the other department's
met: set[str] = set()  # what somebody was told, as they may be: else nothing would have been looked for
INSIDE = ("Traceback (most recent call last)", "argon2$", "pbkdf2_sha256$")  # of the house, and nobody's to read


def house() -> House:
    """The house of the garbage with planted words, watched."""
    found = garbage.built()
    secret = scene.call(
        caller_name=NAME, caller_phone=NUMBER, is_secret=True, title=f"{SAID}，请看",
        description=f"我叫{NAME}，电话{NUMBER}，{SAID}，夜里有人倒渣土。",
    )  # fmt: skip
    scene.do(scene.do(secret, "dispatch", scene.DISPATCHER), "accept", scene.CLERK)
    said = {"title": f"{ELSEWHERE}掉了", "description": f"路口的{ELSEWHERE}掉在人行道上。"}
    other = scene.call(caller_phone="13900000077", **said)
    scene.do(other, "dispatch", scene.DISPATCHER, department=scene.department(scene.OTHER_DEPARTMENT))
    found.numbers += [secret.number, other.number]
    found.clients[scene.OTHER_CLERK] = Client(raise_request_exception=False)
    found.clients[scene.OTHER_CLERK].force_login(scene.user(scene.OTHER_CLERK))
    people = {who: scene.user(who) if who else None for who in found.clients}
    hidden = {who: list(_hidden_from(person)) for who, person in people.items()}

    def watch(who: str, content: bytes) -> list[str]:
        said = _readable(content)
        met.update(word for word in (NAME, SAID, ELSEWHERE) if word in said)
        return [word for word in hidden[who] if word in said]

    met.clear()
    found.watch, found.limit = watch, MOST_SECONDS
    return found


def _hidden_from(person: User | None) -> Iterator[str]:
    yield from (*INSIDE, settings.SECRET_KEY, *settings.PERSONAL_KEYS, *settings.LEDGER_KEYS)
    if standing_of(person or AnonymousUser()) != Standing.HOTLINE:
        yield from (NAME, NUMBER)
    sees_all = person is not None and person.may(P.SEE_ALL_TICKETS)
    if not (sees_all or (person and person.username == scene.CLERK)):
        yield SAID
    if not (sees_all or (person and person.username == scene.OTHER_CLERK)):
        yield ELSEWHERE


def _readable(content: bytes) -> str:
    """What stands in an answer: of a workbook or a document all its parts."""
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            content = b"\n".join(packed.read(name) for name in packed.namelist())
    return content.decode("utf-8", "replace")


def report(name: str, house: House, **more: Any) -> None:
    """Says in one line what was done, and fails where something was found."""
    ordered = sorted(house.seconds)
    told = {
        "machine": name, "requests": len(ordered), "seed": garbage.SEED, **more,
        "answers": {str(status): count for status, count in sorted(house.statuses.items())},
        "p50_ms": round(1000 * ordered[len(ordered) // 2]), "p99_ms": round(1000 * ordered[len(ordered) * 99 // 100]),
        "slowest_ms": round(1000 * ordered[-1]), "found": len(house.found),
    }  # fmt: skip
    print(json.dumps(told, ensure_ascii=False), flush=True)  # noqa: T201
    house.assert_nothing_broke()
    assert met == {NAME, SAID, ELSEWHERE}
