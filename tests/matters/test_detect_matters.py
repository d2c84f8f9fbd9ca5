"""`manage.py detect_matters` looks at stored tickets anew; what people chose stands."""

from __future__ import annotations

import json
import os
import signal
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction

from matters import nearest, rebuilding
from matters.models import Looked, Proposal, Standing
from reports import indicators
from reports.indicators import Window
from tests import scene
from tests.matters.test_linking import IRON, PLATES, called, settled
from tickets.choices import Status
from tickets.models import Matter, Ticket

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
    run = rebuilding._Rebuild(scene.MONDAY - timedelta(days=3), 2, lambda _done: None)
    (places,) = run._read()
    here = rebuilding._compare(run._window, places, run._learned)
    parts = rebuilding._Slice(run._window, places, run._learned, 2)
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
