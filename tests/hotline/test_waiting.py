"""Whoever waits for the database stops nobody else, is told so in words, and keeps what was typed."""

from __future__ import annotations

import ast
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psycopg2
import pytest
from django.conf import settings as configured
from django.db import ProgrammingError, connection, transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from hotline import processes, roles
from hotline.accounts import lockout
from hotline.accounts.views import DEMO_PASSWORD
from hotline.running.web import MOST_SIGNING_IN, kind_of
from hotline.waiting import patience
from hotline.waiting.busy import Cause, cause_of
from hotline.waiting.pages import answer
from tests import scene
from tickets.choices import Status
from tickets.models import NumberCounter, Ticket
from tickets.workflow.table import ACTIONS

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT = 90.0  # seconds that a server may take to answer for the first time
AT_ONCE = 50
SignIn = Callable[[str], Client]


class House:
    """A web server of its own on the test's database, as the role that serves pages."""

    def __init__(self, folder: Path) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = os.environ | {
            "DATABASE_URL": scene.serving_address(), "HOTLINE_DATA_DIR": str(folder), "HOTLINE_TEST_RUN": "0",
            "PORT": str(self.port), "HOST": "127.0.0.1", "SECRET_KEY": configured.SECRET_KEY,
        }  # fmt: skip
        self.process = subprocess.Popen(
            processes.commands(environment)["web"], cwd=ROOT, env=environment, stdout=(folder / "web.log").open("wb"),
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        end = time.monotonic() + LIMIT
        while self.ask("/healthz")[0] not in (200, 503):
            assert time.monotonic() < end, (folder / "web.log").read_text()
            assert self.process.poll() is None, (folder / "web.log").read_text()
            time.sleep(0.1)

    def ask(self, address: str, cookies: str = "", form: dict[str, Any] | None = None) -> tuple[int, str, float]:
        """Status, text and seconds of an answer; status 0 where there is none."""
        body = urlencode(form, doseq=True).encode() if form is not None else None
        request = Request(f"http://127.0.0.1:{self.port}{address}", data=body, headers={"Cookie": cookies})
        began = time.monotonic()
        try:
            with urlopen(request, timeout=60) as response:
                return response.status, response.read().decode(), time.monotonic() - began
        except HTTPError as error:
            return error.code, error.read().decode(), time.monotonic() - began
        except (URLError, OSError):
            return 0, "", time.monotonic() - began

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all: it takes seconds to start, and keeps nothing of a test but what it read of the city."""
    with django_db_blocker.unblock():
        started = House(tmp_path_factory.mktemp("web"))
    yield started
    started.stop()


@pytest.fixture
def house(live_city: None, server: House) -> House:
    return server


@contextmanager
def held(statement: str, values: list[Any]) -> Iterator[None]:
    """Somebody else, in a session of their own, holds what `statement` locks."""
    with closing(psycopg2.connect(**connection.get_connection_params())) as other, other.cursor() as cursor:
        cursor.execute(statement, values)
        yield
        other.rollback()


def cookies_of(client: Client) -> str:
    return f"sessionid={client.cookies['sessionid'].value}; csrftoken={'a' * 32}"


def form_of(**given: Any) -> dict[str, Any]:
    return given | {"csrfmiddlewaretoken": "a" * 32}


def test_a_held_row_stops_neither_health_nor_other_pages(house: House, signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    cookies, words = cookies_of(signed_in(scene.CLERK)), "已联系施工单位，正在准备材料。"
    house.ask("/inbox/", cookies)
    wish = (f"/tickets/{ticket.number}/do/ask_return/", cookies,
            form_of(version=ticket.version, note=words, ground="ownership_unclear"))  # fmt: skip
    with (
        held("SELECT 1 FROM tickets_ticket WHERE id = %s FOR UPDATE", [ticket.pk]),
        ThreadPoolExecutor(AT_ONCE) as many,
    ):
        waiting = [many.submit(house.ask, *wish) for _ in range(AT_ONCE)]
        asked = 0
        while not all(one.done() for one in waiting):
            _status, text, seconds = house.ask("/healthz")
            assert '"database": "ok"' in text
            assert seconds < 5, "health answers though every thread that writes waits"
            status, _text, seconds = house.ask("/inbox/", cookies)
            assert status == 200
            assert seconds < 10
            asked += 1
        answers = [one.result() for one in waiting]
    assert asked > 1
    assert {status for status, _text, _seconds in answers} == {503}
    assert all(words in text for _status, text, _seconds in answers), "what was typed is on the page"
    assert Ticket.objects.get(pk=ticket.pk).version == ticket.version


def test_a_call_that_finds_the_number_held_keeps_its_form(house: House, signed_in: SignIn) -> None:
    scene.call()
    call: dict[str, Any] = {
        "title": "路灯不亮", "description": "路口的路灯三天没有亮了。", "kind": "complaint", "urgency": "normal",
        "channel": "phone", "region": scene.call().region_id, "address": "东门", "caller_phone": "10012340009",
        "caller_name": "王女士", "category": scene.call().category_id,
    }  # fmt: skip
    cookies = cookies_of(signed_in(scene.OPERATOR))
    with held("SELECT 1 FROM tickets_numbercounter FOR UPDATE", []):
        status, text, _seconds = house.ask("/tickets/new/", cookies, form_of(**call))
    assert (status, call["title"] in text, call["description"] in text) == (503, True, True)
    status, text, _seconds = house.ask("/tickets/new/", cookies, form_of(**call))
    assert Ticket.objects.filter(title=call["title"]).count() == 1, "sent again it is recorded, once"


BRIEF = patience.Patience(lock=0.05, statement=5, idle=30)
WORDS = "已联系施工单位，材料明天中午以前送到现场。"  # what somebody typed


# Actions of each way in which a ticket is changed, on which page they come back, and by whom.
HELD = (
    (Status.REGISTERED, "dispatch", scene.DISPATCHER), (Status.DISPATCHED, "accept", scene.CLERK),
    (Status.WORKING, "answer", scene.CLERK), (Status.WORKING, "correct", scene.OPERATOR),
    (Status.WORKING, "supervise", scene.SUPERVISOR), (Status.DISPATCHED, "escalate", scene.SUPERVISOR),
    (Status.FOLLOW_UP, "follow_up", scene.OPERATOR),
)  # fmt: skip


def test_no_form_of_a_held_ticket_is_lost(live_city: None, signed_in: SignIn) -> None:
    """By page the form comes back with what was typed, by the API words; both say when to try again."""
    for status, name, who in HELD:
        ticket, client = scene.ticket_in(status), signed_in(who)
        asked = set(ACTIONS[name].input.base_fields) & {"note", "answer", "question"}
        typed = scene.inputs(name, version=ticket.version) | dict.fromkeys(asked, WORDS)
        before = ticket.events.count()
        with patience.of(BRIEF), held("SELECT 1 FROM tickets_ticket WHERE id = %s FOR UPDATE", [ticket.pk]):
            page = client.post(reverse("ticket-action", args=[ticket.number, name]), typed)
            api = client.post(f"/api/v1/tickets/{ticket.number}/{name}/", typed, content_type="application/json")
        assert (page.status_code, page.get("Retry-After")) == (503, "5"), (name, page.content)
        assert (api.status_code, api.get("Retry-After")) == (503, "5"), (name, api.content)
        assert "请稍后" in api.json()["detail"], name
        assert not asked or WORDS in page.content.decode(), name
        assert ticket.events.count() == before, name


def test_fifty_calls_at_once_are_all_recorded_and_numbered_without_gaps(house: House, signed_in: SignIn) -> None:
    first = scene.call()
    cookies = cookies_of(signed_in(scene.OPERATOR))

    def record(serial: int) -> None:
        call = form_of(
            title=f"路灯不亮{serial}", description="路口的路灯三天没有亮了。", kind="complaint", urgency="normal",
            channel="phone", region=first.region_id, address="东门", caller_phone=f"1001235{serial:04d}",
            caller_name="王女士", category=first.category_id,
        )  # fmt: skip
        end = time.monotonic() + LIMIT
        while house.ask("/tickets/new/", cookies, call)[0] == 503 and time.monotonic() < end:
            pass  # told to try again, as on a machine that is busy

    with ThreadPoolExecutor(AT_ONCE) as many:
        list(many.map(record, range(AT_ONCE)))
    assert Ticket.objects.count() == AT_ONCE + 1
    assert NumberCounter.objects.get().last == AT_ONCE + 1


def test_pages_open_without_the_broker_and_say_so_where_it_matters(db: None, signed_in: SignIn, settings: Any) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    settings.REDIS_URL = nowhere
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": nowhere}}
    page = signed_in(scene.ADMIN).get("/clocks/")
    assert page.status_code == 200
    assert "消息队列服务没有响应" in page.content.decode()
    for username, address in (
        (scene.OPERATOR, "/tickets/new/"),
        (scene.MANAGER, "/dashboard/"),
        (scene.CLERK, "/inbox/"),
    ):
        assert signed_in(username).get(address).status_code == 200
    assert scene.call().number


def test_every_lock_on_a_row_lets_others_refer_to_it() -> None:
    """`no_key`: an event, a flag or a file can be added to a ticket that somebody works on."""
    calls = [
        (file, node)
        for room in ("hotline", "tickets", "dispatch", "knowledge", "supervision", "reports")
        for file in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "select_for_update"
    ]
    assert calls
    without = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file, node in calls
        if "no_key" not in {word.arg for word in node.keywords}
    ]
    assert without == []


def test_which_pool_takes_a_request() -> None:
    assert kind_of(b"GET /healthz HTTP/1") == processes.HEALTH
    assert kind_of(b"GET /inbox/ HTTP/1.") == kind_of(b"HEAD / HTTP/1.1\r\n") == processes.READ
    assert kind_of(b"POST /tickets/ne") == kind_of(b"") == processes.WRITE


SIGN_IN = b"POST /sign-in/ HTTP/1.1\r\nCookie: %s\r\n\r\nusername=x"


def test_passwords_wait_apart_but_of_a_browser_that_is_known(db: None, client: Client) -> None:
    client.post("/sign-in/", {"username": scene.OPERATOR, "password": DEMO_PASSWORD})
    known = client.cookies[lockout.COOKIE].value
    assert kind_of(SIGN_IN % f"a=b; {lockout.COOKIE}={known}; c".encode()) == processes.WRITE
    forged = (b"", b"x" * 100_000, f"{lockout.COOKIE}={known}x".encode(), f"{lockout.COOKIE}=\xff:::".encode("latin-1"))
    for cookies in forged:
        assert kind_of(SIGN_IN % cookies) == processes.SIGN_IN
    assert kind_of(b"POST /api/v1/token/ HTTP/1.1\r\n") == kind_of(b"POST /sign-in/?next=/ ") == processes.SIGN_IN
    assert kind_of(b"POST /sign-in/code/ ") == processes.WRITE, "the password was right"


@pytest.mark.parametrize(("address", "words"), [("/sign-in/", "登录的人太多"), ("/api/v1/token/", "Too many people")])
def test_where_many_passwords_wait_the_next_is_turned_away_in_words(house: House, address: str, words: str) -> None:
    guesses = [form_of(username=f"nobody{number}", password="guess") for number in range(2 * 2 * MOST_SIGNING_IN)]
    with ThreadPoolExecutor(len(guesses)) as many, held("LOCK TABLE axes_accessattempt IN ACCESS EXCLUSIVE MODE", []):
        told = as_completed(many.submit(house.ask, address, f"csrftoken={'a' * 32}", guess) for guess in guesses)
        for _half in range(len(guesses) // 2):
            status, text, _seconds = next(told).result()
            assert (status, words in text) == (503, True)
    assert house.ask("/healthz")[0] in (200, 503)


def test_a_database_that_is_away_is_told_and_the_form_kept() -> None:
    with pytest.raises(psycopg2.OperationalError) as error:
        psycopg2.connect("host=127.0.0.1 port=1 connect_timeout=1")
    assert cause_of(error.value) is Cause.AWAY
    sent = RequestFactory().post("/tickets/new/", {"title": "路灯不亮", "description": "第一行\n第二行"})
    told = answer(sent, error.value)
    assert told is not None
    assert (told.status_code, told["Retry-After"]) == (503, "5")
    assert "第一行\n第二行" in told.content.decode().replace("\r\n", "\n")
    assert answer(sent, ValueError("ours")) is None


def test_a_password_is_not_written_into_the_page() -> None:
    sent = RequestFactory().post("/sign-in/", {"username": "somebody", "password": "a-secret-word"})
    told = answer(sent, psycopg2.OperationalError())
    assert told is not None
    assert "a-secret-word" not in told.content.decode()


# -- two roles of the database ----------------------------------------------------------------------------------


TAMPERING = (
    "UPDATE tickets_ticketevent SET note = '改过'",
    "DELETE FROM tickets_ticketevent",
    "TRUNCATE tickets_ticketevent CASCADE",
    "SET hotline.maintenance = 'on'; TRUNCATE tickets_ticketevent CASCADE",
    "ALTER TABLE tickets_ticketevent DISABLE TRIGGER ALL",
    "ALTER TABLE tickets_ticketevent ADD COLUMN more text",
    "DROP TRIGGER rows_are_kept ON tickets_ticketevent",
    "CREATE TRIGGER own BEFORE INSERT ON tickets_ticketevent FOR EACH ROW"
    " EXECUTE FUNCTION refuse_change_of_what_is_kept()",
    "CREATE OR REPLACE FUNCTION refuse_change_of_what_is_kept() RETURNS trigger LANGUAGE plpgsql"
    " AS 'BEGIN RETURN NEW; END'",
    "DROP TABLE tickets_ticketevent CASCADE",
    "SET session_replication_role = 'replica'",
    "SET ROLE postgres",
)


def test_the_role_that_serves_cannot_touch_events(live_city: None) -> None:
    scene.ticket_in(Status.WORKING)
    with closing(psycopg2.connect(scene.serving_address())) as serving, serving.cursor() as cursor:
        cursor.execute("SELECT sequence FROM tickets_ticketevent")
        assert cursor.fetchall(), "it may read them"
        assert not roles.may_change_what_is_kept(cursor)
        for statement in TAMPERING:
            with pytest.raises(psycopg2.Error) as refused:
                cursor.execute(statement)
            assert refused.value.pgcode == "42501", refused.value
            serving.rollback()


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["SET LOCAL ROLE bare; SELECT 1 FROM tickets_ticket", "SELECT 1 FROM to_come"])
def test_a_command_that_finds_no_rights_or_no_tables_says_what_to_run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE bare")
        with pytest.raises(ProgrammingError) as refused, transaction.atomic():
            cursor.execute(statement)
    told = roles.not_prepared(refused.value, ["sweep"])
    assert re.fullmatch("The database is not prepared .*manage.py prepare", told)
    assert roles.not_prepared(refused.value, ["prepare"]) == ""
    assert roles.not_prepared(ProgrammingError("ours"), ["sweep"]) == ""
