"""Each address answers each role, and nobody, as the tables say: opened and sent to, for every kind of ticket.

What is opened with the whole week's tickets is held by tests/tickets/test_what_each_may_read.py, by the same rule.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline import reach
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.accounts.permissions import allows
from knowledge.models import Article
from reports import building, periods
from supervision.ladder import messages
from tests import reached, scene
from tests.addresses import examples, named_addresses
from tests.reached import THROUGH, is_as_it_must, must_answer
from tests.supervision.test_site import PNG
from tickets.attachments import keeping
from tickets.matters import joining
from tickets.models import Ticket, TicketExport
from tickets.telephony import events, missed
from tickets.workflow.table import ACTIONS

pytestmark = pytest.mark.django_db

SECTION = "孝南区住房和城乡建设局市政工程科"
SECTION_CLERK = "shizheng"
# What is sent where nothing at all is answered by "there is no such thing", with the permission it asks for besides.
SENT: dict[str, tuple[tuple[dict[str, str], str], ...]] = {
    "article-settle": (({"do": "release", "seen": "0"}, P.RELEASE_ARTICLES), ({"do": "send_back"}, P.RELEASE_ARTICLES)),
    "report-step": (
        ({"do": "remark"}, P.REMARK_ON_REPORTS), ({"do": "approve"}, P.APPROVE_REPORTS),
        ({"do": "issue"}, P.ISSUE_REPORTS),
    ),
    "automatic-dispatch": (({"then": "stop"}, ""), ({"confidence": "0.9"}, P.AUTOMATE)),
    "settle-person": (({}, P.SEE_CALLERS),),
    "missed-end": (({"how": "again", "note": "无人接听。"}, ""),),
}  # fmt: skip

# Who opens every address already in tests/tickets/test_what_each_may_read.py, where the same is asked of the answer.
OPEN_EVERYTHING = {
    "operator", "dispatcher", "staff", "another department", "supervisor", "manager", "administrator",
}  # fmt: skip

BY_TICKET = {("ticket-action", "POST"), *((f"{reach.API_ACTION}{name}", "POST") for name in ACTIONS)}  # who may differs

API_FORMS = tuple(f"{reach.API_ACTION}{name}" for name in ACTIONS if name != "dispatch")


def set_scene() -> None:
    """A ticket of the clerk's own department, of a part of it, of a stranger, a secret one and an anonymous one."""
    mine, other = scene.department(scene.DEPARTMENT), scene.department(scene.OTHER_DEPARTMENT)
    section = scene.department(SECTION)
    ways: tuple[tuple[Any, dict[str, Any]], ...] = (
        (mine, {}), (section, {}), (other, {}), (mine, {"is_secret": True}),
        (mine, {"is_anonymous": True, "caller_name": ""}),
    )  # fmt: skip
    beside = []
    for at, (holder, asked) in enumerate(ways):
        ticket = scene.call(caller_phone=f"1391000000{at}", **asked)
        beside.append(scene.call(caller_phone=f"1391000001{at}"))
        keeping.attach(ticket, SimpleUploadedFile("a.png", PNG), actor=scene.user(scene.OPERATOR))
        joining.join([ticket, beside[-1]], actor=scene.user(scene.DISPATCHER))
        for one in (ticket, beside[-1]):
            scene.do(one, "dispatch", scene.DISPATCHER, department=holder)
        scene.do(ticket, "supervise", scene.SUPERVISOR)
    for phone in ("13920000001", "13920000002"):
        told = events.take(events.Event(f"c{phone}", "missed", timezone.now(), phone)).call
        missed.take(told.missed, by=scene.user(scene.OPERATOR))
    messages.deliver(scene.MONDAY)
    scene.do(beside[0], "escalate", scene.SUPERVISOR, departments=[mine])
    building.build(periods.parse("weekly", "2026-W17"))
    Article.objects.create(
        question="如何办理居住证", answer="到派出所办理。", department=other, written_by=scene.user(scene.DISPATCHER),
        valid_from=timezone.localdate(), made_at=timezone.now(),
    )  # fmt: skip
    TicketExport.objects.create(
        owner=scene.user(scene.SUPERVISOR), order="newest", state=TicketExport.State.READY, finished_at=timezone.now(),
        file=default_storage.save("exports/1.xlsx", ContentFile(b"PK")),
    )  # fmt: skip


