"""The stuck board: whole matters by cause, explained, with the next step, and several at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from demo.generator import Generator
from supervision import words
from supervision.board import stuck
from supervision.clocks.sweeping import sweep
from supervision.models import CoordinationTask, Flag
from tests import scene
from tests.scene import at
from tickets.choices import FlagKind, Status
from tickets.matters import joining
from tickets.models import Ticket
from tickets.reading import read

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def matter_of(count: int, first: int = 0, title: str = "凤凰天仙城施工钢板异响") -> list[Ticket]:
    tickets = [scene.ticket_in(Status.DISPATCHED, caller_phone=f"100123{first + i:05d}") for i in range(count)]
    joining.join(tickets, actor=scene.user(scene.DISPATCHER), title=title)
    return tickets


def shown(kind: str = "") -> list[stuck.Row]:
    return stuck.rows(scene.user(scene.SUPERVISOR), kind)[0]


def test_a_matter_is_one_row_with_its_callers_and_its_holder(monday: time_machine.Traveller) -> None:
    tickets = matter_of(4)
    single = scene.ticket_in(Status.DISPATCHED, caller_phone="10012399999")
    monday.move_to(at(21, 9))
    sweep()
    first, second = shown()
    assert (first.title, first.callers, len(first.tickets)) == ("凤凰天仙城施工钢板异响", 4, 4)
    assert first.holders == (scene.DEPARTMENT,)
    assert first.since == at(20, 9), "when there were many callers"
    assert {line.kind for line in first.lines} == {"unclaimed", "many_callers"}
    assert "4 人来电" in first.sentence
    assert "仍未签收" in first.sentence
    assert [action.name for action in first.offered] == ["urge", "escalate"]
    assert second.ticket == single
    assert first.risk > second.risk
    assert (
        sum(part.points for part in first.parts)
        == first.risk
        == tickets[0].__class__.objects.get(pk=first.ticket.pk).risk
    ), "the parts explain the whole"


def test_causes_are_grouped_the_gravest_first_and_the_largest_within(monday: time_machine.Traveller) -> None:
    matter_of(2)
    matter_of(3, first=100, title="另一处钢板")
    disputed = scene.ticket_in(Status.RULING, caller_phone="10012399999")
    monday.move_to(at(21, 9))
    sweep()
    groups = stuck.grouped(shown())
    assert [group.kind for group in groups] == ["unplaceable", "unclaimed"]
    assert groups[0].rows[0].ticket == disputed
    assert [len(row.tickets) for row in groups[1].rows] == [3, 2]
    assert groups[0].rows[0].offered[0].name == "escalate", "nobody is there to be urged"


def test_the_step_that_comes_next_is_offered(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    monday.move_to(at(21, 9))
    sweep()

    def offered() -> str:
        return shown()[0].offered[0].name

    assert offered() == "urge"
    scene.do(ticket, "urge", scene.SUPERVISOR)
    assert offered() == "supervise"
    scene.do(ticket, "supervise", scene.SUPERVISOR)
    assert offered() == "escalate"


def test_the_page_its_filters_its_tabs_and_its_wall(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    (ticket, *_others) = matter_of(3)
    monday.move_to(at(21, 9))
    sweep()
    client = signed_in(scene.SUPERVISOR)
    for query in ("", "?flag=unclaimed", "?wall=1", "?wall=1&flag=unclaimed", f"?q={ticket.number}", "?kind=complaint"):
        page = client.get(reverse("board") + query).content.decode()
        assert "凤凰天仙城施工钢板异响" in page, query
    for query in ("?flag=bounced", "?kind=praise", "?q=没有的词", "?page=2"):
        page = client.get(reverse("board") + query).content.decode()
        assert "凤凰天仙城施工钢板异响" not in page, query
        assert "目前没有滞留工单" in page, query
    assert '<nav class="side"' not in client.get(reverse("board") + "?wall=1").content.decode()
    for query in ("?flag=x&page=-1", "?page=99999999999999999999", "?department=x", "?q=%00"):
        assert client.get(reverse("board") + query).status_code == 200, query


def test_more_than_a_page(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    for serial in range(stuck.PAGE_SIZE + 3):
        scene.ticket_in(Status.DISPATCHED, caller_phone=f"1001238{serial:04d}")
    monday.move_to(at(21, 9))
    sweep()
    client = signed_in(scene.SUPERVISOR)
    first, second = client.get(reverse("board")), client.get(reverse("board"), {"page": "2"})
    assert first.context["next"]
    assert not second.context["next"]
    keys = [row.key for page in (first, second) for group in page.context["groups"] for row in group.rows]
    assert len(keys) == len(set(keys)) == stuck.PAGE_SIZE + 3


def test_the_board_costs_the_same_however_much_is_stuck(
    signed_in: SignIn, django_assert_max_num_queries: Callable[..., Any]
) -> None:

    Generator(now=timezone.now(), days=20, seed=3).make(250)
    sweep()
    client = signed_in(scene.SUPERVISOR)
    client.get(reverse("board"))
    with django_assert_max_num_queries(12):
        assert client.get(reverse("board")).status_code == 200


def test_many_are_urged_at_once_with_a_word_on_each_that_could_not_be(
    monday: time_machine.Traveller, signed_in: SignIn
) -> None:
    first = matter_of(3)
    disputed = scene.ticket_in(Status.RULING, caller_phone="10012399999")
    client = signed_in(scene.SUPERVISOR)
    keys = [str(first[0].__class__.objects.get(pk=first[0].pk).matter_id), f"-{disputed.pk}", "x", "999999"]
    page = client.post(reverse("board-many"), {"key": keys, "then": "urge", "note": "请今日签收。"}, follow=True)
    text = page.content.decode()
    assert "已催办 3 件" in text
    assert disputed.number in text
    assert set(Ticket.objects.filter(matter__isnull=False).values_list("urges", flat=True)) == {1}
    assert "请先勾选事项" in client.post(reverse("board-many"), {"then": "urge"}, follow=True).content.decode()
    assert signed_in(scene.CLERK).post(reverse("board-many"), {"key": keys, "then": "urge"}).status_code == 403


def test_several_matters_go_to_one_meeting(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    one, other = matter_of(2), matter_of(2, first=100, title="另一处钢板")
    keys = [str(Ticket.objects.get(pk=tickets[0].pk).matter_id) for tickets in (one, other)]
    client = signed_in(scene.SUPERVISOR)
    answer = client.post(reverse("board-many"), {"key": keys, "then": "escalate"})
    form = client.get(answer.url)  # type: ignore[attr-defined]
    assert form.context["form"].initial["departments"]
    typed = {name: value for name, value in scene.inputs("escalate").items() if name != "note"}
    wrong = client.post(answer.url, typed | {"lead": ""})  # type: ignore[attr-defined]
    assert wrong.status_code == 422
    assert not CoordinationTask.objects.exists()
    client.post(answer.url, typed)  # type: ignore[attr-defined]
    task = CoordinationTask.objects.get()
    assert task.coordinated.count() == 4
    assert set(Ticket.objects.values_list("status", flat=True)) == {Status.COORDINATING}
    scene.do(task.ticket, "determine", scene.SUPERVISOR)
    assert set(Ticket.objects.values_list("status", "is_binding")) == {(Status.DISPATCHED, True)}
    gone = client.get(f"{reverse('escalate-many')}?key=999999")
    assert gone.status_code == 302


# -- flags that only the board knows ------------------------------------------------------------------------------


def flags_of(ticket: Ticket) -> set[str]:
    return set(Flag.objects.filter(ticket=ticket, cleared_at=None).values_list("kind", flat=True))


def test_half_and_most_of_the_time_used(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    assert (ticket.half_at, ticket.warn_at) == (at(22, 14) + (at(22, 14, 45) - at(22, 14)), at(24, 9))
    for day in (21, 22, 23):
        monday.move_to(at(day, 9))
        scene.do(ticket, "progress", scene.CLERK)
    monday.move_to(at(23, 9))
    sweep()
    assert flags_of(ticket) == {"half_time"}
    monday.move_to(at(24, 9))
    scene.do(ticket, "progress", scene.CLERK)
    sweep()
    assert flags_of(ticket) == {"due_soon"}, "the graver takes the place of the milder"
    history = Flag.objects.filter(ticket=ticket).order_by("pk").values_list("kind", flat=True)
    assert list(history) == ["half_time", "due_soon"], "and what was is kept"


def test_nobody_left_to_send_it_to(monday: time_machine.Traveller) -> None:
    """The directory's department returns it: at once it is known that nobody else is named."""
    named = scene.department("市住房和城乡建设局")
    ticket = scene.do(scene.call(), "dispatch", scene.DISPATCHER, department=named)
    scene.do(ticket, "ask_return", "shizhujian", proposed="", ground="ownership_unclear")
    returned = scene.do(ticket, "grant_return", scene.DISPATCHER)
    assert returned.status == Status.REGISTERED
    assert "unplaceable" in flags_of(ticket)
    scene.do(ticket, "dispatch", scene.DISPATCHER)
    assert "unplaceable" not in flags_of(ticket)


