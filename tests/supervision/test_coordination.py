"""From stuck to solved: escalation of a whole matter, the determination that binds, and the answer that ends it."""

from __future__ import annotations

import pytest
import time_machine

from supervision.models import CoordinationTask, Flag
from supervision.site import visit
from supervision.words import callers_told
from tests import scene
from tests.scene import at
from tickets.choices import Status
from tickets.matters import joining
from tickets.models import Ticket
from tickets.workflow.performing import InvalidInput, NotAllowed, Refused

pytestmark = pytest.mark.django_db


def matter_of(count: int) -> list[Ticket]:
    tickets = [scene.ticket_in(Status.DISPATCHED, caller_phone=f"1001234000{i}") for i in range(count)]
    joining.join(tickets, actor=scene.user(scene.DISPATCHER), title="钢板异响")
    return tickets


def test_the_whole_matter_comes_along_and_is_settled_at_once(monday: time_machine.Traveller) -> None:
    tickets = matter_of(3)
    registered = scene.call(caller_phone="10012340009")
    joining.join([tickets[0], registered], actor=scene.user(scene.DISPATCHER))
    scene.do(tickets[0], "escalate", scene.SUPERVISOR)
    assert set(Ticket.objects.values_list("status", flat=True)) == {Status.COORDINATING}
    task = CoordinationTask.objects.get()
    assert task.coordinated.count() == 4
    assert [str(party) for party in task.participants.all()] == [scene.DEPARTMENT, "施工单位", "社区"]
    monday.move_to(at(20, 15))
    scene.do(tickets[1], "determine", scene.SUPERVISOR, due="2026-04-20T20:00")
    for ticket in Ticket.objects.all():
        assert (ticket.status, ticket.is_binding) == (Status.DISPATCHED, True)
        assert str(ticket.department) == scene.DEPARTMENT
        assert ticket.answer_due_at == at(20, 20)
        with pytest.raises(Refused):
            scene.do(ticket, "ask_return", scene.CLERK)
    task.refresh_from_db()
    assert task.state == CoordinationTask.State.DETERMINED
    assert task.findings == "钢板未固定，施工单位在场。"
    scene.do(tickets[0], "accept", scene.CLERK)
    scene.do(tickets[0], "answer", scene.CLERK)
    task.refresh_from_db()
    assert (task.state, task.outcome) == (CoordinationTask.State.DONE, scene.ANSWER)


def test_many_callers_raise_a_flag_on_every_ticket_of_the_matter(monday: time_machine.Traveller) -> None:
    tickets = matter_of(2)
    assert not Flag.objects.exists()
    late = scene.ticket_in(Status.DISPATCHED, caller_phone="10012349999")
    joining.join([tickets[0], late], actor=scene.user(scene.DISPATCHER))
    from supervision.clocks.sweeping import sweep

    sweep()
    assert Flag.objects.filter(kind="many_callers", cleared_at=None).count() == 3
    scene.do(late, "part_matter", scene.DISPATCHER)
    sweep()
    assert not Flag.objects.filter(kind="many_callers", cleared_at=None).exists()


def test_one_caller_calling_often_is_not_many_callers(monday: time_machine.Traveller) -> None:
    tickets = [scene.ticket_in(Status.DISPATCHED) for _ in range(4)]
    joining.join(tickets, actor=scene.user(scene.DISPATCHER))
    assert not Flag.objects.filter(kind="many_callers").exists()


def test_two_supervisors_escalating_the_same_matter(monday: time_machine.Traveller) -> None:
    tickets = matter_of(2)
    scene.do(tickets[0], "escalate", scene.SUPERVISOR)
    with pytest.raises(Refused):
        scene.do(tickets[1], "escalate", "supervisor2")
    assert CoordinationTask.objects.count() == 1


def test_the_form_proposes_the_parties_on_the_tickets_path() -> None:
    from tickets.workflow import performing, table

    ticket = scene.ticket_in(Status.RETURN_ASKED)
    proposed = performing.proposal(table.ACTIONS["escalate"], ticket)
    assert set(proposed["departments"]) >= {
        scene.department(scene.DEPARTMENT).pk,
        scene.department(scene.OTHER_DEPARTMENT).pk,
    }
    assert proposed["place"] == ticket.place


@pytest.mark.parametrize(
    ("action", "given", "field"),
    [
        ("escalate", {"meets_at": "2020-01-01T09:00"}, "meets_at"),
        ("escalate", {"lead": " "}, "lead"),
        ("escalate", {"departments": [], "others": ""}, "departments"),
        ("escalate", {"meets_at": "tomorrow"}, "meets_at"),
        ("determine", {"due": "2020-01-01T09:00"}, "due"),
        ("determine", {"department": ""}, "department"),
        ("supervise", {"due": "2020-01-01T09:00"}, "due"),
    ],
)
def test_what_does_not_do_is_refused_at_its_field(action: str, given: dict[str, object], field: str) -> None:
    status = {"escalate": Status.DISPATCHED, "determine": Status.COORDINATING, "supervise": Status.DISPATCHED}[action]
    ticket = scene.ticket_in(status)
    with pytest.raises(InvalidInput) as refused:
        scene.do(ticket, action, scene.SUPERVISOR, **given)
    assert field in refused.value.errors
    assert Ticket.objects.get(pk=ticket.pk).version == ticket.version


def test_a_closed_department_cannot_be_made_responsible() -> None:
    closed = scene.department(scene.DEPARTMENT)
    ticket = scene.ticket_in(Status.COORDINATING)
    closed.is_open = False
    closed.save()
    with pytest.raises(InvalidInput) as refused:
        scene.do(ticket, "determine", scene.SUPERVISOR)
    assert "department" in refused.value.errors


def test_statements_are_kept_while_the_meeting_lasts_and_not_changed_after() -> None:
    ticket = scene.ticket_in(Status.COORDINATING)
    task = CoordinationTask.objects.get()
    party, *_ = task.participants.all()
    supervisor = scene.user(scene.SUPERVISOR)
    visit.record(task, kind="statement", participant=party, text="钢板由施工方铺设。", actor=supervisor)
    came_too = visit.record(task, kind="came_too", text="自来水公司", actor=supervisor).participant
    assert came_too is not None
    assert came_too.arrived_at is not None
    with pytest.raises(NotAllowed):
        visit.record(task, kind="arrived", participant=party, actor=scene.user(scene.CLERK))
    with pytest.raises(Refused):
        visit.record(task, kind="came_too", text="  ", actor=supervisor)
    scene.do(ticket, "determine", scene.SUPERVISOR)
    with pytest.raises(Refused):
        visit.record(task, kind="statement", participant=party, text="改口", actor=supervisor)
    party.refresh_from_db()
    assert party.statement == "钢板由施工方铺设。"


def test_called_off_the_tickets_go_back_to_the_dispatcher() -> None:
    tickets = matter_of(2)
    scene.do(tickets[0], "escalate", scene.SUPERVISOR)
    scene.do(tickets[0], "call_off", scene.SUPERVISOR)
    assert set(Ticket.objects.values_list("status", "department")) == {(Status.REGISTERED, None)}
    assert CoordinationTask.objects.get().state == CoordinationTask.State.CALLED_OFF


@pytest.mark.parametrize(
    ("callers", "told"), [(1, 1), (99, 99), (100, 100), (109, 100), (1999, 1900), (10_000, 10_000)]
)
def test_many_callers_are_told_by_two_digits(callers: int, told: int) -> None:
    assert callers_told(callers) == told
