"""The list of matters, the page of one, what people do there, and who learns what of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from matters import totals, working
from matters.models import Choice, Proposal, Standing
from tests import scene
from tickets.choices import Status
from tickets.matters import joining
from tickets.models import Matter, Ticket

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


def calls(count: int, first: int = 1, **details: Any) -> list[Ticket]:
    given = {"title": "甲", "description": "甲", "address": "", "category": None} | details
    return [scene.call(caller_phone=f"100123{first + n:05d}", **given) for n in range(count)]


def matter_of(tickets: list[Ticket], title: str = "一件事") -> Matter:
    matter = joining.join(tickets, actor=scene.user(scene.SUPERVISOR), title=title)
    totals.recount([matter.pk])
    return matter


def page(client: Client, matter: Matter) -> str:
    answer = client.get(matter.get_absolute_url())
    assert answer.status_code == 200
    return answer.content.decode()


def sent(client: Client, matter: Matter, deed: str, **given: Any) -> Any:
    version = Standing.objects.get(pk=matter.pk).version
    return client.post(
        reverse("matter-change", args=[matter.pk, deed]),
        {"form_key": str(uuid.uuid4()), "version": version} | given,
    )


def test_the_list_shows_what_is_alerted_to_growing_open_and_back(signed_in: SignIn) -> None:
    matter = matter_of(calls(3))
    working.work()
    client = signed_in(scene.SUPERVISOR)
    for tab in ("alerting", "growing", "open", "all"):
        assert "一件事" in client.get(f"{reverse('matters')}?tab={tab}").content.decode(), tab
    assert "一件事" not in client.get(f"{reverse('matters')}?tab=back").content.decode()
    assert client.get(f"{reverse('matters')}?tab=nonsense").status_code == 200
    shown = page(client, matter)
    assert "7 天内 3 人反映" in shown
    assert f"key={matter.pk}" in shown, "one key to the street"
    assert signed_in(scene.CLERK).get(reverse("matters")).status_code == 403


def test_named_led_merged_and_split_on_its_page(signed_in: SignIn) -> None:
    tickets, others = calls(3), calls(2, first=10)
    matter, other = matter_of(tickets), matter_of(others, "另一件")
    client = signed_in(scene.DISPATCHER)
    assert sent(client, matter, "name", title="钢板异响").status_code == 302
    department = scene.department(scene.DEPARTMENT)
    assert sent(client, matter, "lead", lead=department.pk).status_code == 302
    assert sent(client, matter, "merge", other=others[0].number, reason="同一路段").status_code == 302
    assert Ticket.objects.filter(matter=matter).count() == 5
    assert client.get(other.get_absolute_url()).headers["Location"] == matter.get_absolute_url()
    answer = sent(client, matter, "split", number=[tickets[0].number], reason="另有原因", title="路灯")
    own = Matter.objects.get(title="路灯")
    assert answer.headers["Location"] == own.get_absolute_url()
    shown = page(client, matter)
    for said in ("钢板异响", str(department), "同一路段", "另有原因"):
        assert said in shown


def test_what_was_typed_stays_where_it_is_refused(signed_in: SignIn) -> None:
    tickets = calls(2)
    matter = matter_of(tickets)
    client = signed_in(scene.DISPATCHER)
    for deed, given in (
        ("split", {"number": [tickets[0].number], "title": "路灯不亮"}),
        ("merge", {"other": "XG20990101000001", "reason": "写了很久的理由"}),
        ("name", {"title": "长" * 121}),
        ("split", {"title": "路灯不亮", "reason": "没有选择工单"}),
    ):
        answer = sent(client, matter, deed, **given)
        assert answer.status_code == 422
        typed = [value for value in given.values() if isinstance(value, str)]
        assert all(value in answer.content.decode() for value in typed)
    stale = client.post(reverse("matter-change", args=[matter.pk, "name"]), {"version": 999, "title": "改名"})
    assert stale.status_code == 422
    assert client.post(reverse("matter-change", args=[matter.pk, "nothing"]), {}).status_code == 404
    assert signed_in(scene.CLERK).post(reverse("matter-change", args=[matter.pk, "name"]), {}).status_code == 403


def proposal() -> Proposal:
    first, other = calls(2)
    return Proposal.objects.create(ticket=other, other=first, probability=0.4, why=["都说到甲"])


@pytest.mark.parametrize(("word", "together"), [("take", True), ("refuse", False)])
def test_a_proposal_is_taken_or_refused_once_and_kept_as_a_choice(signed_in: SignIn, word: str, together: bool) -> None:
    one = proposal()
    client = signed_in(scene.OPERATOR)
    assert "都说到甲" in client.get(f"{reverse('matters')}?tab=proposed").content.decode()
    for _again in range(2):
        answer = client.post(reverse("matter-proposal", args=[one.pk, word]), {"form_key": str(uuid.uuid4())})
        assert answer.status_code == 302
    assert Choice.objects.filter(is_together=together).exists()
    assert not Choice.objects.exclude(is_together=together).exists()
    assert (Ticket.objects.filter(matter__isnull=False).count() == 2) == together
    assert "都说到甲" not in client.get(f"{reverse('matters')}?tab=proposed").content.decode()
    assert client.post(reverse("matter-proposal", args=[one.pk, "maybe"]), {}).status_code == 404


def test_a_department_sees_its_own_tickets_and_nothing_of_the_matter(signed_in: SignIn) -> None:
    mine = scene.ticket_in(Status.WORKING)
    theirs = scene.call(caller_phone="10012340077", title="别家的工单标题", description="另一处的同一件事")
    matter = matter_of([mine, theirs], title="")
    shown = page(signed_in(scene.CLERK), matter)
    assert mine.number in shown
    for hidden in (theirs.number, "别家的工单标题", "人反映", "处理经过"):
        assert hidden not in shown
