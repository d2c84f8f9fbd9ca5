"""Several tickets at once: dispatching what the dispatcher chose, and taking back what was just dispatched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from tickets import workflow
from tickets.choices import Status
from tickets.effects import UNDO_WITHIN
from tickets.models import Ticket, TicketEvent


@dataclass(frozen=True)
class Chosen:
    """A ticket as the dispatcher saw it, and the department (its id as the browser sent it) that it shall go to."""

    number: str
    version: int
    department: str


@dataclass
class Outcome:
    """What became of them: how many were done, and of each other one why not."""

    done: int = 0
    refused: list[str] = field(default_factory=list)


def dispatch(chosen: Iterable[Chosen], *, actor: User) -> Outcome:
    """Dispatches each on its own: one that cannot be dispatched any more does not hold up the others."""
    return _each(((one.number, "dispatch", {"department": one.department}, one.version) for one in chosen), actor=actor)


def take_back(numbers: Iterable[str], *, actor: User) -> Outcome:
    """Takes just made dispatches back, each on its own."""
    return _each(((number, "undo_dispatch", {}, None) for number in numbers), actor=actor)


def _each(wanted: Iterable[tuple[str, str, dict[str, str], int | None]], *, actor: User) -> Outcome:
    outcome = Outcome()
    for number, action, given, version in wanted:
        ticket = Ticket.objects.visible_to(actor).filter(number=number).first()
        try:
            if ticket is None:
                raise workflow.Refused(_t("No ticket has this number."))
            workflow.perform(action, ticket, actor=actor, given=given, version=version)
        except workflow.Refused as refused:
            outcome.refused.append(f"{number}: {_why(refused)}")
        else:
            outcome.done += 1
    return outcome


def _why(refused: workflow.Refused) -> str:
    if isinstance(refused, workflow.InvalidInput):
        return " ".join(str(error) for errors in refused.errors.values() for error in errors)
    return refused.message


def just_dispatched(user: User) -> QuerySet[TicketEvent]:
    """The dispatches of `user` that can still be taken back, the latest first."""
    return (
        TicketEvent.objects.filter(
            action="dispatch", actor=user, at__gt=timezone.now() - UNDO_WITHIN,
            ticket__status=Status.DISPATCHED, ticket__version=F("sequence"),
        )
        .select_related("ticket", "department")
        .order_by("-at", "-pk")
    )  # fmt: skip
