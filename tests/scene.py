"""Setting the scene: tickets recorded and brought to a state the way people do it, through the workflow."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone
from PIL import Image

from dispatch import returned_for, suggest
from dispatch.directory import check
from hotline import embedded, roles
from hotline.accounts.models import Department, Region, User
from hotline.backup import holding
from hotline.worktime import calendar
from matters import nearest, store
from reports import kept
from supervision.ladder import steps
from tickets import elsewhere, limits, load
from tickets.calls import recording
from tickets.choices import Status
from tickets.lists import filters
from tickets.matters import likeness
from tickets.models import Category, Ticket, TimeLimit
from tickets.places import book, naming
from tickets.workflow import performing

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 4, 20, 9, 0, tzinfo=SHANGHAI)

OPERATOR, DISPATCHER, SUPERVISOR, MANAGER, ADMIN = "operator1", "dispatcher1", "supervisor1", "manager1", "admin"
SECOND_ADMIN = "admin1"
AUDITOR = "auditor1"
TELEPHONY = "telephony"  # no person
CLERK = "zhujian"  # of the department that tickets go to here
OTHER_CLERK = "chengguan"
DEPARTMENT = "孝南区住房和城乡建设局"
OTHER_DEPARTMENT = "市城市管理执法委员会"
ROLE_PEOPLE = {
    "operator": OPERATOR,
    "dispatcher": DISPATCHER,
    "staff": CLERK,
    "supervisor": SUPERVISOR,
    "manager": MANAGER,
    "administrator": ADMIN,
    "auditor": AUDITOR,
    "telephony": TELEPHONY,
}
ANSWER = "已到现场核实并完成整改，更换了松动的钢板并铺设橡胶垫，夜间不再通行重车。"


NO_ROWS = 21  # bytes of a binary copy that holds none
_standing: dict[str, bytes] = {}  # the rows of each table when the city has been laid in


def remember() -> None:
    """Keeps the rows of all tables as they are now, so that the city stands again in no time."""
    _standing.clear()
    _standing.update(_rows_of_all())


def _rows_of_all() -> dict[str, bytes]:
    """The rows of every table, as PostgreSQL copies them."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.django_table_names(only_existing=True)):
            rows = io.BytesIO()
            cursor.cursor.copy_expert(f'COPY "{table}" TO STDOUT (FORMAT binary)', rows)
            found[table] = rows.getvalue()
    return found


def lay_in_again() -> None:
    """What `remember` kept, where the tables have been emptied; a table that something has rows in is left as it is."""
    if TimeLimit.objects.exists():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # in any order, and no trigger refuses
        for table, rows in _standing.items():
            if len(rows) <= NO_ROWS:
                continue
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')  # noqa: S608 - a table of our own
            if not cursor.fetchone()[0]:
                cursor.cursor.copy_expert(f'COPY "{table}" FROM STDIN (FORMAT binary)', io.BytesIO(rows))


def deletions(_operations: object, _style: object, tables: Iterable[str], **_how: object) -> list[str]:
    """The statements that empty these tables, in whatever order their keys refer to each other."""
    asked = [f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in tables]  # noqa: S608 - our own
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        filled = [table for (table,) in cursor.fetchall()]
    return ["SET LOCAL session_replication_role = replica", *(f'DELETE FROM "{table}"' for table in filled)]  # noqa: S608


class Kept:
    """A scene that takes seconds to set: set once, and for every further test its rows are copied in.

    Called first in a test, while nothing but the city stands; what is put into memory, files or the broker is not kept.
    """

    def __init__(self, setting: Callable[[], object]) -> None:
        self._setting = setting
        self._rows: dict[str, bytes] = {}  # of each table that it changes

    def set(self) -> None:
        if not self._rows:
            self._setting()
            self._rows = {table: rows for table, rows in _rows_of_all().items() if rows != _standing.get(table)}
            forget()
            return
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # as in lay_in_again
            for table, rows in self._rows.items():
                cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a table of our own
                cursor.cursor.copy_expert(f'COPY "{table}" FROM STDIN (FORMAT binary)', io.BytesIO(rows))
            cursor.execute("SET LOCAL session_replication_role = origin")  # the test's own transaction goes on
        forget()


def forget() -> None:
    """What is remembered for half a minute is read again: a test that changed or rolled it back leaves no trace."""
    limits.forget()
    holding.shown.forget()
    load.by_department.forget()
    calendar.current.forget()
    suggest.forget()
    check.recent.forget()
    steps.rules.forget()
    book.forget()
    likeness.forget()
    elsewhere.lines.forget()
    returned_for.returned.forget()
    naming.forget()
    nearest.forget()
    store.forget()
    kept.forget()
    filters.forget()


def user(username: str) -> User:
    return User.objects.get(username=username)


