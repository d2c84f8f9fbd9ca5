"""Lead and assist (主办、协办), opinions before a ruling, and a call with two concerns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dispatch.learned import measures
from supervision.clocks.sweeping import sweep
from supervision.models import Flag
from tests import scene
from tests.scene import at
from tickets.choices import Part, Status
from tickets.models import Contribution, Ticket
from tickets.workflow.performing import InvalidInput, NotAllowed, Refused, available

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
PART_DONE = "路灯已由我单位修复，夜间照明恢复正常。"


def assisted() -> Ticket:
    """Dispatched to one department, another assists."""
    other = scene.department(scene.OTHER_DEPARTMENT)
    ticket = scene.do(scene.call(), "dispatch", scene.DISPATCHER, assisting=[other])
    return scene.do(ticket, "accept", scene.CLERK)


def open_flags(ticket: Ticket) -> set[str]:
    return set(Flag.objects.filter(ticket=ticket, cleared_at=None).values_list("kind", flat=True))


# -- lead and assist ----------------------------------------------------------------------------------------


def test_each_has_its_own_clock_and_the_lead_sums_up(monday: time_machine.Traveller) -> None:
    ticket = assisted()
    part = ticket.contributions.get()
    assert (part.due_at, ticket.answer_due_at) == (at(23, 9), at(27, 9)), "three days, and five for the whole"
    with pytest.raises(Refused, match=scene.OTHER_DEPARTMENT):
        scene.do(ticket, "answer", scene.CLERK)
    with pytest.raises(NotAllowed):
        scene.do(ticket, "assist", scene.CLERK)
    scene.do(ticket, "assist", scene.OTHER_CLERK, answer=PART_DONE)
    part.refresh_from_db()
    assert (part.text, part.by) == (PART_DONE, scene.user(scene.OTHER_CLERK))
    done = scene.do(ticket, "answer", scene.CLERK)
    assert done.status == Status.FOLLOW_UP
    with pytest.raises((Refused, NotAllowed)):
        scene.do(ticket, "assist", scene.OTHER_CLERK)


def test_the_lead_waits_no_longer_than_the_limit(monday: time_machine.Traveller) -> None:
    ticket = assisted()
    monday.move_to(at(23, 9))
    sweep()
    assert "part_late" in open_flags(ticket)
    done = scene.do(ticket, "answer", scene.CLERK)
    assert done.status == Status.FOLLOW_UP
    assert open_flags(ticket) == set()
    assert ticket.contributions.get().withdrawn_at == at(23, 9)


def test_the_answer_begins_with_what_the_others_have_done(signed_in: SignIn) -> None:
    ticket = scene.do(assisted(), "assist", scene.OTHER_CLERK, answer=PART_DONE)
    page = signed_in(scene.CLERK).get(reverse("ticket-action", args=[ticket.number, "answer"])).content.decode()
    assert f"{scene.OTHER_DEPARTMENT}：{PART_DONE}" in page


def test_who_assists_finds_it_in_the_inbox(signed_in: SignIn) -> None:
    ticket = assisted()
    client = signed_in(scene.OTHER_CLERK)
    assert ticket.number in client.get(reverse("inbox"), {"tab": "owed"}).content.decode()
    for tab in ("dispatched", "working", "answered"):
        assert ticket.number not in client.get(reverse("inbox"), {"tab": tab}).content.decode(), tab
    client.post(reverse("ticket-action", args=[ticket.number, "assist"]), {"answer": PART_DONE})
    assert ticket.number not in client.get(reverse("inbox"), {"tab": "owed"}).content.decode()
    page = signed_in(scene.CLERK).get(ticket.get_absolute_url()).content.decode()
    assert PART_DONE in page


def test_recalled_nobody_owes_anything_and_a_second_dispatch_asks_anew(monday: time_machine.Traveller) -> None:
    other = scene.department(scene.OTHER_DEPARTMENT)
    ticket = scene.do(scene.call(), "dispatch", scene.DISPATCHER, assisting=[other])
    scene.do(ticket, "recall", scene.DISPATCHER)
    assert ticket.number not in visible(scene.OTHER_CLERK)
    again = scene.do(ticket, "dispatch", scene.DISPATCHER, assisting=[other])
    assert [one.is_open for one in again.contributions.all()] == [False, True]
    assert again.contribution_due_at == at(23, 9)


def test_a_new_round_asks_those_again_who_assisted(monday: time_machine.Traveller) -> None:
    ticket = scene.do(assisted(), "assist", scene.OTHER_CLERK)
    scene.do(ticket, "answer", scene.CLERK)
    scene.do(ticket, "redo", scene.OPERATOR)
    assert [(one.round, one.is_open) for one in ticket.contributions.all()] == [(1, False), (2, True)]


def test_an_empty_part_is_refused() -> None:
    with pytest.raises(InvalidInput):
        scene.do(assisted(), "assist", scene.OTHER_CLERK, answer=" ")
    with pytest.raises(InvalidInput):
        scene.do(scene.call(), "dispatch", scene.DISPATCHER, assisting=[scene.department(scene.DEPARTMENT)])


def visible(username: str) -> set[str]:
    return set(Ticket.objects.visible_to(scene.user(username)).values_list("number", flat=True))


# -- opinions before a ruling ---------------------------------------------------------------------------------


def disputed() -> Ticket:
    """Two departments have returned it, each naming the other."""
    ticket = scene.do(scene.ticket_in(Status.RETURN_ASKED), "grant_return", scene.DISPATCHER)
    scene.do(ticket, "dispatch", scene.DISPATCHER, department=scene.department(scene.OTHER_DEPARTMENT))
    scene.do(ticket, "ask_return", scene.OTHER_CLERK, proposed=scene.department(scene.DEPARTMENT))
    return scene.do(ticket, "grant_return", scene.DISPATCHER)


def test_the_named_departments_are_heard_with_a_deadline(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    ticket = disputed()
    assert {str(one.department) for one in ticket.contributions.all()} == {scene.DEPARTMENT, scene.OTHER_DEPARTMENT}
    assert {one.due_at for one in ticket.contributions.all()} == {at(21, 9)}
    assert open_flags(ticket) >= {"bounced", "unplaceable"}
    for clerk in (scene.CLERK, scene.OTHER_CLERK):
        assert ticket.number in signed_in(clerk).get(reverse("inbox"), {"tab": "owed"}).content.decode()
    scene.do(
        ticket, "give_opinion", scene.CLERK, department=scene.department(scene.OTHER_DEPARTMENT), note="三定规定。"
    )
    page = signed_in(scene.MANAGER).get(reverse("rulings")).content.decode()
    assert "三定规定。" in page
    assert "尚未提出意见" in page, "and who has not said anything yet"
    monday.move_to(at(21, 9))
    sweep()
    assert "part_late" in open_flags(ticket)
    ruled = scene.do(ticket, "rule", scene.MANAGER)
    assert ruled.is_binding
    assert "part_late" not in open_flags(ticket)
    assert not ticket.contributions.filter(given_at=None, withdrawn_at=None).exists()
    assert ticket.number not in visible(scene.OTHER_CLERK), "heard, and no longer concerned"


def test_a_dispatcher_says_who_is_to_be_heard(signed_in: SignIn) -> None:
    ticket = scene.call()
    form = signed_in(scene.DISPATCHER).get(reverse("ticket-action", args=[ticket.number, "ask_ruling"])).context["form"]
    named = form["departments"].value()
    assert len(named) == 1, "whom the directory names"
    scene.do(ticket, "ask_ruling", scene.DISPATCHER, departments=[*named, scene.department("市公安局").pk])
    assert Contribution.objects.filter(ticket=ticket, part=Part.OPINION).count() == 2


def test_who_was_not_asked_has_no_say() -> None:
    ticket = scene.do(scene.call(), "ask_ruling", scene.DISPATCHER, departments=[scene.department("市公安局").pk])
    with pytest.raises(NotAllowed):
        scene.do(ticket, "give_opinion", scene.CLERK)


def test_path_and_directory_stand_side_by_side(signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.RETURN_ASKED)
    address = reverse("dispatch-review", args=[ticket.number])
    page = signed_in(scene.DISPATCHER).get(address).content.decode()
    assert "路段尚未移交。" in page, "the department's basis"
    assert "市级部门“三定”规定" in page, "the directory's basis"
    assert page.index("现行") < page.index("市级部门“三定”规定")
    assert address in signed_in(scene.DISPATCHER).get(ticket.get_absolute_url()).content.decode()
    assert "三定" not in signed_in(scene.CLERK).get(address).content.decode()


# -- two concerns in one call ---------------------------------------------------------------------------------


def test_a_second_concern_becomes_a_ticket_of_its_own(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    first = scene.call(is_secret=True)
    monday.shift(600)
    scene.do(first, "split", scene.DISPATCHER, note="此单办理钢板异响。")
    second = Ticket.objects.get(split_from=first)
    assert (second.title, second.caller, second.is_secret) == ("路灯也不亮", first.caller, True)
    assert (second.region, second.address) == (first.region, first.address)
    assert second.registered_at == first.registered_at, "the caller waits since the call"
    page = signed_in(scene.DISPATCHER).get(first.get_absolute_url()).content.decode()
    assert second.number in page
    assert "此单办理钢板异响。" in page
    assert first.number in signed_in(scene.DISPATCHER).get(second.get_absolute_url()).content.decode()
    assert "split" not in [action.name for action in available(first, scene.user(scene.CLERK))]


@pytest.mark.parametrize("given", [{"title": ""}, {"description": " "}, {"kind": "x"}, {"category": "999999"}])
def test_half_a_concern_is_refused_and_makes_no_ticket(given: dict[str, str]) -> None:
    first = scene.call()
    with pytest.raises(InvalidInput):
        scene.do(first, "split", scene.OPERATOR, **given)
    assert Ticket.objects.count() == 1


# -- how good dispatching is ----------------------------------------------------------------------------------


def test_measures_by_department_category_dispatcher_and_cause(signed_in: SignIn) -> None:
    disputed()
    scene.ticket_in(Status.CLOSED)
    named = {str(line.name): line for line in measures.by_department()}
    assert (named[scene.DEPARTMENT].dispatched, named[scene.DEPARTMENT].returned) == (2, 1)
    assert named[scene.DEPARTMENT].return_rate == 0.5
    assert named[scene.DEPARTMENT].right_share == 1
    (category,) = measures.by_category()
    assert (category.dispatched, category.returned, category.granted, category.answered) == (3, 2, 2, 1)
    (dispatcher,) = measures.by_dispatcher()
    assert dispatcher.name == scene.user(scene.DISPATCHER).full_name
    assert (dispatcher.returned, dispatcher.right) == (2, 1)
    (cause,) = measures.by_cause()
    assert (str(cause.name), cause.returned) == ("权属不清", 2)
    for by in (*measures.BY, "nonsense"):
        assert signed_in(scene.DISPATCHER).get(reverse("suggestions"), {"by": by}).status_code == 200


def test_the_queue_is_in_order_of_risk(signed_in: SignIn) -> None:
    plain = scene.call(kind="help")
    urgent = scene.call(urgency="urgent", kind="help")
    returned = scene.do(scene.ticket_in(Status.RETURN_ASKED), "grant_return", scene.DISPATCHER)
    shown = [ticket.number for ticket in signed_in(scene.DISPATCHER).get(reverse("dispatch-queue")).context["page"]]
    assert shown == [urgent.number, returned.number, plain.number]
