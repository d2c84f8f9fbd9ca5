"""A hundred people at work: operators as at `demo.shift`, and by the API whoever works on with what they record.

Everybody does what people do whose server did not answer: they send the same again until they are told something.
"""

from __future__ import annotations

import contextlib
import io
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import requests
from django.conf import settings
from django.urls import reverse
from PIL import Image

from demo import shift
from demo.chaos.house import House
from demo.chaos.journal import Journal, Told, Write
from hotline.accounts import tokens
from hotline.accounts.models import Region, User
from hotline.accounts.permissions import Role

LONGEST = 30.0  # seconds that one answer may take
PATIENCE = 240.0  # seconds for which somebody goes on sending the same
BETWEEN_CALLS, BETWEEN_DEEDS = 75.0, 9.0  # seconds, on the average
KEY = "a" * 32  # of CSRF: the cookie and the field need only be the same
ANSWER = "已到现场核实并完成整改，更换了松动的部件，现场已恢复正常，请诉求人监督。{mark}"
Deed = Callable[["Worker"], None]


@dataclass
class Worker:
    """One person: by a token at the API, by a session on pages."""

    people: People
    username: str
    token: str
    session: str
    department: int | None = None
    chance: random.Random = field(default_factory=random.Random)
    browser: requests.Session = field(default_factory=requests.Session)

    def list_of(self, status: str) -> list[dict[str, Any]]:
        """The newest tickets in a state that this person sees; none where nobody answers."""
        answer = self.people.ask(f"list {status}", lambda: self._api("GET", f"tickets/?status={status}"))
        return list(answer.json()["results"]) if answer is not None and answer.status_code == 200 else []

    def do(self, action: str, ticket: dict[str, Any], *, marked: bool = True, **given: Any) -> Write:
        """One action on a ticket as this person saw it; `{mark}` in what is given becomes the mark."""
        write = self.people.journal.write(self.username, action, ticket["number"], marked=marked)
        key = str(uuid.uuid4())
        body = {
            name: value.format(mark=write.mark) if isinstance(value, str) else value for name, value in given.items()
        }
        body |= {"version": ticket["version"]} if "version" in ticket else {}
        path = f"tickets/{ticket['number']}/{action}/"
        self.people.send(write, action, lambda: self._api("POST", path, json=body, headers={"Idempotency-Key": key}))
        return write

    def open(self, path: str) -> None:
        self.people.ask(f"page {path}", lambda: self._page("GET", path))

    def attach(self, ticket: dict[str, Any]) -> None:
        """A picture, on the ticket's page."""
        write = self.people.journal.write(self.username, "attach", ticket["number"])
        picture, form = _picture(self.chance), {"form_key": str(uuid.uuid4()), "csrfmiddlewaretoken": KEY}
        path = reverse("attach", args=[ticket["number"]])

        def send() -> requests.Response:
            files = {"file": (f"现场{write.mark}.png", picture, "image/png")}
            return self._page("POST", path, data=form, files=files, headers={"X-Sent-By": "script"})

        self.people.send(write, "attach", send)

    def _api(self, method: str, path: str, headers: dict[str, str] | None = None, **given: Any) -> requests.Response:
        told = {"Authorization": f"Token {self.token}"} | (headers or {})
        address = f"{self.people.house.address}/api/v1/{path}"
        return self.browser.request(method, address, headers=told, timeout=LONGEST, **given)

    def _page(self, method: str, path: str, headers: dict[str, str] | None = None, **given: Any) -> requests.Response:
        cookies = {settings.SESSION_COOKIE_NAME: self.session, "csrftoken": KEY}
        return requests.request(
            method, self.people.house.address + path, headers=headers or {}, cookies=cookies, timeout=LONGEST,
            allow_redirects=False, **given,
        )  # fmt: skip


class Desk(shift.Shift):
    """An operator's desk at which the same is sent again until it is answered; panels are not waited for."""

    people: People

    def ask(self, browser: requests.Session, what: str, method: str, path: str, data: Any = None) -> Any:
        end = time.monotonic() + (PATIENCE if what in ("page", "record") else 0)
        while True:
            begun = time.monotonic()
            try:
                answer = super().ask(browser, what, method, path, data)
            except requests.RequestException:
                answer = requests.Response()
                answer.status_code, answer._content = 0, b""
            self.people.journal.answered(f"call: {what}", begun, answer.status_code)
            if 0 < answer.status_code < 500 or time.monotonic() > end:
                return answer
            time.sleep(1)


