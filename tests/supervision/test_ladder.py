"""The ladder: who is told when a ticket stays stuck, by rule or by hand, gathered, at most once, and seen to arrive."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from hotline.accounts.models import Department, User
from supervision.clocks.sweeping import sweep
from supervision.ladder import messages, steps
from supervision.models import Delivery, Flag, LadderRule, Notice, Rung, SupervisionOrder
from supervision.tasks import climb
from tests import scene
from tests.scene import at
from tickets.choices import Status
from tickets.models import Ticket
from tickets.workflow.performing import Refused, Stale, perform

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def look(traveller: time_machine.Traveller, day: int, hour: int, minute: int = 0) -> None:
    """The clocks and the ladder at an instant, as beat has them looked at each minute."""
    traveller.move_to(at(day, hour, minute))
    sweep()
    climb()


def told(ticket: Ticket) -> list[str]:
    return list(Notice.objects.filter(ticket=ticket).order_by("pk").values_list("step", flat=True))


def test_step_by_step_up_the_ladder(monday: time_machine.Traveller) -> None:
    lead = scene.user(scene.OTHER_CLERK)
    lead.department, lead.is_lead = scene.department(scene.DEPARTMENT), True
    lead.save()
    ticket = scene.ticket_in(Status.DISPATCHED)
    look(monday, 20, 17)
    assert told(ticket) == []
    look(monday, 21, 9)
    assert told(ticket) == ["reminder"], "at once when it is unclaimed"
    look(monday, 21, 15)
    assert told(ticket) == ["reminder", "lead"]
    assert Notice.objects.get(step="lead").for_leads
    look(monday, 22, 9)
    assert told(ticket) == ["reminder", "lead", "urge"]
    ticket.refresh_from_db()
    assert ticket.urges == 1
    event = ticket.events.get(action="urge")
    assert event.actor is None
    assert scene.DEPARTMENT in event.note
    assert "无人签收" in event.note
    look(monday, 30, 9)
    assert "order" not in told(ticket), "an order is a person's to give"
    assert Rung.objects.filter(ticket=ticket).count() == 3


def test_nothing_is_taken_twice_however_often_it_is_looked_at(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    for _ in range(3):
        look(monday, 22, 9)
    Flag.objects.update(next_step_at=at(1, 1))
    climb()
    monday.move_to(at(22, 8))
    climb()
    assert told(ticket) == ["reminder", "lead", "urge"]


def test_another_department_is_told_anew(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    look(monday, 21, 9)
    scene.do(ticket, "recall", scene.DISPATCHER)
    other = scene.department(scene.OTHER_DEPARTMENT)
    scene.do(ticket, "dispatch", scene.DISPATCHER, department=other)
    look(monday, 22, 9)
    told = Notice.objects.filter(ticket=ticket, step="reminder").order_by("pk")
    assert [str(one.to_department) for one in told] == [scene.DEPARTMENT, scene.OTHER_DEPARTMENT]


def test_what_is_urgent_climbs_by_the_clock(monday: time_machine.Traveller) -> None:
    monday.move_to(at(25, 23))
    ticket = scene.ticket_in(Status.DISPATCHED, urgency="urgent")
    look(monday, 25, 23, 31)
    look(monday, 26, 0, 31)
    assert told(ticket) == ["reminder", "lead", "urge"]
    assert Delivery.objects.exists(), "also on a Saturday night"


def test_the_reminder_goes_to_who_accepted_it(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    look(monday, 22, 9)
    notice = Notice.objects.get(ticket=ticket, step="reminder")
    assert notice.to_user == scene.user(scene.CLERK)


def test_a_step_can_be_switched_off(monday: time_machine.Traveller) -> None:
    rule = LadderRule.objects.get(step="reminder")
    rule.is_automatic = False
    rule.save()
    ticket = scene.ticket_in(Status.DISPATCHED)
    look(monday, 21, 15)
    assert told(ticket) == ["lead"]


def test_an_assisting_department_is_reminded_of_its_part(monday: time_machine.Traveller) -> None:
    other = scene.department(scene.OTHER_DEPARTMENT)
    ticket = scene.do(scene.call(), "dispatch", scene.DISPATCHER, assisting=[other])
    scene.do(ticket, "accept", scene.CLERK)
    look(monday, 23, 9)
    assert Notice.objects.filter(ticket=ticket, to_department=other, step="reminder").count() == 1


def test_a_ticket_that_cannot_be_handled_holds_up_no_other(
    monday: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    poisoned, sound = scene.ticket_in(Status.DISPATCHED), scene.ticket_in(Status.DISPATCHED)
    monday.move_to(at(21, 9))
    sweep()
    Flag.objects.filter(ticket=poisoned).update(evidence={"assigned_at": 7})
    steps.climb()
    assert (told(poisoned), told(sound)) == ([], ["reminder"])
    assert Flag.objects.get(ticket=poisoned).next_step_at == at(21, 10)


# -- messages ---------------------------------------------------------------------------------------------------


def test_fifty_tickets_at_nine_are_one_message(monday: time_machine.Traveller) -> None:
    for serial in range(50):
        scene.ticket_in(Status.DISPATCHED, caller_phone=f"1001235{serial:04d}")
    look(monday, 21, 9)
    (delivery,) = Delivery.objects.all()
    assert delivery.notices.count() == 50
    title, body = messages.written(delivery)
    assert "50" in title
    assert len(body.splitlines()) == messages.SHOWN + 1
    assert "钢板" not in body, "what was asked stays inside"
    scene.ticket_in(Status.DISPATCHED, caller_phone="10012360001", at=at(20, 9, 10))
    Ticket.objects.filter(caller__phone="10012360001").update(next_due_at=at(21, 9, 10))
    look(monday, 21, 9, 20)
    assert Delivery.objects.count() == 1, "told less than half an hour ago"
    look(monday, 21, 9, 31)
    assert Notice.objects.filter(delivery=None).count() == 0


def test_nobody_is_written_to_at_night(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    monday.move_to(at(20, 20))
    scene.do(ticket, "urge", scene.SUPERVISOR)
    messages.deliver()
    assert not Delivery.objects.exists()
    monday.move_to(at(21, 8, 30))
    messages.deliver()
    assert Delivery.objects.count() == 1


def test_what_is_urgent_waits_behind_nothing(monday: time_machine.Traveller) -> None:
    """However much gathers for an addressee who was told just now, an urgent word gets through."""
    ticket = scene.do(scene.ticket_in(Status.DISPATCHED), "urge", scene.SUPERVISOR)
    messages.deliver()
    told = {"ticket": ticket, "step": "reminder", "text": "甲", "to_department": ticket.department}
    Notice.objects.bulk_create(Notice(**told, made_at=at(20, 9)) for _ in range(messages.BATCH))
    urgent = Notice.objects.create(**told, is_urgent=True, made_at=at(20, 9, 1))
    monday.move_to(at(20, 9, 2))
    messages.deliver()
    urgent.refresh_from_db()
    assert urgent.delivery is not None


class Receiver(BaseHTTPRequestHandler):
    """A department's channel: takes what is posted, or refuses it."""

    taken: list[dict[str, Any]] = []
    answer = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).taken.append(json.loads(body))
        self.send_response(type(self).answer)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def channel(settings: Any) -> Iterator[type[Receiver]]:
    """The department has a channel of its own: a real server on this machine, which the settings list."""
    settings.CHANNEL_HOSTS = ["127.0.0.1"]
    Receiver.taken, Receiver.answer = [], 200
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Department.objects.filter(name=scene.DEPARTMENT).update(channel=f"json://127.0.0.1:{server.server_port}/")
    yield Receiver
    server.shutdown()
    thread.join(timeout=60)
    server.server_close()