def test_a_ticket_that_is_not_dispatched_in_time_cannot_be_placed(monday: time_machine.Traveller) -> None:
    ticket = scene.call()
    monday.move_to(at(20, 16))
    sweep()
    assert flags_of(ticket) == {"unplaceable"}


def test_one_caller_often_and_no_longer_a_week_later(monday: time_machine.Traveller) -> None:
    first, _second = scene.call(), scene.call()
    sweep()
    assert flags_of(first) == set()
    third = scene.call()
    sweep()
    assert "frequent_caller" in flags_of(first)
    assert "frequent_caller" in flags_of(third)
    assert Flag.objects.filter(kind="frequent_caller")[0].evidence["calls"] == 3
    monday.move_to(at(28, 9))
    sweep()
    assert "frequent_caller" not in flags_of(first)


def test_redone_twice(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.FOLLOW_UP)
    for _ in range(2):
        scene.do(ticket, "redo", scene.OPERATOR)
        scene.do(ticket, "accept", scene.CLERK)
        scene.do(ticket, "answer", scene.CLERK)
    assert "redone" not in flags_of(ticket)
    scene.do(ticket, "send_back", scene.SUPERVISOR)
    assert "redone" in flags_of(ticket)


def test_an_extension_says_on_the_timeline_why_and_who_granted_it(
    monday: time_machine.Traveller, signed_in: SignIn
) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    scene.do(ticket, "ask_extension", scene.CLERK, ground="caller", note="等来电人补交材料。")
    scene.do(ticket, "grant_extension", scene.MANAGER)
    page = signed_in(scene.CLERK).get(ticket.get_absolute_url()).content.decode()
    assert "等待来电人补充" in page
    assert scene.user(scene.MANAGER).full_name in page