class People:
    """All of them; made while the hotline is well, at work for as long as `at_work` lasts."""

    def __init__(self, house: House, journal: Journal, count: int) -> None:
        self.house, self.journal = house, journal
        self.over = threading.Event()
        self.city = str(Region.objects.values_list("pk", flat=True).get(parent__isnull=True))
        staff = User.objects.filter(role=Role.STAFF, department__isnull=False).order_by("pk")
        self.departments = sorted({person.department_id for person in staff if person.department_id})[:12]
        self.operators = [shift.operator(number) for number in range(round(count * 0.4))]
        self.calls = iter(shift.calls_to_come(count * 20))
        self._lock = threading.Lock()
        self.clerks = [
            self.worker(Role.STAFF, number, self.departments[number % len(self.departments)])
            for number in range(round(count * 0.4))
        ]
        self.dispatchers = [self.worker(Role.DISPATCHER, number) for number in range(max(1, count // 10))]
        self.supervisors = [self.worker(Role.SUPERVISOR, number) for number in range(max(1, count // 20))]
        self.callers_back = [self.worker(Role.OPERATOR, number) for number in range(max(1, count // 20))]
        self._sessions = {username: shift.session_of(username) for username in self.operators}

    @property
    def count(self) -> int:
        groups = (self.operators, self.clerks, self.dispatchers, self.supervisors, self.callers_back)
        return sum(len(group) for group in groups)

    def worker(self, role: str, number: int, department: int | None = None) -> Worker:
        """A person with a token and a session, made where there is none of that name."""
        username = f"chaos-{role}{number:02d}"
        person, _made = User.objects.get_or_create(
            username=username, defaults={"role": role, "full_name": f"演练{number}", "department_id": department}
        )
        _token, key = tokens.issue(person, "chaos", address=None)
        return Worker(self, username, key, shift.session_of(username), department, random.Random(username))

    # -- asking and sending -------------------------------------------------------------------------------------

    def ask(self, what: str, do: Callable[[], requests.Response]) -> requests.Response | None:
        """Asks once; None where nobody answers."""
        begun = time.monotonic()
        try:
            answer = do()
        except requests.RequestException:
            self.journal.answered(what, begun, 0)
            return None
        self.journal.answered(what, begun, answer.status_code)
        return answer

    def send(self, write: Write, what: str, do: Callable[[], requests.Response]) -> None:
        """Sends the same again until somebody answers it, and notes what was told."""
        end = time.monotonic() + PATIENCE
        while True:
            answer = self.ask(what, do)
            write.tries += 1
            if answer is not None and answer.status_code < 500:
                is_done = answer.status_code < 400 and "/sign-in/" not in answer.headers.get("Location", "")
                write.told = Told.ACKNOWLEDGED if is_done else Told.REFUSED
                return
            if time.monotonic() > end:
                return
            time.sleep(0.5 + random.random())

    # -- working ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def at_work(self) -> Iterator[People]:
        """All work until the block ends; whoever is waiting for an answer then still waits for it."""
        self.over.clear()
        threads = [threading.Thread(target=self._record, args=(username,)) for username in self.operators]
        for group, deeds in (
            (self.clerks, CLERKS), (self.dispatchers, (dispatch,)), (self.supervisors, SUPERVISORS),
            (self.callers_back, (follow_up,)),
        ):  # fmt: skip
            threads += [threading.Thread(target=self._work, args=(worker, deeds)) for worker in group]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self.over.set()
            for thread in threads:
                thread.join()

    def _record(self, username: str) -> None:
        chance = random.Random(username)
        desk = Desk(self.house.address, self.city)
        desk.people = self
        with requests.Session() as browser:
            browser.cookies.set(settings.SESSION_COOKIE_NAME, self._sessions[username])
            while not self.over.wait(chance.expovariate(1 / BETWEEN_CALLS)):
                with self._lock:
                    call = next(self.calls)
                write = self.journal.write(username, "record")
                write.mark = call.mark
                if desk.take(browser, call):
                    write.told = Told.ACKNOWLEDGED

    def _work(self, worker: Worker, deeds: tuple[Deed, ...]) -> None:
        while not self.over.wait(worker.chance.expovariate(1 / BETWEEN_DEEDS)):
            worker.chance.choice(deeds)(worker)


def _one(worker: Worker, status: str) -> dict[str, Any] | None:
    found = worker.list_of(status)
    return worker.chance.choice(found) if found else None


def dispatch(worker: Worker) -> None:
    if ticket := _one(worker, "registered"):
        worker.do(
            "dispatch", ticket, department=worker.chance.choice(worker.people.departments), note="请尽快处理。{mark}"
        )


def accept(worker: Worker) -> None:
    if ticket := _one(worker, "dispatched"):
        worker.do("accept", ticket, marked=False)


def note_progress(worker: Worker) -> None:
    if ticket := _one(worker, "working"):
        worker.do("progress", ticket, note="已联系现场，正在处理。{mark}")


def answer(worker: Worker) -> None:
    if ticket := _one(worker, "working"):
        worker.do("answer", ticket, answer=ANSWER)


def attach(worker: Worker) -> None:
    if ticket := _one(worker, "working"):
        worker.attach(ticket)


def urge(worker: Worker) -> None:
    if ticket := _one(worker, worker.chance.choice(("dispatched", "working"))):
        worker.do("urge", {"number": ticket["number"]}, note="请抓紧办理。{mark}")


def look(worker: Worker) -> None:
    worker.open(worker.chance.choice(("/board/", "/tickets/", "/dashboard/", "/matters/")))


def follow_up(worker: Worker) -> None:
    if ticket := _one(worker, "follow_up"):
        given: dict[str, Any] = {"contacted": "yes", "solved": "yes", "satisfaction": "satisfied"}
        worker.do("follow_up", ticket, note="来电人表示认可。{mark}", **given)


CLERKS: tuple[Deed, ...] = (accept, accept, note_progress, answer, attach)
SUPERVISORS: tuple[Deed, ...] = (urge, look)


def _picture(chance: random.Random) -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (40, 40), chance.randbytes(40 * 40 * 3)).save(out, "PNG")
    return out.getvalue()
