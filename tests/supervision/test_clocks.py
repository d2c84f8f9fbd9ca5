"""Clocks as due instants: what starts them, what moves them, and which flags follow when time moves."""

from __future__ import annotations

import pytest
import time_machine

from supervision.clocks.sweeping import sweep
from supervision.models import Flag
from tests import scene
from tests.scene import at
from tickets.choices import FlagKind, Status
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def flags(ticket: Ticket) -> set[str]:
    return set(Flag.objects.filter(ticket=ticket, cleared_at__isnull=True).values_list("kind", flat=True))


def reload(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def test_the_callers_clock_starts_at_the_first_dispatch_and_returns_do_not_stop_it(
    monday: time_machine.Traveller,
) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    assert ticket.answer_due_at == at(27, 9), "five working days"
    assert ticket.accept_due_at == at(21, 9), "one working day"
    monday.move_to(at(20, 15))
    scene.do(ticket, "ask_return", scene.CLERK)
    scene.do(ticket, "grant_return", scene.DISPATCHER)
    monday.move_to(at(21, 10))
    again = scene.do(ticket, "dispatch", scene.DISPATCHER, department=scene.department(scene.OTHER_DEPARTMENT))
    assert again.answer_due_at == at(27, 9)
    assert again.accept_due_at == at(22, 10)
    assert again.hops == 2


def test_urgent_clocks_run_day_and_night(monday: time_machine.Traveller) -> None:
    monday.move_to(at(24, 23))
    ticket = scene.ticket_in(Status.DISPATCHED, urgency="urgent")
    assert ticket.accept_due_at == at(24, 23, 30)
    assert ticket.answer_due_at == at(25, 23)


def test_a_consultation_is_answered_within_two_days(monday: time_machine.Traveller) -> None:
    assert scene.ticket_in(Status.DISPATCHED, kind="consultation").answer_due_at == at(22, 9)


def test_nobody_accepts(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    monday.move_to(at(21, 8, 59))
    sweep()
    assert flags(ticket) == set()
    monday.move_to(at(21, 9))
    sweep()
    assert flags(ticket) == {FlagKind.UNCLAIMED}
    scene.do(ticket, "accept", scene.CLERK)
    assert flags(ticket) == set(), "accepting clears it at once"
    old = Flag.objects.get(ticket=ticket)
    assert (old.since, old.raised_at, old.cleared_at) == (at(21, 9), at(21, 9), at(21, 9))


def test_work_that_stalls_and_then_is_late(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    monday.move_to(at(22, 9))
    sweep()
    assert flags(ticket) == {FlagKind.STALLED}
    scene.do(ticket, "progress", scene.CLERK)
    assert flags(ticket) == set()
    monday.move_to(at(24, 9))
    sweep()
    assert flags(ticket) == {FlagKind.STALLED, FlagKind.DUE_SOON}, "a working day before the deadline"
    monday.move_to(at(27, 9))
    sweep()
    assert flags(ticket) == {FlagKind.STALLED, FlagKind.OVERDUE}
    monday.move_to(at(27, 10))
    scene.do(ticket, "answer", scene.CLERK)
    assert flags(ticket) == set()
    assert reload(ticket).answered_late


def test_no_state_can_be_waited_in_unseen(monday: time_machine.Traveller) -> None:
    """Whatever state an open ticket is in, after some weeks at most a flag stands on it."""
    from tickets.choices import OPEN_STATUSES

    tickets = {status: scene.ticket_in(status) for status in OPEN_STATUSES}
    monday.move_to(at(20, 9).replace(month=6))
    sweep()
    assert {status: bool(flags(ticket)) for status, ticket in tickets.items()} == dict.fromkeys(OPEN_STATUSES, True)


def test_an_extension_moves_the_limit_and_is_granted_by_a_manager(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    scene.do(ticket, "ask_extension", scene.CLERK, days=3)
    assert reload(ticket).answer_due_at == at(27, 9), "asking moves nothing"
    scene.do(ticket, "grant_extension", scene.MANAGER)
    assert reload(ticket).answer_due_at == at(30, 9)


def test_suspension_gives_the_time_back(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.SUSPENDED)
    monday.move_to(at(22, 9))
    resumed = scene.do(ticket, "resume", scene.SUPERVISOR)
    assert resumed.answer_due_at == at(29, 9), "two working days were suspended"


def test_a_redo_has_half_the_time_and_binds(monday: time_machine.Traveller) -> None:
    ticket = scene.do(scene.ticket_in(Status.FOLLOW_UP), "redo", scene.OPERATOR)
    assert ticket.round == 2
    assert ticket.is_binding
    assert ticket.answer_due_at == at(22, 14, 45), "half of five days, noon break off"


def test_a_determination_sets_its_own_deadline(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.COORDINATING)
    done = scene.do(ticket, "determine", scene.SUPERVISOR, due="2026-04-20T18:00")
    assert done.answer_due_at == at(20, 18)
    assert done.is_binding


def test_sent_back_the_clock_runs_as_if_there_had_been_no_answer(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.FOLLOW_UP)
    monday.move_to(at(27, 10))
    scene.do(ticket, "send_back", scene.SUPERVISOR)
    assert FlagKind.OVERDUE in flags(ticket)
    assert reload(ticket).answered_at is None


def test_three_tries_on_two_days_close_an_unreached_caller(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.FOLLOW_UP)
    for _ in range(3):
        scene.do(ticket, "miss_follow_up", scene.OPERATOR)
    assert reload(ticket).status == Status.FOLLOW_UP, "three tries on one day are not enough"
    monday.move_to(at(21, 10))
    done = scene.do(ticket, "miss_follow_up", scene.OPERATOR)
    assert (done.status, done.closing, done.satisfaction) == (Status.CLOSED, "unreached", "")


def test_the_limit_of_a_city_holds_from_when_it_is_set(monday: time_machine.Traveller) -> None:
    from tickets.models import TimeLimit

    before = scene.ticket_in(Status.DISPATCHED)
    limit = TimeLimit.objects.get(stage="answer", kind="", urgency="")
    limit.amount = 3
    limit.save()
    assert scene.ticket_in(Status.DISPATCHED).answer_due_at == at(23, 9)
    assert reload(before).answer_due_at == at(27, 9), "a promise that was given stands"


def test_a_reopened_ticket_is_only_for_a_week(monday: time_machine.Traveller) -> None:
    from tickets.workflow.performing import Refused

    ticket = scene.ticket_in(Status.CLOSED)
    monday.move_to(at(28, 9))
    with pytest.raises(Refused):
        scene.do(ticket, "reopen", scene.OPERATOR)
