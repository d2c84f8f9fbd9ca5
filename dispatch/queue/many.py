"""Several tickets at once: dispatching what the dispatcher chose, and taking back what was just dispatched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from tickets.choices import Status
from tickets.models import TicketEvent
from tickets.workflow.effects import UNDO_WITHIN
from tickets.workflow.several import Outcome, Wanted, perform_each


@dataclass(frozen=True)
class Chosen:
    """A ticket as the dispatcher saw it, and the department (its id as the browser sent it) that it shall go to."""

    number: str
    version: int
    department: str


def dispatch(chosen: Iterable[Chosen], *, actor: User, key: str = "") -> Outcome:
    """Dispatches each to its department; those for which none is named stay and are counted."""
    rows = list(chosen)
    wanted = [Wanted(one.number, "dispatch", {"department": one.department}, one.version) for one in rows]
    outcome = perform_each([one for one in wanted if one.given["department"]], actor=actor, key=key)
    if left := sum(not one.department for one in rows):
        outcome.refused.insert(0, _t("No suggestion, not dispatched: %(count)d.") % {"count": left})
    return outcome


def take_back(numbers: Iterable[str], *, actor: User, key: str = "") -> Outcome:
    """Takes just made dispatches back."""
    return perform_each([Wanted(number, "undo_dispatch", {}) for number in numbers], actor=actor, key=key)


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
