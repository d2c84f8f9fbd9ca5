"""Raising and clearing flags. The database allows one open flag of a kind on a ticket, whoever raises it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, Func, JSONField, OuterRef, QuerySet, Value
from django.utils import timezone

from dispatch import suggest
from dispatch.models import Return
from matters.recurring import came_back
from matters.totals import callers_of
from supervision.clocks import instants, risk
from supervision.clocks.instants import Around
from supervision.ladder import steps
from supervision.models import Flag
from supervision.words import callers_told
from tickets import limits
from tickets.callers.book import numbers_of
from tickets.choices import OPEN_STATUSES, FlagKind, RuleKey, Status
from tickets.disclosure import WITH_WISH, Wish
from tickets.models import Caller, Ticket

CALLER_NAMED = WITH_WISH[Wish.NOTHING]


def sync(tickets: Sequence[Ticket], *, now: datetime) -> tuple[int, int]:
    """Makes the open flags of these locked tickets what is true at `now`; returns how many were raised and cleared.

    Sets each ticket's `risk` and `next_due_at`, which the caller writes.
    """
    raised: list[Flag] = []
    changed: list[Flag] = []
    cleared: list[int] = []
    open_flags: dict[int, dict[str, Flag]] = defaultdict(dict)
    for flag in Flag.objects.filter(ticket_id__in=[t.pk for t in tickets], cleared_at__isnull=True):
        open_flags[flag.ticket_id][flag.kind] = flag
    surroundings = look_around(tickets, now)
    for ticket in tickets:
        around = surroundings[ticket.pk]
        true_now = instants.conditions(ticket, now, around)
        standing = open_flags[ticket.pk]
        ticket.risk = risk.score(ticket, true_now, around.callers) if ticket.status in OPEN_STATUSES else 0
        said = {
            "evidence": instants.evidence(ticket, around), "key": ticket.matter_id or -ticket.pk, "risk": ticket.risk,
        }  # fmt: skip
        for kind, since in true_now.items():
            known = standing.get(kind)
            if known is None:
                flag = Flag(ticket=ticket, kind=kind, since=since, raised_at=now, **said)
                flag.next_step_at = steps.first_step_at(flag, ticket.urgency)
                raised.append(flag)
            elif any(getattr(known, name) != value for name, value in said.items()):
                # A standing flag says what is true now: another caller, another return, another matter.
                for name, value in said.items():
                    setattr(known, name, value)
                changed.append(known)
        cleared += [flag.pk for kind, flag in standing.items() if kind not in true_now]
        ticket.next_due_at = instants.next_instant(ticket, after=now, flagged=true_now)
    if raised:
        Flag.objects.bulk_create(raised, ignore_conflicts=True)
    if changed:
        Flag.objects.bulk_update(changed, ["evidence", "key", "risk"])
    if cleared:
        Flag.objects.filter(pk__in=cleared, cleared_at__isnull=True).update(cleared_at=now)
    return len(raised), len(cleared)


def look_around(tickets: Sequence[Ticket], now: datetime) -> dict[int, Around]:
    """What is known of each ticket beside its row, with a handful of queries for all."""
    callers = callers_of({t.matter_id for t in tickets if t.matter_id})
    back = came_back({t.pk for t in tickets if t.matter_id})
    calls = calls_of_callers({t.caller_id for t in tickets if t.caller_id}, now)
    refused = refused_by_all([t for t in tickets if t.status == Status.REGISTERED and t.returns])
    return {
        t.pk: Around(
            callers.get(t.matter_id or 0, 0), calls.get((t.caller_id or 0, t.hides_caller), 0), t.pk in refused,
            back.get(t.pk),
        )
        for t in tickets
    }  # fmt: skip


def calls_of_callers(caller_ids: set[int], now: datetime) -> dict[tuple[int, bool], int]:
    """How often the people behind these numbers called in the week up to `now`, under their name and hidden, each by
    itself, from whichever number of theirs.

    A secret or anonymous call counts towards no other: a flag, a count or a risk that both share would tell who it was.
    """
    if not caller_ids:
        return {}
    first = {pk: person or pk for pk, person in Caller.objects.filter(pk__in=caller_ids).values_list("pk", "person")}
    people = {person: person for person in first.values()}
    people |= {number.pk: number.person_id or number.pk for number in Caller.objects.filter(person__in=people)}
    week = Ticket.objects.filter(caller_id__in=people, registered_at__gt=now - instants.WEEK, registered_at__lte=now)
    calls: dict[tuple[int, bool], int] = defaultdict(int)
    counted = week.values_list("caller_id", "is_secret", "is_anonymous").annotate(count=Count("pk")).order_by()
    for caller_id, is_secret, is_anonymous, count in counted:
        calls[people[caller_id], is_secret or is_anonymous] += count
    return {(pk, hidden): calls[person, hidden] for pk, person in first.items() for hidden in (True, False)}


def refused_by_all(tickets: Sequence[Ticket]) -> set[int]:
    """Of tickets that came back: those for which nobody is named, or only who has returned them."""
    if not tickets:
        return set()
    returned: dict[int, set[int]] = defaultdict(set)
    granted = Return.objects.filter(ticket__in=[t.pk for t in tickets], ruling=Return.Ruling.GRANTED)
    for ticket_id, department_id in granted.values_list("ticket_id", "department_id"):
        returned[ticket_id].add(department_id)
    whole = Ticket.objects.select_related("category", "region").defer("search", "caller_search")
    found = suggest.settled_for(list(whole.filter(pk__in=[t.pk for t in tickets])))
    return {pk for pk, proposal in found.items() if proposal is None or proposal.department.pk in returned[pk]}


def greet(ticket: Ticket, *, now: datetime) -> None:
    """Before a ticket is first saved: a caller who calls often is seen on their other open tickets too.

    Those that are known for it are told the new count here, in their flags alone: somebody who calls a hundred times a
    week would else have a hundred tickets, with all their indices, written anew at each call. The next sweep looks at
    the others; each is written once until then.
    """
    if not ticket.caller_id:
        return
    calls = calls_of_callers({ticket.caller_id}, now).get((ticket.caller_id, ticket.hides_caller), 0) + 1
    if calls < limits.rule(RuleKey.FREQUENT_CALLER):
        return
    ticket.next_due_at = now
    counted = ~CALLER_NAMED if ticket.hides_caller else CALLER_NAMED
    earlier = set(_open_of_caller(ticket.caller_id, now).filter(counted).values_list("pk", flat=True))
    standing = Flag.objects.filter(ticket__in=earlier, cleared_at__isnull=True)
    known = set(standing.filter(kind=FlagKind.FREQUENT_CALLER).values_list("ticket_id", flat=True))
    # Tickets before flags, as the sweep takes them: else the two would wait for each other.
    others = Ticket.objects.filter(pk__in=earlier - known).order_by("pk")
    later = [pk for pk, due in _held(others, "pk", "next_due_at") if due is None or due > now]
    Ticket.objects.filter(pk__in=later).update(next_due_at=now)
    of_known = standing.filter(ticket__in=known).order_by("pk")  # locked in one order, whoever calls at the same time
    Flag.objects.filter(pk__in=[pk for (pk,) in _held(of_known, "pk")]).update(
        evidence=_merged(F("evidence"), Value({"calls": calls}, JSONField()))
    )


def _held(rows: QuerySet[Any], *columns: str) -> QuerySet[Any, Any]:
    """What stands in rows, which are locked when they are read."""
    return rows.select_for_update(no_key=True).values_list(*columns)


def _merged(*objects: Any) -> Func:
    """JSON objects as one; of what stands in several, the last counts."""
    return Func(*objects, template="%(expressions)s", arg_joiner=" || ", output_field=JSONField())


def _open_of_caller(caller_id: int, now: datetime) -> QuerySet[Ticket]:
    """The open tickets of the week of the person behind a number."""
    numbers = [number.pk for number in numbers_of(Caller.objects.get(pk=caller_id))]
    return Ticket.objects.filter(
        caller__in=numbers, registered_at__gt=now - instants.WEEK, status__in=OPEN_STATUSES
    )  # fmt: skip


def look_again_at_caller(caller_id: int | None, *, now: datetime) -> None:
    """Has the next sweep look at a caller's open tickets of the week: which of them count together has changed."""
    if caller_id:
        _open_of_caller(caller_id, now).update(next_due_at=now)


def look_again_at_matters(matters: Collection[int | None], *, now: datetime | None = None) -> None:
    """Has the next sweep look at the open tickets of these matters whose flags do not say how many callers there are:
    their number has changed.
    """
    for matter in sorted(pk for pk in matters if pk):
        callers = callers_of([matter]).get(matter, 0)
        says_so = Flag.objects.filter(
            ticket=OuterRef("pk"), kind=FlagKind.MANY_CALLERS, cleared_at=None,
            evidence__callers=callers_told(callers),
        )  # fmt: skip
        others = Ticket.objects.filter(~Exists(says_so), matter=matter, status__in=OPEN_STATUSES)
        others.update(next_due_at=now or timezone.now())
