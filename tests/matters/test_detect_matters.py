"""`manage.py detect_matters` looks at stored tickets anew; what people chose stands."""

from __future__ import annotations

import json
import os
import signal
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from demo import nearby
from matters import nearest, proposing, rebuilding, totals
from matters.models import Choice, Looked, Proposal, Standing
from matters.rebuilding import processes
from reports import indicators
from reports.indicators import Window
from tests import scene
from tests.matters.test_linking import IRON, PLATES, called, settled
from tickets.choices import Status
from tickets.models import Matter, Span, Ticket, TicketEvent

pytestmark = pytest.mark.django_db


def detected(since: str = "2026-04-01") -> dict[str, float]:
    out = StringIO()
    call_command("detect_matters", since=since, stdout=out, stderr=StringIO())
    found: dict[str, float] = json.loads(out.getvalue().splitlines()[-1])
    return found


def test_what_is_stored_is_joined_and_a_second_run_changes_nothing(monday: time_machine.Traveller) -> None:
    for serial in range(3):
        called(serial, at=scene.MONDAY - timedelta(hours=serial))
    away = called(7, IRON)
    scene.do(away, "join_matter", scene.DISPATCHER, numbers=called(8, "小区停水两天。", address="紫薇苑").number)
    found = detected()
    assert found["tickets"] == Looked.objects.count() == 5
    assert found["kept"] == 2, "what people joined is left as it is"
    assert Standing.objects.filter(tickets__gte=3).exists()
    versions = list(Ticket.objects.order_by("pk").values_list("version", flat=True))
    detected()
    assert list(Ticket.objects.order_by("pk").values_list("version", flat=True)) == versions


TEXTS = (
    PLATES, IRON,
    "中百超市门口路灯不亮，晚上一片漆黑。", "请问老年证在哪里办理，要带什么材料？", "门口路灯坏了，天黑看不见。",
    "小区自来水停水两天了，没有人通知。", "停水第二天了，自来水公司说在抢修。", "铁板又响了，车一过整栋楼都听得见。",
)  # fmt: skip


def alike() -> list[Ticket]:
    """Calls about a few things, an hour apart, each from another number."""
    addresses = ("凤凰天仙城东门", "凤凰天仙城东门", "中百超市", "", "中百超市", "紫薇苑", "紫薇苑", "凤凰天仙城东门")
    return [
        called(n, TEXTS[n % 8], address=addresses[n % 8], at=scene.MONDAY - timedelta(hours=30 - n)) for n in range(24)
    ]


def as_they_stand() -> tuple[set[frozenset[int]], dict[int, str], set[tuple[int, int]]]:
    """Which tickets are one matter, what came of each, and what waits as a proposal."""
    matters: dict[int, set[int]] = {}
    for pk, matter in Ticket.objects.filter(matter__isnull=False).values_list("pk", "matter"):
        matters.setdefault(matter or 0, set()).add(pk)
    waiting = Proposal.objects.filter(state=Proposal.State.WAITING)
    return (
        {frozenset(one) for one in matters.values()},
        dict(Looked.objects.values_list("pk", "outcome")),
        set(waiting.values_list("ticket", "other")),
    )


def test_a_rebuild_from_nothing_says_what_was_said_one_by_one(monday: time_machine.Traveller) -> None:
    alike()
    with transaction.atomic():
        settled()
        one_by_one = as_they_stand()
        transaction.set_rollback(True)
    assert not Looked.objects.exists()
    nearest.forget()
    detected()
    assert as_they_stand() == one_by_one
    assert max(map(len, one_by_one[0])) >= 6, "there is something to be found"


def as_joined() -> tuple[dict[str, Any], dict[int, Any], set[tuple[int, int, str]], dict[int, Any]]:
    """What stands in the timelines, of each ticket, of its limits, and of the matters' totals, but for their ids."""
    number = dict(Matter.objects.values_list("pk", "named_after__number"))
    events = {}
    for event in TicketEvent.objects.filter(action="join_matter").select_related("ticket"):
        data = event.data | {"matter": number[event.data["matter"]]}
        events[event.ticket.number] = (event.sequence, event.actor, event.department_id, event.to_status, data)
    tickets = {pk: told for pk, *told in Ticket.objects.values_list("pk", "version", "next_due_at", "answer_due_at")}
    spans = set(Span.objects.filter(ended_at=None).values_list("ticket", "department", "duty"))
    totals.recount(list(number))
    counted = ("matter__named_after", "matter__title", "tickets", "open", "callers", "calls_lately", "first_at")
    return events, tickets, spans, {row[0]: row[1:] for row in Standing.objects.values_list(*counted)}