city = scene.Kept(set_scene)


@pytest.fixture
def numbers(settings: Any, tmp_path: Any) -> list[str]:
    settings.MEDIA_ROOT = tmp_path
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"  # a query less for each request
    city.set()
    reached.forget()
    phones = [f"1391000000{at}" for at in range(5)]
    return list(Ticket.objects.filter(caller__phone__in=phones).order_by("pk").values_list("number", flat=True))


def readers() -> dict[str, User | None]:
    people = {**scene.ROLE_PEOPLE, "another department": scene.OTHER_CLERK, "a section": SECTION_CLERK}
    found: dict[str, User | None] = {
        name: User.objects.select_related("department").get(username=username) for name, username in people.items()
    }
    return found | {"nobody": None}


def asked(numbers: list[str]) -> Iterator[tuple[str, str, dict[str, Any], str, dict[str, str], str]]:
    """Each address with its arguments, opened and sent to, with what is sent and what that asks for besides."""
    for name, arguments in dict(named_addresses()).items():
        for given in examples(name, arguments, numbers):
            address = reverse(name, kwargs=given)
            yield name, address, given, "GET", {}, ""
            for data, besides in SENT.get(name, (({}, ""),)):
                yield name, address, given, "POST", data, besides


def test_each_address_answers_each_role_as_the_tables_say(numbers: list[str]) -> None:
    """What must be refused is refused; what must be let through is, each once for every reader and deed.

    Of whom it depends on the ticket, and not on the role alone, it is asked with each ticket.
    """
    logging.disable(logging.WARNING)  # thousands of refusals
    people, wrong = readers(), []
    clients = {
        name: Client(headers={"accept": "application/json"} if person else None) for name, person in people.items()
    }
    for name, person in people.items():
        if person:
            clients[name].force_login(person)
    done: set[tuple[Any, ...]] = set()
    musts = set()
    for (name, address, given, method, data, besides), (reader, person) in itertools.product(
        list(asked(numbers)), people.items()
    ):
        must = must_answer(person, name, given, method, besides)
        deed = str(given.get("name", ""))
        depends = person is not None and allows(person.role, P.SEE_DEPARTMENT_TICKETS)
        by_argument = depends and (must == 404 or (must == 403 and (name, method) in BY_TICKET))
        once: tuple[Any, ...] = (reader, name, method, must, *((address, deed) if by_argument else (deed, besides)))
        if (name == "ticket-action" and must == THROUGH) or (method == "GET" and name.startswith(API_FORMS)):
            once = (name, method, must, deed)  # the form is the same for all; the API's views come out of one mould
        if (
            name.startswith(reach.ADMIN)
            and method == "POST"
            and reader not in ("administrator", "supervisor", "nobody")
        ):
            continue
        if once in done or (name == "sign-out" and must == THROUGH) or (method == "GET" and reader in OPEN_EVERYTHING):
            continue
        done.add(once)
        musts.add(must)
        with transaction.atomic():
            answer = clients[reader].get(address) if method == "GET" else clients[reader].post(address, data)
            transaction.set_rollback(True)
        if not is_as_it_must(name, answer, must):
            wrong.append(f"{reader}: {method} {address} ({name}) answered {answer.status_code}, not {must}")
    assert not wrong, "\n".join(["", *wrong])
    assert musts == {THROUGH, 302, 401, 403, 404, 405}
    logging.disable(logging.NOTSET)


def test_every_row_of_the_table_is_an_address() -> None:
    known = {name for name, _arguments in named_addresses()}
    assert not set(reach.REACH) - known


def test_an_address_without_a_row_is_refused(numbers: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.force_login(scene.user(scene.SUPERVISOR))
    assert client.get(reverse("board")).status_code == 200
    monkeypatch.delitem(reach.REACH, "board")
    assert client.get(reverse("board")).status_code == 403
    reached.forget()
    with pytest.raises(AssertionError, match="stands in no row"):
        must_answer(scene.user(scene.SUPERVISOR), "board", {}, "GET")
