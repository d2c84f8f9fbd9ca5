"""One action on several tickets at once: each on its own, so that one that is refused holds up no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.waiting.busy import Busy
from tickets.models import Ticket
from tickets.workflow import performing

REASONS_SHOWN = 5


@dataclass(frozen=True)
class Wanted:
    """What shall be done with one ticket; `version` is the one that the person saw, None where nobody looked."""

    number: str
    action: str
    given: Mapping[str, Any]
    version: int | None = None


@dataclass
class Outcome:
    """What became of them: how many were done, and of each other one why not."""

    done: int = 0
    refused: list[str] = field(default_factory=list)


def perform_each(wanted: Iterable[Wanted], *, actor: User) -> Outcome:
    """Performs each in a transaction of its own."""
    outcome = Outcome()
    for one in wanted:
        # What a browser sends may be no number at all; the database would not even look for a zero byte.
        known = (
            Ticket.objects.visible_to(actor).filter(number=one.number)
            if one.number.isalnum()
            else Ticket.objects.none()
        )
        ticket = known.first()
        try:
            if ticket is None:
                raise performing.Refused(_t("No ticket has this number."))
            performing.perform(one.action, ticket, actor=actor, given=one.given, version=one.version)
        except performing.Refused as refused:
            outcome.refused.append(f"{one.number}: {_why(refused)}")
        except Busy as busy:
            outcome.refused.append(f"{one.number}: {busy.message}")
        else:
            outcome.done += 1
    return outcome


def _why(refused: performing.Refused) -> str:
    if isinstance(refused, performing.InvalidInput):
        return refused.details
    return refused.message


def tell(request: HttpRequest, outcome: Outcome, *, done: str, nothing_chosen: str = "") -> None:
    """Says on the next page what was done and why the others were not; `nothing_chosen` where none was asked for."""
    if nothing_chosen:
        messages.error(request, nothing_chosen)
    elif outcome.done:
        messages.success(request, done)
    for reason in outcome.refused[:REASONS_SHOWN]:
        messages.error(request, reason)
    if left := outcome.refused[REASONS_SHOWN:]:
        messages.error(request, _t("… and %(count)d more.") % {"count": len(left)})
