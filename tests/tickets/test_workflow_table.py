"""The table, exhaustively: every action × every state × every role is allowed or refused as the table says."""

from __future__ import annotations

import itertools

import pytest
from django.db import transaction

from hotline.accounts.models import Department, User
from hotline.accounts.permissions import ROLE_PERMISSIONS, Role, allows
from tests import scene
from tickets.choices import Kind, Status
from tickets.models import Contribution, Ticket, TicketEvent
from tickets.workflow import performing, table
from tickets.workflow.performing import NotAllowed, Refused
from tickets.workflow.table import ACTIONS

pytestmark = pytest.mark.django_db


def owed(ticket: Ticket, part: str) -> list[int | None]:
    """Departments that have still to give their part."""
    still = Contribution.objects.filter(ticket=ticket, part=part, given_at=None, withdrawn_at=None)
    return list(still.values_list("department", flat=True))


class Undo(Exception):
    """Ends a savepoint so that the next action finds the ticket as it was."""


def input_for(name: str, other: Ticket) -> dict[str, object]:
    """What an action asks for; `other` is the ticket that some of them name."""
    return scene.inputs(name, number=other.number, numbers=other.number, title="同一事项")


def attempt(name: str, ticket: Ticket, other: Ticket, actor: User) -> str:
    """Performs the action and takes it back; `done:<state>`, `not allowed` or `refused`."""
    outcome = ""
    try:
        with transaction.atomic():
            done = performing.perform(name, ticket, actor=actor, given=input_for(name, other), version=ticket.version)
            outcome = f"done:{done.status}"
            assert done.version == ticket.version + 1 or name == "join_matter"
            assert TicketEvent.objects.filter(ticket=ticket, sequence=ticket.version + 1, action=name).exists()
            raise Undo
    except Undo:
        return outcome
    except NotAllowed:
        return "not allowed"
    except Refused:
        return "refused"


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("status", Status.values)
def test_every_action(status: str, role: str) -> None:
    ticket, other = scene.ticket_in(status), scene.call(caller_phone="10012349999")
    actor = scene.user(scene.ROLE_PEOPLE[role])
    before = Ticket.objects.values().get(pk=ticket.pk)
    for name, action in ACTIONS.items():
        if name == table.STARTING:
            continue
        outcome = attempt(name, ticket, other, actor)
        holds = allows(role, action.permission)
        if action.whose is not table.Whose.ANYBODY:
            concerned: list[int | None] = {
                table.Whose.HOLDER: [ticket.department_id],
                table.Whose.ASSISTANT: owed(ticket, "assist"),
                table.Whose.WITNESS: owed(ticket, "opinion"),
            }[action.whose]
            holds = holds and bool(set(concerned) & set(actor.department_ids))
        if not holds:
            assert outcome == "not allowed", (name, outcome)
        elif status not in action.sources or performing.objection(action, ticket):
            assert outcome == "refused", (name, outcome)
        else:
            assert outcome.removeprefix("done:") in action.leads_to(status), (name, outcome)
        offered = name in [found.name for found in performing.available(ticket, actor)]
        assert offered == outcome.startswith("done:"), name
    assert Ticket.objects.values().get(pk=ticket.pk) == before, "a refused action left a trace"


def with_part(status: str, department: Department) -> Ticket:
    """A ticket in a state to which this department owes its part."""
    ticket = scene.call()
    if status == Status.RULING:
        return scene.do(ticket, "ask_ruling", scene.DISPATCHER, departments=[department.pk])
    other = scene.department(scene.OTHER_DEPARTMENT)
    ticket = scene.do(ticket, "dispatch", scene.DISPATCHER, department=other.pk, assisting=[department.pk])
    for name in {Status.WORKING: ("accept",), Status.RETURN_ASKED: ("ask_return",)}.get(Status(status), ()):
        ticket = scene.do(ticket, name, scene.OTHER_CLERK, proposed=department.pk)
    return ticket


@pytest.mark.parametrize("name", [name for name, a in ACTIONS.items() if name != table.STARTING and a.permission])
def test_each_action_can_be_done_by_somebody_somewhere(name: str) -> None:
    """No row of the table is dead: from each of its states it leads where the table says."""
    action = ACTIONS[name]
    for status in action.sources:
        ticket = scene.ticket_in(
            status, kind=Kind.PRAISE if name in ("link_praise", "answer_directly") else Kind.COMPLAINT
        )
        if name in ("grant_extension", "refuse_extension"):
            ticket = scene.do(ticket, "ask_extension", scene.CLERK)
        if name == "part_matter":
            ticket = scene.do(ticket, "join_matter", scene.OPERATOR, numbers=scene.call().number)
        if name in ("assist", "give_opinion"):
            mine = scene.department(scene.DEPARTMENT)
            ticket = with_part(status, mine)
        undone = {"lift_secrecy": "mark_secret", "lift_anonymity": "make_anonymous"}
        if name in undone:
            ticket = scene.do(ticket, undone[name], scene.OPERATOR, note="来电人要求。")
        if name == "circulate":
            ticket = scene.do(ticket, "urge", scene.SUPERVISOR)
        if name == "undo_dispatch":
            ticket = scene.do(scene.call(), "dispatch", scene.DISPATCHER)
        if name == "hand_over":
            Department.objects.filter(name=scene.DEPARTMENT).update(is_open=False)  # no signal: done here by hand
        actor = next(
            user
            for user in map(scene.user, scene.ROLE_PEOPLE.values())
            if performing.may_perform(action, ticket, user) or (action.whose.value and user.role == Role.STAFF)
        )
        if name in ("link_praise", "part_matter"):
            ticket.refresh_from_db()
        done = performing.perform(
            name, ticket, actor=actor, given=input_for(name, scene.call(caller_phone="10012349999"))
        )
        assert done.status in action.leads_to(status)
        Department.objects.update(is_open=True)


def test_every_state_can_be_left_or_is_an_end() -> None:
    moving = {source for action in ACTIONS.values() if action.to is not None for source in action.sources}
    assert set(Status.values) - moving == {Status.NOT_ACCEPTED}


def test_the_permission_table_names_known_permissions_only() -> None:
    from hotline.accounts.permissions import Permission

    assert set(ROLE_PERMISSIONS) == set(Role.values)
    assert set().union(*ROLE_PERMISSIONS.values()) == set(Permission.values)
    assert {action.permission for action in ACTIONS.values()} <= {*Permission.values, table.BY_SYSTEM}


def test_another_departments_clerk_may_do_nothing() -> None:
    ticket = scene.ticket_in(Status.WORKING)
    assert performing.available(ticket, scene.user(scene.OTHER_CLERK)) == []


def test_events_tell_the_whole_story() -> None:
    """The ticket's columns can be had again from its events: state, version, round and department."""
    ticket = scene.ticket_in(Status.CLOSED)
    events = list(ticket.events.order_by("sequence"))
    assert [event.sequence for event in events] == list(range(1, ticket.version + 1))
    for earlier, later in itertools.pairwise(events):
        assert later.from_status == earlier.to_status
    assert events[-1].to_status == ticket.status
    assert events[-1].department_id == ticket.department_id
