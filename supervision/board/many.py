"""Supervision of several tickets at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from hotline.accounts.models import User
from supervision.models import CoordinationTask
from tickets.choices import Status
from tickets.models import Ticket
from tickets.workflow.performing import Refused, apply, objection, perform
from tickets.workflow.several import Outcome, Wanted, perform_each
from tickets.workflow.stores import DatabaseStore
from tickets.workflow.table import ACTIONS


def urge_many(tickets: Iterable[Ticket], *, note: str, actor: User) -> Outcome:
    """Urges the departments of all these tickets."""
    return perform_each([Wanted(ticket.number, "urge", {"note": note}) for ticket in tickets], actor=actor)


def escalate_together(tickets: Sequence[Ticket], *, given: Mapping[str, Any], actor: User) -> CoordinationTask:
    """Calls one meeting about several tickets, whole matters with them.

    Raises Refused or InvalidInput, and then nothing has changed.
    """
    first, *others = tickets
    action = ACTIONS["escalate"]
    with transaction.atomic():
        perform("escalate", first, actor=actor, given=given)
        task = CoordinationTask.objects.get(ticket=first, state=CoordinationTask.State.CALLED)
        rest = Ticket.objects.select_for_update(of=("self",), no_key=True).filter(
            pk__in=[ticket.pk for ticket in others]
        )
        for ticket in rest.order_by("pk"):
            if ticket.status != Status.COORDINATING:  # its matter may have brought it along already
                if reason := objection(action, ticket):
                    raise Refused(f"{ticket.number}: {reason}")
                apply(action, ticket, actor=actor, given={"task": task}, at=timezone.now(), store=DatabaseStore())
    return task