# -- the state of the clocks ----------------------------------------------------------------------------------------


def test_the_page_tells_of_the_last_run_and_of_what_was_set_aside(
    monday: time_machine.Traveller, signed_in: SignIn
) -> None:
    from django.db import connection

    poisoned = scene.ticket_in(Status.DISPATCHED)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse_flag() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RAISE EXCEPTION 'poisoned'; END$$;"
            " CREATE TRIGGER poison BEFORE INSERT ON supervision_flag FOR EACH ROW"
            f" WHEN (NEW.ticket_id = {poisoned.pk:d}) EXECUTE FUNCTION refuse_flag()"
        )
    monday.move_to(at(21, 9))
    sweep()
    page = signed_in(scene.SUPERVISOR).get(reverse("sweeper")).content.decode()
    assert "09:00:00" in page
    assert poisoned.number in page
    assert "poisoned" in page
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER poison ON supervision_flag")
    monday.move_to(at(21, 10))
    sweep()
    page = signed_in(scene.MANAGER).get(reverse("sweeper")).content.decode()
    assert poisoned.number not in page
    for who, code in ((scene.ADMIN, 200), (scene.CLERK, 403), (scene.OPERATOR, 403)):
        assert signed_in(who).get(reverse("sweeper")).status_code == code


def test_the_health_page_says_that_flags_come_late(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    scene.ticket_in(Status.DISPATCHED)
    client = signed_in(scene.SUPERVISOR)
    assert not any("late" in said for said in client.get("/healthz").json()["notices"])
    monday.move_to(at(21, 9, 3))
    assert any("late" in said for said in client.get("/healthz").json()["notices"])
    assert "badge" in signed_in(scene.SUPERVISOR).get(reverse("sweeper")).content.decode()


def said(flag: Flag) -> str:
    return words.line(flag, read(flag.ticket, scene.user(scene.SUPERVISOR))).sentence


def test_stalled_is_counted_from_the_last_word_and_not_from_the_limits_end(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    monday.move_to(scene.at(22, 9, 5))  # the limit of two working days has just ended
    sweep()
    flag = Flag.objects.get(ticket=ticket, kind=FlagKind.STALLED)
    with translation.override("zh-hans"):
        assert "2.0个工作日没有进展" in said(flag)


def test_what_is_late_by_minutes_is_not_late_by_nothing(monday: time_machine.Traveller) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    assert ticket.answer_due_at is not None
    monday.move_to(ticket.answer_due_at + timedelta(minutes=5))
    sweep()
    flag = Flag.objects.get(ticket=ticket, kind=FlagKind.OVERDUE)
    with translation.override("zh-hans"):
        assert "已超期不足0.1个工作日" in said(flag)


def test_a_manager_reads_the_board_and_every_number_of_the_dashboard_leads_to_it(
    monday: time_machine.Traveller, signed_in: SignIn
) -> None:
    ticket = scene.ticket_in(Status.DISPATCHED)
    monday.move_to(scene.at(22, 9))
    sweep()
    manager = signed_in(scene.MANAGER)
    dashboard = manager.get(reverse("dashboard")).content.decode()
    links = re.findall(r'href="([^"]*/board/\?flag=[^"]+)"', dashboard)
    assert links
    assert any(ticket.title in manager.get(link).content.decode() for link in links)
    page = manager.get(reverse("board")).content.decode()
    assert 'id="many"' not in page, "who only reads is offered nothing to press"
    assert 'name="key"' not in page


def test_who_calls_often_has_the_new_count_at_once_and_no_old_ticket_written_anew(
    monday: time_machine.Traveller,
) -> None:
    earlier = [scene.call() for _ in range(5)]
    sweep()
    Ticket.objects.update(next_due_at=None)
    scene.call()
    assert not Ticket.objects.filter(pk__in=[t.pk for t in earlier], next_due_at__isnull=False).exists()
    told = Flag.objects.filter(ticket__in=earlier).values_list("kind", "evidence__calls")
    assert set(told) == {("frequent_caller", 6)}
    assert Flag.objects.filter(ticket__in=earlier)[0].evidence["status"] == "registered", "what else it says stays"
    sweep()
    assert set(Flag.objects.values_list("evidence__calls", flat=True)) == {6}


def test_the_call_that_makes_a_caller_frequent_has_the_others_looked_at(monday: time_machine.Traveller) -> None:
    earlier = [scene.call() for _ in range(2)]
    sweep()
    scene.call()
    assert Ticket.objects.filter(pk__in=[t.pk for t in earlier], next_due_at__lte=timezone.now()).count() == 2


def test_tickets_are_held_before_flags_as_the_sweep_holds_them(monday: time_machine.Traveller) -> None:
    """The other way round a call and the sweep waited for each other, and the call was refused as busy."""
    for _ in range(3):
        scene.call()
    sweep()
    Flag.objects.filter(pk=Flag.objects.order_by("pk")[0].pk).update(cleared_at=timezone.now())  # one is looked at anew
    with CaptureQueriesContext(connection) as asked:
        scene.call()
    looked_at = [one["sql"].split(" SET ")[0] for one in asked if one["sql"].startswith("UPDATE") and (
        '"next_due_at"' in one["sql"] or "supervision_flag" in one["sql"]
    )]  # fmt: skip
    assert looked_at[:2] == ['UPDATE "tickets_ticket"', 'UPDATE "supervision_flag"']
    with CaptureQueriesContext(connection) as asked:
        scene.call()
    assert not [one["sql"] for one in asked if one["sql"].startswith("UPDATE") and '"next_due_at"' in one["sql"]], (
        "what is due already is not written again"
    )
