"""Sent twice is done once: double clicks, Back, clients that try again. And what only looks the same is done."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline.accounts.models import Region
from hotline.receipts import services as receipts
from hotline.receipts.models import Receipt
from supervision.models import CoordinationTask, SiteEntry
from tests import scene
from tickets.models import Matter, Ticket, TicketEvent

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Client]


def call_data(**changed: Any) -> dict[str, Any]:
    return {
        "caller_phone": "13871230001", "channel": "phone", "kind": "complaint", "urgency": "normal",
        "description": "路灯不亮，请维修。", "region": Region.objects.get(name="书院街道").pk,
    } | changed  # fmt: skip


def key() -> str:
    return str(uuid.uuid4())


def told(response: Any) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


# -- a call on its page -------------------------------------------------------------------------------------


def test_the_same_call_again_is_the_same_ticket_and_says_so(signed_in: SignedIn) -> None:
    client, data = signed_in(scene.OPERATOR), call_data(form_key=key())
    first = client.post(reverse("new-ticket"), data)
    again = client.post(reverse("new-ticket"), data)
    assert first["Location"] == again["Location"]
    assert Ticket.objects.count() == 1
    assert f"此前已登记为 {Ticket.objects.get().number}" in told(again)


def test_the_same_key_with_another_call_is_another_ticket(signed_in: SignedIn) -> None:
    client, same = signed_in(scene.OPERATOR), key()
    client.post(reverse("new-ticket"), call_data(form_key=same))
    client.post(reverse("new-ticket"), call_data(form_key=same, caller_phone="13871230002"))
    assert set(Ticket.objects.values_list("caller_phone", flat=True)) == {"13871230001", "13871230002"}


def test_another_person_with_the_same_key_records_a_ticket_of_their_own(signed_in: SignedIn) -> None:
    data = call_data(form_key=key())
    for username in (scene.OPERATOR, "operator2"):
        assert signed_in(username).post(reverse("new-ticket"), data).status_code == 302
    assert set(Ticket.objects.values_list("registered_by__username", flat=True)) == {scene.OPERATOR, "operator2"}


def test_a_call_that_was_refused_can_be_sent_again(signed_in: SignedIn) -> None:
    client, data = signed_in(scene.OPERATOR), call_data(form_key=key())
    assert client.post(reverse("new-ticket"), data | {"description": ""}).status_code == 422
    assert not Receipt.objects.exists()
    assert client.post(reverse("new-ticket"), data).status_code == 302


# -- the API ------------------------------------------------------------------------------------------------


def api_call(client: Client, data: dict[str, Any], **headers: str) -> Any:
    return client.post("/api/v1/tickets/", json.dumps(data), content_type="application/json", headers=headers)


def test_the_api_takes_a_key_as_field_or_header(signed_in: SignedIn) -> None:
    client, same = signed_in(scene.OPERATOR), key()
    for data, headers in ((call_data(form_key=same), {}), (call_data(), {"Idempotency-Key": "client-7"})):
        first, again = (api_call(client, data, **headers) for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["number"] == again.json()["number"]
    other = api_call(client, call_data(caller_phone="13871230002"), **{"Idempotency-Key": "client-7"})
    assert other.status_code == 201
    assert Ticket.objects.count() == 3


@pytest.mark.parametrize("bad", ["", "长", "x" * 101, "a\tb"])
def test_a_key_that_is_none_is_refused(signed_in: SignedIn, bad: str) -> None:
    answer = api_call(signed_in(scene.OPERATOR), call_data(), **{"Idempotency-Key": bad})
    assert answer.status_code == 400
    assert not Ticket.objects.exists()


def test_an_api_action_with_a_key_is_done_once(signed_in: SignedIn) -> None:
    ticket, client = scene.ticket_in("dispatched"), signed_in(scene.SUPERVISOR)
    for _ in range(2):
        answer = client.post(
            f"/api/v1/tickets/{ticket.number}/urge/", {"note": "请尽快签收。"}, headers={"Idempotency-Key": "u1"}
        )
        assert answer.status_code == 200
    assert TicketEvent.objects.filter(ticket=ticket, action="urge").count() == 1


# -- everything else that makes something -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "name", "who"),
    [("registered", "split", scene.OPERATOR), ("working", "answer", scene.CLERK),
     ("follow_up", "follow_up", scene.OPERATOR),
     ("working", "urge", scene.SUPERVISOR), ("registered", "remark", scene.OPERATOR)],
)  # fmt: skip
def test_an_action_sent_twice_is_done_once_and_says_so(signed_in: SignedIn, status: str, name: str, who: str) -> None:
    ticket, client = scene.ticket_in(status), signed_in(who)
    data = scene.inputs(name) | {"form_key": key(), "version": ticket.version}
    address = reverse("ticket-action", args=[ticket.number, name])
    assert client.post(address, data).status_code == 302
    again = client.post(address, data)
    assert again.status_code == 302
    assert "此前已" in told(again)
    assert TicketEvent.objects.filter(ticket=ticket, action=name).count() == 1


def test_a_file_attached_twice_is_kept_once(signed_in: SignedIn) -> None:
    ticket, client = scene.call(), signed_in(scene.OPERATOR)
    same = key()
    for content in (b"%PDF-1.4 one", b"%PDF-1.4 one", b"%PDF-1.4 two"):
        upload = SimpleUploadedFile("one.pdf", content)
        client.post(reverse("attach", args=[ticket.number]), {"file": upload, "form_key": same})
    assert ticket.attachments.count() == 2


def test_tickets_joined_twice_are_joined_once(signed_in: SignedIn) -> None:
    tickets = [scene.call(), scene.call(caller_phone="10012340002")]
    client, data = signed_in(scene.OPERATOR), {"number": [t.number for t in tickets], "form_key": key()}
    first, again = (client.post(reverse("join-tickets"), data) for _ in range(2))
    assert first["Location"] == again["Location"]
    assert Matter.objects.count() == 1


def test_a_note_on_the_spot_belongs_to_its_person_and_meeting(signed_in: SignedIn) -> None:
    tasks = []
    for phone in ("10012340001", "10012340002"):
        scene.ticket_in("coordinating", caller_phone=phone)
        tasks.append(CoordinationTask.objects.latest("pk"))
    data = {"kind": "came_too", "text": "施工单位", "form_key": key()}
    client = signed_in(scene.SUPERVISOR)
    for task in (tasks[0], tasks[0], tasks[1]):
        client.post(reverse("site-note", args=[task.pk]), data)
    assert [SiteEntry.objects.filter(task=task).count() for task in tasks] == [1, 1]


# -- receipts themselves ------------------------------------------------------------------------------------


def test_a_receipt_goes_with_what_failed(person: Callable[[str], Any]) -> None:
    def fail() -> str:
        raise ZeroDivisionError

    who, content = person(scene.OPERATOR), {"a": 1}
    with pytest.raises(ZeroDivisionError):
        receipts.once(fail, person=who, key="k", content=content)
    assert receipts.once(lambda: "done", person=who, key="k", content=content) == receipts.Done("done", now=True)
    assert receipts.once(fail, person=who, key="k", content=content) == receipts.Done("done", now=False)


def test_old_receipts_are_forgotten(person: Callable[[str], Any]) -> None:
    who = person(scene.OPERATOR)
    receipts.once(lambda: "", person=who, key="k", content={})
    assert receipts.forget_old() == 0
    with time_machine.travel(timezone.now() + receipts.KEPT + timedelta(minutes=1)):
        assert receipts.forget_old() == 1
