"""The same thing sent several times in one moment: done once, and no answer is an error."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.contrib.messages import get_messages
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline.accounts.models import User
from hotline.accounts.permissions import Role
from hotline.administering import role_requests
from tests import scene
from tests.hotline.test_receipts import api_call, call_data, key
from tickets.models import MissedCall, Ticket
from tickets.telephony import events, missed

SignedIn = Callable[[str], Client]
SENDERS = 4


def at_once(client_of: SignedIn, send: Callable[[Client], Any]) -> list[Any]:
    """What several equal browsers of one person are answered who all send together."""
    clients, answers = [client_of(scene.OPERATOR) for _ in range(SENDERS)], []
    scene.at_once(*(lambda client=client: answers.append(send(client)) for client in clients))
    return answers


def test_equal_posts_of_a_call_are_one_ticket(live_city: None, signed_in: SignedIn) -> None:
    data = call_data(form_key=key())
    answers = at_once(signed_in, lambda client: client.post(reverse("new-ticket"), data))
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.url for answer in answers}) == 1
    assert Ticket.objects.count() == 1


def test_equal_requests_to_the_api_are_one_ticket(live_city: None, signed_in: SignedIn) -> None:
    data = call_data(form_key=key())
    answers = at_once(signed_in, lambda client: api_call(client, data))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert Ticket.objects.count() == 1


def test_equal_answers_to_a_ticket_are_one_answer(live_city: None, signed_in: SignedIn) -> None:
    ticket = scene.ticket_in("working")
    data = scene.inputs("answer") | {"form_key": key(), "version": ticket.version}
    clients, answers = [signed_in(scene.CLERK) for _ in range(SENDERS)], []
    address = reverse("ticket-action", args=[ticket.number, "answer"])
    scene.at_once(*(lambda client=client: answers.append(client.post(address, data)) for client in clients))
    assert {answer.status_code for answer in answers} == {302}
    assert ticket.answers.count() == 1


def test_two_administrators_who_decide_at_once_make_one_decision(live_city: None, signed_in: SignedIn) -> None:
    clerk = scene.user(scene.CLERK)
    third = User.objects.create(username="admin9", full_name="柳青", role=Role.ADMINISTRATOR)
    wish = role_requests.Wish(Role.SUPERVISOR, None, is_active=True)
    waiting = role_requests.ask(clerk, wish, by=scene.user(scene.ADMIN), reason="换岗")
    deciding = ((signed_in(scene.SECOND_ADMIN), "grant"), (signed_in(third.username), "refuse"))
    told: list[str] = []

    def decide(client: Client, then: str) -> None:
        answer = client.post(reverse("role-requests"), {"which": waiting.pk, "then": then})
        told.extend(str(one) for one in get_messages(answer.wsgi_request))

    scene.at_once(*(lambda one=one: decide(*one) for one in deciding))
    waiting.refresh_from_db()
    assert scene.user(scene.CLERK).role == ("supervisor" if waiting.decision == "granted" else "staff")
    assert sum("已先处理" in one for one in told) == 1


def test_a_missed_call_that_two_take_at_once_is_called_back_by_one(live_city: None) -> None:
    """The second waits until the first has committed, and then reads who has it."""
    told = events.take(events.Event("c1", "missed", timezone.now(), "13920000001")).call
    first, second = scene.user("operator1"), scene.user("operator2")
    refused: list[str] = []

    def take() -> None:
        try:
            missed.take(told.missed, by=second)
        except missed.Objection as objection:
            refused.append(str(objection))
        finally:
            connection.close()

    thread = threading.Thread(target=take)
    with transaction.atomic():
        missed.take(told.missed, by=first)
        thread.start()
        scene.until_somebody_waits()
    thread.join(timeout=60)
    assert refused
    assert first.full_name in refused[0]
    assert MissedCall.objects.get().taken_by == first
