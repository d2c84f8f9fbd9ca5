"""Merging, splitting, naming and leading by hand; the totals that are kept; what came back."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from hotline.accounts.models import User
from matters import byhand, totals, working
from matters.models import Choice, Deed, Recurrence, Standing
from tests import scene
from tickets.choices import Status
from tickets.matters import joining
from tickets.models import Matter, Ticket
from tickets.workflow.performing import NotAllowed, Refused, Stale

pytestmark = pytest.mark.django_db


def matter_of(count: int, first: int = 1, title: str = "", **details: str) -> Matter:
    calls = [scene.call(caller_phone=f"1001235{first + n:04d}", **details) for n in range(count)]
    return joining.join(calls, actor=scene.user(scene.DISPATCHER), title=title)


def supervisor() -> User:
    return scene.user(scene.SUPERVISOR)


def test_merged_is_one_and_the_other_says_where_it_went() -> None:
    one, other = matter_of(3), matter_of(2, first=10)
    byhand.merge(one, other, actor=supervisor(), reason="同一处钢板。")
    assert set(Ticket.objects.values_list("matter", flat=True)) == {one.pk}
    assert Standing.objects.get(pk=one.pk).callers == 5
    assert Standing.objects.get(pk=other.pk).merged_into == one
    assert {deed.what for deed in Deed.objects.all()} == {"merged", "merged_away"}
    event = Ticket.objects.order_by("-pk")[0].events.order_by("-sequence")[0]
    assert (event.action, event.data) == ("join_matter", {"matter": one.pk, "from_matter": other.pk})


def test_split_becomes_a_matter_of_its_own_and_is_kept_as_a_choice() -> None:
    one = matter_of(4, title="钢板异响")
    away = list(one.tickets.order_by("pk")[2:])
    own = byhand.split(one, [t.number for t in away], actor=supervisor(), reason="另一条路。")
    assert (one.tickets.count(), own.tickets.count()) == (2, 2)
    apart = Choice.objects.filter(is_together=False, matter=one)  # and each pair, for training
    assert {choice.ticket_id for choice in apart} == {t.pk for t in away}
    with pytest.raises(Refused, match=away[0].number):
        byhand.split(one, [away[0].number], actor=supervisor(), reason="再来一次。")
    with pytest.raises(Refused):
        byhand.split(own, [t.number for t in away], actor=supervisor(), reason="全部。")
    with pytest.raises(Refused):
        byhand.split(own, [away[0].number], actor=supervisor(), reason=" ")


def test_who_saw_an_older_state_is_told_and_nothing_changes() -> None:
    one, other = matter_of(2), matter_of(2, first=10)
    seen = totals.standing_of(one).version
    byhand.name(one, "天仙城钢板", actor=supervisor(), version=seen)
    assert Matter.objects.get(pk=one.pk).title == "天仙城钢板"
    with pytest.raises(Stale):
        byhand.merge(one, other, actor=supervisor(), reason="同一处。", version=seen)
    with pytest.raises(NotAllowed):
        byhand.name(one, "别的名字", actor=scene.user(scene.CLERK))
    with pytest.raises(Refused):
        byhand.name(one, " ​ ", actor=supervisor())
    assert other.tickets.count() == 2


def test_who_leads_is_said_by_hand() -> None:
    one = matter_of(2)
    byhand.give_lead(one, scene.department(scene.DEPARTMENT), actor=supervisor())
    assert totals.standing_of(one).lead == scene.department(scene.DEPARTMENT)


def test_totals_follow_calls_days_and_secrecy() -> None:
    with time_machine.travel(scene.MONDAY, tick=False) as clock:
        one = matter_of(2)
        clock.shift(timedelta(days=6))
        for details in ({"caller_phone": "10012350001", "is_secret": True}, {"caller_phone": "10012359999"}):
            joining.join([scene.call(**details), one.tickets.all()[0]], actor=supervisor())
        totals.recount([one.pk])
        found = Standing.objects.get(pk=one.pk)
        assert (found.tickets, found.open, found.callers, found.callers_lately, found.growth) == (4, 4, 4, 4, 4)
        clock.shift(timedelta(days=2))
        working.work()
        found.refresh_from_db()
        assert (found.callers, found.callers_lately, found.callers_before, found.calls_lately) == (4, 2, 2, 2)


# -- what came back -----------------------------------------------------------------------------------------------


def closed(count: int = 2) -> Matter:
    """All called before the first of them was closed."""
    tickets = [scene.call(caller_phone=f"1001235{n:04d}") for n in range(count)]
    for ticket in tickets:
        for name, who in scene.WAYS[Status.CLOSED]:
            scene.do(ticket, name, who)
    return joining.join(tickets, actor=scene.user(scene.DISPATCHER))


@pytest.mark.parametrize(
    ("days", "kind", "is_back"),
    [(7, "complaint", True), (29, "complaint", True), (31, "complaint", False), (7, "praise", False)],
)
def test_a_call_after_all_were_closed_has_come_back(days: int, kind: str, is_back: bool) -> None:
    with time_machine.travel(scene.MONDAY, tick=False) as clock:
        matter = closed()
        clock.shift(timedelta(days=days))
        again = scene.call(caller_phone="10012359999", kind=kind)
        joining.join([matter.tickets.all()[0], again], actor=supervisor())
        working.work()
        found = Recurrence.objects.filter(ticket=again).first()
        assert bool(found) is is_back
        if found:
            assert (found.days, found.department) == (days, scene.department(scene.DEPARTMENT))
            assert totals.standing_of(matter).came_back_open == 1


def test_while_a_neighbours_ticket_is_open_nothing_has_come_back() -> None:
    matter = closed()
    joining.join([scene.call(caller_phone="10012358888"), matter.tickets.all()[0]], actor=supervisor())
    joining.join([scene.call(caller_phone="10012359999"), matter.tickets.all()[0]], actor=supervisor())
    working.work()
    assert Recurrence.objects.count() == 1, "the first of them came back, the second calls about what is open"


def test_parted_it_has_not_come_back() -> None:
    matter = closed()
    again = scene.call(caller_phone="10012359999")
    joining.join([again, matter.tickets.all()[0]], actor=supervisor())
    totals.recount([matter.pk])
    assert Recurrence.objects.count() == 1
    scene.do(again, "part_matter", scene.SUPERVISOR)
    totals.recount([matter.pk])
    assert not Recurrence.objects.exists()
    assert Choice.objects.filter(ticket=again, matter=matter, is_together=False).exists()
