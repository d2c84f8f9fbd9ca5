"""One step for several tickets of a matter: for all of them, or for none.

1. Which tickets of a matter a person can take a step for says the workflow table: `performing.open_to` and `objection`.
   Tickets of other departments are not among them, and nothing is learned of those that the person does not see.
2. All are held in the order of their ids, then each takes the step by `performing.perform`, with the version that the
   person saw: its own timeline, its own answer, its own follow-up call.
3. Where one refuses, all that refuse are named with the reason, and nothing has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _t

from hotline.accounts.models import User
from hotline.waiting import busy
from matters.models import Deed
from tickets.models import Matter, Ticket
from tickets.workflow import performing
from tickets.workflow.performing import NotAllowed, Refused
from tickets.workflow.several import Wanted
from tickets.workflow.table import ACTIONS, Action

# What says the same to many callers; everything else is decided for each ticket by itself.
STEPS = (
    "accept", "progress", "assist", "answer", "ask_extension", "grant_extension", "refuse_extension", "send_back",
    "close",
)  # fmt: skip
OWN_WORDS = {"answer": "answer", "assist": "answer"}  # by step: the field that each caller may hear in their words
MOST_AT_ONCE = 50  # tickets of one step, so that they are held for a few seconds at most
LOOKED_AT = 400  # tickets that are asked what stands against the step, until MOST_AT_ONCE are found
TOLD = 5  # of those that cannot take the step now, so many are named with the reason


class NotTogether(Refused):
    """Some of the tickets refused: by their numbers, each with its reason. Nothing has changed."""

    def __init__(self, reasons: Mapping[str, Refused]) -> None:
        self.reasons = dict(reasons)
        super().__init__(
            _t("Nothing has been done yet. Look at what is said at these tickets, or take them out: %(numbers)s.")
            % {"numbers": _t(", ").join(self.reasons)}
        )


@dataclass
class Found:
    """Tickets of a matter that can take a step now, the most pressing first, and what is to be said of the others."""

    tickets: list[Ticket] = field(default_factory=list)
    left: int = 0  # more than are shown
    hindered: list[tuple[Ticket, str]] = field(default_factory=list)  # some of those that cannot take it, with why


def step_of(name: str) -> Action | None:
    """The action of the workflow table that is a step for several tickets; None where it is none."""
    return ACTIONS[name] if name in STEPS else None


def counts(matter: Matter, user: User) -> list[tuple[Action, int]]:
    """The steps that a person can take for several tickets of a matter, each with how many they are at most.

    Nobody counts further than one ticket beyond MOST_AT_ONCE: a matter may have ten thousand.
    """
    found: dict[tuple[Any, ...], int] = {}  # of the same states and the same holders there are as many
    possible = [ACTIONS[name] for name in STEPS if user.may(ACTIONS[name].permission)]
    for action in possible:
        key = (action.sources, action.whose)
        if key not in found:
            rows = performing.open_to(action, user).filter(matter=matter).order_by()
            found[key] = len(rows.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    return [(action, many) for action in possible if (many := found[action.sources, action.whose]) > 1]


def find(matter: Matter, action: Action, user: User) -> Found:
    """The tickets of a matter for which `user` can take this step now, up to MOST_AT_ONCE of them."""
    possible = performing.open_to(action, user).filter(matter=matter)
    rows = possible.select_related("category", "region__parent", "department").defer("search", "caller_search")
    found, seen = Found(), 0
    for ticket in rows.order_by(F("stage_due_at").asc(nulls_last=True), "pk")[:LOOKED_AT]:
        seen += 1
        if reason := performing.objection(action, ticket):
            found.hindered.append((ticket, str(reason)))
            continue
        found.tickets.append(ticket)
        if len(found.tickets) == MOST_AT_ONCE:
            break
    found.left = possible.count() - seen
    return found


def perform(matter: Matter, action: Action, wanted: Sequence[Wanted], *, actor: User, also: Any = None) -> list[Ticket]:
    """Takes the step for all of these tickets and returns them; `also` is called with each inside the transaction.

    Raises NotTogether, Refused (none, or too many at once) or Busy; then nothing has changed.
    """
    if not wanted:
        raise Refused(_t("Choose tickets first."))
    if len(wanted) > MOST_AT_ONCE:
        raise Refused(
            _t("At most %(most)d tickets at once, and %(count)d are chosen. Take some out, and let them follow.")
            % {"most": MOST_AT_ONCE, "count": len(wanted)}
        )
    by_number = {one.number: one for one in wanted}
    done, refused = [], dict[str, Refused]()
    with busy.told(), transaction.atomic():
        seen = Ticket.objects.visible_to(actor).filter(matter=matter, number__in=by_number)
        held = list(seen.select_for_update(of=("self",), no_key=True).order_by("pk"))
        for number in sorted(by_number.keys() - {ticket.number for ticket in held}):
            refused[number] = Refused(_t("It does not belong to this matter any more, or is not with you any more."))
        for ticket in held:
            one = by_number[ticket.number]
            try:
                done.append(performing.perform(action.name, ticket, actor=actor, given=one.given, version=one.version))
            except NotAllowed:
                refused[ticket.number] = Refused(_t("It is not with you any more."))
            except Refused as reason:
                refused[ticket.number] = reason
            else:
                if also is not None:
                    also(done[-1])
        if refused:
            raise NotTogether(refused)
        Deed.objects.create(
            matter=matter, what=Deed.What.TOGETHER, by=actor, data={"action": action.name, "tickets": len(done)}
        )
    return done
