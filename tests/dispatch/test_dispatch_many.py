"""The dispatcher's page: many at once, and a slip of the hand undone within a minute."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dispatch.models import Suggestion
from tests import scene
from tickets import load
from tickets.choices import Status
from tickets.models import Category, Ticket
from tickets.workflow.performing import Refused

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def post(client: Client, **given: Any) -> str:
    answer = client.post(reverse("dispatch-many"), given, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def seen(*tickets: Ticket, department: str = scene.DEPARTMENT) -> dict[str, Any]:
    """What the browser sends of these rows of the queue."""
    to = scene.department(department).pk
    return {"number": [ticket.number for ticket in tickets]} | {
        name: value
        for ticket in tickets
        for name, value in ((f"version-{ticket.number}", ticket.version), (f"suggested-{ticket.number}", to))
    }


def test_the_chosen_go_where_each_is_suggested(signed_in: SignIn) -> None:
    first, second, left = scene.call(), scene.call(), scene.call()
    page = post(signed_in(scene.DISPATCHER), then="suggested", **seen(first, second))
    assert "已派单 2 件" in page
    for ticket in (first, second):
        ticket.refresh_from_db()
        assert (ticket.status, str(ticket.department)) == (Status.DISPATCHED, scene.DEPARTMENT)
    left.refresh_from_db()
    assert left.status == Status.REGISTERED


def test_all_go_to_one_department(signed_in: SignIn) -> None:
    tickets = [scene.call(), scene.call()]
    other = scene.department(scene.OTHER_DEPARTMENT)
    post(signed_in(scene.DISPATCHER), then="department", department=other.pk, **seen(*tickets))
    assert set(Ticket.objects.values_list("department", flat=True)) == {other.pk}


def test_one_that_cannot_be_dispatched_does_not_hold_up_the_others(signed_in: SignIn) -> None:
    good, stale, unsuggested = scene.call(), scene.call(), scene.call()
    given = seen(good, stale, unsuggested) | {f"suggested-{unsuggested.number}": "x"}
    scene.do(stale, "remark", scene.OPERATOR, note="来电人又来电。")
    page = post(signed_in(scene.DISPATCHER), then="suggested", **given)
    assert "已派单 1 件" in page
    assert f"{stale.number}: " in page
    assert f"{unsuggested.number}: " in page
    assert Ticket.objects.filter(status=Status.REGISTERED).count() == 2


@pytest.mark.parametrize("given", [{}, {"number": "XG1"}, {"number": "XG1", "then": "department", "department": "x"}])
def test_nonsense_is_answered_in_words(given: dict[str, str], signed_in: SignIn) -> None:
    assert "toast-line error" in post(signed_in(scene.DISPATCHER), **given)


@pytest.mark.parametrize("who", [scene.OPERATOR, scene.CLERK, scene.SUPERVISOR, scene.MANAGER, scene.ADMIN])
def test_only_dispatchers(who: str, signed_in: SignIn) -> None:
    ticket = scene.call()
    assert signed_in(who).post(reverse("dispatch-many"), seen(ticket)).status_code == 403
    ticket.refresh_from_db()
    assert ticket.status == Status.REGISTERED


def test_within_a_minute_it_is_as_if_it_had_not_been_dispatched(
    signed_in: SignIn, monday: time_machine.Traveller
) -> None:
    ticket, client = scene.call(), signed_in(scene.DISPATCHER)
    before = dict(Ticket.objects.values().get(pk=ticket.pk))
    post(client, then="suggested", **seen(ticket))
    monday.shift(timedelta(seconds=59))
    assert "刚刚派单" in client.get(reverse("dispatch-queue")).content.decode()
    assert "已撤销 1 件" in post(client, then="undo", number=ticket.number)
    after = dict(Ticket.objects.values().get(pk=ticket.pk))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"version", "status_since", "stage_from", "stage_due_at", "next_due_at", "first_due_at"}
    assert not Suggestion.objects.exists()
    assert [event.action for event in ticket.events.all()] == ["register", "dispatch", "undo_dispatch"]


def test_later_it_is_recalled_instead(signed_in: SignIn, monday: time_machine.Traveller) -> None:
    ticket, client = scene.call(), signed_in(scene.DISPATCHER)
    post(client, then="suggested", **seen(ticket))
    monday.shift(timedelta(seconds=61))
    assert "刚刚派单" not in client.get(reverse("dispatch-queue")).content.decode()
    assert "请改用" in post(client, then="undo", number=ticket.number)
    with pytest.raises(Refused):
        scene.do(ticket, "undo_dispatch", scene.DISPATCHER)


def test_a_second_dispatch_undone_leaves_the_first_as_it_was(monday: time_machine.Traveller) -> None:
    ticket = scene.do(scene.ticket_in(Status.RETURN_ASKED), "grant_return", scene.DISPATCHER)
    hops, due = ticket.hops, ticket.answer_due_at
    scene.do(ticket, "dispatch", scene.DISPATCHER)
    undone = scene.do(ticket, "undo_dispatch", scene.DISPATCHER)
    assert (undone.hops, undone.answer_due_at, undone.dispatched_at) == (hops, due, scene.MONDAY)


def test_the_load_stands_beside_the_name(signed_in: SignIn) -> None:
    for _ in range(3):
        scene.ticket_in(Status.WORKING)
    scene.ticket_in(Status.FOLLOW_UP)
    waiting = scene.call()
    load.by_department.forget()
    client = signed_in(scene.DISPATCHER)
    form = client.get(reverse("ticket-action", args=[waiting.number, "dispatch"])).content.decode()
    assert f"{scene.DEPARTMENT}（未答复 3 件）" in form
    scene.do(waiting, "dispatch", scene.DISPATCHER)
    scene.do(waiting, "recall", scene.DISPATCHER)
    assert "data-choose-all" in client.get(reverse("dispatch-queue")).content.decode()


def test_like_tickets_can_be_chosen_together(signed_in: SignIn) -> None:
    """The key l ticks every row that carries the same mark: like category, like proposed department."""
    one, like, other = scene.call(), scene.call(), scene.call(category=Category.objects.get(name="公交线路"))
    page = signed_in(scene.DISPATCHER).get(reverse("dispatch-queue")).content.decode()
    marks = dict(re.findall(r'value="(XG\d+)"\s+data-like="([^"]+)"', page))
    assert marks[one.number] == marks[like.number] != marks[other.number]


def test_what_has_no_suggestion_is_counted_and_not_called_a_field(signed_in: SignIn) -> None:
    placed, first, second = scene.call(), scene.call(), scene.call()
    sent = seen(placed, first, second)
    sent |= {f"suggested-{first.number}": "", f"suggested-{second.number}": ""}
    page = post(signed_in(scene.DISPATCHER), then="suggested", **sent)
    assert "已派单 1 件" in page
    assert "没有派单建议、未派单：2 件。" in page
    assert "必填" not in page


def test_all_to_one_department_asks_which(signed_in: SignIn) -> None:
    ticket = scene.call()
    page = post(signed_in(scene.DISPATCHER), then="department", department="", **seen(ticket))
    assert "请选择要派往的承办单位。" in page
    ticket.refresh_from_db()
    assert ticket.status == Status.REGISTERED


# -- in the row, by keys (tests/browser/test_keys_of_desks.py presses them) ----------------------------------


def test_a_row_goes_to_another_department_and_the_queue_stays(signed_in: SignIn) -> None:
    ticket, client = scene.call(), signed_in(scene.DISPATCHER)
    other = scene.department(scene.OTHER_DEPARTMENT)
    back = f"{reverse('dispatch-queue')}?tab=registered&sort=oldest"
    given = {"then": "department", "department": other.pk, "form_key": "one", "back": back, **seen(ticket)}
    answer = client.post(reverse("dispatch-many"), given)
    assert answer.url == back  # type: ignore[attr-defined]
    ticket.refresh_from_db()
    assert (ticket.status, ticket.department) == (Status.DISPATCHED, other)
    again = post(client, **given)  # Back, and sent once more
    assert "未重复办理" in again
    assert f"{ticket.number}: " not in again
    assert ticket.events.count() == 2


def test_a_department_that_closed_meanwhile_is_named_and_the_queue_stays(signed_in: SignIn) -> None:
    ticket, other = scene.call(), scene.department(scene.OTHER_DEPARTMENT)
    other.is_open = False
    other.save()
    page = post(signed_in(scene.DISPATCHER), then="department", department=other.pk, **seen(ticket))
    assert f"{ticket.number}: " in page
    assert other.name in page
    ticket.refresh_from_db()
    assert ticket.status == Status.REGISTERED


def test_the_last_dispatch_is_undone_and_the_one_before_stands(signed_in: SignIn) -> None:
    first, last, client = scene.call(), scene.call(), signed_in(scene.DISPATCHER)
    for ticket in (first, last):
        post(client, then="suggested", **seen(ticket))
    page = client.get(reverse("dispatch-queue")).content.decode()
    (named,) = re.findall(r'name="last"\s+value="(XG\d+)"', page)
    assert named == last.number
    post(client, then="undo", number=[first.number, last.number], last=named)
    assert list(Ticket.objects.order_by("pk").values_list("status", flat=True)) == ["dispatched", "registered"]


def test_two_hundred_chosen_are_done_by_fifties_and_it_is_said(signed_in: SignIn) -> None:
    ticket = scene.call()
    given = seen(ticket)
    given["number"] += [f"XG{number}" for number in range(199)]
    page = post(signed_in(scene.DISPATCHER), then="suggested", **given)
    assert "一次最多 50 件，其余 150 件未处理。" in page
    ticket.refresh_from_db()
    assert ticket.status == Status.DISPATCHED


def test_a_return_is_ruled_on_within_its_row(signed_in: SignIn) -> None:
    """The row carries one form for both words; what is sent is the ticket's own action, with its version."""
    granted, refused = scene.ticket_in(Status.RETURN_ASKED), scene.ticket_in(Status.RETURN_ASKED)
    client, back = signed_in(scene.DISPATCHER), f"{reverse('dispatch-queue')}?tab=return_asked"
    page = client.get(back).content.decode()
    for ticket, action, to in ((granted, "grant_return", "registered"), (refused, "refuse_return", "dispatched")):
        address = reverse("ticket-action", args=[ticket.number, action])
        assert f'"{address}"' in page
        answer = client.post(address, {"version": ticket.version, "note": "路段已移交，由你单位办理。", "back": back})
        assert answer.url == back  # type: ignore[attr-defined]
        ticket.refresh_from_db()
        assert ticket.status == to
    late = scene.ticket_in(Status.RETURN_ASKED)
    scene.do(late, "grant_return", scene.DISPATCHER)
    answer = client.post(
        reverse("ticket-action", args=[late.number, "refuse_return"]),
        {"version": late.version, "note": "路段已移交。", "back": back},
    )
    assert answer.status_code == 409
    assert "路段已移交。" in answer.content.decode()
