"""The operator's day: each figure counted by hand, for oneself and for who leads the operators."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from hotline.accounts.models import User
from reports import operators
from tests import scene
from tests.tickets.test_calling_again import typed
from tickets.calls.recording import Desk
from tickets.models import Intake, Ticket
from tickets.telephony import events

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
OTHER = "operator2"


def picked_up(call_id: str, who: str, at: datetime) -> None:
    events.take(events.Event(call_id, "answered", at, "10012340001", operator=who))


def record(seconds: float, *, who: str = scene.OPERATOR, desk: Desk | None = None, **details: Any) -> Ticket:
    """A ticket that was recorded so many seconds after its call was picked up."""
    if desk is None:
        call_id = f"call{Ticket.objects.count()}"
        picked_up(call_id, who, scene.MONDAY - timedelta(seconds=seconds))
        desk = Desk(call_id)
    return scene.call(actor=scene.user(who), desk=desk, caller_phone="10012345555", **details)


@pytest.fixture
def day() -> Iterator[dict[str, Ticket]]:
    """A Monday morning: operator1 picks up five calls and records six tickets, operator2 one of each."""
    with time_machine.travel(scene.MONDAY, tick=False):
        tickets = {
            "fast": record(40, kind="consultation"), "usual": record(60), "slow": record(300),
            "no telephone": record(0, desk=Desk(form_seconds=90)), "untimed": record(0, desk=Desk()),
            "other's": record(500, who=OTHER),
        }  # fmt: skip
        tickets["second of a call"] = record(0, desk=Desk("call1"))
        scene.do(tickets["fast"], "answer_directly", scene.OPERATOR)
        picked_up("nothing to record", scene.OPERATOR, scene.MONDAY)
        for name, ground, ruling in (("slow", "incomplete", "grant_return"), ("usual", "incomplete", "refuse_return"),
                                     ("no telephone", "not_our_duty", "grant_return")):  # fmt: skip
            scene.do(tickets[name], "dispatch", scene.DISPATCHER)
            scene.do(tickets[name], "ask_return", scene.CLERK, ground=ground, note="没有门牌号，无法找到现场。")
            scene.do(tickets[name], ruling, scene.DISPATCHER)
        yield tickets


def texts(who: User) -> list[str]:
    return [figure.text for figure in operators.figures_of(who, operators.span_of("day", scene.MONDAY.date()))]


def test_the_day_of_one_operator(day: dict[str, Ticket]) -> None:
    """Timed are 40, 60, 90 and 300 seconds: the middle is 75. One of three dispatched came back for the recording."""
    assert texts(scene.user(scene.OPERATOR)) == ["4", "6", "16.67%", "1 分 15 秒", "33.33%"]
    assert texts(scene.user(OTHER)) == ["1", "1", "0.00%", "8 分 20 秒", "—"]
    assert texts(scene.user("operator3")) == ["0", "0", "—", "—", "—"]


def test_one_sees_oneself_and_what_came_back_with_its_reason(day: dict[str, Ticket], signed_in: SignIn) -> None:
    page = signed_in(scene.OPERATOR).get(reverse("my-day")).content.decode()
    assert "1 分 15 秒" in page
    assert day["slow"].number in page
    assert "没有门牌号" in page
    assert day["usual"].number not in page
    other = signed_in(OTHER).get(reverse("my-day"), {"period": "nonsense"}).content.decode()
    assert "没有因登记问题退回的工单" in other
    assert day["slow"].number not in other


def test_who_leads_sees_everybody_and_the_sum(day: dict[str, Ticket], signed_in: SignIn) -> None:
    client = signed_in(scene.MANAGER)
    page = client.get(reverse("operators"), {"period": "month"}).content.decode()
    assert page.index("陈晓雯") < page.index("刘佳") < page.index("合计")
    told = client.get("/api/v1/operators/").json()
    assert [one["operator"] for one in told] == [scene.OPERATOR, OTHER]
    figures = {one["name"]: one for one in told[0]["figures"]}
    assert (figures["seconds_to_record"]["value"], figures["seconds_to_record"]["unit"]) == (75, "seconds")
    assert (figures["recording_return_rate"]["part"], figures["recording_return_rate"]["base"]) == (1, 3)
    own = signed_in(OTHER).get("/api/v1/operators/", {"period": "week"}).json()
    assert [one["operator"] for one in own] == [OTHER]


def test_each_figure_of_an_operator_leads_to_exactly_what_it_counts(day: dict[str, Ticket], signed_in: SignIn) -> None:
    client, who = signed_in(scene.MANAGER), scene.user(scene.OPERATOR)
    page = client.get(reverse("operators")).content.decode()
    links = [html.unescape(one) for one in re.findall('href="(/figures/[^"]+)"', page) if f"operator={who.pk}" in one]
    behind: dict[str, set[str]] = {}
    for address in links:
        found = client.get(address)
        assert str(who) in found.content.decode()
        behind[address.split("/")[2]] = {
            one.number if isinstance(one, Ticket) else one.call_id for one in found.context["page"]
        }
    assert behind["recording_return_rate"] == {day["slow"].number}
    assert behind["direct_rate"] == {day["fast"].number}
    assert len(behind["received"]) == 6
    assert day["other's"].number not in behind["received"]
    assert len(behind["picked_up"]) == 4
    # who reads reports and does not lead operators sees the city's figure, and nobody's own
    narrowed = f"/figures/received/?operator={who.pk}"
    assert signed_in(scene.SUPERVISOR).get(narrowed).status_code == 403
    assert client.get("/figures/received/?operator=0").status_code == 404
    assert client.get("/figures/received/?operator=nobody").status_code == 404


@pytest.mark.parametrize("who", [scene.CLERK, scene.SUPERVISOR, scene.ADMIN, scene.TELEPHONY])
def test_nobody_else(who: str, signed_in: SignIn) -> None:
    client = signed_in(who)
    for address in (reverse("my-day"), reverse("operators"), "/api/v1/operators/"):
        assert client.get(address).status_code == 403
    assert signed_in(scene.OPERATOR).get(reverse("operators")).status_code == 403


def test_how_long_a_form_was_worked_on_is_no_part_of_what_was_sent(signed_in: SignIn) -> None:
    """A second click comes a second later; a form that stood open all morning says nothing."""
    client, sent = signed_in(scene.OPERATOR), typed(then="dispatch")
    for seconds in (51, 52):
        client.post(reverse("new-ticket"), sent | {"form_seconds": seconds})
    assert Intake.objects.get().form_seconds == 51
    client.post(reverse("new-ticket"), typed(then="dispatch", form_seconds=9000))
    assert Ticket.objects.count() == 2
    assert Intake.objects.count() == 1