def test_all_that_goes_to_one_matter_is_written_at_once_and_as_one_by_one(monday: time_machine.Traveller) -> None:
    alike()
    with transaction.atomic():
        settled()
        one_by_one = as_joined()
        transaction.set_rollback(True)
    nearest.forget()
    with CaptureQueriesContext(connection) as asked:
        detected()
    assert as_joined() == one_by_one
    assert len(one_by_one[0]) >= 15
    written = [query["sql"] for query in asked if query["sql"].startswith('INSERT INTO "tickets_ticketevent"')]
    assert len(written) == 1


def compared() -> tuple[rebuilding.Rebuild, processes.Slice]:
    """A run that has found out what its tickets are like, and has written nothing yet."""
    run = rebuilding.Rebuild(scene.MONDAY - timedelta(days=3), 1, lambda _done: None)
    (places,) = run.read()
    return run, processes.Slice(run.window, places, run.learned, 1)


def test_what_a_person_says_while_many_are_joined_wins(monday: time_machine.Traveller) -> None:
    first, other, third = called(1), called(2), called(3)
    lamps = [called(n, TEXTS[2], address="中百超市") for n in (4, 5)]
    run, found = compared()
    scene.do(lamps[0], "mark_secret", scene.OPERATOR)
    Choice.objects.create(ticket=other, other=first, is_together=False, by=scene.user(scene.SUPERVISOR))
    run.take(found)
    matters = dict(Ticket.objects.values_list("pk", "matter"))
    assert matters[first.pk] != matters[other.pk]
    assert matters[third.pk] in (matters[first.pk], matters[other.pk]), "others are joined all the same"
    assert not any(matters[lamp.pk] for lamp in lamps), "a secret call is proposed at most"
    assert Looked.objects.count() == 5


def test_whoever_ends_while_many_are_joined_leaves_nothing_half_done(
    monday: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    alike()

    def ends(*_args: object) -> None:
        raise SystemExit

    with monkeypatch.context() as stopped:
        stopped.setattr(proposing, "keep", ends)  # the last that is written in that transaction
        with pytest.raises(SystemExit):
            detected()
    assert not Matter.objects.exists()
    assert not TicketEvent.objects.filter(action="join_matter").exists()
    assert not Looked.objects.exists()
    detected()
    assert max(map(len, as_they_stand()[0])) >= 6


def test_a_measurement_that_finds_nothing_says_so() -> None:
    assert nearby.nothing_found({"sizes": {100: {"found": 3}, 1000: {"found": 1}}}) == ""
    assert "1000" in nearby.nothing_found({"sizes": {100: {"found": 3}, 1000: {"found": 0}}})


def test_what_is_as_it_was_is_not_written_again(monday: time_machine.Traveller) -> None:
    alike()
    detected()
    detected()  # those that began their matters were alone the first time
    before = list(Looked.objects.order_by("pk").values_list("pk", "at"))
    stands = as_they_stand()
    monday.shift(timedelta(hours=1))
    detected()
    assert as_they_stand() == stands
    assert list(Looked.objects.order_by("pk").values_list("pk", "at")) == before


def test_a_proposal_that_holds_no_longer_waits_no_longer(monday: time_machine.Traveller) -> None:
    lamp, question = called(1, TEXTS[2], address="中百超市"), called(2, TEXTS[3], address="")
    wrong = Proposal.objects.create(ticket=question, other=lamp, probability=0.4)
    detected()
    wrong.refresh_from_db()
    assert wrong.state == Proposal.State.SETTLED


def test_the_part_of_a_process_that_was_killed_is_done_all_the_same(monday: time_machine.Traveller) -> None:
    alike()
    run = rebuilding.Rebuild(scene.MONDAY - timedelta(days=3), 2, lambda _done: None)
    (places,) = run.read()
    here = processes.compare(run.window, places, run.learned)
    parts = processes.Slice(run.window, places, run.learned, 2)
    os.kill(parts._shares[0]._process.pid or 0, signal.SIGKILL)
    assert parts.results() == here


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="2026-04-01"):
        call_command("detect_matters", since="gestern")


def test_the_rate_of_what_came_back_is_that_of_the_department_that_closed_it(monday: time_machine.Traveller) -> None:
    closed = scene.ticket_in(Status.CLOSED, caller_phone="10012390001")
    monday.shift(timedelta(days=7))
    again = scene.call(caller_phone="10012390002")
    scene.do(again, "join_matter", scene.DISPATCHER, numbers=closed.number)
    settled()
    span = Window(scene.MONDAY - timedelta(days=1), scene.MONDAY + timedelta(days=10))
    by_department = indicators.compute_by(indicators.DEPARTMENT, ["came_back_rate"], span)
    figure = by_department[scene.department(scene.DEPARTMENT).pk]
    assert (figure["came_back_rate"].part, figure["came_back_rate"].base) == (1, 1)
    before = Window(scene.MONDAY - timedelta(days=1), scene.MONDAY + timedelta(days=2))
    assert indicators.compute(["came_back_rate"], before)["came_back_rate"].part == 0, "as it was known at its end"
    assert Matter.objects.count() == 1
