"""How much is at stake with a ticket, as a number that orders queues and boards and that can be explained.

The number is a sum of parts, each with its reason; nothing in it depends on the hour, so it is written when a flag is
raised or cleared and never has to be counted again for its own sake. The weights are a judgement: what nobody owns
weighs more than what is late, what many suffer from more than what one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _t
from django.utils.translation import ngettext

from tickets.choices import FlagKind, Kind, Urgency
from tickets.models import Ticket

FLAG_POINTS: dict[str, int] = {
    FlagKind.OVERDUE: 30,
    FlagKind.UNPLACEABLE: 30,
    FlagKind.TASK_LATE: 30,
    FlagKind.ORDER_LATE: 25,
    FlagKind.BOUNCED: 20,
    FlagKind.REDONE: 20,
    FlagKind.CAME_BACK: 25,
    FlagKind.UNCLAIMED: 15,
    FlagKind.STALLED: 15,
    FlagKind.DUE_SOON: 10,
    FlagKind.FREQUENT_CALLER: 10,
    FlagKind.PART_LATE: 8,
    FlagKind.FOLLOW_UP_LATE: 5,
    FlagKind.REVIEW_DUE: 5,
    FlagKind.HALF_TIME: 3,
}
URGENT, PER_CALLER, MOST_FOR_CALLERS, PER_RETURN, PER_URGE, ACCUSING = 40, 5, 40, 6, 3, 4


@dataclass(frozen=True)
class Part:
    """One reason and what it adds."""

    label: str
    points: int


def _points(ticket: Ticket, flags: Iterable[str], callers: int) -> Iterator[tuple[str, int]]:
    """Each reason by its name with what it adds, 0 among them."""
    for kind in flags:
        yield kind, FLAG_POINTS.get(kind, 0)
    yield "urgency", URGENT * (ticket.urgency == Urgency.URGENT)
    yield "callers", min(PER_CALLER * max(callers - 1, 0), MOST_FOR_CALLERS)
    yield "returns", PER_RETURN * ticket.returns
    yield "urges", PER_URGE * ticket.urges
    yield "kind", ACCUSING * (ticket.kind in (Kind.COMPLAINT, Kind.REPORT))


def score(ticket: Ticket, flags: Iterable[str], callers: int) -> int:
    """The sum of what all reasons add."""
    return sum(points for _name, points in _points(ticket, flags, callers))


def parts(ticket: Ticket, flags: Iterable[str], callers: int) -> list[Part]:
    """The reasons in words, the weightiest first."""
    names = {
        "urgency": ticket.get_urgency_display(),
        "callers": ngettext("%d caller", "%d callers", callers) % callers,
        "returns": ngettext("returned %d time", "returned %d times", ticket.returns) % ticket.returns,
        "urges": _t("urged %(count)d×") % {"count": ticket.urges},
        "kind": ticket.get_kind_display(),
    } | {kind.value: str(kind.label) for kind in FlagKind}
    found = [Part(names[name], points) for name, points in _points(ticket, flags, callers) if points]
    return sorted(found, key=lambda part: -part.points)
