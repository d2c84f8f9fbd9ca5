"""Correcting what was recorded of a call: both values stay on the timeline, and all that hangs on them follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from dispatch import suggest
from hotline.accounts.models import Region
from supervision.clocks import sweeping
from supervision.models import Flag, Notice, Step
from tests import scene
from tickets import limits
from tickets.choices import FlagKind, Stage, Status, Urgency
from tickets.models import Category, Ticket
from tickets.reading import read
from tickets.workflow import performing, timeline

pytestmark = pytest.mark.django_db
RIGHT_NUMBER, WRONG_NUMBER = "10012349999", "10012340001"  # the second is what `scene.call` records


def corrected(ticket: Ticket, who: str = scene.OPERATOR, **values: Any) -> Ticket:
    return performing.perform("correct", ticket, actor=scene.user(who), given={"note": "回拨时发现记错。"} | values)


def told(ticket: Ticket, who: str) -> list[tuple[str, str]]:
    ticket.refresh_from_db()
    entry = next(entry for entry in timeline.entries(ticket, scene.user(who)) if entry.label == "更正登记内容")
    return entry.facts


def as_written(ticket: Ticket, who: str) -> str:
    return str(told(ticket, who))


def test_old_and_new_value_stand_on_the_timeline_with_the_reason() -> None:
    ticket = scene.ticket_in(Status.WORKING)
    other = Region.objects.get(name="新华街道")
    corrected(ticket, region=other.pk, address="另一小区", urgency="urgent")
    assert told(ticket, scene.CLERK)[:3] == [
        ("区域", f"{Region.objects.get(name='书院街道').full_name} → {other.full_name}"),
        ("地址", "某小区东门 → 另一小区"),
        ("紧急程度", "普通 → 紧急"),
    ]
    assert ticket.events.get(action="correct").note == "回拨时发现记错。"


def test_a_number_that_stood_there_by_mistake_is_the_hotlines_alone() -> None:
    ticket = scene.ticket_in(Status.WORKING)
    corrected(ticket, caller_phone=RIGHT_NUMBER)
    assert WRONG_NUMBER[-4:] in as_written(ticket, scene.DISPATCHER)
    clerk = as_written(ticket, scene.CLERK)
    assert RIGHT_NUMBER[-4:] in clerk
    assert WRONG_NUMBER[-4:] not in clerk


@pytest.mark.parametrize("wish", ["is_secret", "is_anonymous"])
def test_who_called_stays_hidden_in_a_correction_and_in_every_text(wish: str) -> None:
    words = f"车一压就响，请打{WRONG_NUMBER}或{RIGHT_NUMBER}联系。"
    ticket = scene.ticket_in(Status.WORKING, description=words, **{wish: True})
    corrected(ticket, caller_phone=RIGHT_NUMBER)
    ticket.refresh_from_db()
    clerk = read(ticket, scene.user(scene.CLERK))
    for number in (RIGHT_NUMBER, WRONG_NUMBER):
        assert number[-4:] not in clerk.description, "the number that stood there before is hidden too"
        assert number[-4:] not in as_written(ticket, scene.CLERK)
        page = Client()
        page.force_login(scene.user(scene.CLERK))
        assert number not in page.get(ticket.get_absolute_url()).content.decode()
        assert not Notice.objects.filter(text__contains=number[-4:]).exists()


def test_the_ticket_is_another_callers_then() -> None:
    kept = scene.call(caller_phone=RIGHT_NUMBER, caller_name="王先生")
    ticket = scene.call()
    corrected(ticket, caller_phone=f"+86 {RIGHT_NUMBER}")
    ticket.refresh_from_db()
    assert (ticket.caller, ticket.caller_phone) == (kept.caller, RIGHT_NUMBER)
    found = Ticket.objects.matching(RIGHT_NUMBER, scene.user(scene.OPERATOR))
    assert set(found) == {kept, ticket}
    assert not Ticket.objects.matching(WRONG_NUMBER, scene.user(scene.OPERATOR)).exists()


def test_whoever_calls_next_from_the_number_written_by_mistake_is_not_greeted_by_a_strangers_name() -> None:
    ticket, second = scene.call(), scene.call(at=timezone.now() + timedelta(minutes=1))
    wrong = ticket.caller
    assert wrong is not None
    corrected(ticket, caller_phone=RIGHT_NUMBER)
    wrong.refresh_from_db()
    assert wrong.name == second.caller_name, "another call from it was under this name too"
    corrected(second, caller_phone=RIGHT_NUMBER, caller_name="刘先生")
    wrong.refresh_from_db()
    assert wrong.name == ""
    own = scene.call(caller_name="孙女士")
    wrong.refresh_from_db()
    assert wrong.name == "孙女士"
    scene.do(own, "make_anonymous", scene.OPERATOR)
    wrong.refresh_from_db()
    assert wrong.name == "", "who asks to be anonymous is no longer known by name"


def test_who_calls_often_is_counted_anew_for_both_callers() -> None:
    mine = [scene.call(address=f"{i}号") for i in range(3)]
    sweeping.sweep()
    flagged = Flag.objects.filter(kind=FlagKind.FREQUENT_CALLER, cleared_at__isnull=True)
    assert flagged.count() == len(mine)
    corrected(mine[0], caller_phone=RIGHT_NUMBER)
    sweeping.sweep()
    assert not flagged.exists(), "two calls of one and one of another are no three of one"


def test_a_name_heard_wrongly_is_the_callers_name_too() -> None:
    ticket = scene.call(caller_name="刘女土")
    corrected(ticket, caller_name="刘女士")
    ticket.refresh_from_db()
    assert ticket.caller is not None
    assert (ticket.caller_name, ticket.caller.name) == ("刘女士", "刘女士")


def test_the_place_is_searched_as_corrected() -> None:
    ticket = scene.call(address="凤凰天仙城", description="钢板响了一夜，没有人管。")
    corrected(ticket, address="董永公园")
    reader = scene.user(scene.DISPATCHER)
    assert list(Ticket.objects.matching("董永公园", reader)) == [ticket]
    assert not Ticket.objects.matching("凤凰天仙城", reader).exists()


def test_the_proposal_of_a_department_follows_the_category() -> None:
    ticket = scene.call()
    before = suggest.for_ticket(ticket)
    corrected(ticket, category=Category.objects.get(name="公交线路").pk)
    ticket = Ticket.objects.get(pk=ticket.pk)
    after = suggest.for_ticket(ticket)
    assert before
    assert after
    assert before.department != after.department


def test_limits_are_those_of_what_it_is_with_what_was_granted_on_top() -> None:
    with time_machine.travel(scene.MONDAY, tick=False) as clock:
        ticket = scene.ticket_in(Status.WORKING)
        ticket = scene.do(ticket, "ask_extension", scene.CLERK)
        ticket = scene.do(ticket, "grant_extension", scene.MANAGER)
        extended = ticket.answer_due_at
        clock.shift(timedelta(hours=1))
        corrected(ticket, kind="consultation")
        ticket.refresh_from_db()
        assert ticket.clock_from == scene.MONDAY
        plain = limits.due(Stage.ANSWER, ticket, scene.MONDAY)
        assert ticket.answer_due_at is not None
        assert extended is not None
        assert plain < ticket.answer_due_at < extended
        assert ticket.half_at is not None
        assert ticket.half_at < ticket.answer_due_at
        corrected(ticket, kind="complaint")
        ticket.refresh_from_db()
        assert ticket.answer_due_at == extended, "there and back again"


def test_nobody_is_late_by_a_correction() -> None:
    with time_machine.travel(scene.MONDAY, tick=False) as clock:
        ticket = scene.ticket_in(Status.WORKING)
        clock.shift(timedelta(days=4))
        scene.do(ticket, "progress", scene.CLERK)
        corrected(ticket, urgency="urgent")
        ticket.refresh_from_db()
        assert ticket.urgency == Urgency.URGENT
        assert ticket.answer_due_at == limits.due(Stage.ANSWER, ticket, timezone.now())
        assert ticket.answer_due_at > timezone.now()


def test_what_is_late_stays_late() -> None:
    with time_machine.travel(scene.MONDAY, tick=False) as clock:
        ticket = scene.ticket_in(Status.WORKING)
        clock.shift(timedelta(days=60))
        corrected(ticket, urgency="urgent")
        ticket.refresh_from_db()
        assert ticket.answer_due_at is not None
        assert ticket.answer_due_at < timezone.now()


def test_a_deadline_set_on_the_spot_stays() -> None:
    ticket = scene.do(scene.ticket_in(Status.COORDINATING), "determine", scene.SUPERVISOR)
    before = ticket.answer_due_at
    corrected(ticket, kind="consultation")
    ticket.refresh_from_db()
    assert ticket.answer_due_at == before


def test_departments_that_hold_a_part_are_told() -> None:
    other = scene.department(scene.OTHER_DEPARTMENT)
    ticket = scene.do(scene.call(), "dispatch", scene.DISPATCHER, assisting=[other.pk])
    corrected(ticket, address="另一小区", caller_phone=RIGHT_NUMBER)
    notices = Notice.objects.filter(ticket=ticket, step=Step.CORRECTION)
    assert {notice.to_department for notice in notices} == {scene.department(scene.DEPARTMENT), other}
    assert {notice.text for notice in notices} == {"地址 某小区东门 → 另一小区；来电人电话"}, (
        "a number stands in no message"
    )


def test_nobody_is_told_of_what_no_department_holds() -> None:
    corrected(scene.call(), address="另一小区")
    assert not Notice.objects.exists()


def test_whoever_types_on_the_old_page_is_told_first() -> None:
    ticket = scene.ticket_in(Status.WORKING)
    corrected(ticket, address="另一小区")
    client = Client()
    client.force_login(scene.user(scene.CLERK))
    page = client.post(f"{ticket.get_absolute_url()}do/answer/", {"answer": scene.ANSWER, "version": ticket.version})
    assert page.status_code == 409
    assert scene.ANSWER in page.content.decode()
    assert "更正登记内容" in page.content.decode()


def test_what_is_not_sent_stays_and_nothing_sent_is_refused() -> None:
    ticket = scene.call()
    unchanged: dict[str, Any] = {"address": ticket.address, "kind": ticket.kind, "region": ticket.region_id}
    for values in ({}, unchanged):
        with pytest.raises(performing.InvalidInput) as refused:
            corrected(ticket, **values)
        assert "没有任何更改。" in str(refused.value.errors)
    before = dict(Ticket.objects.values().get(pk=ticket.pk))
    corrected(ticket, address="另一小区")
    after = dict(Ticket.objects.values().get(pk=ticket.pk))
    assert {name for name in after if after[name] != before[name]} == {"address", "search", "version"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("caller_phone", ""), ("caller_phone", "1387777000I"), ("region", ""), ("region", "99999999"), ("kind", ""),
     ("kind", "murder"), ("category", "0"), ("urgency", ""), ("address", "地" * 201), ("caller_name", "刘" * 41)],
)  # fmt: skip
def test_what_will_not_do_is_refused_at_its_field(name: str, value: str) -> None:
    ticket = scene.call()
    with pytest.raises(performing.InvalidInput) as refused:
        corrected(ticket, **{name: value})
    assert list(refused.value.errors) == [name]


def test_the_page_begins_with_what_stands_there() -> None:
    ticket = scene.call()
    client = Client()
    client.force_login(scene.user(scene.OPERATOR))
    page = client.get(f"{ticket.get_absolute_url()}do/correct/")
    for value in (ticket.caller_phone, ticket.caller_name, ticket.address):
        assert f'value="{value}"' in page.content.decode()
    sent = page.context["form"].initial | {"note": "更正", "address": "另一小区", "version": ticket.version}
    sent = {name: getattr(value, "pk", value) for name, value in sent.items()}
    assert client.post(f"{ticket.get_absolute_url()}do/correct/", sent).status_code == 302
    ticket.refresh_from_db()
    assert ticket.address == "另一小区"
    assert list(ticket.events.get(action="correct").data["corrected"]) == ["address"]


def test_departments_and_managers_correct_nothing() -> None:
    ticket = scene.ticket_in(Status.WORKING)
    for who in (scene.CLERK, scene.MANAGER, scene.ADMIN):
        with pytest.raises(performing.NotAllowed):
            corrected(ticket, who, address="另一小区")
