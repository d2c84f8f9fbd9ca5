"""A call becomes a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline import telephone
from hotline.accounts.models import User
from hotline.waiting import busy
from tickets.callers.book import caller_for
from tickets.calls.numbers import next_number
from tickets.choices import Channel
from tickets.models import Intake, Ticket
from tickets.places import learning
from tickets.telephony import missed
from tickets.telephony.events import call_named
from tickets.workflow import performing, table
from tickets.workflow.performing import NotAllowed
from tickets.workflow.stores import DatabaseStore


@dataclass(frozen=True)
class Desk:
    """How a call came in at the desk: what the telephone system calls it, the missed call that was called back (its
    id), and for how many seconds its form was worked on.
    """

    call_id: str = ""
    called_back: int | None = None
    form_seconds: int | None = None


class NumberingStore(DatabaseStore):
    """Writes a new ticket with its day's next number, which is taken only now: everybody else waits for it."""

    def save_ticket(self, ticket: Ticket) -> None:
        if ticket.pk is None:
            ticket.number = next_number(timezone.localdate(ticket.registered_at))
        super().save_ticket(ticket)


def register(
    *,
    actor: User | None,
    details: dict[str, Any],
    answer: str = "",
    article: int | None = None,
    refusal: dict[str, str] | None = None,
    at: datetime | None = None,
    desk: Desk | None = None,
    import_key: str | None = None,
) -> Ticket:
    """Records a call as a ticket and returns it.

    `details` holds the columns of a ticket that a call fills (title, description, kind, region, …) with
    `caller_name` and `caller_phone` as typed. An `answer` was given while the caller was on the line and closes the
    ticket; `article` is the one of the knowledge base that it was taken from. `at` is when the call came; now by
    default. `desk` is how it came in. A `refusal` has the ground on which the call is not
    accepted and what the caller was told. Raises NotAllowed, Busy, ValidationError where the number is none, or Refused
    where this kind of call is not answered directly or the article has ended; then nothing is recorded.
    """
    action = table.ACTIONS[table.STARTING]
    if actor is not None and not performing.may_perform(action, None, actor):
        raise NotAllowed(_t("You may not do this."))
    at = at or timezone.now()
    with busy.told(), transaction.atomic():
        ticket = Ticket(**details, registered_by=actor, registered_at=at, import_key=import_key)
        ticket.caller_phone = telephone.kept(ticket.caller_phone)
        ticket.contact_phone = telephone.kept(ticket.contact_phone)
        if ticket.is_anonymous:
            ticket.caller_name = ""
        ticket.caller = caller_for(ticket.caller_phone, ticket.caller_name)
        performing.apply(action, ticket, actor=actor, given={}, at=at, store=NumberingStore())
        desk = desk or Desk()
        if desk.call_id or desk.form_seconds is not None:
            call = call_named(desk.call_id, at=at) if desk.call_id else None
            is_first = call is None or not call.intakes.exists()
            Intake.objects.create(ticket=ticket, call=call, form_seconds=desk.form_seconds, is_first=is_first)
        if actor and ticket.channel == Channel.PHONE:
            missed.spoke(ticket.caller_phone, by=actor, ticket=ticket, called_back=desk.called_back)
        learning.recorded(ticket, actor)
        if answer:
            ticket = performing.perform(
                "answer_directly", ticket, actor=actor, given={"answer": answer, "article": article}, at=at
            )
        if refusal:
            ticket = performing.perform("refuse", ticket, actor=actor, given=refusal, at=at)
    return ticket
