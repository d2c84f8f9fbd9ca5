"""Two people on one ticket at once: one goes first, the other is told what happened."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from tests import scene
from tickets import services, workflow
from tickets.choices import Status
from tickets.models import Ticket
from tickets.workflow import Refused, Stale


@pytest.mark.django_db
def test_an_old_page_is_told_who_did_what() -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    seen = ticket.version
    scene.do(ticket, "accept", scene.CLERK)
    with pytest.raises(Stale) as stale:
        workflow.perform(
            "recall",
            ticket,
            actor=scene.user(scene.DISPATCHER),
            given={"note": "派错了"},
            version=seen,
        )
    assert "张卫东" in stale.value.message
    assert Ticket.objects.get(pk=ticket.pk).status == Status.WORKING


def test_two_threads_one_winner(live_city: None) -> None:
    ticket = scene.ticket_in(Status.REGISTERED)
    departments = (scene.DEPARTMENT, scene.OTHER_DEPARTMENT)
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def dispatch(name: str) -> None:
        try:
            given = {"department": scene.department(name).pk}
            actor = scene.user(scene.DISPATCHER)
            barrier.wait(timeout=10)
            workflow.perform("dispatch", ticket, actor=actor, given=given, version=ticket.version)
            outcomes.append(name)
        except Refused as refused:
            outcomes.append(type(refused).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=dispatch, args=(name,)) for name in departments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert "Stale" in outcomes
    winner = next(outcome for outcome in outcomes if outcome != "Stale")
    after = Ticket.objects.get(pk=ticket.pk)
    assert str(after.department) == winner
    assert after.hops == 1
    assert after.events.filter(action="dispatch").count() == 1


def test_calls_recorded_at_once_get_numbers_without_gap_or_double(live_city: None) -> None:
    barrier = threading.Barrier(4)
    failures: list[BaseException] = []

    def record() -> None:
        try:
            barrier.wait(timeout=10)
            for _ in range(5):
                scene.call(at=scene.MONDAY)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=record) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failures
    numbers = sorted(Ticket.objects.values_list("number", flat=True))
    assert numbers == [services.format_number(scene.MONDAY.date(), serial) for serial in range(1, 21)]
