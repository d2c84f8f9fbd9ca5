"""Missed calls: called back within half an hour, by one operator, and what settles them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline.accounts.models import User
from hotline.telephone import masked
from reports import indicators
from tests import scene
from tests.tickets.test_calling_again import PHONE, again, typed
from tickets import limits
from tickets.choices import Status
from tickets.models import CityRule, MissedCall, Ticket
from tickets.telephony import events, missed
from tickets.telephony.missed import End, Objection, Outcome

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
MINUTE = timedelta(minutes=1)
OTHER = "operator2"


def told(kind: str, *, call_id: str = "a1", phone: str = PHONE, ago: float = 0, **more: Any) -> MissedCall | None:
    """An event of this many minutes ago; what is kept of a missed call after it."""
    taken = events.take(events.Event(call_id, kind, timezone.now() - ago * MINUTE, phone, **more))
    return MissedCall.objects.filter(call=taken.call).first()


def miss(**given: Any) -> MissedCall:
    found = told("missed", **given)
    assert found
    return found


def outcome_of(one: MissedCall) -> str:
    one.refresh_from_db()
    return one.outcome


@pytest.fixture
def now() -> Any:
    with time_machine.travel(scene.MONDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def operator() -> User:
    return scene.user(scene.OPERATOR)


def test_a_missed_call_is_due_in_half_an_hour_of_the_clock_on_the_wall(now: Any) -> None:
    now.move_to(scene.at(19, 2))  # a Sunday night: nobody waits until Monday
    one = miss()
    assert (one.phone, one.due_at) == (PHONE, scene.at(19, 2, 30))
    later = told("hung_up", ago=-1)
    assert later
    assert later.due_at == scene.at(19, 2, 30), "the earliest instant at which it was given up counts"


def test_it_is_taken_by_one_and_offered_to_nobody_else(now: Any, signed_in: SignIn) -> None:
    one, second = miss(ago=5), miss(call_id="a2")
    page = signed_in(scene.OPERATOR).get(reverse("missed-calls")).content.decode()
    assert page.count("Alt+H") == 2, "one row for one person, with its key"
    assert "漏接 2 次" in page
    form = signed_in(scene.OPERATOR).post(reverse("missed-take", args=[one.pk]), follow=True)
    assert form.redirect_chain == [(reverse("call-back", args=[one.pk]), 302)]
    assert f'value="{PHONE}"' in form.content.decode()
    assert "正在回拨" in form.content.decode()
    for pk in (one.pk, second.pk):
        refused = signed_in(OTHER).post(reverse("missed-take", args=[pk]), follow=True).content.decode()
        assert "陈晓雯 正在回拨此来电人" in refused
        assert "missed-take" not in refused
    assert signed_in(OTHER).get(reverse("call-back", args=[one.pk])).status_code == 302
    now.shift(16 * 60)
    assert "正在回拨" in signed_in(OTHER).post(reverse("missed-take", args=[one.pk]), follow=True).content.decode()


def test_what_is_recorded_settles_it_with_its_ticket(now: Any, signed_in: SignIn, operator: User) -> None:
    one = miss(ago=20)
    missed.take(one, by=operator)
    now.shift(12 * 60)
    refused = signed_in(scene.OPERATOR).post(reverse("new-ticket"), typed(called_back=one.pk, description="短"))
    assert refused.status_code == 422
    assert "正在回拨" in refused.content.decode(), "the form that comes back is still that of the call back"
    sent = typed(then="dispatch", called_back=one.pk, caller_phone="10012349999")
    signed_in(scene.OPERATOR).post(reverse("new-ticket"), sent)
    one.refresh_from_db()
    assert (one.outcome, one.ticket, one.settled_by) == (Outcome.REACHED, Ticket.objects.get(), operator)
    assert one.called_back_at == scene.MONDAY, "when it was taken, though another number was given"
    assert not one.is_late


def test_an_urging_from_the_call_back_settles_it_too(signed_in: SignIn, operator: User) -> None:
    ticket, one = scene.ticket_in(Status.WORKING), miss(ago=20)
    missed.take(one, by=operator)
    again(signed_in(scene.OPERATOR), ticket, "pass_on", called_back=one.pk)
    one.refresh_from_db()
    assert (one.outcome, one.ticket) == (Outcome.REACHED, ticket)


@pytest.mark.parametrize("how", End.values)
def test_how_a_call_back_ends_where_nothing_is_recorded(how: str, now: Any, signed_in: SignIn, operator: User) -> None:
    one = miss(ago=20)
    missed.take(one, by=operator)
    client, address = signed_in(scene.OPERATOR), reverse("missed-end", args=[one.pk])
    assert "请写明回拨结果" in client.post(address, {"how": how, "note": " "}, follow=True).content.decode()
    client.post(address, {"how": how, "note": "无人接听"})
    one.refresh_from_db()
    assert (one.called_back_at, one.note, one.taken_by) == (scene.MONDAY, "无人接听", None)
    assert one.tries == (how != End.REACHED)
    assert one.outcome == ("" if how == End.AGAIN else how)
    page = client.get(reverse("missed-calls")).content.decode()
    assert ("未接通 1 次" in page) == (how == End.AGAIN)
    if how == End.AGAIN:
        missed.take(one, by=scene.user(OTHER))
        with pytest.raises(Objection):
            missed.end(one, by=operator, how=End.NOT_REACHED, note="占线")
    else:
        with pytest.raises(Objection):
            missed.take(one, by=operator)


def test_a_later_call_of_the_same_person_settles_it() -> None:
    one = miss(ago=20)
    assert told("answered", call_id="a2", ago=10) is None
    assert outcome_of(one) == Outcome.CALLED_AGAIN
    late = miss(call_id="a3", ago=15)  # told after the call that got through
    assert late.outcome == Outcome.CALLED_AGAIN
    assert outcome_of(miss(call_id="a4", ago=5)) == "", "a call that was missed later is missed"
    scene.call(caller_phone=PHONE)  # recorded where no telephone system tells of calls picked up
    assert set(MissedCall.objects.values_list("outcome", flat=True)) == {Outcome.CALLED_AGAIN}


def test_missed_and_picked_up_after_all() -> None:
    one = miss(ago=2)
    told("answered", ago=1)
    assert outcome_of(one) == Outcome.PICKED_UP
    told("answered", call_id="b", ago=2)
    assert told("missed", call_id="b") is None


def test_a_withheld_number_cannot_be_called_back(signed_in: SignIn, operator: User) -> None:
    one = miss(phone="anonymous")
    assert (one.due_at, one.outcome) == (None, Outcome.NO_NUMBER)
    with pytest.raises(Objection):
        missed.take(one, by=operator)
    client = signed_in(scene.OPERATOR)
    assert "没有待回拨的漏接来电" in client.get(reverse("missed-calls")).content.decode()
    assert "未显示号码" in client.get(reverse("missed-calls"), {"tab": "settled"}).content.decode()
    told("hung_up", phone=PHONE)  # a later event brings it
    assert outcome_of(one) == ""
    assert one.due_at is not None


def test_a_settled_one_is_found_by_its_number(signed_in: SignIn) -> None:
    for number in (PHONE, "10012347777"):
        miss(call_id=number, phone=number, ago=9)
        told("answered", call_id=f"{number}b", phone=number, ago=3)
    client = signed_in(scene.OPERATOR)
    sent = {"list": reverse("missed-calls"), "tab": "settled"}
    found = client.post(reverse("find"), sent | {"q": f"+86 {PHONE}"}, follow=True)
    assert PHONE not in found.redirect_chain[0][0], "a number stands in no address"
    assert PHONE in found.content.decode()
    assert "10012347777" not in found.content.decode()
    assert "没有该号码" in client.post(reverse("find"), sent | {"q": "牛"}, follow=True).content.decode()


@pytest.mark.parametrize(
    ("who", "sees", "calls"),
    [(scene.OPERATOR, PHONE, True), (scene.SUPERVISOR, masked(PHONE), False), (scene.MANAGER, "号码不予显示", False)],
)
def test_who_sees_missed_calls_and_the_number(who: str, sees: str, calls: bool, signed_in: SignIn) -> None:
    one, client = miss(ago=40), signed_in(who)
    page = client.get(reverse("missed-calls")).content.decode()
    assert sees in page
    assert (PHONE in page) == (sees == PHONE)
    assert client.post(reverse("missed-take", args=[one.pk])).status_code == (302 if calls else 403)
    shown = client.get("/api/v1/missed-calls/").json()["results"][0]
    assert shown["phone"] == ("" if who == scene.MANAGER else sees)
    MissedCall.objects.update(settled_at=timezone.now(), outcome=Outcome.LAPSED)
    shown = client.get("/api/v1/missed-calls/").json()["results"][0]
    assert shown["phone"] == ("" if who == scene.MANAGER else masked(PHONE)), "nobody is to be called any more"
    MissedCall.objects.update(settled_at=None, outcome="")
    if not calls:
        assert "漏接超时未回拨 <b>1</b>" in client.get(reverse("board")).content.decode()
    else:
        assert "1 个漏接待回拨" in client.get(reverse("missed-waiting")).content.decode()


@pytest.mark.parametrize("who", [scene.CLERK, scene.DISPATCHER, scene.ADMIN, scene.TELEPHONY])
def test_nobody_else_sees_them(who: str, signed_in: SignIn) -> None:
    one, client = miss(), signed_in(who)
    for name, given in (("missed-calls", []), ("call-back", [one.pk]), ("missed-waiting", [])):
        assert client.get(reverse(name, args=given)).status_code == 403
    assert client.post(reverse("missed-end", args=[one.pk])).status_code == 403
    assert client.get("/api/v1/missed-calls/").status_code == 403


def test_what_nobody_settles_lapses_and_never_counts_as_called_back(
    now: Any, signed_in: SignIn, operator: User
) -> None:
    never, tried, held = (miss(call_id=name, phone=f"1001234000{name}") for name in "123")
    missed.end(tried, by=operator, how=End.AGAIN, note="无人接听")
    now.shift(timedelta(days=3, minutes=30))
    assert missed.lapse() == 0, "three days after they were due"
    now.shift(timedelta(seconds=1))
    missed.take(held, by=operator)
    assert missed.lapse() == 2
    assert missed.lapse() == 0
    assert (outcome_of(never), outcome_of(tried), outcome_of(held)) == ("lapsed", "not_reached", "")
    assert tried.note == "无人接听 3 天内无人处理，自动结束。"
    assert never.settled_by is None
    page = signed_in(scene.OPERATOR).get(reverse("missed-calls"), {"tab": "settled"}).content.decode()
    assert "始终未回拨" in page
    span = indicators.Window.so_far(scene.at(1, 0), scene.at(30, 0))
    figure = indicators.compute(["call_back_on_time_rate"], span)["call_back_on_time_rate"]
    assert (figure.part, figure.base) == (1, 3), "the one that was tried in time"
    told("answered", call_id="1", phone=never.phone, ago=60 * 24 * 3)
    assert outcome_of(never) == Outcome.PICKED_UP, "a late word of the telephone system"
    assert never.note == ""


def test_a_city_says_after_how_many_days_it_lapses(now: Any) -> None:
    one = miss()
    CityRule.objects.create(key="missed_days", value=1)
    limits.forget()
    now.shift(timedelta(days=1, minutes=31))
    assert missed.lapse() == 1
    assert outcome_of(one) == Outcome.LAPSED


def test_the_figure_counts_who_had_to_be_called_back(now: Any, signed_in: SignIn, operator: User) -> None:
    """Seven missed calls: one in time, one late, one not yet, one not due, and three that nobody had to return."""
    late, fine = (miss(call_id=name, phone=f"1001234000{name}", ago=50) for name in "12")
    miss(call_id="3", phone="10012340003", ago=50)
    miss(call_id="4", phone="10012340004", ago=5)
    for name in "56":
        miss(call_id=name, phone=f"1001234000{name}", ago=50)
    told("answered", call_id="5", ago=49)
    told("answered", call_id="x", phone="10012340006", ago=40)
    miss(call_id="7", phone="", ago=50)
    now.shift(-25 * 60)
    missed.take(fine, by=operator)
    missed.end(fine, by=operator, how=End.NOT_REACHED, note="无人接听")
    now.shift(25 * 60)
    missed.take(late, by=operator)
    missed.end(late, by=operator, how=End.REACHED, note="已告知办理进度")
    span = indicators.Window.so_far(scene.at(1, 0), scene.at(30, 0))
    figure = indicators.compute(["call_back_on_time_rate"], span)["call_back_on_time_rate"]
    assert (figure.part, figure.base) == (1, 3)
    address = reverse("figure-tickets", args=["call_back_on_time_rate"])
    for part, numbers in (("base", 3), ("part", 1), ("rest", 2)):
        page = signed_in(scene.SUPERVISOR).get(address, {"part": part}).content.decode()
        assert page.count("100****000") == numbers
    assert "100****000" not in signed_in(scene.MANAGER).get(address).content.decode()
