"""The stuck board (卡点看板): whole matters rather than tickets, by the gravest cause, largest and oldest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from hotline.accounts.models import User
from hotline.accounts.permissions import Permission as P
from hotline.shell import number_in
from matters.recurring import old_answers
from matters.totals import callers_of
from supervision import words
from supervision.clocks import risk
from supervision.clocks.risk import Part
from supervision.ladder import steps
from supervision.models import Flag
from tickets.choices import OPEN_STATUSES, FlagKind
from tickets.disclosure import Reader, Standing
from tickets.models import Ticket, TicketQuerySet
from tickets.reading import Reading, matter_name, read
from tickets.workflow.performing import available
from tickets.workflow.table import Action

# Causes in the order of the board, the gravest first.
CAUSES = (
    FlagKind.UNPLACEABLE, FlagKind.BOUNCED, FlagKind.TASK_LATE, FlagKind.ORDER_LATE, FlagKind.CAME_BACK,
    FlagKind.OVERDUE, FlagKind.UNCLAIMED, FlagKind.STALLED, FlagKind.REDONE, FlagKind.MANY_CALLERS,
    FlagKind.FREQUENT_CALLER, FlagKind.PART_LATE, FlagKind.FOLLOW_UP_LATE, FlagKind.REVIEW_DUE, FlagKind.DUE_SOON,
    FlagKind.HALF_TIME,
)  # fmt: skip
WARNINGS = (FlagKind.DUE_SOON, FlagKind.HALF_TIME)  # to a department; on the board only where asked for
PAGE_SIZE = 40
MOST_TICKETS = 200  # of one matter that a row looks at
STEPS = ("urge", "supervise", "escalate")


@dataclass(frozen=True)
class Row:
    """One matter, or one ticket that belongs to none.

    `ticket` is the one with the most at stake, `tickets` those that are stuck, `callers` how many people called about
    it, `since` when the oldest cause began, `offered` the actions that can be taken now, the best first.
    """

    key: str
    title: str
    place: str
    address: str
    ticket: Ticket
    tickets: tuple[Ticket, ...]
    callers: int
    lines: tuple[words.FlagLine, ...]
    sentence: str
    since: datetime
    holders: tuple[str, ...]
    risk: int
    parts: tuple[Part, ...]
    offered: tuple[Action, ...]
    old_answer: str = ""  # with which it had been closed before it came back

    @property
    def cause(self) -> str:
        """The gravest of its flags."""
        return min((line.kind for line in self.lines), key=lambda kind: CAUSES.index(FlagKind(kind)))


@dataclass(frozen=True)
class Group:
    """The rows of one cause."""

    kind: str
    label: Any
    rows: tuple[Row, ...]


def _open_flags(user: User, narrowed: TicketQuerySet | None = None) -> QuerySet[Flag]:
    """Open flags that `user` may see, of the tickets that a filter leaves.

    Who sees every ticket sees every flag: then millions of tickets need not be looked at.
    """
    found = Flag.objects.filter(cleared_at__isnull=True)
    if narrowed is not None:
        return found.filter(ticket__in=narrowed.filter(status__in=OPEN_STATUSES))
    return found if user.may(P.SEE_ALL_TICKETS) else found.filter(ticket__in=Ticket.objects.visible_to(user))


def counts(user: User) -> dict[str, int]:
    """How many matters there are for each cause."""
    rows = _open_flags(user).values("kind").annotate(count=Count("key", distinct=True)).order_by()
    found = {row["kind"]: row["count"] for row in rows}
    return {kind: found.get(kind, 0) for kind in CAUSES}


def rows(
    user: User, kind: str = "", *, narrowed: TicketQuerySet | None = None, page: int = 1, on_paper: bool = False
) -> tuple[list[Row], bool]:
    """One page of what is stuck, of the tickets that a filter leaves, and whether there is another.

    `on_paper` where it hangs on a wall and nobody knows who looks at it.
    """
    found = _open_flags(user, narrowed)
    found = found.filter(kind=kind) if kind else found.exclude(kind__in=WARNINGS)
    stuck = (
        found.values("key")
        .annotate(most=Max("risk"), count=Count("ticket", distinct=True), oldest=Min("since"))
        .order_by("-most", "-count", "oldest", "key")
    )
    begin = (page - 1) * PAGE_SIZE
    keys = [row["key"] for row in stuck[begin : begin + PAGE_SIZE + 1]]
    return _rows(user, keys[:PAGE_SIZE], None if on_paper else user), len(keys) > PAGE_SIZE


def _rows(user: User, keys: list[int], reader: Reader) -> list[Row]:
    """What stands behind these keys, in their order, with three queries."""
    members: dict[int, list[Ticket]] = defaultdict(list)
    for ticket in _behind(keys, user).for_list()[: MOST_TICKETS * PAGE_SIZE]:
        members[ticket.matter_id or -ticket.pk].append(ticket)
    standing: dict[int, list[Flag]] = defaultdict(list)
    ids = [ticket.pk for group in members.values() for ticket in group]
    for flag in Flag.objects.filter(ticket__in=ids, cleared_at__isnull=True).order_by("since", "pk"):
        standing[flag.ticket_id].append(flag)
    readings = {ticket.pk: read(ticket, reader) for group in members.values() for ticket in group}
    standing = {pk: words.readable(standing[pk], reading) for pk, reading in readings.items()}
    callers = callers_of({key for key in keys if key > 0})
    back = [pk for pk, found in standing.items() if any(flag.kind == FlagKind.CAME_BACK for flag in found)]
    answers = old_answers(back, reader) if back else {}
    return [
        replace(
            _row(key, members[key], standing, readings, callers.get(key, 1), user),
            old_answer=next((answers[ticket.pk] for ticket in members[key] if ticket.pk in answers), ""),
        )
        for key in keys
        if any(standing[ticket.pk] for ticket in members.get(key, ()))
    ]


def _behind(keys: list[int], user: User) -> TicketQuerySet:
    """The open tickets of these matters, and those that stand for themselves; the most at stake first."""
    concerned = Ticket.objects.visible_to(user).filter(status__in=OPEN_STATUSES)
    of_matters = Q(matter__in=[key for key in keys if key > 0])
    single = Q(pk__in=[-key for key in keys if key < 0])
    return concerned.filter(of_matters | single).order_by("-risk", "registered_at", "pk")


def _row(
    key: int,
    group: list[Ticket],
    standing: dict[int, list[Flag]],
    readings: dict[int, Reading],
    callers: int,
    user: User,
) -> Row:
    chief = group[0]
    own, reading = standing[chief.pk], readings[chief.pk]
    reader = None if reading.standing == Standing.PAPER else user
    all_flags = [flag for ticket in group for flag in standing[ticket.pk]]
    by_kind = {flag.kind: flag for flag in reversed(all_flags)}  # of each kind the oldest
    gravest_first = sorted(by_kind.values(), key=lambda flag: CAUSES.index(FlagKind(flag.kind)))
    lines = tuple(words.line(flag, readings[flag.ticket_id]) for flag in gravest_first)
    kinds = [flag.kind for flag in own]
    return Row(
        key=str(key), place=reading.place,
        title=matter_name(chief.matter, reader, group) if chief.matter else reading.title,
        address=(chief.matter or chief).get_absolute_url(), ticket=chief, tickets=tuple(group), callers=callers,
        lines=lines, sentence=words.story(own, reading),
        since=min((flag.since for flag in all_flags), default=chief.status_since),
        holders=tuple(dict.fromkeys(str(ticket.department) for ticket in group if ticket.department)),
        risk=chief.risk, parts=tuple(risk.parts(chief, kinds, callers)), offered=_offered(chief, kinds, user),
    )  # fmt: skip


def _offered(ticket: Ticket, kinds: list[str], user: User) -> tuple[Action, ...]:
    """The steps that can be taken now: the one that comes next first, going to the spot always."""
    possible = {action.name: action for action in available(ticket, user) if action.name in STEPS}
    order = dict.fromkeys((steps.next_step(ticket, kinds), "escalate"))
    return tuple(possible[name] for name in order if name in possible)


def grouped(found: Iterable[Row], kind: str = "") -> list[Group]:
    """Rows by their gravest cause, within it the largest first, then the oldest; of one `kind` as they come."""
    if kind:
        rows = tuple(found)
        return [Group(kind, FlagKind(kind).label, rows)] if rows else []
    by_cause: dict[str, list[Row]] = defaultdict(list)
    for row in found:
        by_cause[row.cause].append(row)
    return [
        Group(kind, kind.label, tuple(sorted(by_cause[kind], key=lambda row: (-len(row.tickets), row.since))))
        for kind in CAUSES
        if by_cause[kind]
    ]


def tickets_of(keys: Iterable[str], user: User) -> list[Ticket]:
    """The open tickets behind keys that a browser sent; what is no key, or not for this person, is passed over."""
    numbers = [
        number * (-1 if key.startswith("-") else 1) for key in keys for number in number_in(key.removeprefix("-"))
    ]
    return list(_behind(numbers, user).select_related("department", "matter__named_after", "region__parent"))
