"""What `make chaos` asks afterwards finds a write that is lost, doubled or wrong, and is silent where all is well."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from demo.chaos import checks, faults, journal, paper
from demo.chaos.people import _picture
from supervision.models import Delivery, Flag, Notice
from tests import scene
from tickets.attachments import keeping
from tickets.choices import Status
from tickets.models import Span

pytestmark = pytest.mark.django_db
Told = journal.Told


@pytest.fixture
def since() -> datetime:
    return timezone.now()


def evidence(since: datetime, *writes: journal.Write, **more: Any) -> checks.Evidence:
    return checks.Evidence(journal.Journal(writes=list(writes)), since, **more)


def wrong(found: checks.Evidence, name: str) -> list[str]:
    return list(next(check for check in checks.CHECKS if check.name == name).ask(found))


def test_what_is_there_once_is_found_and_nothing_is_said(since: datetime) -> None:
    kept = journal.Journal()
    ticket = scene.ticket_in(Status.WORKING)
    for action, who in (("progress", scene.CLERK), ("urge", scene.SUPERVISOR), ("answer", scene.CLERK)):
        one = kept.write(who, action, ticket.number)
        scene.do(ticket, action, who, note=f"正在处理{one.mark}", answer=f"{scene.ANSWER}{one.mark}")
        one.told = Told.ACKNOWLEDGED
    accepted = kept.write(scene.CLERK, "accept", ticket.number, marked=False)
    accepted.told = Told.ACKNOWLEDGED
    recorded = kept.write(scene.OPERATOR, "record")
    scene.call(description=f"路灯三天没有亮了。{recorded.mark}", caller_phone="10012340009")
    recorded.told = Told.ACKNOWLEDGED
    found = checks.Evidence(kept, since)
    for name in ("lost", "doubled", "false", "owners", "flags", "messages", "files", "errors"):
        assert wrong(found, name) == [], name


def test_an_acknowledged_write_that_is_not_there_is_lost(since: datetime) -> None:
    gone = journal.Write(scene.CLERK, "progress", "XG20260420000001", "〔000001〕", Told.ACKNOWLEDGED)
    unanswered = journal.Write(scene.CLERK, "progress", "XG20260420000001", "〔000002〕", Told.UNKNOWN)
    ticket = scene.ticket_in(Status.DISPATCHED)
    claimed = journal.Write(scene.CLERK, "accept", ticket.number, told=Told.ACKNOWLEDGED)
    assert len(wrong(evidence(since, gone, unanswered, claimed), "lost")) == 2
    scene.do(ticket, "accept", scene.CLERK)
    assert len(wrong(evidence(since, gone, unanswered, claimed), "lost")) == 1


def test_a_write_that_is_there_twice_is_doubled(since: datetime) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    one = journal.Write(scene.CLERK, "progress", ticket.number, "〔000001〕", Told.ACKNOWLEDGED, tries=2)
    scene.do(ticket, "progress", scene.CLERK, note=one.mark)
    assert wrong(evidence(since, one), "doubled") == []
    scene.do(ticket, "progress", scene.CLERK, note=one.mark)
    assert len(wrong(evidence(since, one), "doubled")) == 1


def test_what_was_refused_or_stands_elsewhere_or_under_another_name_is_false(since: datetime) -> None:
    ticket, other = scene.ticket_in(Status.WORKING), scene.ticket_in(Status.WORKING)
    scene.do(ticket, "progress", scene.CLERK, note="〔000001〕〔000002〕〔000003〕")
    refused = journal.Write(scene.CLERK, "progress", ticket.number, "〔000001〕", Told.REFUSED)
    elsewhere = journal.Write(scene.CLERK, "progress", other.number, "〔000002〕", Told.ACKNOWLEDGED)
    by_another = journal.Write(scene.OTHER_CLERK, "progress", ticket.number, "〔000003〕", Told.ACKNOWLEDGED)
    for one in (refused, elsewhere, by_another):
        assert len(wrong(evidence(since, one), "false")) == 1


def test_two_owners_and_a_flag_raised_twice_are_found(since: datetime) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    span = Span.objects.get(ticket=ticket, duty="answer", ended_at=None)
    span.pk, span.department = None, scene.department(scene.OTHER_DEPARTMENT)
    span.save()
    event = ticket.events.latest("sequence")
    event.pk, event.sequence, event.from_status = None, event.sequence + 1, Status.DISPATCHED
    event.save()
    assert len(wrong(evidence(since), "owners")) == 2
    for cleared in (since, None):
        Flag.objects.create(ticket=ticket, kind="overdue", since=since, raised_at=since, cleared_at=cleared)
    assert len(wrong(evidence(since), "flags")) == 1


def test_a_message_that_came_twice_or_not_at_all_is_found(since: datetime) -> None:
    ticket, department = scene.ticket_in(Status.WORKING), scene.department(scene.DEPARTMENT)
    sent = Delivery.objects.create(
        to_department=department, channel="json", state=Delivery.State.ARRIVED, made_at=since + timedelta(seconds=1)
    )
    once = [(department.pk, "一件", "请办理")]
    assert wrong(evidence(since, got=once), "messages") == []
    assert len(wrong(evidence(since, got=[]), "messages")) == 1, "it is said to have arrived and did not"
    assert len(wrong(evidence(since, got=once * 2), "messages")) == 2, "more than was written down, and the same"
    for _time in range(2):
        Notice.objects.create(ticket=ticket, step="urge", text="催办", to_department=department, delivery=sent,
                              made_at=since)  # fmt: skip
    assert len(wrong(evidence(since, got=once), "messages")) == 1


def test_a_torn_file_is_found(since: datetime) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    upload = SimpleUploadedFile("现场.png", _picture(random.Random(1)), "image/png")
    kept = keeping.attach(ticket, upload, actor=scene.user(scene.CLERK))[0]
    assert wrong(evidence(since), "files") == []
    with open(kept.file.path, "r+b") as file:
        file.truncate(kept.size // 2)
    assert len(wrong(evidence(since), "files")) == 1
    kept.file.delete(save=False)


def test_a_command_that_finds_something_is_told(since: datetime) -> None:
    def manage(*command: str) -> tuple[int, str]:
        return (1, "block 3: missing") if command[0] == "verify_ledger" else (0, "7 tickets, 1 differ\n")

    assert wrong(evidence(since, manage=manage), "ledger") == ["block 3: missing"]
    assert wrong(evidence(since, manage=manage), "spans") == ["7 tickets, 1 differ\n"]
    assert wrong(evidence(since, manage=lambda *_command: (0, "7 tickets, 0 differ\n")), "spans") == []


def test_the_page_says_what_did_not_hold_and_what_was_not_done() -> None:
    found: dict[str, Any] = {
        "holds": False, "people": 100, "minutes": 30, "extent": {"tickets": 10}, "processors": 2, "load": [1, 2, 3],
        "nice": 10, "seed": 1, "messages": 4, "writes": {"acknowledged": 5, "refused": 6, "unknown": 7},
        "counts_wrong": {check.name: 0 for check in checks.CHECKS} | {"lost": 3},
        "faults": {"kills": {"kills": 2, "wrong": ["nobody came back"]}, "file disk": {"not_done": "no root"},
                   "guesses": {"without": {"p95_ms": 40.0}, "with": {"p95_ms": 140.0}, "wrong": ["140 ms"]}},
    }  # fmt: skip
    page = paper.written(found)
    for words in ("Not all of it held.", "| 3 | 5 acknowledged |", "no: nobody came back", "not done: no root",
                  "no: 140 ms, 40 ms without"):  # fmt: skip
        assert words in page, words
    assert {fault.name for fault in faults.FAULTS} >= set(found["faults"])