def department(name: str) -> Department:
    return Department.objects.get(name=name)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of April 2026; the 20th is a Monday."""
    return datetime(2026, 4, day, hour, minute, tzinfo=SHANGHAI)


def call(**details: Any) -> Ticket:
    """A recorded complaint."""
    actor = details.pop("actor", None) or user(OPERATOR)
    when, desk = details.pop("at", None), details.pop("desk", None)
    given = {
        "title": "门前施工钢板异响",
        "description": "门前道路改造，路上铺的钢板没有固定，车一压就响，整夜不得安宁。",
        "kind": "complaint",
        "region": Region.objects.get(name="书院街道"),
        "address": "某小区东门",
        "category": Category.objects.get(name="道路施工"),
        "caller_name": "刘女士",
        "caller_phone": "10012340001",
    } | details
    return recording.register(actor=actor, details=given, at=when, desk=desk)


def do(ticket: Ticket, name: str, who: str | None, **given: Any) -> Ticket:
    """One action by one person, with what it asks for where nothing else is given."""
    return performing.perform(name, ticket, actor=user(who) if who else None, given=inputs(name, **given))


def inputs(name: str, **given: Any) -> dict[str, Any]:
    """Valid input of each action, as a browser would send it."""
    soon = (timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    target = Department.objects.get(name=DEPARTMENT).pk
    usual: dict[str, dict[str, Any]] = {
        "answer_directly": {"answer": "您好，已为您查询，请携带身份证到政务大厅二楼办理。"},
        "refuse": {"ground": "litigation", "note": "建议通过诉讼解决。"},
        "dispatch": {"department": target},
        "rule": {"department": target, "principle": "place", "note": "由属地住建部门牵头。"},
        "send_down": {"department": Department.objects.get(name="孝南区住房和城乡建设局市政工程科").pk},
        "ask_return": {
            "ground": "ownership_unclear",
            "note": "路段尚未移交。",
            "proposed": Department.objects.get(name=OTHER_DEPARTMENT).pk,
        },
        "ask_extension": {"days": 3, "ground": "more_time", "note": "需专家论证。"},
        "answer": {"answer": ANSWER},
        "correct": {"address": "某小区西门", "note": "来电人更正。"},
        "split": {"title": "路灯也不亮", "description": "同一路口的路灯也坏了。", "kind": "complaint"},
        "assist": {"answer": ANSWER},
        "pass_on": {"note": "来电人再次催促，请尽快固定钢板。"},
        "supplement": {"note": "来电人补充：夜里十点后最响。"},
        "give_opinion": {"department": target, "principle": "place", "note": "该路段由其建设。"},
        "dispatch_automatically": {"department": target, "confidence": 0.99},
        "supervise": {"due": soon, "note": "限期办结。"},
        "escalate": {
            "lead": "市城市运行中心",
            "place": "某小区东门",
            "meets_at": soon,
            "departments": [target],
            "others": "施工单位\n社区",
            "question": "钢板由谁处置",
        },
        "determine": {
            "department": target,
            "principle": "place",
            "findings": "钢板未固定，施工单位在场。",
            "note": "当日完成加固。",
            "due": soon,
        },
        "follow_up": {"contacted": "yes", "solved": "yes", "satisfaction": "satisfied"},
        "miss_follow_up": {"why": "no_answer"},
        "redo": {
            "contacted": "yes",
            "solved": "no",
            "satisfaction": "dissatisfied",
            "cause": "not_done",
            "note": "仍然很响。",
        },
    }
    return {"note": "说明情况。"} | usual.get(name, {}) | given


def picture(size: tuple[int, int] = (8, 6), kind: str = "PNG") -> bytes:
    """A picture as a file holds it."""
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind)
    return out.getvalue()


def at_once(*deeds: Callable[[], object]) -> None:
    """Does all of these in threads that begin together; what any of them raises is raised here."""
    barrier = threading.Barrier(len(deeds))
    failures: list[BaseException] = []

    def run(deed: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=60)
            deed()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=180)
    assert not any(thread.is_alive() for thread in threads)
    if failures:
        raise failures[0]


def until_somebody_waits(seconds: float = 30) -> None:
    """Returns when another connection waits for what this one's transaction holds."""
    end = time.monotonic() + seconds
    waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute(waits)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody came to wait")


# The way to each state, by those who go it.
WAYS: dict[str, tuple[tuple[str, str], ...]] = {
    Status.REGISTERED: (),
    Status.DISPATCHED: (("dispatch", DISPATCHER),),
    Status.WORKING: (("dispatch", DISPATCHER), ("accept", CLERK)),
    Status.RETURN_ASKED: (("dispatch", DISPATCHER), ("ask_return", CLERK)),
    Status.RULING: (("ask_ruling", DISPATCHER),),
    Status.COORDINATING: (("dispatch", DISPATCHER), ("escalate", SUPERVISOR)),
    Status.SUSPENDED: (("dispatch", DISPATCHER), ("accept", CLERK), ("suspend", SUPERVISOR)),
    Status.FOLLOW_UP: (("dispatch", DISPATCHER), ("accept", CLERK), ("answer", CLERK)),
    Status.CLOSED: (("dispatch", DISPATCHER), ("accept", CLERK), ("answer", CLERK), ("follow_up", OPERATOR)),
    Status.NOT_ACCEPTED: (("refuse", OPERATOR),),
}


def ticket_in(status: str, **details: Any) -> Ticket:
    """A ticket that has come to `status` by the usual way."""
    ticket = call(**details)
    for name, who in WAYS[status]:
        ticket = do(ticket, name, who)
    assert ticket.status == status
    return ticket


def serving_address() -> str:
    """The address of the tests' database for the role that serves pages, which is given its rights on it."""
    address, role = os.environ["DATABASE_URL"], embedded.SERVING_ROLE
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {role} LOGIN")
    roles.grant(role)
    parts = urlsplit(address)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}@{place}", path=f"/{connection.settings_dict['NAME']}"))
