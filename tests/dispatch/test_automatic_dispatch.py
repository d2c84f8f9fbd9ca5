"""Dispatch without a person: off until measured and turned on, marked, and stopped with one click."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dispatch.learned import training
from dispatch.models import AutomaticDispatch, DispatchModel, Suggestion
from dispatch.queue import automation
from dispatch.tasks import dispatch_automatically
from tests import scene
from tests.dispatch.test_learning import answered, texts
from tickets.choices import Status
from tickets.models import Ticket
from tickets.workflow.performing import NotAllowed, Refused

__all__ = ["answered"]  # a fixture that is used here too
SignIn = Callable[[str], Client]
CURVE = [{"confidence": 0.7, "count": 240, "right": 220}, {"confidence": 0.9, "count": 200, "right": 199}]


@pytest.fixture
def model(answered: list[Ticket]) -> DispatchModel:
    """A model in use that was measured on more tickets than a test can make."""
    row = training.train()
    row.curve, row.measured_on = CURVE, 250
    row.save()
    return row


@pytest.fixture
def on(model: DispatchModel) -> AutomaticDispatch:
    return automation.turn_on(0.9, actor=scene.user(scene.MANAGER))


def clear_case(**details: object) -> Ticket:
    example = texts(1, seed=9)[0][0]
    return scene.call(title=example.title, description=example.body, **details)


def later(minutes: int = 5) -> time_machine.travel:
    from django.utils import timezone

    return time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False)


def test_training_measures_how_right_it_is_above_each_confidence(answered: list[Ticket]) -> None:
    row = training.train()
    assert [point["confidence"] for point in row.curve] == sorted(point["confidence"] for point in row.curve)
    assert all(0 <= point["right"] <= point["count"] <= row.measured_on for point in row.curve)
    offers = automation.offers(row)
    assert offers
    assert not any(offer.will_do for offer in offers), "21 held-out tickets are too few to trust it with"


def test_it_is_off_by_default_and_does_nothing(model: DispatchModel) -> None:
    ticket = clear_case()
    with later():
        dispatch_automatically()
    ticket.refresh_from_db()
    assert ticket.status == Status.REGISTERED
    with pytest.raises(Refused):
        scene.do(ticket, "dispatch_automatically", None)


def test_what_is_sure_goes_out_marked_and_what_is_not_waits(on: AutomaticDispatch, signed_in: SignIn) -> None:
    sure, vague = clear_case(), scene.call(title="咨询", description="你好，想问一下情况。")
    assert automation.run() == 0, "for two minutes the operator may still split or join it"
    with later():
        dispatch_automatically()
    sure.refresh_from_db()
    vague.refresh_from_db()
    assert (sure.status, vague.status) == (Status.DISPATCHED, Status.REGISTERED)
    event = sure.events.get(action="dispatch_automatically")
    assert event.actor is None
    kept = Suggestion.objects.get(ticket=sure)
    assert kept.is_automatic
    assert kept.chosen == sure.department
    assert "自动派单" in signed_in(scene.DISPATCHER).get(sure.get_absolute_url()).content.decode()


def test_what_a_person_has_touched_is_left_to_people(on: AutomaticDispatch) -> None:
    ticket = scene.do(clear_case(), "remark", scene.DISPATCHER)
    with later():
        assert automation.run() == 0
    ticket.refresh_from_db()
    assert ticket.status == Status.REGISTERED


def test_one_click_stops_all(on: AutomaticDispatch, signed_in: SignIn) -> None:
    client = signed_in(scene.DISPATCHER)
    assert "停止全部自动派单" in client.get(reverse("dispatch-queue")).content.decode()
    client.post(reverse("automatic-dispatch"), {"then": "stop"})
    clear_case()
    with later():
        assert automation.run() == 0
    assert not automation.is_on()
    latest = AutomaticDispatch.objects.first()
    assert latest is not None
    assert latest.by == scene.user(scene.DISPATCHER)


def test_only_a_manager_turns_it_on_and_only_where_history_was_right(model: DispatchModel, signed_in: SignIn) -> None:
    with pytest.raises(NotAllowed):
        automation.turn_on(0.9, actor=scene.user(scene.DISPATCHER))
    assert signed_in(scene.DISPATCHER).post(reverse("automatic-dispatch"), {"confidence": "0.9"}).status_code == 403
    assert signed_in(scene.OPERATOR).post(reverse("automatic-dispatch"), {"then": "stop"}).status_code == 403
    manager = signed_in(scene.MANAGER)
    for confidence in ("0.7", "0.8", "", "nan", "x"):
        page = manager.post(reverse("automatic-dispatch"), {"confidence": confidence}, follow=True)
        assert page.status_code == 200
        assert not automation.is_on(), confidence
    shown = manager.get(reverse("suggestions")).content.decode()
    assert "99.5%" in shown, "its precision on history stands on the switch"
    manager.post(reverse("automatic-dispatch"), {"confidence": "0.9"})
    assert automation.is_on()


@pytest.mark.parametrize(("right", "goes_on"), [(199, True), (150, False)])
def test_a_new_model_carries_on_only_if_it_is_as_right(right: int, goes_on: bool, on: AutomaticDispatch) -> None:
    new = DispatchModel.objects.get(is_used=True)
    new.curve = [{"confidence": 0.9, "count": 200, "right": right}]
    automation.carry_over(new)
    latest = automation.switch()
    assert latest is not None
    assert latest.is_on == goes_on
    assert latest.why
    assert latest.by is None


def test_a_broken_model_dispatches_nothing(on: AutomaticDispatch) -> None:
    from pathlib import Path

    from dispatch.learned import store

    Path(DispatchModel.objects.get(is_used=True).file.path).unlink()
    store.forget()
    clear_case()
    with later():
        assert automation.run() == 0


def test_like_tickets_are_shown_beside_what_was_learned(model: DispatchModel, signed_in: SignIn) -> None:
    from dispatch import suggest

    ticket = clear_case()
    proposal = suggest.for_ticket(ticket)
    assert proposal is not None
    like = suggest.like_tickets(proposal, scene.user(scene.DISPATCHER))
    assert like
    assert {one.department for one in like} == {proposal.department}
    page = signed_in(scene.DISPATCHER).get(reverse("dispatch-panel", args=[ticket.number])).content.decode()
    assert like[0].get_absolute_url() in page
    assert suggest.like_tickets(proposal, scene.user(scene.ADMIN)) == [], "only what one may see"