def test_a_channel_takes_the_message_and_the_timeline_says_so(
    channel: type[Receiver], monday: time_machine.Traveller, signed_in: SignIn
) -> None:
    ticket = scene.do(scene.ticket_in(Status.DISPATCHED), "urge", scene.SUPERVISOR, note="请尽快签收。")
    for _ in range(2):
        messages.deliver()
    assert len(channel.taken) == 1
    assert ticket.number in channel.taken[0]["message"]
    page = signed_in(scene.SUPERVISOR).get(ticket.get_absolute_url()).content.decode()
    assert "通知：督办员催办" in page
    assert "已送达" in page
    signed_in(scene.CLERK).post(reverse("messages"), {"notice": Notice.objects.get().pk})
    assert "张卫东" in signed_in(scene.SUPERVISOR).get(ticket.get_absolute_url()).content.decode(), "and who read it"


@pytest.mark.parametrize("trouble", ["refused", "nobody there", "nonsense"])
def test_a_message_that_does_not_arrive_is_shown_and_not_repeated(
    trouble: str, channel: type[Receiver], monday: time_machine.Traveller, signed_in: SignIn
) -> None:
    channel.answer = 500
    if trouble != "refused":
        address = {"nobody there": "json://127.0.0.1:9/", "nonsense": "what://is this"}[trouble]
        Department.objects.filter(name=scene.DEPARTMENT).update(channel=address)
    ticket = scene.do(scene.ticket_in(Status.DISPATCHED), "urge", scene.SUPERVISOR)
    for _ in range(2):
        messages.deliver()
    delivery = Delivery.objects.get()
    assert delivery.state == Delivery.State.FAILED
    assert delivery.error
    assert "未送达" in signed_in(scene.SUPERVISOR).get(ticket.get_absolute_url()).content.decode()
    assert delivery.error in signed_in(scene.SUPERVISOR).get(reverse("sweeper")).content.decode()
    assert ticket.number in signed_in(scene.CLERK).get(reverse("messages")).content.decode(), "the page has it anyhow"


