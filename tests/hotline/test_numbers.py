"""Numbers beside doors: what waits behind each, for whoever may go there, and for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline import numbers
from hotline.accounts.models import User
from supervision.ladder import messages
from supervision.models import Notice
from tests import plans, scene
from tickets.choices import IN_WORK_STATUSES, Status
from tickets.models import Contribution, Ticket
from tickets.telephony import events

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def shown(client: Client) -> dict[str, str]:
    """The numbers that a person is shown, by door and part; none where there is nothing."""
    doors = client.get(reverse("numbers"), headers={"Accept": "application/json"}).json()
    return {f"{door}/{one['part']}": one["shown"] for door, parts in doors.items() for one in parts if one["shown"]}


def test_each_is_told_what_waits_for_them(signed_in: SignIn) -> None:
    other = scene.department(scene.OTHER_DEPARTMENT)
    for _ in range(2):
        scene.call()
    scene.ticket_in(Status.RETURN_ASKED)
    scene.ticket_in(Status.DISPATCHED)
    for _ in range(3):
        scene.ticket_in(Status.WORKING)
    scene.ticket_in(Status.FOLLOW_UP)
    scene.do(scene.call(), "dispatch", scene.DISPATCHER, department=other.pk,
             assisting=[scene.department(scene.DEPARTMENT).pk])  # fmt: skip
    scene.do(scene.call(), "ask_ruling", scene.DISPATCHER)
    scene.do(scene.ticket_in(Status.WORKING), "ask_extension", scene.CLERK)
    for call in ("a", "b"):  # one person, twice
        events.take(events.Event(call, "missed", timezone.now(), "10012340001"))
    assert shown(signed_in(scene.OPERATOR)) == {"follow-ups/waiting": "1", "missed-calls/open": "1"}
    assert shown(signed_in(scene.DISPATCHER)) == {"dispatch-queue/registered": "2", "dispatch-queue/return_asked": "1"}
    mine = {"inbox/dispatched": "1", "inbox/working": "5", "inbox/owed": "1"}
    assert shown(signed_in(scene.CLERK)) == mine
    assert shown(signed_in(scene.OTHER_CLERK)) == {"inbox/dispatched": "1"}, "nothing of another department"
    assert shown(signed_in(scene.MANAGER)) == {
        "missed-calls/open": "1", "rulings/disputes": "1", "rulings/extensions": "1",
    }  # fmt: skip
    for who in (scene.ADMIN, scene.TELEPHONY):
        assert shown(signed_in(who)) == {}, "who sees no ticket sees no number of them"


@pytest.mark.parametrize("tab", ["dispatched", "working", "owed"])
def test_a_number_is_that_of_the_rows_behind_it(tab: str, signed_in: SignIn) -> None:
    section = scene.department("孝南区住房和城乡建设局市政工程科")
    for status in (Status.DISPATCHED, *IN_WORK_STATUSES):
        scene.ticket_in(status)
    scene.do(scene.ticket_in(Status.WORKING), "send_down", scene.CLERK, department=section.pk)
    both = [scene.department(scene.DEPARTMENT).pk, section.pk]
    other = scene.department(scene.OTHER_DEPARTMENT)
    scene.do(scene.call(), "dispatch", scene.DISPATCHER, department=other.pk, assisting=both)
    client = signed_in(scene.CLERK)
    page = client.get(f"{reverse('inbox')}?tab={tab}")
    assert shown(client)[f"inbox/{tab}"] == str(len(page.context["page"]))


def test_unread_messages_count_once_delivered_and_until_read(
    signed_in: SignIn, person: Callable[[str], User], monday: time_machine.Traveller
) -> None:
    ticket = scene.do(scene.ticket_in(Status.DISPATCHED), "urge", scene.SUPERVISOR)
    client, clerk = signed_in(scene.CLERK), person(scene.CLERK)
    assert "messages/unread" not in shown(client)
    messages.deliver()
    assert shown(client)["messages/unread"] == "1"
    Notice.objects.create(
        ticket=ticket, step="lead", text="x", to_department=clerk.department, for_leads=True, made_at=timezone.now(),
        delivery=Notice.objects.get().delivery,
    )  # fmt: skip
    assert messages.unread(clerk) == messages.for_person(clerk).filter(read_at=None).count() == (1 + clerk.is_lead)
    client.post(reverse("messages"), {"notice": [one.pk for one in Notice.objects.all()]})
    assert "messages/unread" not in shown(client)


def test_asking_keeps_no_session_alive_and_strangers_are_told_in_json(signed_in: SignIn, client: Client) -> None:
    clerk = signed_in(scene.CLERK)
    before = Session.objects.get().expire_date
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        answer = clerk.get(reverse("numbers"), headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert not answer.cookies
    assert "no-store" in answer.headers["Cache-Control"]
    assert Session.objects.get().expire_date == before
    assert client.get(reverse("numbers"), headers={"Accept": "application/json"}).status_code == 401


@pytest.mark.parametrize(("who", "most"), [(scene.OPERATOR, 4), (scene.DISPATCHER, 6), (scene.CLERK, 9),
                                           (scene.SUPERVISOR, 7), (scene.MANAGER, 6)])  # fmt: skip
def test_queries_of_all_numbers_are_pinned(
    who: str, most: int, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(who)
    with django_assert_max_num_queries(most):
        assert client.get(reverse("numbers")).status_code == 200


def test_nobody_counts_further_than_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [numbers.shown(count) for count in (0, 7, 999, 1000)] == ["", "7", "999", "999+"]
    for _ in range(3):
        scene.call()
    monkeypatch.setattr(numbers, "MOST", 1)
    assert numbers.counted(Ticket.objects.all()) == 2


def test_what_is_counted_has_an_index() -> None:
    clerk = scene.user(scene.CLERK)
    counted = (
        (Ticket.objects.filter(status=Status.REGISTERED), "status"),
        (Ticket.objects.filter(department__in=clerk.department_ids, status__in=IN_WORK_STATUSES), "department"),
        (Contribution.objects.owed().filter(department__in=clerk.department_ids), "department"),
        (Notice.objects.filter(to_department=clerk.department_id, read_at=None), "to_department"),
        (Notice.objects.filter(to_user=clerk, read_at=None), "to_user"),
    )
    for rows, column in counted:
        with plans.with_one_index(rows.model, column):
            assert "Index" in plans.way_to(rows.values("pk")[:1000]), rows.query
