"""Two people on one ticket at once: one goes first, the other is told what happened."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tests import scene
from tests.tickets.test_like_matters import ESTATE, join
from tickets.calls import numbers
from tickets.choices import Status
from tickets.models import Matter, Ticket
from tickets.workflow import performing
from tickets.workflow.performing import Refused, Stale


@pytest.mark.django_db
def test_an_old_page_is_told_who_did_what() -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    seen = ticket.version
    scene.do(ticket, "accept", scene.CLERK)
    with pytest.raises(Stale) as stale:
        performing.perform(
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
    outcomes: list[str] = []

    def dispatch(name: str) -> None:
        try:
            given = {"department": scene.department(name).pk}
            actor = scene.user(scene.DISPATCHER)
            performing.perform("dispatch", ticket, actor=actor, given=given, version=ticket.version)
            outcomes.append(name)
        except Refused as refused:
            outcomes.append(type(refused).__name__)

    scene.at_once(lambda: dispatch(scene.DEPARTMENT), lambda: dispatch(scene.OTHER_DEPARTMENT))
    assert "Stale" in outcomes
    winner = next(outcome for outcome in outcomes if outcome != "Stale")
    after = Ticket.objects.get(pk=ticket.pk)
    assert str(after.department) == winner
    assert after.hops == 1
    assert after.events.filter(action="dispatch").count() == 1


def test_calls_recorded_at_once_get_numbers_without_gap_or_double(live_city: None) -> None:
    def record() -> None:
        for _ in range(5):
            scene.call(at=scene.MONDAY)

    scene.at_once(*[record] * 4)
    given = sorted(Ticket.objects.values_list("number", flat=True))
    assert given == [numbers.format_number(scene.MONDAY.date(), serial) for serial in range(1, 21)]


def test_two_operators_who_join_at_once_make_one_matter(live_city: None, signed_in: Callable[[str], Client]) -> None:
    ticket = scene.call(**ESTATE)
    one, other = signed_in(scene.OPERATOR), signed_in(scene.DISPATCHER)
    scene.at_once(
        lambda: join(one, ticket, caller_phone="13871230001"), lambda: join(other, ticket, caller_phone="13871230002")
    )
    assert Matter.objects.get().tickets.count() == 3
    assert len(set(Ticket.objects.values_list("number", flat=True))) == 3