def test_a_channel_into_a_private_network_is_told_and_not_called(
    channel: type[Receiver], monday: time_machine.Traveller, settings: Any
) -> None:
    settings.CHANNEL_HOSTS = []
    scene.do(scene.ticket_in(Status.DISPATCHED), "urge", scene.SUPERVISOR)
    messages.deliver()
    delivery = Delivery.objects.get()
    assert delivery.state == Delivery.State.FAILED
    assert "HOTLINE_CHANNEL_HOSTS" in delivery.error
    assert channel.taken == []


def test_a_sender_that_was_killed_sends_nothing_twice(channel: type[Receiver], monday: time_machine.Traveller) -> None:
    scene.do(scene.ticket_in(Status.DISPATCHED), "urge", scene.SUPERVISOR)
    (claimed,) = messages._claim(at(20, 9))  # and here the worker dies
    monday.shift(timedelta(minutes=11))
    messages.deliver()
    claimed.refresh_from_db()
    assert claimed.state == Delivery.State.FAILED
    assert channel.taken == []


def test_staff_read_what_is_for_them(signed_in: SignIn, monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    look(monday, 22, 9)
    clerk = signed_in(scene.CLERK)
    page = clerk.get(reverse("messages")).content.decode()
    assert ticket.number in page
    assert "提醒经办人" in page
    unread = list(messages.for_person(scene.user(scene.CLERK)).values_list("pk", flat=True))
    clerk.post(reverse("messages"), {"notice": [*unread, "x", "999999"]})
    assert not messages.for_person(scene.user(scene.CLERK)).filter(read_at=None).exists()
    other = signed_in(scene.OTHER_CLERK)
    assert ticket.number not in other.get(reverse("messages")).content.decode()
    other.post(reverse("messages"), {"notice": unread})
    assert User.objects.get(username=scene.OTHER_CLERK).full_name not in page
    assert signed_in(scene.OPERATOR).get(reverse("messages")).status_code == 403


# -- by hand ------------------------------------------------------------------------------------------------------


def test_an_order_has_a_number_a_deadline_a_clock_and_a_paper(
    monday: time_machine.Traveller, signed_in: SignIn
) -> None:
    ticket = scene.do(scene.ticket_in(Status.WORKING), "supervise", scene.SUPERVISOR, due="2026-04-21T12:00")
    order = SupervisionOrder.objects.get()
    paper = signed_in(scene.SUPERVISOR).get(reverse("order", args=[order.number])).content.decode()
    assert order.number in paper
    assert "限期办结。" in paper
    assert signed_in(scene.OTHER_CLERK).get(reverse("order", args=[order.number])).status_code == 404
    assert signed_in(scene.CLERK).get(reverse("order", args=[order.number])).status_code == 200
    assert told(ticket) == ["order"]
    monday.move_to(at(21, 12))
    sweep()
    assert Flag.objects.filter(ticket=ticket, kind="order_late", cleared_at=None).exists()
    scene.do(ticket, "answer", scene.CLERK)
    assert not Flag.objects.filter(ticket=ticket, cleared_at=None).exists()


def test_a_notice_to_all_follows_an_urging(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    with pytest.raises(Refused):
        scene.do(ticket, "circulate", scene.SUPERVISOR)
    scene.do(ticket, "urge", scene.SUPERVISOR)
    scene.do(ticket, "circulate", scene.SUPERVISOR, note="逾期未办，予以通报。")
    told = Notice.objects.filter(ticket=ticket, step="circular")
    assert told.count() > 20
    assert told.values("to_department").distinct().count() == told.count(), "each once"


def test_an_urging_does_not_make_a_page_old_on_which_somebody_types(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    seen = ticket.version
    scene.do(ticket, "urge", scene.SUPERVISOR)
    clerk = scene.user(scene.CLERK)
    done = perform("progress", ticket, actor=clerk, given={"note": "正在备料。"}, version=seen)
    assert done.version == seen + 2
    with pytest.raises(Stale):
        perform("progress", ticket, actor=clerk, given={"note": "又一次。"}, version=seen)
