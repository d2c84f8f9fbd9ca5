"""One action on several tickets at once: each on its own, so that one that is refused holds up no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.receipts import services as receipts
from hotline.waiting.busy import Busy
from tickets.models import Ticket
from tickets.workflow import performing

REASONS_SHOWN = 5
LONGEST_NUMBER = 30  # characters of what may be one; it is said again where there is none
MOST_AT_ONCE = 50  # tickets that one form asks for, so that nobody waits longer than a few seconds


@dataclass(frozen=True)
class Wanted:
    """What shall be done with one ticket; `version` is the one that the person saw, None where nobody looked."""

    number: str
    action: str
    given: Mapping[str, Any]
    version: int | None = None


@dataclass
class Outcome:
    """What became of them: how many were done, how many had been before by the same form, of each other one why not."""

    done: int = 0
    before: int = 0
    refused: list[str] = field(default_factory=list)


def perform_each(wanted: Iterable[Wanted], *, actor: User, key: str = "") -> Outcome:
    """Performs each in a transaction of its own; by the same `key` of a form none a second time."""
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
            is_now = _perform_once(one, ticket, actor, key)
        except performing.Refused as refused:
            outcome.refused.append(f"{one.number}: {_why(refused)}")
        except Busy as busy:
            outcome.refused.append(f"{one.number}: {busy.message}")
        else:
            outcome.done += is_now
            outcome.before += not is_now
    return outcome


def _perform_once(one: Wanted, ticket: Ticket, actor: User, key: str) -> bool:
    """Whether it was done now; False where it had been before, under the same key."""

    def perform() -> str:
        performing.perform(one.action, ticket, actor=actor, given=one.given, version=one.version)
        return ticket.number

    content = {"action": one.action, "given": one.given, "version": one.version}
    return receipts.once(perform, person=actor, key=f"{key} {ticket.number}" if key else "", content=content).now


def _why(refused: performing.Refused) -> str:
    if isinstance(refused, performing.InvalidInput):
        return refused.details
    return refused.message


def numbers_in(request: HttpRequest) -> list[str]:
    """The numbers of the tickets that were chosen, each once; of more than MOST_AT_ONCE the first, which is said."""
    numbers = list(dict.fromkeys(number[:LONGEST_NUMBER] for number in request.POST.getlist("number")))
    if (left := len(numbers) - MOST_AT_ONCE) > 0:
        said = _t("At most %(most)d at once: %(left)d were left as they are.")
        messages.warning(request, said % {"most": MOST_AT_ONCE, "left": left})
    return numbers[:MOST_AT_ONCE]


def version_of(request: HttpRequest, number: str) -> int:
    """The version of a chosen ticket that was looked at; one that no ticket has where none was sent."""
    version = request.POST.get(f"version-{number}", "")
    return int(version) if version.isdecimal() and len(version) < 9 else 0


def tell(request: HttpRequest, outcome: Outcome, *, done: str, nothing_chosen: str = "") -> None:
    """Says on the next page what was done and why the others were not; `nothing_chosen` where none was asked for."""
    if nothing_chosen:
        messages.error(request, nothing_chosen)
    elif outcome.done:
        messages.success(request, done)
    if outcome.before:
        messages.warning(request, receipts.SENT_BEFORE)
    for reason in outcome.refused[:REASONS_SHOWN]:
        messages.error(request, reason)
    if left := outcome.refused[REASONS_SHOWN:]:
        messages.error(request, _t("… and %(count)d more.") % {"count": len(left)})
