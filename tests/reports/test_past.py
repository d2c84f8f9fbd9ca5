"""Figures of periods that are over are kept: whatever happens afterwards, they are what counting anew would say."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hotline.instants import midnight
from reports import past, periods
from reports.content import cells, monthly, weekly
from reports.indicators import INDICATORS, Window
from reports.models import PastFigure
from supervision.clocks import rebuilding
from tests import scene
from tests.supervision.test_spans import PEOPLE, go_on
from tickets.choices import Duty
from tickets.matters import joining
from tickets.models import Span, Ticket

pytestmark = pytest.mark.django_db
# How a ticket goes on from where the scene has left it until it is closed.
LATER = {
    "registered": scene.WAYS["closed"],
    "dispatched": scene.WAYS["closed"][1:],
    "working": scene.WAYS["closed"][2:],
    "suspended": (("resume", scene.SUPERVISOR), *scene.WAYS["closed"][2:]),
}
STAYING = [name for name, indicator in INDICATORS.items() if past.stays(indicator)]


def windows() -> list[Window]:
    """The days that are over, and all of them together."""
    first, today = midnight(scene.MONDAY.date()), midnight(timezone.localdate())
    days = [first + timedelta(days=at) for at in range((today - first).days)]
    return [*(Window(day, day + timedelta(days=1)) for day in days), Window(first, today)]


@pytest.mark.parametrize("seed", range(2))
def test_what_is_kept_is_what_counting_anew_says(seed: int, monday: time_machine.Traveller) -> None:
    """Tickets go any way, are corrected, recorded late and recomputed; all the while figures are read."""
    chance, now = random.Random(seed), scene.MONDAY
    people = [scene.user(name) for name in PEOPLE]
    tickets = [scene.call(caller_phone=f"1001235{seed}{i:03d}") for i in range(5)]
    for step in range(40):
        now += timedelta(minutes=chance.choice((20, 90, 400, 1500)))
        monday.move_to(now)
        deed = chance.random()
        if deed < 0.85:
            ticket = chance.choice(tickets)
            ticket.refresh_from_db()
            go_on(ticket, people, chance)
        elif deed < 0.9:  # of what happened before it is heard only now
            with time_machine.travel(now - timedelta(days=3)):
                tickets.append(scene.call(caller_phone=f"1001236{seed}{step:03d}"))
        elif deed < 0.95:
            spoilt = Span.objects.filter(duty=Duty.ANSWER).order_by("pk").first()
            if spoilt:
                Span.objects.filter(pk=spoilt.pk).update(due_at=spoilt.begun_at + timedelta(minutes=1))
        else:
            rebuilding.rebuild()
        for window in chance.sample(windows(), min(3, len(windows()))):
            past.figures(chance.sample(STAYING, 20), window)
    monday.shift(timedelta(days=2))
    past.figures(STAYING, windows()[-1])
    assert list(past.differing()) == []
    assert PastFigure.objects.filter(rules=past.rules()).count() > 100


def test_a_past_period_is_counted_once(monday: time_machine.Traveller) -> None:
    scene.ticket_in("closed")
    window = Window(midnight(scene.MONDAY.date()), midnight(scene.MONDAY.date() + timedelta(days=1)))
    monday.shift(timedelta(days=1))
    past.figures(STAYING, window)
    assert not PastFigure.objects.exists(), "somebody may be at work still"
    monday.shift(timedelta(days=2))
    first = past.figures(STAYING, window)
    with CaptureQueriesContext(connection) as captured:
        assert past.figures(STAYING, window) == first
    assert len(captured) == 2, "the notes and what is kept"
    Ticket.objects.update(kind="praise")  # is put right by a correction: of the city's figures none goes by it
    assert list(past.differing()) == []


def test_a_difference_is_told_and_mended(monday: time_machine.Traveller) -> None:
    scene.ticket_in("closed")
    window = Window(midnight(scene.MONDAY.date()), midnight(scene.MONDAY.date() + timedelta(days=1)))
    monday.shift(timedelta(days=3))
    past.figures(["received", "closed"], window)
    PastFigure.objects.filter(name="received").update(base=5)
    told = StringIO()
    call_command("check_figures", "--check", stdout=told)
    assert "received" in told.getvalue()
    assert past.figures(["received"], window)["received"].base == 5
    call_command("check_figures", stdout=told)
    assert past.figures(["received"], window)["received"].base == 1
    PastFigure.objects.update(rules="another", base=7)
    assert past.figures(["received"], window)["received"].base == 1


def test_what_becomes_of_tickets_later_changes_no_list_of_a_past_report(monday: time_machine.Traveller) -> None:
    """Who held a ticket, how it stood and how many had ended are as of the period's end, as all figures are."""
    joining.join([scene.call(caller_phone=f"1002222000{i}") for i in range(3)], actor=scene.user(scene.DISPATCHER))
    for _ in range(2):
        scene.ticket_in("working", caller_phone="10044440000")
    redone = scene.do(scene.ticket_in("follow_up", caller_phone="10044440000"), "redo", scene.OPERATOR)
    suspended = scene.ticket_in("suspended", caller_phone="10044440001")
    week, month = periods.parse("weekly", "2026-W17"), periods.parse("monthly", "2026-04")

    def lists() -> dict[str, list[list[str]]]:
        sections = [*weekly.sections(week), *monthly.sections(month)]
        return {one["key"]: [[*map(cells.text, row)] for row in one["rows"]] for one in sections if one["about"]}

    monday.move_to(scene.at(30, 0) + timedelta(days=3))
    before = lists()
    assert {"many_callers", "frequent_callers", "abnormal_tickets", "suspended"} <= set(before)
    assert before["suspended"][0][0] == suspended.number
    for ticket in Ticket.objects.order_by("pk"):
        for action, who in LATER[ticket.status]:
            scene.do(ticket, action, who)
    assert not Ticket.objects.exclude(status="closed").exists()
    assert lists() == before
    assert redone.number in json.dumps(before["abnormal_tickets"])
