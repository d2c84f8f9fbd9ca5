"""What was owed and what became of it: kept as it happens, and the same when it is recomputed from events."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
import time_machine

from hotline.accounts.models import User
from supervision.clocks import rebuilding
from tests import scene
from tests.scene import at
from tickets.choices import Duty, Status
from tickets.matters import joining
from tickets.models import Span, Ticket, TicketEvent
from tickets.workflow import performing
from tickets.workflow.performing import Refused, available

pytestmark = pytest.mark.django_db
PEOPLE = (scene.OPERATOR, scene.DISPATCHER, scene.SUPERVISOR, scene.MANAGER, scene.CLERK, scene.OTHER_CLERK)
NOT_AT_RANDOM = {"join_matter", "link_praise", "split", "lift_anonymity"}


def spans(ticket: Ticket, duty: Duty) -> list[tuple[object, ...]]:
    """What is kept of one duty: who owed it, until when, what ended it, whether it was met."""
    found = Span.objects.filter(ticket=ticket, duty=duty).select_related("department").order_by("pk")
    return [(str(one.department or ""), one.due_at, one.ended_by, one.is_met) for one in found]


@pytest.mark.parametrize("seed", range(4))
def test_kept_as_it_happens_is_what_events_say(seed: int, monday: time_machine.Traveller) -> None:
    """Tickets that go any way they can, by anybody who may: nothing differs from what their events have."""
    chance, now = random.Random(seed), scene.MONDAY
    people = [scene.user(name) for name in PEOPLE]
    tickets = [scene.call(caller_phone=f"1001234{seed}{i:03d}") for i in range(6)]
    joining.join(tickets[:2], actor=scene.user(scene.DISPATCHER))
    for _ in range(160):
        now += timedelta(minutes=chance.choice((1, 20, 90, 400, 1500)))
        monday.move_to(now)
        ticket = chance.choice(tickets)
        ticket.refresh_from_db()
        go_on(ticket, people, chance)
    done = set(TicketEvent.objects.values_list("action", flat=True))
    assert len(done) > 15, done
    assert rebuilding.rebuild(writes=False).differences == []
    Span.objects.filter(ticket=tickets[3]).delete()
    Span.objects.filter(ticket=tickets[4], duty=Duty.OPEN).update(begun_by="spoilt")
    assert rebuilding.rebuild().differing == 2
    assert rebuilding.rebuild(writes=False).differing == 0


def go_on(ticket: Ticket, people: list[User], chance: random.Random) -> None:
    """Does with a ticket what anybody may, at random."""
    possible = [
        (action, person)
        for person in people
        for action in available(ticket, person)
        if action.name not in NOT_AT_RANDOM
    ]
    while possible:
        action, person = possible.pop(chance.randrange(len(possible)))
        try:
            performing.perform(action.name, ticket, actor=person, given=scene.inputs(action.name))
        except Refused:
            continue
        return


def test_what_fell_due_late_stays_late(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    due = ticket.answer_due_at
    assert due is not None
    monday.move_to(late := due + timedelta(days=1))
    scene.do(ticket, "answer", scene.CLERK)
    scene.do(ticket, "redo", scene.OPERATOR)
    ticket.refresh_from_db()
    assert spans(ticket, Duty.ANSWER) == [
        (scene.DEPARTMENT, due, "answer", True),
        (scene.DEPARTMENT, ticket.answer_due_at, "", False),
    ]
    first = Span.objects.filter(ticket=ticket, duty=Duty.ANSWER).earliest("pk")
    assert (first.ended_at, first.round) == (late, 1)


def test_who_held_it_when_it_fell_due_answers_for_it(monday: time_machine.Traveller) -> None:
    """Returned, a limit stays with whom it lay with until then, and is nobody's until it is dispatched again."""
    ticket = scene.ticket_in(Status.DISPATCHED)
    due = ticket.answer_due_at
    monday.move_to(at(20, 10))
    scene.do(ticket, "ask_return", scene.CLERK)
    scene.do(ticket, "grant_return", scene.DISPATCHER)
    monday.move_to(at(20, 15))
    scene.do(ticket, "dispatch", scene.DISPATCHER, department=scene.department(scene.OTHER_DEPARTMENT).pk)
    assert spans(ticket, Duty.ANSWER) == [
        (scene.DEPARTMENT, due, "grant_return", False),
        ("", due, "dispatch", False),
        (scene.OTHER_DEPARTMENT, due, "", False),
    ]
    assert [(who, by, met) for who, _due, by, met in spans(ticket, Duty.ACCEPT)] == [
        (scene.DEPARTMENT, "ask_return", False),
        (scene.OTHER_DEPARTMENT, "", False),
    ]


def test_an_answer_that_is_sent_back_was_none(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.FOLLOW_UP)
    monday.move_to(at(20, 16))
    scene.do(ticket, "send_back", scene.SUPERVISOR)
    first, second = Span.objects.filter(ticket=ticket, duty=Duty.ANSWER).order_by("pk")
    assert (first.is_met, first.undone_at, second.due_at, second.ended_at) == (True, at(20, 16), first.due_at, None)


def test_time_in_which_it_was_suspended_is_not_counted(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    monday.move_to(at(20, 11))
    scene.do(ticket, "suspend", scene.SUPERVISOR)
    monday.move_to(at(23, 11))
    scene.do(ticket, "resume", scene.SUPERVISOR)
    monday.move_to(at(23, 12))
    scene.do(ticket, "answer", scene.CLERK)
    assert [one.minutes for one in Span.objects.filter(ticket=ticket, duty=Duty.ANSWER).order_by("pk")] == [120, 180]


def test_a_moved_limit_is_another_row_of_the_same_duty(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    due = ticket.answer_due_at
    monday.move_to(at(20, 10))
    scene.do(ticket, "ask_extension", scene.CLERK)
    scene.do(ticket, "grant_extension", scene.MANAGER)
    ticket.refresh_from_db()
    assert spans(ticket, Duty.ANSWER) == [
        (scene.DEPARTMENT, due, "grant_extension", False),
        (scene.DEPARTMENT, ticket.answer_due_at, "", False),
    ]
    monday.move_to(at(20, 11))
    scene.do(ticket, "answer", scene.CLERK)
    assert Span.objects.filter(ticket=ticket, duty=Duty.ANSWER).latest("pk").minutes == 120
