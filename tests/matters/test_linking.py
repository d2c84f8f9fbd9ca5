"""What is alike is joined by itself, once, whoever looks and however often; by hand always wins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from matters import byhand, linking, working
from matters.models import Choice, Looked, Proposal, Recurrence
from tests import scene
from tickets.choices import Status
from tickets.models import Matter, Ticket

pytestmark = pytest.mark.django_db
PLATES = "凤凰天仙城东门口施工铺的钢板没有固定，车一压就响，整夜睡不着。"
IRON = "凤凰天仙城东门口路上的铁板没固定好，车一压就响，夜里没法睡。"


def called(serial: int, text: str = PLATES, **details: Any) -> Ticket:
    given = {
        "title": text[:20],
        "description": text,
        "address": "凤凰天仙城东门",
        "caller_phone": f"1001239{serial:04d}",
    }
    return scene.call(**given | details)


def settled() -> None:
    working.work()


def test_the_same_thing_told_by_three_is_one_matter_with_why() -> None:
    first, other, third = called(1), called(2, IRON), called(3)
    called(4, "请问老年证在哪里办理？", kind="consultation", address="", category=None)
    settled()
    joined = Ticket.objects.filter(matter__isnull=False)
    assert set(joined) == {first, other, third}
    assert Matter.objects.count() == 1
    event = other.events.order_by("-sequence")[0]
    assert (event.action, event.actor) == ("join_matter", None)
    assert event.data["why"], "it says why"
    assert event.data["like"] in (first.number, third.number)
    before = Ticket.objects.order_by("pk").values_list("version", flat=True)
    versions = list(before)
    settled()
    for ticket in Ticket.objects.all():
        linking.settle(ticket.pk)
    assert list(before.all()) == versions, "looked at once"


@pytest.mark.parametrize("text", ["", "响", "？？？", "😀" * 30])
def test_who_says_next_to_nothing_joins_nobody(text: str) -> None:
    called(1)
    said_little = called(2, text, title="响", address="", category=None)
    called(3, text, title="响", address="", category=None)
    settled()
    assert Looked.objects.count() == 3
    assert not Ticket.objects.filter(pk=said_little.pk, matter__isnull=False).exists()


def test_praise_is_no_complaint_about_what_it_praises() -> None:
    called(1)
    called(2, kind="praise")
    settled()
    assert not Matter.objects.exists()


def test_told_apart_by_hand_they_are_never_joined_again() -> None:
    first, other = called(1), called(2)
    settled()
    scene.do(other, "part_matter", scene.SUPERVISOR)
    for pk in (first.pk, other.pk):
        linking.settle(pk, again=True)
    other.refresh_from_db()
    assert other.matter is None
    third = called(3)
    settled()
    third.refresh_from_db()
    assert third.matter_id, "others are joined as before"
    linking.settle(other.pk, again=True)
    other.refresh_from_db()
    first.refresh_from_db()
    assert other.matter_id != first.matter_id, "a third neighbour brings them together no more"


def test_a_refused_proposal_is_a_choice() -> None:
    first, other = called(1), called(2)
    Choice.objects.create(ticket=other, other=first, is_together=False, by=scene.user(scene.SUPERVISOR))
    settled()
    assert not Matter.objects.exists()
    assert not Proposal.objects.exists()


def test_a_rebuild_keeps_what_people_joined_and_undoes_what_the_machine_did_wrong() -> None:
    by_hand, far = called(1), called(2, "小区自来水停水两天了，没有人通知。", address="紫薇苑", category=None)
    scene.do(far, "join_matter", scene.DISPATCHER, numbers=by_hand.number)
    settled()
    linking.settle(far.pk, again=True)
    far.refresh_from_db()
    assert far.matter_id == Ticket.objects.get(pk=by_hand.pk).matter_id


def test_what_comes_twice_or_late_makes_one_matter(monday: time_machine.Traveller) -> None:
    now = timezone.now()
    for serial, minutes in ((1, 0), (2, -300), (3, -30), (4, -299)):
        called(serial, at=now + timedelta(minutes=minutes))
        settled()
    assert Matter.objects.count() == 1
    assert Ticket.objects.filter(matter=None).count() == 0


def test_after_the_fix_the_neighbour_calls_again(monday: time_machine.Traveller) -> None:
    tickets = [called(serial) for serial in range(3)]
    settled()
    for ticket in tickets:
        for name, who in scene.WAYS[Status.CLOSED]:
            scene.do(Ticket.objects.get(pk=ticket.pk), name, who)
    monday.shift(timedelta(days=7))
    again = called(9, IRON)
    settled()
    found = Recurrence.objects.get()
    assert (found.ticket, found.days) == (again, 7)
    assert Ticket.objects.filter(pk=again.pk, next_due_at__lte=timezone.now()).exists(), "the next sweep flags it"
    monday.shift(timedelta(days=40))
    late = called(10, address="凤凰天仙城东门")
    Ticket.objects.filter(pk=again.pk).update(status=Status.CLOSED, closed_at=again.registered_at)
    settled()
    assert Ticket.objects.get(pk=late.pk).matter is None, "after a month it is a matter of its own"


def test_the_timeline_says_with_which_and_why_to_whoever_may_know(client: Client) -> None:
    first = called(1)
    other = called(2)
    settled()
    client.force_login(scene.user(scene.OPERATOR))
    page = client.get(reverse("ticket", args=[other.number])).content.decode()
    assert "相似工单" in page
    assert first.number in page


def test_a_split_and_a_joining_at_once_end_in_one_of_the_stated_ways() -> None:
    """The machine comes second: what it joins goes where the ticket that it is like has been put."""
    tickets = [called(serial) for serial in range(4)]
    settled()
    matter = Ticket.objects.get(pk=tickets[0].pk).matter
    assert matter is not None
    away = [ticket.number for ticket in tickets[:3]]
    own = byhand.split(matter, away, actor=scene.user(scene.SUPERVISOR), reason="另一处。")
    fresh = called(9)
    settled()
    assert Ticket.objects.get(pk=fresh.pk).matter in (own, matter)
    assert set(Ticket.objects.filter(number__in=away).values_list("matter", flat=True)) == {own.pk}


def test_a_secret_call_is_proposed_and_never_joined_by_itself() -> None:
    first, secret = called(1), called(2, is_secret=True)
    settled()
    secret.refresh_from_db()
    first.refresh_from_db()
    assert (secret.matter_id, first.matter_id) == (None, None)
    assert Proposal.objects.get().ticket == secret


def test_a_rebuild_takes_back_what_it_would_not_propose_any_more() -> None:
    """What still holds waits on; what a person said a word to stays."""
    likely = called(1, is_secret=True), called(2)
    far = called(3, "小区自来水停水两天了，没有人通知。", address="紫薇苑", category=None)
    settled()
    holds = Proposal.objects.get(ticket=likely[1], other=likely[0])
    never = Proposal.objects.create(ticket=likely[1], other=far, probability=0.3, why=[])
    for _ in range(2):
        linking.settle(likely[1].pk, again=True)
        holds.refresh_from_db()
        never.refresh_from_db()
        assert (holds.state, never.state) == (Proposal.State.WAITING, Proposal.State.SETTLED)
    Proposal.objects.filter(pk=holds.pk).update(state=Proposal.State.REFUSED)
    linking.settle(likely[1].pk, again=True)
    holds.refresh_from_db()
    assert holds.state == Proposal.State.REFUSED
