"""Dispatch without a person, above a confidence whose precision was measured on the city's own history.

Off until a manager turns it on for one of the measured confidences; anybody who works on dispatch can stop it at once.
Only tickets that nobody has touched since they were recorded go out by themselves, and each is marked: the action in
its timeline is one of its own, performed by the system.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _t

from dispatch import suggest
from dispatch.learned import store
from dispatch.models import AutomaticDispatch, DispatchModel, Source
from hotline.accounts.models import User
from hotline.accounts.permissions import Permission
from hotline.locks import one_at_a_time
from tickets.choices import Status
from tickets.models import Ticket
from tickets.workflow import performing
from tickets.workflow.performing import NotAllowed, Refused

LEAST_RIGHT = 0.95  # precision below which it cannot be turned on: the goal for the first dispatch
LEAST_COUNT = 50  # held-out tickets on which a precision must rest
GRACE = timedelta(minutes=2)  # in which the operator may still split or join what was recorded
BATCH = 200  # tickets a run
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Offer:
    """A confidence at which it could work: how right it was there on history, and how large a part it would take."""

    confidence: float
    precision: float
    share: float
    count: int

    @property
    def will_do(self) -> bool:
        return self.precision >= LEAST_RIGHT and self.count >= LEAST_COUNT


def offers(model: DispatchModel | None) -> list[Offer]:
    """What a model could be trusted with, by what was measured when it was trained."""
    if model is None:
        return []
    try:
        return [
            Offer(p["confidence"], p["right"] / p["count"], p["count"] / model.measured_on, p["count"])
            for p in model.curve
            if p["count"]
        ]
    except (TypeError, KeyError, ZeroDivisionError):
        return []  # a row that no training wrote: nothing was measured that could be trusted


def switch() -> AutomaticDispatch | None:
    """The latest turn of the switch; none where it was never turned."""
    return AutomaticDispatch.objects.select_related("model", "by").first()


def is_on() -> bool:
    latest = switch()
    return latest is not None and latest.is_on


def turn_on(confidence: float, *, actor: User) -> AutomaticDispatch:
    """Lets tickets at least this sure go out by themselves.

    Raises NotAllowed, or Refused where history speaks against it.
    """
    if not actor.may(Permission.AUTOMATE):
        raise NotAllowed(_t("You may not do this."))
    model, learned = store.current()
    offer = next((one for one in offers(model) if one.confidence == confidence), None)
    if model is None or learned is None or offer is None:
        raise Refused(_t("No model is in use that was measured at this confidence."))
    if not offer.will_do:
        raise Refused(
            _t("At this confidence too few were right: %(right).1f %% of %(count)d; at least %(least)d %% are needed.")
            % {"right": offer.precision * 100, "count": offer.count, "least": LEAST_RIGHT * 100}
        )
    return _turn(is_on=True, confidence=confidence, precision=offer.precision, share=offer.share, model=model, by=actor)


def stop(*, actor: User) -> AutomaticDispatch:
    """Stops it at once, also in the middle of a run. Raises NotAllowed."""
    if not actor.may(Permission.SEE_SUGGESTIONS):
        raise NotAllowed(_t("You may not do this."))
    return _turn(is_on=False, by=actor)


def _turn(**columns: Any) -> AutomaticDispatch:
    with one_at_a_time("automatic dispatch"):
        return AutomaticDispatch.objects.create(at=timezone.now(), **columns)


def carry_over(model: DispatchModel) -> None:
    """A new model has come into use: it goes on if it is as right as was agreed to; else it stops and says so."""
    latest = switch()
    if latest is None or not latest.is_on:
        return
    offer = next((one for one in offers(model) if one.confidence == latest.confidence and one.will_do), None)
    if offer is not None:
        _turn(
            is_on=True, confidence=offer.confidence, precision=offer.precision, share=offer.share, model=model,
            why=_t("Goes on with the new model."),
        )  # fmt: skip
    else:
        _turn(is_on=False, why=_t("Stopped by itself: the new model was not right often enough at this confidence."))


@performing.check("dispatch_automatically")
def switch_allows(ticket: Ticket) -> Any:
    return None if is_on() else _t("Automatic dispatch is off.")


def run() -> int:
    """Dispatches what is sure enough; returns how many went out. Does nothing while the switch is off."""
    latest = switch()
    if latest is None or not latest.is_on:
        return 0
    model, learned = store.current()
    if model is None or learned is None or model.pk != latest.model_id:
        return 0  # another process has not yet heard of the new model, or its file is broken
    waiting = (
        Ticket.objects.filter(
            status=Status.REGISTERED, version=1, registered_at__lte=timezone.now() - GRACE
        )
        .select_related("category", "region")
        .defer("search", "caller_search")
        .order_by("registered_at", "pk")
    )  # fmt: skip
    done = 0
    tickets = {ticket.pk: ticket for ticket in waiting[:BATCH]}
    for pk, proposal in suggest.for_tickets(list(tickets.values())).items():
        if proposal is None or proposal.source != Source.LEARNED or (proposal.confidence or 0) < latest.confidence:
            continue
        ticket = tickets[pk]
        given = {
            "department": proposal.department, "assisting": list(proposal.assisting),
            "confidence": proposal.confidence, "note": proposal.reason,
        }  # fmt: skip
        try:
            performing.perform("dispatch_automatically", ticket, actor=None, given=given, version=ticket.version)
        except Refused as refused:
            logger.info("ticket %s was not dispatched automatically: %s", ticket.pk, refused)
        else:
            done += 1
    return done
