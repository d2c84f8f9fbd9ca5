"""Who sees which tickets, and who sees who called."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests import scene
from tickets.attachments import keeping
from tickets.choices import Status
from tickets.models import Ticket
from tickets.reading import read
from tickets.workflow import performing

pytestmark = pytest.mark.django_db


def bare(page: Any, number: str) -> str:
    """A page without what differs from one request to the next."""
    return re.sub(r"[A-Za-z0-9]{64}", "", page.content.decode()).replace(number, "")


def seen_by(username: str) -> set[str]:
    return set(Ticket.objects.visible_to(scene.user(username)).values_list("number", flat=True))


def test_staff_see_their_subtree_and_nothing_else() -> None:
    mine = scene.ticket_in(Status.WORKING)
    below = scene.do(scene.ticket_in(Status.DISPATCHED), "send_down", scene.CLERK)
    others = scene.do(scene.call(), "dispatch", scene.DISPATCHER, department=scene.department(scene.OTHER_DEPARTMENT))
    nobodys = scene.call()
    assert seen_by(scene.CLERK) == {mine.number, below.number}
    assert seen_by("shizheng") == {below.number}, "a section sees its own and nothing above"
    assert seen_by(scene.OTHER_CLERK) == {others.number}
    assert nobodys.number not in seen_by(scene.CLERK)


def test_an_assisting_department_sees_the_ticket_and_answers_for_its_part_alone() -> None:
    other = scene.department(scene.OTHER_DEPARTMENT)
    ticket = scene.do(scene.call(), "dispatch", scene.DISPATCHER, assisting=[other])
    assert ticket.number in seen_by(scene.OTHER_CLERK)
    assert [action.name for action in performing.available(ticket, scene.user(scene.OTHER_CLERK))] == ["assist"]


@pytest.mark.parametrize("username", [scene.OPERATOR, scene.DISPATCHER, scene.SUPERVISOR, scene.MANAGER])
def test_the_desk_sees_all(username: str) -> None:
    ticket = scene.call()
    assert ticket.number in seen_by(username)


def test_administrators_and_strangers_see_none() -> None:
    scene.call()
    assert seen_by(scene.ADMIN) == set()
    left = scene.user(scene.OPERATOR)
    left.is_active = False
    left.save()
    assert not Ticket.objects.visible_to(left).exists(), "who has left sees nothing"


def test_a_ticket_that_is_not_for_you_looks_like_one_that_does_not_exist(signed_in: Callable[[str], Client]) -> None:
    hidden = scene.call()
    client = signed_in(scene.CLERK)
    absent = client.get(reverse("ticket", args=["XG20990101000001"]))
    for address in (
        reverse("ticket", args=[hidden.number]),
        reverse("ticket-action", args=[hidden.number, "accept"]),
        reverse("supervision-panel", args=[hidden.number]),
        reverse("dispatch-panel", args=[hidden.number]),
        f"/api/v1/tickets/{hidden.number}/",
    ):
        answer = client.get(address)
        assert answer.status_code == 404, address
    page = client.get(reverse("ticket", args=[hidden.number]))
    assert bare(page, hidden.number) == bare(absent, "XG20990101000001")
    assert client.post(f"/api/v1/tickets/{hidden.number}/accept/").status_code == 404
    assert client.post(reverse("attach", args=[hidden.number])).status_code == 404


def test_a_secret_caller_is_withheld_from_departments(signed_in: Callable[[str], Client]) -> None:
    ticket = scene.ticket_in(Status.WORKING, is_secret=True, caller_name="周女士", caller_phone="10098765432")
    known, withheld = (read(ticket, scene.user(who)) for who in (scene.OPERATOR, scene.CLERK))
    assert (known.caller_name, known.caller_phone) == ("周女士", "10098765432")
    assert (withheld.caller_name, withheld.caller_phone) == ("", "")
    client = signed_in(scene.CLERK)
    for address in (
        ticket.get_absolute_url(),
        reverse("tickets"),
        reverse("inbox") + "?tab=working",
        f"/api/v1/tickets/{ticket.number}/",
        "/api/v1/tickets/",
    ):
        text = client.get(address).content.decode()
        assert ticket.number in text, address
        assert "周女士" not in text, address
        assert "10098765432" not in text, address
    assert ticket.number not in client.get("/tickets/?q=10098765432").content.decode(), "searching must not leak either"


def test_attachments_follow_their_ticket(signed_in: Callable[[str], Client], settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    ticket = scene.ticket_in(Status.WORKING)
    file = SimpleUploadedFile("现场.png", scene.picture())
    [kept] = keeping.attach(ticket, file, actor=scene.user(scene.CLERK))
    address = reverse("attachment", args=[kept.pk])
    assert signed_in(scene.CLERK).get(address).status_code == 200
    assert signed_in(scene.OTHER_CLERK).get(address).status_code == 404
    assert signed_in(scene.ADMIN).get(address).status_code == 404
