"""What people say to what the machine proposes: it is one matter, or it is not. Either is kept as their choice."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.waiting import busy
from matters.models import Choice, Proposal
from tickets.disclosure import Detail
from tickets.models import Ticket
from tickets.reading import read
from tickets.workflow import performing
from tickets.workflow.performing import NotAllowed, Refused

State = Proposal.State


def take(proposal: Proposal, *, actor: User) -> None:
    """Joins the two tickets of a proposal. Raises NotAllowed, Refused or Busy."""
    with busy.told(), transaction.atomic():
        held = _held(proposal, actor)
        if held.ticket.matter_id is None or held.ticket.matter_id != held.other.matter_id:
            performing.perform(
                "join_matter", held.ticket, actor=actor, given={"numbers": held.other.number, "title": ""}
            )
        _settle(held, State.TAKEN, actor)


def refuse(proposal: Proposal, *, actor: User) -> None:
    """Keeps that the two tickets of a proposal are two things. Raises NotAllowed, Refused or Busy."""
    with busy.told(), transaction.atomic():
        held = _held(proposal, actor)
        Choice.objects.create(ticket=held.ticket, other=held.other, is_together=False, by=actor)
        _settle(held, State.REFUSED, actor)


def _held(proposal: Proposal, actor: User) -> Proposal:
    held = Proposal.objects.select_for_update(of=("self",), no_key=True).select_related("ticket", "other").get(
        pk=proposal.pk
    )  # fmt: skip
    readable = all(read(ticket, actor).may(Detail.DESCRIPTION) for ticket in (held.ticket, held.other))
    known = Ticket.objects.visible_to(actor).filter(pk__in=[held.ticket_id, held.other_id]).count()
    if not (actor.may(P.MANAGE_MATTERS) and readable and known == len({held.ticket_id, held.other_id})):
        raise NotAllowed(_t("You may not do this."))
    if held.state != State.WAITING:
        raise Refused(_t("Somebody has decided on this proposal already."))
    return held


def _settle(held: Proposal, state: str, actor: User) -> None:
    held.state, held.by, held.settled_at = state, actor, timezone.now()
    held.save(update_fields=["state", "by", "settled_at"])
