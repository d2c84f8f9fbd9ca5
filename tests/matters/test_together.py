"""One step for several tickets of a matter: all of them or none, and each caller hears their own answer."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from matters.models import Deed
from matters.together import doing
from tests import scene
from tickets.choices import Status
from tickets.matters import joining
from tickets.models import Answer, Attachment, Matter, Ticket

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
COMMON = scene.ANSWER
OWN = "您反映的半夜十二点最响，已限定夜间重车绕行，由我局每晚巡查一次。"


def several(status: str, count: int = 3, **details: Any) -> tuple[Matter, list[Ticket]]:
    """A matter whose tickets are all in one state, each of another caller."""
    tickets = [
        scene.ticket_in(status, caller_phone=f"100123{n:05d}", title=f"钢板异响之{n}", **details)
        for n in range(1, count + 1)
    ]  # fmt: skip
    return joining.join(tickets, actor=scene.user(scene.SUPERVISOR)), [fresh(ticket) for ticket in tickets]


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def address(matter: Matter, name: str) -> str:
    return reverse("matter-together", args=[matter.pk, name])


def filled(tickets: list[Ticket], **given: Any) -> dict[str, Any]:
    """What a browser sends where all of these are chosen."""
    numbers = [ticket.number for ticket in tickets]
    versions = {f"version-{ticket.number}": ticket.version for ticket in tickets}
    return {"form_key": str(uuid.uuid4()), "number": numbers, "shown": numbers} | versions | given


def test_answered_as_one_and_each_caller_is_called_back_by_themselves(signed_in: SignIn) -> None:
    matter, tickets = several(Status.WORKING)
    client = signed_in(scene.CLERK)
    shown = client.get(address(matter, "answer")).content.decode()
    for ticket in tickets:
        assert ticket.number in shown
        assert ticket.title in shown
    assert "车一压就响" in shown, "what the caller said"
    sent = filled(tickets, answer=COMMON, **{f"own-{tickets[1].number}": OWN})
    assert client.post(address(matter, "answer"), sent).headers["Location"] == matter.get_absolute_url()
    assert [fresh(ticket).status for ticket in tickets] == [Status.FOLLOW_UP] * 3
    said = dict(Answer.objects.values_list("ticket", "text"))
    assert [said[ticket.pk] for ticket in tickets] == [COMMON, OWN, COMMON]
    scene.do(tickets[0], "follow_up", scene.OPERATOR)
    assert [fresh(ticket).status for ticket in tickets] == [Status.CLOSED, Status.FOLLOW_UP, Status.FOLLOW_UP]
    deed = Deed.objects.get()
    assert (deed.what, deed.data) == ("together", {"action": "answer", "tickets": 3})
    assert "答复，3 件" in signed_in(scene.SUPERVISOR).get(matter.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("name", "status", "given", "leads_to", "who"),
    [
        ("accept", Status.DISPATCHED, {}, Status.WORKING, scene.CLERK),
        ("progress", Status.WORKING, {"note": "已派人到现场。"}, Status.WORKING, scene.CLERK),
        ("ask_extension", Status.WORKING, {"ground": "more_time", "days": 2, "note": "需专家论证。"}, Status.WORKING,
         scene.CLERK),
        ("send_back", Status.FOLLOW_UP, {"note": "没有说做了什么。"}, Status.WORKING, scene.SUPERVISOR),
        ("close", Status.FOLLOW_UP, {"note": "已在现场当面答复。"}, Status.CLOSED, scene.SUPERVISOR),
    ],
)  # fmt: skip
def test_every_step_for_all_of_them(
    name: str, status: str, given: dict[str, Any], leads_to: str, who: str, signed_in: SignIn
) -> None:
    matter, tickets = several(status)
    client = signed_in(who)
    assert address(matter, name) in client.get(matter.get_absolute_url()).content.decode()
    assert client.get(address(matter, name)).status_code == 200
    assert client.post(address(matter, name), filled(tickets, **given)).status_code == 302
    for ticket in map(fresh, tickets):
        assert ticket.status == leads_to
        assert ticket.events.latest("sequence").action == name


def test_extensions_that_were_asked_for_as_one_are_granted_as_one(signed_in: SignIn) -> None:
    matter, tickets = several(Status.WORKING)
    for ticket in tickets:
        scene.do(ticket, "ask_extension", scene.CLERK)
    tickets = [fresh(ticket) for ticket in tickets]
    client = signed_in(scene.MANAGER)
    assert client.post(address(matter, "grant_extension"), filled(tickets, note="")).status_code == 302
    assert client.get(address(matter, "grant_extension")).status_code == 302, "there is nothing to grant any more"


def test_one_that_was_changed_meanwhile_holds_up_all_and_is_named(signed_in: SignIn) -> None:
    matter, tickets = several(Status.WORKING)
    scene.do(tickets[1], "progress", scene.CLERK)
    client, own = signed_in(scene.CLERK), {f"own-{tickets[2].number}": OWN}
    answer = client.post(address(matter, "answer"), filled(tickets, answer=COMMON, **own))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert not Answer.objects.exists()
    assert f"请查看这些工单处的说明，或者取消勾选：{tickets[1].number}。" in page
    assert COMMON in page
    assert OWN in page
    tickets[1] = fresh(tickets[1])
    assert f'name="version-{tickets[1].number}" value="{tickets[1].version}"' in page
    assert client.post(address(matter, "answer"), filled(tickets, answer=COMMON, **own)).status_code == 302


def test_one_that_a_colleague_answered_is_named_and_what_was_typed_for_it_stands_there(signed_in: SignIn) -> None:
    matter, tickets = several(Status.WORKING)
    scene.do(tickets[0], "answer", scene.CLERK)
    own = {f"own-{tickets[0].number}": OWN}
    answer = signed_in(scene.CLERK).post(address(matter, "answer"), filled(tickets, answer=COMMON, **own))
    assert answer.status_code == 409
    assert OWN in answer.content.decode()
    row = next(row for row in answer.context["rows"] if row.number == tickets[0].number)
    assert not row.can
    assert "答复" in row.said, "who did what"
    assert Answer.objects.count() == 1


def test_an_answer_that_is_none_stays_on_the_page(signed_in: SignIn) -> None:
    matter, tickets = several(Status.WORKING)
    client = signed_in(scene.CLERK)
    for given in (
        {"answer": ""},
        {"answer": "好" * 5001},
        {"answer": COMMON, f"own-{tickets[1].number}": "好" * 5001},
    ):
        answer = client.post(address(matter, "answer"), filled(tickets, **given))
        assert answer.status_code == 422
        assert all(value in answer.content.decode() for value in given.values())
        assert answer.context["form"].errors or any(row.said for row in answer.context["rows"])
    assert not Answer.objects.exists()
    own = {f"own-{ticket.number}": f"{OWN}第{ticket.pk}件。" for ticket in tickets}
    assert client.post(address(matter, "answer"), filled(tickets, answer="", **own)).status_code == 302
    assert Answer.objects.count() == 3, "where each has its own words, none are needed for all"


def test_sent_twice_it_is_done_once(signed_in: SignIn) -> None:
    matter, tickets = several(Status.WORKING)
    client, sent = signed_in(scene.CLERK), filled(tickets, answer=COMMON)
    for _again in range(2):
        assert client.post(address(matter, "answer"), sent).status_code == 302
    assert Answer.objects.count() == 3


def test_tickets_of_others_are_neither_shown_nor_touched(signed_in: SignIn) -> None:
    matter, tickets = several(Status.WORKING, 2)
    other = scene.call(caller_phone="10012340088", title="别家的工单标题")
    scene.do(other, "dispatch", scene.DISPATCHER, department=scene.department(scene.OTHER_DEPARTMENT).pk)
    scene.do(other, "accept", scene.OTHER_CLERK)
    joining.join([other, tickets[0]], actor=scene.user(scene.SUPERVISOR))
    tickets, other = [fresh(ticket) for ticket in tickets], fresh(other)
    client = signed_in(scene.CLERK)
    page = client.get(address(matter, "answer")).content.decode()
    assert other.number not in page
    assert "别家的工单标题" not in page
    answer = client.post(address(matter, "answer"), filled([*tickets, other], answer=COMMON))
    assert answer.status_code == 409
    assert "别家的工单标题" not in answer.content.decode()
    assert fresh(other).status == Status.WORKING
    assert client.post(address(matter, "answer"), filled(tickets, answer=COMMON)).status_code == 302
    assert fresh(other).status == Status.WORKING


def test_a_secret_caller_is_not_named_to_who_may_not_know_them(signed_in: SignIn) -> None:
    matter, _tickets = several(Status.WORKING, 2, is_secret=True, caller_name="欧阳女士")
    page = signed_in(scene.CLERK).get(address(matter, "answer"))
    assert page.status_code == 200
    assert "欧阳女士" not in page.content.decode()


def test_at_most_so_many_at_once_and_the_rest_follows(signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doing, "MOST_AT_ONCE", 2)
    matter, tickets = several(Status.WORKING)
    client = signed_in(scene.CLERK)
    page = client.get(address(matter, "answer"))
    assert len(page.context["rows"]) == 2
    assert page.context["left"] == 1
    refused = client.post(address(matter, "answer"), filled(tickets, answer=COMMON))
    assert refused.status_code == 422
    assert COMMON in refused.content.decode()
    assert not Answer.objects.exists()
    assert client.post(address(matter, "answer"), filled(tickets[:2], answer=COMMON)).status_code == 302
    assert client.post(address(matter, "answer"), filled([], answer=COMMON)).status_code == 422


def test_a_file_goes_to_every_caller(signed_in: SignIn, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    matter, tickets = several(Status.WORKING)
    file = SimpleUploadedFile("现场.png", scene.picture())
    sent = filled(tickets, answer=COMMON, file=file)
    assert signed_in(scene.CLERK).post(address(matter, "answer"), sent).status_code == 302
    assert {one.ticket_id for one in Attachment.objects.all()} == {ticket.pk for ticket in tickets}
    assert len({one.file.name for one in Attachment.objects.all()}) == 1, "kept once"


def test_who_may_not_and_what_is_no_step(signed_in: SignIn) -> None:
    matter, _tickets = several(Status.WORKING)
    assert signed_in(scene.OPERATOR).get(address(matter, "answer")).status_code == 403
    assert signed_in(scene.OTHER_CLERK).get(address(matter, "answer")).status_code == 404
    assert signed_in(scene.ADMIN).get(address(matter, "answer")).status_code == 404
    client = signed_in(scene.CLERK)
    for name in ("register", "send_down", "nothing"):
        assert client.get(address(matter, name)).status_code == 404
    odd = {"number": ["\x00", "甲" * 300, *["X1"] * 900], "answer": COMMON, "version-X1": "x"}
    assert client.post(address(matter, "answer"), odd).status_code == 409


def test_the_page_of_one_ticket_leads_there(signed_in: SignIn) -> None:
    matter, tickets = several(Status.WORKING)
    client = signed_in(scene.CLERK)
    page = client.get(tickets[0].get_absolute_url()).content.decode()
    assert "本单位还有同一事项的工单 2 件" in page
    assert address(matter, "answer") in page
    for ticket in tickets[1:]:
        scene.do(ticket, "answer", scene.CLERK)
    assert address(matter, "answer") not in client.get(tickets[0].get_absolute_url()).content.decode()
    assert address(matter, "answer") not in signed_in(scene.SUPERVISOR).get(matter.get_absolute_url()).content.decode()
