"""What a telephone system tells of calls: twice, out of order, of nobody, with a wrong number or a wrong clock."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hotline.accounts import tokens
from tests import scene
from tests.tickets.test_calling_again import PHONE, typed
from tickets.models import Call, Intake, Ticket
from tickets.telephony import events

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
ADDRESS = "/api/v1/call-events/"
KINDS = ("ringing", "answered", "hung_up", "missed")


def sender(username: str = scene.TELEPHONY) -> Callable[..., Any]:
    """Sends events with a token of this account; seconds after 09:00 by kind where no instant is given."""
    _token, key = tokens.issue(scene.user(username), "test", address=None)
    begin = timezone.now() - timedelta(minutes=5)

    def send(kind: str, *, given: dict[str, Any] | None = None, **more: Any) -> Any:
        body = {"call_id": "a1", "phone": PHONE, "at": (begin + timedelta(seconds=10 * KINDS.index(kind))).isoformat()}
        return Client().post(
            ADDRESS, body | {"kind": kind} | more | (given or {}), content_type="application/json",
            headers={"authorization": f"Token {key}"},
        )  # fmt: skip

    return send


def test_a_call_is_followed_by_its_events() -> None:
    send = sender()
    for kind, state in (("ringing", "ringing"), ("answered", "talking"), ("hung_up", "ended")):
        answer = send(kind, operator=scene.OPERATOR)
        assert (answer.status_code, answer.json()["state"]) == (201, state)
    call = Call.objects.get()
    assert (call.phone, call.operator, call.minutes) == (PHONE, scene.user(scene.OPERATOR), 1)
    assert answer.json() == {"call_id": "a1", "state": "ended", "operator": scene.OPERATOR, "remarks": []}
    assert PHONE not in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store, private"


def test_the_same_event_twice_changes_nothing() -> None:
    send = sender()
    first = send("answered", operator=scene.OPERATOR)
    again = send("answered", operator="operator2", phone="10012349999", at=timezone.now().isoformat())
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["operator"] == scene.OPERATOR
    call = Call.objects.get()
    assert (call.phone, call.operator) == (PHONE, scene.user(scene.OPERATOR))


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        (("ringing", "answered", "hung_up"), "ended"),
        (("ringing", "answered", "missed"), "talking"),  # it rang in vain at one desk, another picked up
        (("ringing", "missed", "hung_up"), "missed"),
        (("ringing", "hung_up"), "missed"),  # given up while it rang
        (("hung_up",), "missed"),
    ],
)
def test_the_order_of_events_makes_no_difference(kinds: tuple[str, ...], state: str) -> None:
    begin = timezone.now() - timedelta(minutes=5)
    for number, order in enumerate(itertools.permutations(kinds)):
        for kind in order:
            at = begin + timedelta(seconds=10 * KINDS.index(kind))
            call = events.take(events.Event(f"a{number}", kind, at, PHONE)).call
        assert call.state == state, order
    assert len(set(Call.objects.values_list("began_at", flat=True))) == 1


def test_hung_up_before_picked_up_by_a_slow_clock_is_an_ended_call() -> None:
    send = sender()
    now = timezone.now()
    send("answered", at=now.isoformat())
    send("hung_up", at=(now - timedelta(seconds=3)).isoformat())
    call = Call.objects.get()
    assert (call.state, call.minutes) == ("ended", None)


def test_who_picked_up_took_the_call_and_an_extension_names_people() -> None:
    person = scene.user("operator2")
    person.extension = "8002"
    person.save()
    send = sender()
    send("ringing", operator=scene.OPERATOR)
    send("answered", extension="8002")
    send("hung_up", operator=scene.OPERATOR)
    assert Call.objects.get().operator == person


@pytest.mark.parametrize("named", [{"operator": "nobody"}, {"extension": "999"}, {"operator": scene.CLERK}])
def test_an_operator_nobody_knows_is_left_empty_and_said(named: dict[str, str]) -> None:
    answer = sender()("answered", **named)
    assert answer.status_code == 201
    assert answer.json()["operator"] is None
    assert "没有" in answer.json()["remarks"][0]
    assert Call.objects.get().extension == named.get("extension", "")


@pytest.mark.parametrize(
    ("phone", "kept", "remarks"),
    [("", "", 0), (None, "", 0), ("anonymous", "", 1), ("1387777000", "", 1), (f"+86 {PHONE}", PHONE, 0)],
)
def test_a_number_is_read_or_left_empty(phone: str | None, kept: str, remarks: int) -> None:
    send = sender()
    answer = send("ringing", phone=phone)
    assert (answer.status_code, len(answer.json()["remarks"])) == (201, remarks)
    assert Call.objects.get().phone == kept
    send("missed")
    assert Call.objects.get().phone == PHONE, "what an earlier event left empty is filled in"


def test_an_instant_far_off_is_mended_or_refused() -> None:
    send, now = sender(), timezone.now()
    ahead = send("missed", at=(now + timedelta(hours=8)).isoformat())
    assert ahead.status_code == 201
    assert len(ahead.json()["remarks"]) == 1
    assert abs(Call.objects.get().began_at - now) < timedelta(minutes=1)
    for at in ((now - timedelta(days=8)).isoformat(), "0001-01-01T00:00", "soon", ""):
        answer = send("missed", call_id="b", at=at)
        assert answer.status_code == 400
        assert "at" in answer.json()["errors"]
    assert Call.objects.count() == 1


def test_what_cannot_be_an_event_is_refused_with_words() -> None:
    send = sender()
    for name, value in (("call_id", ""), ("call_id", "x" * 81), ("kind", "sneezed"), ("phone", "1" * 61), ("at", None)):
        answer = send("ringing", given={name: value})
        assert answer.status_code == 400
        assert set(answer.json()["errors"]) == {name}
    assert not Call.objects.exists()


@pytest.mark.parametrize("who", [scene.OPERATOR, scene.SUPERVISOR, scene.MANAGER, scene.ADMIN, scene.CLERK])
def test_only_the_telephone_systems_own_account_may_tell(who: str, client: Client) -> None:
    assert sender(who)("ringing").status_code == 403
    assert client.post(ADDRESS, {}, content_type="application/json").status_code == 401


def test_the_telephone_systems_account_sees_nothing(signed_in: SignIn) -> None:
    ticket = scene.call()
    client = signed_in(scene.TELEPHONY)
    assert client.get("/", follow=True).redirect_chain[-1][0] == reverse("tokens")
    for address in (ticket.get_absolute_url(), reverse("tickets"), reverse("desk-call"), "/api/v1/tickets/"):
        assert client.get(address).status_code in (403, 404), address


def test_tickets_are_joined_to_their_call(signed_in: SignIn) -> None:
    """Whether its events came before or not; a second concern and another ticket of the same call too."""
    operator = signed_in(scene.OPERATOR)
    sender()("answered", operator=scene.OPERATOR)
    page = operator.get(reverse("desk-call"), {"phone": PHONE, "call_id": "a1"}).content.decode()
    assert 'name="call_id" value="a1"' in page
    operator.post(reverse("new-ticket"), typed(then="dispatch", call_id="a1"))
    first = Ticket.objects.get()
    scene.do(first, "split", scene.OPERATOR)
    operator.post(reverse("new-ticket"), typed(then="dispatch", call_id="b2", description="另一通电话说的事情。"))
    assert [*Call.objects.order_by("pk").values_list("call_id", "intakes__ticket__registered_by__username")] == [
        ("a1", scene.OPERATOR), ("a1", scene.OPERATOR), ("b2", scene.OPERATOR),
    ]  # fmt: skip
    assert Call.objects.get(call_id="b2").state == "untold"
    sender()("ringing", call_id="b2")
    assert Call.objects.get(call_id="b2").state == "ringing"
    second = Ticket.objects.get(split_from=first)
    page = operator.get(first.get_absolute_url()).content.decode()
    assert "通话中" in page
    assert second.number in page


def test_a_second_concern_that_waits_is_recorded_from_the_same_call(signed_in: SignIn) -> None:
    sent = typed(then="dispatch", call_id="a1", rest="另外小区的路灯也不亮，请派人修。")
    page = signed_in(scene.OPERATOR).post(reverse("new-ticket"), sent, follow=True).content.decode()
    assert 'name="call_id" value="a1"' in page


def test_who_may_not_know_the_caller_learns_nothing_of_the_call(signed_in: SignIn) -> None:
    secret = scene.ticket_in("working", is_secret=True)
    call = Call.objects.create(call_id="a1", phone=PHONE, began_at=timezone.now(), answered_at=timezone.now())
    Intake.objects.create(ticket=secret, call=call)
    assert "通话中" in signed_in(scene.OPERATOR).get(secret.get_absolute_url()).content.decode()
    assert "通话中" not in signed_in(scene.CLERK).get(secret.get_absolute_url()).content.decode()
