"""Who calls again about a ticket that nobody has yet urges the matter that it belongs to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from supervision.models import Notice, Step
from tests import scene
from tests.tickets.test_calling_again import PHONE, WORDS, again
from tickets.choices import Status
from tickets.matters import joining
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]


@pytest.fixture
def operator(signed_in: SignIn) -> Client:
    return signed_in(scene.OPERATOR)


def joined(*others: Ticket, **details: object) -> Ticket:
    """A ticket that waits for dispatch, of a caller who was joined to the matter of the others."""
    own = scene.call(**details)
    joining.join([own, *others], actor=scene.user(scene.OPERATOR))
    return Ticket.objects.get(pk=own.pk)


def panel(client: Client) -> str:
    return client.post(reverse("caller-history"), {"caller_phone": PHONE}).content.decode()


def test_it_reaches_every_department_that_has_the_matter_once(operator: Client) -> None:
    first, second = (scene.ticket_in(Status.WORKING, caller_phone=f"1001234007{n}") for n in range(2))
    third = scene.call(caller_phone="10012340073")
    scene.do(third, "dispatch", scene.DISPATCHER, department=scene.department(scene.OTHER_DEPARTMENT).pk)
    own = joined(first, second, third)
    page = panel(operator)
    assert reverse("about-earlier", args=[own.number, "urge_matter"]) in page
    assert page.count('aria-keyshortcuts="Alt+U"') == 1
    answer = again(operator, own, "urge_matter", description=f"{WORDS}我是刘女士，电话{PHONE}。")
    assert answer.status_code == 302
    assert [Ticket.objects.get(pk=one.pk).urges for one in (first, second, third, own)] == [1, 0, 1, 0]
    assert own.events.get(action="supplement").note.startswith(WORDS)
    told = Notice.objects.filter(step=Step.CALLER)
    assert {str(notice.to_department) for notice in told} == {scene.DEPARTMENT, scene.OTHER_DEPARTMENT}
    for notice in told:
        assert WORDS in notice.text
        assert "同一事项" in notice.text
        assert "刘女士" not in notice.text
        assert PHONE not in notice.text
        assert own.number not in notice.text
    said = operator.get(own.get_absolute_url()).content.decode()
    assert scene.DEPARTMENT in said


@pytest.mark.parametrize("is_secret", [False, True])
def test_where_nobody_can_be_urged_it_says_why_and_keeps_the_words(operator: Client, is_secret: bool) -> None:
    other = scene.ticket_in(Status.WORKING if is_secret else Status.REGISTERED, caller_phone="10012340071")
    own = joined(other, is_secret=is_secret)
    answer = again(operator, own, "urge_matter")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert WORDS in page
    assert ("要求保密" if is_secret else "没有可催办的单位") in page
    assert not Notice.objects.exists()
    assert not own.events.filter(action="supplement").exists()


def test_a_ticket_that_a_department_has_is_urged_itself(operator: Client) -> None:
    own = scene.ticket_in(Status.WORKING)
    joining.join([own, scene.ticket_in(Status.WORKING, caller_phone="10012340071")], actor=scene.user(scene.OPERATOR))
    page = panel(operator)
    assert reverse("about-earlier", args=[own.number, "pass_on"]) in page
    assert "urge_matter" not in page


def test_sent_twice_once_and_only_by_who_records_calls(operator: Client, signed_in: SignIn) -> None:
    other = scene.ticket_in(Status.WORKING, caller_phone="10012340071")
    own = joined(other)
    assert again(signed_in(scene.CLERK), own, "urge_matter").status_code == 403
    for _again in range(2):
        assert again(operator, own, "urge_matter", form_key="k1").status_code == 302
    assert Ticket.objects.get(pk=other.pk).urges == 1
