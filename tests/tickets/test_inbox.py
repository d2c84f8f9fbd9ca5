"""A department's inbox: several accepted at once, and whatever limit comes first above."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import scene
from tickets.choices import Status
from tickets.models import Contribution, Ticket

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def accept(client: Client, *tickets: Ticket, **given: Any) -> str:
    sent = {"number": [ticket.number for ticket in tickets]} | {
        f"version-{ticket.number}": ticket.version for ticket in tickets
    }
    answer = client.post(reverse("accept-many"), sent | given, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_chosen_are_accepted_and_one_that_was_taken_is_named(signed_in: SignIn) -> None:
    mine, taken, gone = (scene.ticket_in(Status.DISPATCHED) for _ in range(3))
    client = signed_in(scene.CLERK)
    scene.do(taken, "accept", scene.CLERK)
    scene.do(gone, "recall", scene.DISPATCHER)
    page = accept(client, mine, taken, gone, form_key="k")
    assert "已签收 1 件" in page
    assert f"{taken.number}: " in page
    assert f"{gone.number}: " in page
    assert Ticket.objects.get(pk=mine.pk).status == Status.WORKING
    assert "未重复办理" in accept(client, mine, form_key="k")
    assert mine.events.filter(action="accept").count() == 1


def test_of_others_nothing_is_accepted_and_nothing_learned(signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    page = accept(signed_in(scene.OTHER_CLERK), ticket)
    assert f"{ticket.number}: 没有" in page
    ticket.refresh_from_db()
    assert ticket.status == Status.DISPATCHED
    assert signed_in(scene.DISPATCHER).post(reverse("accept-many")).status_code == 403


@pytest.mark.parametrize(
    "given",
    [{}, {"number": "\x00"}, {"number": ["x", "x"]}, {"number": [str(n) for n in range(200)]}, {"number": "长" * 9999}],
)
def test_nonsense_is_answered_in_words(given: dict[str, Any], signed_in: SignIn) -> None:
    page = accept(signed_in(scene.CLERK), **given)
    assert "toast-line error" in page
    assert "长" * 31 not in page


def order(client: Client, tab: str) -> list[str]:
    return [ticket.number for ticket in client.get(f"{reverse('inbox')}?tab={tab}").context["page"]]


def test_what_is_due_first_stands_first_whatever_limit_that_is(signed_in: SignIn) -> None:
    now = timezone.now()
    by_step, by_answer, by_order, by_task, without = (scene.ticket_in(Status.WORKING) for _ in range(5))

    def due(ticket: Ticket, hours: dict[str, float]) -> None:
        usual = {"stage_due_at": 90, "answer_due_at": 100}
        Ticket.objects.filter(pk=ticket.pk).update(
            **{name: now + timedelta(hours=value) for name, value in (usual | hours).items()}
        )

    due(by_order, {"order_due_at": -2})
    due(by_answer, {"answer_due_at": 1})
    due(by_task, {"task_due_at": 2})
    due(by_step, {"stage_due_at": 3})
    due(without, {})
    client = signed_in(scene.CLERK)
    wanted = [ticket.number for ticket in (by_order, by_answer, by_task, by_step, without)]
    assert order(client, "working") == wanted
    scene.do(by_answer, "suspend", scene.SUPERVISOR)
    assert order(client, "working")[-1] == by_answer.number, "while it is suspended the answer's clock stands still"
    Ticket.objects.filter(pk=without.pk).update(stage_due_at=None, answer_due_at=None)
    assert without.number in order(client, "working"), "what has no limit is not lost from the list"


def test_our_own_part_says_what_is_due_first_and_not_that_of_another(signed_in: SignIn) -> None:
    mine, other = scene.department(scene.DEPARTMENT), scene.department(scene.OTHER_DEPARTMENT)
    section = scene.department("孝南区住房和城乡建设局市政工程科")
    late, soon = (
        scene.do(scene.call(), "dispatch", scene.DISPATCHER, department=other.pk, assisting=[mine.pk, section.pk])
        for _ in range(2)
    )
    now = timezone.now()
    hours = {(late.pk, mine.pk): 9, (soon.pk, mine.pk): 5, (soon.pk, section.pk): 7, (late.pk, section.pk): 8}
    for (ticket, department), value in hours.items():
        found = Contribution.objects.filter(ticket=ticket, department=department)
        assert found.update(due_at=now + timedelta(hours=value)) == 1
    page = signed_in(scene.CLERK).get(f"{reverse('inbox')}?tab=owed").context["page"]
    assert [(row.number, row.part.department) for row in page] == [
        (soon.number, mine), (soon.number, section), (late.number, section), (late.number, mine),
    ]  # fmt: skip
