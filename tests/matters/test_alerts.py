"""Alerts say why and whom they told, come sooner for what is sensitive, end, and are one where all the city calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from hotline.accounts.models import Region
from matters import totals, working
from matters.models import Alert, SensitiveWord
from supervision.board import stuck
from supervision.clocks.sweeping import sweep
from supervision.models import Flag, Notice
from tests import scene
from tickets.choices import FlagKind, Status
from tickets.matters import joining
from tickets.models import Category, Matter, Ticket

pytestmark = pytest.mark.django_db


def calls(count: int, first: int = 1, **details: Any) -> list[Ticket]:
    """So many people about nothing that the machine would join by itself."""
    given = {"title": "甲", "description": "甲", "address": "", "category": None} | details
    return [scene.call(caller_phone=f"100123{first + n:05d}", **given) for n in range(count)]


def joined(tickets: list[Ticket]) -> Matter:
    matter = joining.join(tickets, actor=scene.user(scene.SUPERVISOR), title="一件事")
    totals.recount([matter.pk])
    return matter


def test_three_are_watched_five_alerted_to_and_it_ends(monday: time_machine.Traveller) -> None:
    tickets = calls(3)
    scene.do(tickets[0], "dispatch", scene.DISPATCHER)
    matter = joined(tickets[:2])
    assert not Alert.objects.exists()
    joined([*tickets])
    alert = Alert.objects.get()
    assert (alert.level, alert.why["callers"], alert.told) == ("watch", 3, [scene.DEPARTMENT])
    notice = Notice.objects.get(step="matter")
    assert (notice.ticket, notice.to_department) == (tickets[0], scene.department(scene.DEPARTMENT))
    assert "3" in notice.text
    totals.recount([matter.pk])
    assert Notice.objects.count() == 1, "told once"
    joined([tickets[0], *calls(2, first=50)])
    alert.refresh_from_db()
    assert (alert.level, alert.why["callers"]) == ("alert", 5)
    assert Notice.objects.count() == 2, "told again: it has become graver"
    monday.shift(timedelta(days=8))
    working.work()
    alert.refresh_from_db()
    assert (alert.ended_because, alert.ended_at is not None) == ("fewer", True)


def test_what_is_sensitive_is_alerted_to_sooner() -> None:
    SensitiveWord.objects.get_or_create(word="停工讨薪")
    joined(calls(2, description="工地工人停工讨薪，聚集在门口。"))
    alert = Alert.objects.get()
    assert (alert.level, alert.is_sensitive) == ("alert", True)
    assert "停工讨薪" in alert.why["words"]


def test_what_is_all_closed_is_no_alert() -> None:
    joined([scene.ticket_in(Status.CLOSED, caller_phone=f"1001236000{n}") for n in range(3)])
    assert not Alert.objects.exists()


def test_a_heat_wave_is_one_alert_and_not_fifty(monday: time_machine.Traveller) -> None:
    lack = Category.objects.get(name="停水")
    monday.shift(timedelta(days=-30))
    calls(1, first=900)
    monday.shift(timedelta(days=30))
    region = Region.objects.get(name="书院街道")
    matters = []
    for group in range(10):
        tickets = calls(3, first=100 + 10 * group, category=lack, region=region, address=f"{group}号楼")
        matters.append(joining.join(tickets, actor=scene.user(scene.SUPERVISOR), title=f"停水{group}"))
    working.work()
    working.work()
    assert [alert.kind for alert in Alert.objects.filter(ended_at=None)] == ["surge"]
    assert Alert.objects.get(ended_at=None).why["calls"] >= 20
    joined([*matters[0].tickets.all(), *calls(8, first=300, category=lack)])
    own = Alert.objects.get(ended_at=None, kind="callers")
    assert own.matter == matters[0], "what stands out has one of its own"
    monday.shift(timedelta(days=8))
    working.work()
    assert not Alert.objects.filter(ended_at=None).exists()


def test_what_came_back_is_flagged_by_the_next_sweep_and_offered_an_order(monday: time_machine.Traveller) -> None:
    closed = scene.ticket_in(Status.CLOSED, caller_phone="10012360001")
    monday.shift(timedelta(days=7))
    again = scene.ticket_in(Status.DISPATCHED, caller_phone="10012360002")
    joined([closed, again])
    sweep()
    flag = Flag.objects.get(ticket=again, kind=FlagKind.CAME_BACK, cleared_at=None)
    assert flag.evidence["closed_before"] == 7
    rows, _more = stuck.rows(scene.user(scene.SUPERVISOR), FlagKind.CAME_BACK)
    assert rows[0].old_answer == scene.ANSWER
    assert rows[0].offered[0].name == "supervise"
    assert "7" in rows[0].sentence
    rows, _more = stuck.rows(scene.user(scene.SUPERVISOR), FlagKind.CAME_BACK, on_paper=True)
    assert not rows[0].old_answer
