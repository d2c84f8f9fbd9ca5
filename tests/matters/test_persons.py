"""Who calls: one person's page, their numbers, one text under several names; a protected call shows through nowhere."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from matters.callers import persons
from reports import periods
from reports.content import weekly
from reports.content.frames import Frame
from reports.models import ReportKind
from supervision.clocks import flags
from tests import scene
from tickets.callers import book
from tickets.choices import Status
from tickets.models import Caller, SamePerson, Ticket

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
PHONE, OTHER_PHONE = "10012340001", "10012340002"
TEXT = "小区三号楼电梯坏了八天没有人来修，七楼的老人上下楼全靠家里人背，物业电话一直打不通。"


def caller(phone: str = PHONE) -> Caller:
    return Caller.objects.get(phone=phone)


def page(client: Client, phone: str = PHONE) -> str:
    answer = client.get(caller(phone).get_absolute_url())
    assert answer.status_code == 200
    return answer.content.decode()


def settle(client: Client, word: str, one: str = PHONE, other: str = OTHER_PHONE) -> int:
    address = reverse("settle-person", args=[caller(one).pk, caller(other).pk, word])
    return client.post(address, {"form_key": str(uuid.uuid4())}).status_code


def test_a_person_is_shown_with_all_calls_by_what_they_are_about(signed_in: SignIn) -> None:
    first = scene.ticket_in(Status.WORKING)
    second = scene.call()
    scene.do(first, "join_matter", scene.SUPERVISOR, numbers=second.number, title="")
    scene.call(title="路灯不亮", description="学校后门的路灯已经坏了好几天，放学的孩子看不清路。", caller_name="刘芳")
    found = persons.person_of(caller(), scene.user(scene.OPERATOR))
    assert found
    assert [len(subject.tickets) for subject in found.subjects] == [2, 1]
    shown = page(signed_in(scene.OPERATOR))
    assert "3 次来电" in shown
    assert "刘女士、刘芳" in shown.replace("刘芳、刘女士", "刘女士、刘芳")
    assert "已来电 2 次" in shown
    assert first.number in shown
    assert str(first.department) in shown


def test_the_same_words_each_time_are_one_subject(signed_in: SignIn) -> None:
    for text in (TEXT, TEXT.replace("八天", "九天"), TEXT + "请尽快。"):
        scene.call(title="电梯", description=text)
    assert "每次文字几乎相同" in page(signed_in(scene.OPERATOR))


def test_nearly_the_same_words_of_others_are_shown(signed_in: SignIn) -> None:
    scene.call(title="电梯", description=TEXT)
    other = scene.call(
        title="电梯无人维修", description=TEXT.replace("八天", "十天"), caller_phone=OTHER_PHONE, caller_name="陈先生"
    )
    scene.call(caller_phone="10012340003", description="三号楼的电梯里贴满了小广告，请派人清理一下。")
    shown = page(signed_in(scene.OPERATOR))
    assert other.number in shown
    assert "10012340003" not in shown


@pytest.mark.parametrize("details", [
    {"contact_phone": PHONE},
    {"caller_name": "刘建国"},
])  # fmt: skip
def test_a_number_that_may_be_theirs_is_proposed_until_somebody_decides(
    signed_in: SignIn, details: dict[str, str]
) -> None:
    scene.call(caller_name="刘建国")
    given = {"caller_name": "周先生", "caller_phone": OTHER_PHONE, "description": "另一件事情，路边垃圾没有清运。"}
    scene.call(**given | details)
    client = signed_in(scene.OPERATOR)
    assert "可能是同一人" in page(client)
    assert settle(client, "other") == 302
    assert "可能是同一人" not in page(client), "told apart once, never proposed again"
    assert settle(client, "same") == 302
    assert caller(OTHER_PHONE).person == caller()
    assert "2 次来电" in page(client, OTHER_PHONE)
    assert "2 次来电" in page(client)
    assert settle(client, "other") == 302
    assert caller(OTHER_PHONE).person is None
    assert [word.is_same for word in SamePerson.objects.order_by("pk")] == [False, True, False]


def test_a_usual_form_of_address_is_no_name(signed_in: SignIn) -> None:
    scene.call(caller_name="刘女士")
    scene.call(caller_name="刘女士", caller_phone=OTHER_PHONE, description="另一件事情，路边垃圾没有清运。")
    assert "可能是同一人" not in page(signed_in(scene.OPERATOR))


def test_three_numbers_become_one_person_and_the_first_can_be_taken_out() -> None:
    by = scene.user(scene.OPERATOR)
    for phone in (PHONE, OTHER_PHONE, "10012340003"):
        scene.call(caller_phone=phone)
    first, second, third = (caller(phone) for phone in (PHONE, OTHER_PHONE, "10012340003"))
    book.decide(third, second, is_same=True, by=by)
    book.decide(first, third, is_same=True, by=by)
    assert {number.pk for number in book.numbers_of(caller(OTHER_PHONE))} == {first.pk, second.pk, third.pk}
    book.decide(second, first, is_same=False, by=by)
    assert book.numbers_of(caller()) == [first]
    assert book.numbers_of(caller("10012340003")) == [second, third]


def test_calls_from_all_numbers_of_a_person_count_together() -> None:
    now = timezone.now()
    for phone in (PHONE, PHONE, OTHER_PHONE):
        scene.call(caller_phone=phone, at=now - timedelta(minutes=5))
    here, there = caller(), caller(OTHER_PHONE)
    assert flags.calls_of_callers({here.pk, there.pk}, now)[there.pk, False] == 1
    book.decide(here, there, is_same=True, by=scene.user(scene.OPERATOR))
    counted = flags.calls_of_callers({there.pk}, now)
    assert counted[there.pk, False] == 3
    assert not Ticket.objects.exclude(next_due_at__lte=timezone.now()).exists(), "the next sweep looks at them"
    assert weekly.frequent_callers(Frame(periods.containing(ReportKind.WEEKLY, timezone.localdate()))) == [(here, 3)]


def test_a_protected_call_is_not_shown_to_who_may_not_know_its_caller(signed_in: SignIn) -> None:
    open_call = scene.call()
    hidden = scene.call(title="举报占用消防通道", description="消防通道被占用，要求保密，请核实处理。", is_secret=True)
    scene.call(caller_phone=OTHER_PHONE, caller_name="", is_anonymous=True, description="匿名反映噪声扰民，夜里施工。")
    assert hidden.number in page(signed_in(scene.OPERATOR)), "the hotline may"
    manager = signed_in(scene.MANAGER)
    shown = page(manager)
    assert open_call.number in shown
    assert hidden.number not in shown
    assert "1 次来电" in shown
    assert manager.get(caller(OTHER_PHONE).get_absolute_url()).status_code == 404
    assert manager.post(reverse("settle-person", args=[caller().pk, caller(OTHER_PHONE).pk, "same"])).status_code == 403


def test_departments_have_no_page_of_persons(signed_in: SignIn) -> None:
    scene.ticket_in(Status.WORKING)
    assert signed_in(scene.CLERK).get(caller().get_absolute_url()).status_code == 403


def test_words_that_are_none_and_persons_that_are_none(signed_in: SignIn) -> None:
    scene.call()
    client = signed_in(scene.OPERATOR)
    assert client.get(reverse("caller", args=[10**9])).status_code == 404
    assert client.post(reverse("settle-person", args=[caller().pk, caller().pk, "same"])).status_code == 404
    assert client.post(reverse("settle-person", args=[caller().pk, caller().pk + 1, "maybe"])).status_code == 404
