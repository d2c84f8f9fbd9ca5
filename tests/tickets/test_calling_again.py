"""Somebody calls again about a ticket of theirs: urged, added to or praised from the form of the call, by one key."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline.accounts.models import Region
from supervision.models import Notice, Step
from tests import scene
from tickets.choices import Status
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
PHONE = "10012340001"
WORDS = "钢板还是响，已经第三天了，请尽快处理。"


@pytest.fixture
def operator(signed_in: SignIn) -> Client:
    return signed_in(scene.OPERATOR)


def typed(**given: Any) -> dict[str, Any]:
    city = Region.objects.get(parent__isnull=True)
    return {
        "form_key": str(uuid.uuid4()), "caller_phone": PHONE, "channel": "phone", "kind": "complaint",
        "urgency": "normal", "region": city.pk, "description": WORDS,
    } | given  # fmt: skip


def again(client: Client, ticket: Ticket, deed: str, **given: Any) -> Any:
    return client.post(reverse("about-earlier", args=[ticket.number, deed]), typed(**given))


def test_an_urging_reaches_the_department_in_the_callers_words(operator: Client) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    answer = again(operator, ticket, "pass_on")
    assert answer.status_code == 302
    ticket.refresh_from_db()
    assert (ticket.urges, ticket.status) == (1, Status.WORKING)
    assert ticket.events.get(action="pass_on").note == WORDS
    notice = Notice.objects.get(ticket=ticket, step=Step.CALLER, to_department=ticket.department)
    assert notice.text == WORDS
    assert Ticket.objects.count() == 1, "no ticket is made of an urging"


def test_an_addition_goes_to_the_ticket_and_to_who_assists(operator: Client) -> None:
    ticket, other = scene.call(), scene.department(scene.OTHER_DEPARTMENT)
    scene.do(ticket, "dispatch", scene.DISPATCHER, assisting=[other.pk])
    again(operator, ticket, "supplement")
    told = Notice.objects.filter(ticket=ticket, step=Step.CALLER).values_list("to_department__name", flat=True)
    assert set(told) == {scene.DEPARTMENT, scene.OTHER_DEPARTMENT}
    ticket.refresh_from_db()
    assert ticket.urges == 0


def test_praise_is_a_ticket_of_its_own_linked_to_the_praised_one(operator: Client) -> None:
    ticket = scene.ticket_in(Status.CLOSED)
    again(operator, ticket, "praise", description="钢板当天就固定好了，谢谢你们。")
    praise = Ticket.objects.get(kind="praise")
    assert praise.praises == ticket
    assert (praise.region, praise.address, praise.category) == (ticket.region, ticket.address, ticket.category)


def test_without_words_the_form_stays_and_says_so(operator: Client) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    answer = again(operator, ticket, "pass_on", description="催", caller_name="刘女士")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "请先记下来电人的话" in page
    assert "刘女士" in page
    ticket.refresh_from_db()
    assert ticket.urges == 0


def test_a_state_in_which_it_cannot_be_urged_is_told_and_nothing_is_lost(operator: Client) -> None:
    ticket = scene.ticket_in(Status.CLOSED)
    answer = again(operator, ticket, "pass_on")
    assert answer.status_code == 422
    assert WORDS in answer.content.decode()


def test_sent_twice_it_is_done_once(operator: Client) -> None:
    ticket, key = scene.ticket_in(Status.WORKING), str(uuid.uuid4())
    again(operator, ticket, "pass_on", form_key=key)
    again(operator, ticket, "pass_on", form_key=key)
    ticket.refresh_from_db()
    assert ticket.urges == 1


@pytest.mark.parametrize("who", [scene.CLERK, scene.SUPERVISOR, scene.MANAGER, scene.ADMIN])
def test_only_who_records_calls(who: str, signed_in: SignIn) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    assert again(signed_in(who), ticket, "pass_on").status_code == 403
    assert signed_in(who).get(reverse("desk-call")).status_code == 403


def test_the_panel_shows_open_tickets_first_with_a_key_for_each_deed(operator: Client) -> None:
    working, closed = scene.ticket_in(Status.WORKING), scene.ticket_in(Status.CLOSED)
    page = operator.post(reverse("caller-history"), {"caller_phone": PHONE}).content.decode()
    assert page.index(working.number) < page.index(closed.number)
    assert 'data-name="刘女士"' in page
    assert "近30天来电 2 次" in page
    for key in ("Alt+U", "Alt+B", "Alt+P"):
        assert page.count(f'aria-keyshortcuts="{key}"') == 1
    assert reverse("about-earlier", args=[closed.number, "pass_on"]) not in page


def test_a_telephone_system_opens_the_form_with_number_and_name(operator: Client) -> None:
    scene.call()
    page = operator.get(reverse("desk-call"), {"phone": f"+86 {PHONE}", "call_id": "a1"}).content.decode()
    assert f'value="{PHONE}"' in page
    assert 'value="刘女士"' in page


def test_one_call_opened_twice_records_one_ticket(operator: Client) -> None:
    def key() -> str:
        form = operator.get(reverse("desk-call"), {"phone": PHONE, "call_id": "a1"}).context["form"]
        return str(form.initial["form_key"])

    for _ in range(2):
        operator.post(reverse("new-ticket"), typed(form_key=key(), then="dispatch"))
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("phone", ["", "anonymous", "+", "9" * 400, "\x00"])
def test_a_number_that_is_none_opens_an_empty_form(phone: str, operator: Client) -> None:
    answer = operator.get(reverse("desk-call"), {"phone": phone})
    assert answer.status_code == 200
    assert answer.context["form"].initial["caller_phone"] == ""


# -- who calls, and about which ticket ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phone", "told"),
    [
        ("", "来电人未显示号码"), ("anonymous", "来电人未显示号码"),
        ("138****0001", "号码只显示了一部分（138****0001）"),
        ("not a number", "话务系统传来的号码无效"),
    ],
)  # fmt: skip
def test_a_number_that_is_withheld_or_shown_in_part_is_told_to_be(phone: str, told: str, operator: Client) -> None:
    page = operator.get(reverse("desk-call"), {"phone": phone, "call_id": "a2"}).content.decode()
    assert told in page
    refused = operator.post(reverse("new-ticket"), typed(caller_phone="138****0001")).content.decode()
    assert "这里只有号码的一部分" in refused


def test_a_call_is_held_under_the_key_of_its_form_until_it_is_recorded(operator: Client) -> None:
    form = operator.get(reverse("desk-call"), {"phone": PHONE, "call_id": "a3"}).context["form"]
    key = str(form["form_key"].value())
    again = operator.get(reverse("desk-call"), {"again": key}).context["form"]
    assert (again["caller_phone"].value(), again["call_id"].value()) == (PHONE, "a3")
    assert str(again["form_key"].value()) == key
    assert operator.post(reverse("new-ticket"), typed(form_key=key, call_id="a3")).status_code == 302
    gone = operator.get(reverse("desk-call"), {"again": key})
    assert (gone.status_code, gone["Location"]) == (302, reverse("new-ticket"))
    for n in range(25):
        operator.get(reverse("desk-call"), {"phone": PHONE, "call_id": f"b{n}"})
    assert len(operator.session["calls"]) == 20


def test_calls_of_thirty_days_are_tickets_and_what_was_said_about_earlier_ones(operator: Client) -> None:
    ticket = scene.ticket_in(Status.WORKING)
    Ticket.objects.filter(pk=ticket.pk).update(registered_at=timezone.now())
    phone = {"caller_phone": ticket.caller_phone}
    assert "近30天来电 1 次" in operator.post(reverse("caller-history"), phone).content.decode()
    again(operator, ticket, "pass_on")
    again(operator, ticket, "supplement", description="还有一块钢板翘起来了。")
    assert "近30天来电 3 次" in operator.post(reverse("caller-history"), phone).content.decode()


def test_keys_say_of_which_ticket_they_are_where_there_are_several(operator: Client) -> None:
    worked, new = scene.ticket_in(Status.WORKING), scene.call()
    Ticket.objects.filter(pk=new.pk).update(registered_at=worked.registered_at + timedelta(hours=1))
    assert worked.caller_phone == new.caller_phone
    page = operator.post(reverse("caller-history"), {"caller_phone": new.caller_phone}).content.decode()
    which = {key: re.search(rf'{re.escape(key)}">\s*\S+\s*(XG\d+)', page) for key in ("Alt+U", "Alt+B")}
    assert {key: found and found[1] for key, found in which.items()} == {"Alt+U": worked.number, "Alt+B": new.number}
    assert f'title="催办 {worked.number}' in page
