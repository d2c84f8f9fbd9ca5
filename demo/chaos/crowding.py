"""Many who want the same thing at the same moment."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from demo.chaos.ground import ROOT
from demo.chaos.journal import Told, Write
from demo.chaos.people import PATIENCE, People, Worker
from hotline.accounts.permissions import Role

THRICE = 3
AT_ONCE = 40  # threads that claim
FIRST_CLAIMER = 900  # number of the first of the people who only claim


# -- the same request several times ---------------------------------------------------------------------------


def sent_thrice(people: People, count: int) -> dict[str, Any]:
    """Calls and remarks, each three times at once with one key; how often not all three were told the same."""
    caller, supervisor = people.callers_back[0], people.supervisors[0]
    before: list[dict[str, Any]] = []
    differing: list[str] = []
    for number in range(count):
        if number % 2 == 0 or not before:
            write = people.journal.write(caller.username, "record")
            told, ticket = _thrice(people, caller, write, "tickets/", _call(people, write))
            before = [ticket] if ticket else before
        else:
            write = people.journal.write(supervisor.username, "remark", before[0]["number"])
            path = f"tickets/{write.number}/remark/"
            told, ticket = _thrice(people, supervisor, write, path, {"note": f"请核实。{write.mark}"})
        if len(told) != 1:
            differing.append(f"{write.mark}: {write.action} was told {sorted(told)}")
    return {"told_differently": len(differing), "wrong": differing[:5]}


def _thrice(
    people: People, worker: Worker, write: Write, path: str, body: dict[str, Any]
) -> tuple[set[str], dict[str, Any]]:
    """Sends it three times at once until each is answered: the tickets that they were told of, and the last."""
    key, barrier, told = str(uuid.uuid4()), threading.Barrier(THRICE), []
    address = f"{people.house.address}/api/v1/{path}"
    headers = {"Authorization": f"Token {worker.token}", "Idempotency-Key": key}

    def send() -> None:
        barrier.wait()
        answer = _until_answered(people, write, lambda: requests.post(address, json=body, headers=headers, timeout=30))
        if answer is not None:
            told.append(answer)

    threads = [threading.Thread(target=send) for _time in range(THRICE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    good = [one.json() for one in told if one.status_code < 300]
    write.told = Told.ACKNOWLEDGED if good else Told.REFUSED if told else Told.UNKNOWN
    others = {f"status {one.status_code}" for one in told if one.status_code >= 300}
    return {one["number"] for one in good} | others, good[0] if good else {}


def _until_answered(people: People, write: Write, do: Any) -> requests.Response | None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = people.ask(write.action, do)
        write.tries += 1
        if answer is not None and answer.status_code < 500:
            return answer
        time.sleep(0.5)
    return None


def _call(people: People, write: Write) -> dict[str, Any]:
    return {
        "title": "路灯不亮", "description": f"路口的路灯三天没有亮了，请尽快派人维修。{write.mark}", "kind": "complaint",
        "urgency": "normal", "channel": "phone", "region": people.city, "address": "东门",
        "caller_phone": f"138{write.mark[1:-1]}{len(write.who):02d}", "caller_name": "演练",
    }  # fmt: skip


# -- two thousand claims ----------------------------------------------------------------------------------------


def claims(people: People, tickets: int, each: int) -> dict[str, Any]:
    """New tickets of one department, each claimed by so many of its people, all at once in any order."""
    department = people.departments[0]
    claimers = [people.worker(Role.STAFF, FIRST_CLAIMER + number, department) for number in range(each)]
    with ThreadPoolExecutor(8) as few:
        made: list[dict[str, Any]] = []
        for _round in range(THRICE):  # of some the people at work are faster
            lacking = range(tickets - len(made))
            made += [one for one in few.map(lambda _number: _dispatched(people, department), lacking) if one]
    wishes = [(claimer, ticket) for claimer in claimers for ticket in made]
    people_chance = claimers[0].chance
    people_chance.shuffle(wishes)
    begun = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as many:
        done = list(many.map(lambda wish: wish[0].do("accept", wish[1], marked=False), wishes))
    took = time.monotonic() - begun
    owners = Counter(
        one.number
        for one in [*people.journal.writes]
        if one.action == "accept" and one.told is Told.ACKNOWLEDGED and one.number in {one["number"] for one in made}
    )
    wrong = [f"{number} was accepted {times} times" for number, times in owners.items() if times > 1]
    wrong += [f"{one['number']} was accepted by nobody" for one in made if not owners[one["number"]]]
    told = Counter(one.told.value for one in done)
    return {"tickets": len(made), "claims": len(done), "told": dict(told), "owners": sum(owners.values()),
            "seconds": round(took, 1), "wrong": wrong}  # fmt: skip


def _dispatched(people: People, department: int) -> dict[str, Any] | None:
    """A new ticket that lies with the department, by the API; None where somebody else was faster."""
    caller, dispatcher = people.callers_back[0], people.dispatchers[0]
    write = people.journal.write(caller.username, "record")
    recorded = _thrice_once(people, caller, write)
    if not recorded:
        return None
    done = dispatcher.do("dispatch", {"number": recorded["number"]}, department=department, note="请办理。{mark}")
    return {"number": recorded["number"]} if done.told is Told.ACKNOWLEDGED else None


def _thrice_once(people: People, worker: Worker, write: Write) -> dict[str, Any]:
    address = f"{people.house.address}/api/v1/tickets/"
    headers = {"Authorization": f"Token {worker.token}", "Idempotency-Key": str(uuid.uuid4())}
    body = _call(people, write)
    answer = _until_answered(people, write, lambda: requests.post(address, json=body, headers=headers, timeout=30))
    write.told = Told.UNKNOWN if answer is None else Told.ACKNOWLEDGED if answer.ok else Told.REFUSED
    return dict(answer.json()) if answer is not None and answer.ok else {}


# -- a row that is held -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def wanting(people: People, number: str) -> Iterator[list[Write]]:
    """Supervisors and callers' desks who all send something about one ticket, until each was told what came of it."""
    writes: list[Write] = []
    wanting_it = [*people.supervisors, *people.callers_back]

    def want(worker: Worker) -> None:
        action = "remark"
        writes.append(worker.do(action, {"number": number}, note="请核实。{mark}"))

    threads = [threading.Thread(target=want, args=(worker,)) for worker in wanting_it * 2]
    for thread in threads:
        thread.start()
    try:
        yield writes
    finally:
        for thread in threads:
            thread.join()


# -- guesses ----------------------------------------------------------------------------------------------------


def guesses(address: str, a_second: int, seconds: float) -> dict[str, Any]:
    """The attack of `guessing`, in a process of its own; what it was told."""
    command = [sys.executable, "-m", "demo.chaos.guessing", address, str(a_second), str(seconds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    return dict(json.loads(done.stdout))
