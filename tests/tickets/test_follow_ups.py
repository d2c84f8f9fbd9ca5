"""Follow-up calls (回访): what is asked, what closes a ticket and what does not, and whom the desk calls next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from hotline.accounts.models import User
from supervision.models import Flag
from tests import scene
from tests.scene import at
from tickets.choices import FlagKind, Status
from tickets.following_up import queue
from tickets.models import FollowUp, FollowUpClaim, Ticket, TicketEvent
from tickets.workflow.performing import InvalidInput

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
CONTENT = {"contacted": "yes", "solved": "yes", "satisfaction": "satisfied"}


def waiting(**details: Any) -> Ticket:
    return scene.ticket_in(Status.FOLLOW_UP, **details)


def errors_of(name: str, ticket: Ticket, **given: Any) -> set[str]:
    """The fields that refuse; nothing is done."""
    with pytest.raises(InvalidInput) as refused:
        scene.do(ticket, name, scene.OPERATOR, **{"note": ""} | given)
    assert Ticket.objects.get(pk=ticket.pk).version == ticket.version
    return set(refused.value.errors)


# -- what is asked ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "lacks"),
    [
        ({"solved": "no"}, {"cause", "closing_reason"}),
        ({"solved": "partly"}, {"closing_reason"}),
        ({"satisfaction": "very_dissatisfied"}, {"cause", "closing_reason"}),
        ({"contacted": "no"}, {"cause"}),
        ({"contacted": "no", "solved": "no", "satisfaction": "", "cause": "slow"}, {"closing_reason"}),
        ({"solved": "no", "cause": "other", "closing_reason": "policy"}, {"note"}),
        ({"solved": "no", "cause": "nonsense", "closing_reason": "policy"}, {"cause"}),
    ],
)
def test_what_is_not_solved_or_makes_dissatisfied_is_not_closed_without_a_reason(
    said: dict[str, str], lacks: set[str]
) -> None:
    assert errors_of("follow_up", waiting(), **CONTENT | said) == lacks


def test_cause_and_reason_are_kept_as_data_and_told() -> None:
    said = {"solved": "no", "satisfaction": "dissatisfied", "cause": "came_back", "closing_reason": "promised"}
    ticket = scene.do(waiting(), "follow_up", scene.OPERATOR, **said)
    call = FollowUp.objects.get(ticket=ticket)
    for row in (Ticket.objects.get(pk=ticket.pk), call):
        assert (row.cause, row.closing_reason) == ("came_back", "promised")
    assert ticket.status == Status.CLOSED
    reopened = scene.do(ticket, "reopen", scene.OPERATOR)
    assert (reopened.cause, reopened.closing_reason) == ("", "")


def test_who_is_content_is_closed_without_a_reason_even_if_one_is_sent() -> None:
    ticket = scene.do(waiting(), "follow_up", scene.OPERATOR, **CONTENT, closing_reason="policy")
    assert (ticket.status, ticket.closing_reason) == (Status.CLOSED, "")


def test_a_new_round_says_the_cause_and_asks_for_no_reason_of_closing() -> None:
    assert errors_of("redo", waiting(), cause="", note="仍然很响。") == {"cause"}
    ticket = scene.do(waiting(), "redo", scene.OPERATOR, cause="not_done", closing_reason="policy")
    assert (ticket.cause, ticket.closing_reason) == ("not_done", "")


def test_the_api_obeys_the_same_rule(signed_in: SignIn) -> None:
    ticket, client = waiting(), signed_in(scene.OPERATOR)
    address = f"/api/v1/tickets/{ticket.number}/"
    refused = client.post(f"{address}follow_up/", CONTENT | {"solved": "no"}, content_type="application/json")
    assert refused.status_code == 400
    assert set(refused.json()["errors"]) == {"cause", "closing_reason"}
    missed = client.post(f"{address}miss_follow_up/", {"why": "later"}, content_type="application/json")
    assert list(missed.json()["errors"]) == ["again_at"]
    given = CONTENT | {"solved": "no", "cause": "slow", "closing_reason": "policy"}
    done = client.post(f"{address}follow_up/", given, content_type="application/json")
    assert done.status_code == 200
    assert (done.json()["cause"], done.json()["closing_reason"]) == ("slow", "policy")


# -- not reached --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "again"), [("busy", at(20, 9, 15)), ("no_answer", at(20, 11)), ("rejected", at(20, 15, 30))]
)
def test_the_reason_says_when_the_next_try_is(why: str, again: datetime, monday: time_machine.Traveller) -> None:
    ticket = scene.do(waiting(), "miss_follow_up", scene.OPERATOR, why=why)
    assert FollowUp.objects.get(ticket=ticket).again_at == again


def test_an_agreed_time_is_a_promise_that_is_late_once_it_has_passed(monday: time_machine.Traveller) -> None:
    ticket = waiting()
    assert errors_of("miss_follow_up", ticket, why="later") == {"again_at"}
    assert errors_of("miss_follow_up", ticket, why="later", again_at="2026-04-19T10:00") == {"again_at"}
    assert errors_of("miss_follow_up", ticket, why="later", again_at="2026-07-01T10:00") == {"again_at"}
    assert errors_of("miss_follow_up", ticket, why="") == {"why"}
    promised = scene.do(ticket, "miss_follow_up", scene.OPERATOR, why="later", again_at="2026-04-20T16:00")
    assert promised.stage_due_at == at(20, 16)
    monday.move_to(at(20, 16, 1))
    from supervision.clocks.sweeping import sweep

    sweep()
    assert Flag.objects.filter(ticket=ticket, kind=FlagKind.FOLLOW_UP_LATE, cleared_at=None).exists()


def test_who_agreed_to_another_time_has_not_been_missed(monday: time_machine.Traveller) -> None:
    ticket = waiting()
    for hour in (9, 10):
        monday.move_to(at(20, hour))
        scene.do(ticket, "miss_follow_up", scene.OPERATOR)
    monday.move_to(at(21, 9))
    ticket = scene.do(ticket, "miss_follow_up", scene.OPERATOR, why="later", again_at="2026-04-21T15:00")
    assert ticket.status == Status.FOLLOW_UP
    ended = scene.do(ticket, "miss_follow_up", scene.OPERATOR, why="busy")
    assert (ended.status, ended.closing) == (Status.CLOSED, "unreached")
    assert FollowUp.objects.filter(ticket=ticket).latest("pk").again_at is None


# -- the desk: who is called next ---------------------------------------------------------------------------


@pytest.fixture
def other_operator() -> User:
    return User.objects.create_user("second", full_name="周琴", role="operator", password="xiaogan-12345")


def following(user: User, *, but: tuple[str, ...] = ()) -> str:
    found = queue.take_next(user, but=but)
    return found.title if found else ""


def test_the_desk_calls_by_promise_and_no_one_before_their_time(monday: time_machine.Traveller) -> None:
    me = scene.user(scene.OPERATOR)
    early = waiting(title="早答复")
    monday.move_to(at(20, 10))
    promised, busy = (
        waiting(title="约定", caller_phone="10012340002"),
        waiting(title="占线", caller_phone="10012340003"),
    )
    waiting(title="无号码", caller_phone="", caller_name="", is_anonymous=True)
    scene.do(promised, "miss_follow_up", scene.OPERATOR, why="later", again_at="2026-04-20T11:00")
    scene.do(busy, "miss_follow_up", scene.OPERATOR, why="busy")
    assert following(me) == "早答复"
    assert following(me, but=(early.number,)) == "", "the line was busy, and eleven has not come"
    monday.move_to(at(20, 11))
    queue.let_go(early, by=me)
    assert following(me) == "约定", "whoever was promised this time comes before what is merely older"
    scene.do(promised, "follow_up", scene.OPERATOR)
    scene.do(early, "follow_up", scene.OPERATOR)
    assert following(me) == "占线"
    assert queue.counts(me) == (2, 0)


def test_two_callers_are_not_given_the_same_ticket(
    monday: time_machine.Traveller, signed_in: SignIn, other_operator: User
) -> None:
    first, second = waiting(title="甲"), waiting(title="乙", caller_phone="10012340002")
    assert (following(scene.user(scene.OPERATOR)), following(other_operator)) == ("甲", "乙")
    assert following(scene.user(scene.OPERATOR)) == "甲", "it stays with who holds it"
    shown = signed_in("second").get(reverse("follow-ups", args=[first.number])).content.decode()
    assert "09:00" in shown
    assert str(scene.user(scene.OPERATOR)) in shown
    assert str(other_operator) in signed_in(scene.OPERATOR).get(reverse("follow-up-list")).content.decode()
    monday.shift(queue.HOLD + timedelta(seconds=1))
    scene.do(second, "follow_up", scene.OPERATOR)
    assert following(other_operator) == "甲", "a claim expires by itself"
    assert FollowUpClaim.objects.count() == 1, "what was recorded is called no longer"


def test_who_records_it_all_the_same_is_told_once_and_keeps_what_was_typed(
    signed_in: SignIn, other_operator: User
) -> None:
    ticket = waiting()
    queue.claim(ticket, by=scene.user(scene.OPERATOR))
    client, address = signed_in("second"), reverse("follow-ups", args=[ticket.number])
    sent = CONTENT | {"outcome": "follow_up", "note": "已经修好了", "version": ticket.version}
    told = client.post(address, sent)
    assert told.status_code == 409
    assert str(scene.user(scene.OPERATOR)) in told.content.decode()
    assert "已经修好了" in told.content.decode()
    assert client.post(address, sent | {"anyway": told.context["anyway"]}).status_code == 302
    assert Ticket.objects.get(pk=ticket.pk).status == Status.CLOSED
    late = signed_in(scene.OPERATOR).post(address, sent | {"note": "来电人补充的话"})
    assert late.status_code == 409, "the other was sooner"
    assert "来电人补充的话" in late.content.decode()


# -- the desk: one call -------------------------------------------------------------------------------------


def test_a_call_leads_to_the_next_and_is_recorded_once(signed_in: SignIn) -> None:
    first, second = waiting(), waiting(caller_phone="10012340002")
    client = signed_in(scene.OPERATOR)
    shown = client.get(reverse("follow-ups"), follow=True)
    assert shown.context["ticket"] == first
    for words in (scene.ANSWER, first.description, "100-1234-0001", "刘女士"):
        assert words in shown.content.decode() or words.replace("-", "") in shown.content.decode()
    address = reverse("follow-ups", args=[first.number])
    sent = CONTENT | {"outcome": "follow_up", "form_key": "one", "version": first.version}
    for nth in range(2):
        following_page = client.post(address, sent, follow=True)
        assert following_page.context["ticket"] == second
        told = [str(message) for message in following_page.context["messages"]]
        assert nth or [text.count(first.number) for text in told] == [1], "said once which it was"
    assert TicketEvent.objects.filter(ticket=first, action="follow_up").count() == 1


def test_what_does_not_do_is_said_at_its_question_and_stays(signed_in: SignIn) -> None:
    ticket, client = waiting(), signed_in(scene.OPERATOR)
    address = reverse("follow-ups", args=[ticket.number])
    for sent, faulty in (
        ({}, {"outcome"}),
        ({"outcome": "send_back", "note": "某句话"}, {"outcome"}),
        (CONTENT | {"outcome": "follow_up", "solved": "no", "note": "某句话"}, {"cause", "closing_reason"}),
        (CONTENT | {"outcome": "redo", "solved": "no", "cause": "slow", "note": ""}, {"note"}),
        ({"outcome": "miss_follow_up", "why": "later", "again_at": "gestern", "note": "某句话"}, {"again_at"}),
        ({"outcome": "miss_follow_up", "why": ""}, {"why"}),
    ):
        answer = client.post(address, sent)
        assert answer.status_code == 422
        assert set(answer.context["errors"]) == faulty
        assert sent.get("note", "") in answer.content.decode()
        assert 'max="9999-12-31T23:59"' in answer.content.decode(), "no year of six digits"
        if sent.get("outcome") == "redo":
            assert "请写明来电人意见" in answer.content.decode()
        assert Ticket.objects.get(pk=ticket.pk).version == ticket.version


def test_a_call_that_is_put_off_comes_up_after_the_others(monday: time_machine.Traveller, signed_in: SignIn) -> None:
    first, second = waiting(), waiting(caller_phone="10012340002")
    client = signed_in(scene.OPERATOR)
    client.get(reverse("follow-ups"))
    shown = client.post(reverse("follow-up-later", args=[first.number]), follow=True)
    assert shown.context["ticket"] == second
    client.post(reverse("follow-up-later", args=[second.number]))
    assert client.get(reverse("follow-ups")).status_code == 200, "nobody is to be called just now"
    assert client.get(f"{reverse('follow-ups')}?all", follow=True).context["ticket"] == first
    monday.shift(timedelta(minutes=31))
    assert client.get(reverse("follow-ups"), follow=True).context["ticket"] == first


def test_who_redoes_it_sends_the_callers_words_along(signed_in: SignIn) -> None:
    ticket = waiting()
    sent = {"contacted": "yes", "solved": "no", "satisfaction": "dissatisfied", "cause": "came_back",
            "outcome": "redo", "note": "昨晚又响了。", "closing_reason": "", "why": ""}  # fmt: skip
    signed_in(scene.OPERATOR).post(reverse("follow-ups", args=[ticket.number]), sent)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.round, ticket.cause) == (Status.DISPATCHED, 2, "came_back")
    assert "昨晚又响了" in signed_in(scene.CLERK).get(ticket.get_absolute_url()).content.decode()
