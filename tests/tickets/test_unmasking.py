"""Numbers are masked where no act needs them; who wants to see one says why, and that stands in the audit log."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from hotline import telephone
from hotline.ledger.deeds import Deed
from hotline.ledger.models import Entry
from tests import scene
from tickets.choices import Status
from tickets.exports.rows import columns
from tickets.models import Ticket
from tickets.reading import read

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
NUMBER, SECOND, MASKED = "13907121234", "0712-2345678", "139****1234"


@pytest.fixture
def ticket() -> Ticket:
    made = scene.ticket_in(Status.FOLLOW_UP, caller_phone=NUMBER, contact_phone=SECOND)
    return scene.do(made, "correct", scene.OPERATOR, note="听错了。", contact_phone="13800009999")


def unmasked() -> list[tuple[str, str]]:
    return list(Entry.objects.filter(deed=Deed.UNMASKED).order_by("id").values_list("number", "why"))


@pytest.mark.parametrize("who", [scene.OPERATOR, scene.DISPATCHER, scene.CLERK, scene.SUPERVISOR, scene.MANAGER])
def test_no_page_shows_a_number_whole(who: str, ticket: Ticket, signed_in: SignIn) -> None:
    client, shown = signed_in(who), []
    assert ticket.caller is not None
    for address in (
        ticket.get_absolute_url(), reverse("slip", args=[ticket.number]), f"{reverse('tickets')}?q={NUMBER}",
        ticket.caller.get_absolute_url(), reverse("inbox"),
        reverse("api-ticket-detail", args=[ticket.number]), f"{reverse('api-ticket-list')}?q={NUMBER}",
    ):  # fmt: skip
        page = client.get(address).content.decode().replace(f"q={NUMBER}", "").replace(f'value="{NUMBER}"', "")
        for number in (NUMBER, "0712-2345678", "07122345678", "13800009999"):
            assert number not in page, (who, address)
        shown.append(MASKED in page)
    assert shown[0]
    assert any(shown[1:])


def test_no_file_does(ticket: Ticket) -> None:
    (tell,) = (tell for label, _width, tell in columns() if str(label) == "来电人")
    assert MASKED in str(tell(read(ticket, scene.user(scene.SUPERVISOR)), None))  # type: ignore[arg-type]


def test_who_says_why_sees_it_and_the_audit_log_keeps_the_reason(ticket: Ticket, signed_in: SignIn) -> None:
    client, address = signed_in(scene.CLERK), reverse("unmask", args=[ticket.number])
    for given in ({}, {"why": "other"}, {"why": "nonsense"}, {"why": "other", "words": " "}):
        page = client.post(address, given, headers={"HX-Request": "true"}).content.decode()
        assert NUMBER not in page
        assert 'name="why"' in page
    assert unmasked() == []
    page = client.post(address, {"why": "contact"}, headers={"HX-Request": "true"}).content.decode()
    assert f'href="tel:{NUMBER}"' in page
    assert 'href="tel:13800009999" data-focus' in page, "who came by keyboard is where the numbers stand"
    whole = client.post(address, {"why": "other", "words": "约上门时间"}).content.decode()  # without scripts: a page
    assert telephone.shown(NUMBER) in whole
    assert "<nav" in whole
    assert unmasked() == [(ticket.number, "向来电人了解情况"), (ticket.number, "其他原因：约上门时间")]


def test_a_telephone_number_does_not_look_like_the_numbers_beside_a_door(ticket: Ticket, signed_in: SignIn) -> None:
    """It would be as small as they are, and broken into two lines."""
    style = (settings.BASE_DIR / "static" / "hotline.css").read_text()
    assert not re.search(r"^(\.tabs )?\.number\b", style, re.MULTILINE), "the look of those is only theirs"
    page = signed_in(scene.CLERK).post(reverse("unmask", args=[ticket.number]), {"why": "tell"}).content.decode()
    assert 'class="body telephones"' in page
    assert 'class="body numbers"' not in page


@pytest.mark.parametrize("wish", ["is_secret", "is_anonymous"])
def test_a_reason_opens_nothing_to_whoever_may_not_know(wish: str, signed_in: SignIn) -> None:
    asked: dict[str, Any] = {wish: True, "caller_name": ""}
    ticket = scene.ticket_in(Status.WORKING, caller_phone=NUMBER, contact_phone=SECOND, **asked)
    for who in (scene.CLERK, scene.MANAGER):
        client = signed_in(who)
        assert reverse("unmask", args=[ticket.number]) not in client.get(ticket.get_absolute_url()).content.decode()
        answer = client.post(reverse("unmask", args=[ticket.number]), {"why": "contact"})
        assert NUMBER not in answer.content.decode()
        assert client.post(reverse("api-ticket-numbers", args=[ticket.number]), {"why": "tell"}).status_code == 403
    assert (
        signed_in(scene.OTHER_CLERK).post(reverse("unmask", args=[ticket.number]), {"why": "tell"}).status_code == 404
    )
    assert unmasked() == []
    assert Entry.objects.filter(deed=Deed.REFUSED, number=ticket.number).count() >= 4


def test_an_act_that_needs_the_number_shows_it_and_is_written_down_as_the_reason(
    ticket: Ticket, signed_in: SignIn
) -> None:
    client = signed_in(scene.OPERATOR)
    page = client.get(reverse("follow-ups", args=[ticket.number])).content.decode()
    assert f'href="tel:{NUMBER}"' in page
    form = client.get(reverse("ticket-action", args=[ticket.number, "correct"])).content.decode()
    assert f'value="{NUMBER}"' in form
    assert unmasked() == [(ticket.number, "回访"), (ticket.number, "更正登记内容")]


def test_a_program_says_why_too(ticket: Ticket, signed_in: SignIn) -> None:
    client, address = signed_in(scene.CLERK), reverse("api-ticket-numbers", args=[ticket.number])
    assert client.post(address, {}).status_code == 400
    assert client.post(address, {"why": "other"}, content_type="application/json").json()["errors"]["words"]
    answer = client.post(address, {"why": "tell"}, content_type="application/json")
    assert answer.json() == {"caller_phone": NUMBER, "contact_phone": "13800009999"}
    assert unmasked() == [(ticket.number, "告知办理情况")]
