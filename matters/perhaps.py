"""Perhaps one matter: what is only proposed, and yet so many callers speak of it that somebody should look (`look`).

The machine joins where it is sure; below that it proposes pair by pair, and a matter of many callers can lie there in
pieces that nobody counts together. Tickets that a waiting proposal or a matter holds together are counted here as one.
What people have told apart is not waiting any more, and so holds nothing together.

Of a caller who asked for secrecy nothing is counted: neither that they called, nor what their words are like.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from matters import alerts
from matters.models import Alert, Proposal
from matters.nearest import RAISED
from tickets import limits
from tickets.choices import OPEN_STATUSES, RuleKey
from tickets.models import PERSON, Ticket

MOST_PROPOSALS = 5000  # that are looked at, the latest; more in a week come from no city
KEPT = 100  # tickets that an alert names


class Called(NamedTuple):
    """Where a ticket belongs and who called; without a number it counts for itself.

    Who called under their name and once more without it counts twice: the count would else tell that it was they.
    """

    matter: int | None
    caller: tuple[int, bool]


@dataclass
class Group:
    """Tickets of the last days that may be one matter; a piece of it is a matter, or a ticket without one."""

    tickets: list[int] = field(default_factory=list)  # the oldest first
    pieces: set[tuple[str, int]] = field(default_factory=set)
    callers: set[tuple[int, bool]] = field(default_factory=set)

    def add(self, pk: int, called: Called) -> None:
        self.tickets.append(pk)
        self.callers.add(called.caller)
        self.pieces.add(("matter", called.matter) if called.matter else ("ticket", pk))

    @property
    def matters(self) -> set[int]:
        return {pk for kind, pk in self.pieces if kind == "matter"}


def look(now: datetime) -> None:
    """Raises and ends the alerts of what is perhaps one matter, by what is true at `now`.

    An alert stands as long as its first ticket is among those that it counts: what becomes secret is named no more.
    """
    of = {pk: group for group in groups(now) for pk in group.tickets}
    kept: set[int] = set()  # tickets of which an alert stands
    for alert in Alert.objects.filter(kind=Alert.Kind.PERHAPS, ended_at=None).order_by("pk"):
        group = of.get(alert.first_id) if alert.first_id else None
        if group is None or group.tickets[0] in kept:
            alerts.end([alert], "joined" if _are_one(alert.why["tickets"]) else "fewer", now)
            continue
        kept.update(group.tickets)
        if (why := _why(group)) != alert.why:
            Alert.objects.filter(pk=alert.pk, ended_at=None).update(why=why)
    for pk, group in of.items():
        if pk == group.tickets[0] and pk not in kept:
            Alert.objects.get_or_create(
                first_id=pk, kind=Alert.Kind.PERHAPS, ended_at=None,
                defaults={"level": Alert.Level.WATCH, "why": _why(group), "raised_at": now},
            )  # fmt: skip


def _why(group: Group) -> dict[str, object]:
    return {
        "callers": len(group.callers), "days": limits.rule(RuleKey.ALERT_DAYS), "tickets": group.tickets[:KEPT],
    }  # fmt: skip


def _are_one(tickets: Iterable[int]) -> bool:
    matters = Ticket.objects.filter(pk__in=tickets).order_by().values_list("matter", flat=True).distinct()
    return len(matters) == 1 and None not in matters


def groups(now: datetime) -> list[Group]:
    """What is perhaps one matter and has enough callers for a watch, without what is alerted to already."""
    since = now - timedelta(days=limits.rule(RuleKey.ALERT_DAYS))
    waiting = Proposal.objects.filter(
        state=Proposal.State.WAITING, probability__gte=RAISED, ticket__registered_at__gt=since,
        ticket__registered_at__lte=now,
    )  # fmt: skip
    columns = ("ticket", "other", "ticket__matter", "other__matter")
    pairs = list(waiting.order_by("-pk").values_list(*columns)[:MOST_PROPOSALS])
    called = _called(
        {pk for pair in pairs for pk in pair[:2]}, {pk for pair in pairs for pk in pair[2:] if pk}, since, now
    )
    root: dict[int, int] = {}

    def top(pk: int) -> int:
        while root.setdefault(pk, pk) != pk:
            pk = root[pk]
        return pk

    first_of: dict[int, int] = {}
    for pk, one in called.items():
        if one.matter is not None:
            root[top(pk)] = top(first_of.setdefault(one.matter, pk))
    for pk, other, _matter, _matter_of_other in pairs:
        if pk in called and other in called:
            root[top(pk)] = top(other)
    together: dict[int, Group] = defaultdict(Group)
    for pk in sorted(root):
        together[top(pk)].add(pk, called[pk])
    many = limits.rule(RuleKey.MANY_CALLERS)
    enough = [group for group in together.values() if len(group.callers) >= many and len(group.pieces) > 1]
    of = {matter for group in enough for matter in group.matters}
    alerted = set(Alert.objects.filter(matter__in=of, ended_at=None).values_list("matter", flat=True))
    return [group for group in enough if not group.matters & alerted]


def _called(pks: set[int], matters: set[int], since: datetime, now: datetime) -> dict[int, Called]:
    """Of these tickets, and of those of these matters, the open ones of the last days."""
    if not pks:
        return {}
    recent = Ticket.objects.filter(
        registered_at__gt=since, registered_at__lte=now, is_secret=False, status__in=OPEN_STATUSES
    )
    columns = ("pk", "matter", "person_called", "is_anonymous")
    return {
        pk: Called(matter, (person or -pk, is_anonymous))
        for found in (recent.filter(pk__in=pks), recent.filter(matter__in=matters))
        for pk, matter, person, is_anonymous in found.annotate(person_called=PERSON).order_by().values_list(*columns)
    }
