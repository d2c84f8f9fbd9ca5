"""What the machine proposes (`keep`), and what people say to it: one matter or not. Either is kept as their choice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.waiting import busy
from matters.models import Choice, Proposal
from matters.nearest import Near
from tickets.disclosure import Detail
from tickets.models import Ticket
from tickets.reading import read
from tickets.workflow import performing
from tickets.workflow.performing import NotAllowed, Refused

MOST = 3  # proposals for one ticket
State = Proposal.State


# -- the machine ----------------------------------------------------------------------------------------------------


def one_of_each(possible: Sequence[Near]) -> list[Near]:
    """Of what a ticket may be about, what is proposed: one for a matter, whichever of its tickets is nearest."""
    found: dict[tuple[str, int], Near] = {}
    for one in possible:
        found.setdefault(("matter", one.matter) if one.matter else ("ticket", one.ticket), one)
    return list(found.values())[:MOST]


def stored(tickets: Collection[int]) -> Mapping[int, dict[int, Proposal]]:
    """What is stored of these tickets, by the ticket and the other one."""
    found = defaultdict[int, dict[int, Proposal]](dict)
    for one in Proposal.objects.filter(ticket__in=tickets):
        found[one.ticket_id][one.other_id] = one
    return found


def keep(wanted: Mapping[int, Sequence[Near]]) -> None:
    """Of each of these tickets, which are held, that waits and what is settled otherwise waits no longer.

    What people have decided on stays decided.
    """
    known, fresh, again, over = stored(wanted.keys()), list[Proposal](), list[Proposal](), list[int]()
    for ticket, proposed in wanted.items():
        holds = {near.ticket for near in proposed}
        over += [one.pk for other, one in known[ticket].items() if one.state == State.WAITING and other not in holds]
        for near in proposed:
            one = known[ticket].get(near.ticket) or Proposal(ticket_id=ticket, other_id=near.ticket)
            if one.state not in (State.WAITING, State.SETTLED):
                continue
            one.probability, one.why = near.probability, list(near.why)
            one.state, one.settled_at = State.WAITING, None
            (again if one.pk else fresh).append(one)
    Proposal.objects.bulk_create(fresh)
    Proposal.objects.bulk_update(again, ["probability", "why", "state", "settled_at"])
    if over:
        Proposal.objects.filter(pk__in=over, state=State.WAITING).update(state=State.SETTLED, settled_at=timezone.now())


# -- people ---------------------------------------------------------------------------------------------------------


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
    held = Proposal.objects.select_for_update(of=("self",), no_key=True).prefetch_related("ticket", "other").get(
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
