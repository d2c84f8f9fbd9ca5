"""A department that is closed while it holds tickets: each goes to its successor, else back to the dispatchers."""

from __future__ import annotations

import pytest
import time_machine

from dispatch.models import Return
from hotline.accounts.models import Department
from tests import scene
from tests.scene import at
from tickets.choices import Status

pytestmark = pytest.mark.django_db
HELD = (Status.DISPATCHED, Status.WORKING, Status.RETURN_ASKED, Status.SUSPENDED)


def close(*, successor: str | None = None) -> None:
    closing = scene.department(scene.DEPARTMENT)
    closing.is_open = False
    closing.successor = scene.department(successor) if successor else None
    closing.save()


@pytest.mark.parametrize("status", HELD)
def test_without_a_successor_the_dispatchers_get_it(status: str, monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(status)
    due = ticket.answer_due_at
    close()
    ticket.refresh_from_db()
    assert (ticket.status, ticket.department, ticket.answer_due_at) == (Status.REGISTERED, None, due)
    assert ticket.stage_due_at is not None, "no ticket is without a clock"
    assert ticket.events.latest("sequence").data["from_department"] == scene.DEPARTMENT


@pytest.mark.parametrize("status", HELD)
def test_the_successor_gets_it(status: str) -> None:
    ticket = scene.ticket_in(status)
    close(successor=scene.OTHER_DEPARTMENT)
    ticket.refresh_from_db()
    assert ticket.status == Status.DISPATCHED
    assert str(ticket.department) == scene.OTHER_DEPARTMENT
    assert scene.do(ticket, "accept", scene.OTHER_CLERK).status == Status.WORKING


def test_a_return_that_was_asked_lapses() -> None:
    scene.ticket_in(Status.RETURN_ASKED)
    close()
    assert Return.objects.get().ruling == Return.Ruling.LAPSED


def test_the_time_suspended_is_given_back(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.SUSPENDED)
    due = ticket.answer_due_at
    assert due is not None
    monday.move_to(at(21, 9))
    close()
    ticket.refresh_from_db()
    assert ticket.answer_due_at == due.replace(day=due.day + 1)


@pytest.mark.parametrize("status", [Status.FOLLOW_UP, Status.CLOSED])
def test_what_it_answered_stays_its_own(status: str) -> None:
    ticket = scene.ticket_in(status)
    close(successor=scene.OTHER_DEPARTMENT)
    ticket.refresh_from_db()
    assert (ticket.status, str(ticket.department)) == (status, scene.DEPARTMENT)


def test_successors_that_are_closed_too_are_passed_over_and_a_circle_ends() -> None:
    first, second = scene.department(scene.DEPARTMENT), scene.department(scene.OTHER_DEPARTMENT)
    third = scene.department("市公安局")
    second.is_open, second.successor = False, third
    second.save()
    first.successor = second
    first.save()
    assert first.heir() == third
    third.is_open, third.successor = False, first
    third.save()
    again = scene.department(scene.OTHER_DEPARTMENT)
    assert again.heir() == scene.department(scene.DEPARTMENT), "the first is open still"
    Department.objects.filter(pk=first.pk).update(is_open=False)
    assert scene.department(scene.DEPARTMENT).heir() is None
