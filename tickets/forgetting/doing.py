"""Forgetting whose time has come, while people work. It can be broken off at any moment and begun again.

1. A city says after how many years (rule `forget_years`; 0: never). They count from when the last ticket of a person,
   by whatever number, has ended, and from their last call. Who has an open ticket is not forgotten.
2. A batch of persons is locked and looked at once more, so that nobody is forgotten who is calling just now. Their
   tickets are forgotten by an action of the workflow, then their numbers; the rows stay, and with them every count of
   persons. Whoever calls later is somebody new.
3. Tickets that have no caller follow, each by its own time, then calls whose number is nobody's any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from hotline.ledger import writing
from hotline.ledger.deeds import Deed, Of
from hotline.locks import one_at_a_time
from hotline.vault.models import KeyInUse
from tickets import limits
from tickets.choices import OPEN_STATUSES, RuleKey, Status
from tickets.forgetting.writings import Writings
from tickets.lists import reindexing
from tickets.models import Call, Caller, MissedCall, Ticket, TicketExport
from tickets.workflow.performing import apply
from tickets.workflow.stores import GatheringStore
from tickets.workflow.table import ACTIONS

BATCH = 100  # persons, or tickets, that are locked at once
CALLS = 2000
ENDED = tuple(status for status in Status if status not in OPEN_STATUSES)
Step = Callable[[str, int], None]  # told of each batch: of what, and how many


class TwoKeys(Exception):
    """Keys are being changed: whose a number is cannot be told for sure."""


def since(now: datetime) -> datetime | None:
    """Whoever had nothing to do with the hotline since is forgotten; None where a city forgets nobody."""
    years = limits.rule(RuleKey.FORGET_YEARS)
    if not years or years > now.year - 1970:
        return None
    day = timezone.localtime(now)
    return day.replace(year=day.year - years, day=min(day.day, 28) if day.month == 2 else day.day)


def forget(*, now: datetime | None = None, by: str = "", step: Step = lambda what, rows: None) -> Counter[str]:
    """Forgets whoever is due at `now`; how many persons, tickets and calls. `by` is what the audit log calls it.

    Raises TwoKeys while two keys are in use.
    """
    now = now or timezone.now()
    done: Counter[str] = Counter(persons=0, tickets=0, calls=0)
    if (then := since(now)) is None:
        return done
    _one_key()

    def told(what: str, rows: int) -> None:
        done[what] += rows
        step(what, rows)

    last = 0
    while firsts := list(due_persons(then).filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        last = firsts[-1]
        with transaction.atomic(), one_at_a_time("persons"):
            persons, tickets = _forget_persons(firsts, then, now)
        told("persons", persons)
        told("tickets", tickets)
    last = 0
    while alone := list(due_alone(then).filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        last = alone[-1]
        with transaction.atomic():
            told("tickets", _forget_tickets(due_alone(then).filter(pk__in=alone), now))
    while calls := list(due_calls(then).values_list("pk", flat=True)[:CALLS]):
        told("calls", Call.objects.filter(pk__in=calls).update(phone="", phone_mark=None))
    due_missed(then).update(phone="", phone_mark=None, note="")
    TicketExport.objects.filter(asked_at__lt=then).exclude(asked={}, narrowed_by="").update(asked={}, narrowed_by="")
    if any(done.values()):
        counted = "; ".join(f"{what}={rows}" for what, rows in done.items())
        writing.record(Deed.CHANGED, user=by, of=Of.CALLER, page="forget_callers", told=counted)
    return done


def left(now: datetime | None = None) -> dict[str, int]:
    """How many are due at `now` and not forgotten yet. Raises TwoKeys."""
    if (then := since(now or timezone.now())) is None:
        return {}
    _one_key()
    theirs = _numbers_of(due_persons(then).order_by().values("pk"))
    tickets = Ticket.objects.filter(forgotten_at=None, caller__in=theirs.values("pk"))
    return {
        "persons": due_persons(then).count(), "tickets": tickets.count() + due_alone(then).count(),
        "calls": due_calls(then).count(),
    }  # fmt: skip


def due_persons(then: datetime) -> QuerySet[Caller]:
    """The first known number of each person who had nothing to do with the hotline since `then`."""
    live = Ticket.objects.filter(caller=OuterRef("pk")).exclude(status__in=ENDED, status_since__lt=then)
    calls = Call.objects.filter(phone_mark=OuterRef("phone_mark"), began_at__gte=then)
    numbers = Caller.objects.filter(person=OuterRef("pk"))
    return Caller.objects.filter(
        Q(forgotten_at=None) | Exists(numbers.filter(forgotten_at=None)), ~Exists(live), ~Exists(calls),
        ~Exists(numbers.filter(Exists(live) | Exists(calls))), person=None,
    ).order_by("pk")  # fmt: skip


def due_alone(then: datetime) -> QuerySet[Ticket]:
    """Tickets without a caller that ended before `then`."""
    ended = Ticket.objects.filter(caller=None, status__in=ENDED, status_since__lt=then)
    return ended.filter(forgotten_at=None).order_by("pk")


def due_calls(then: datetime) -> QuerySet[Call]:
    """Calls from before `then` whose number is that of nobody who is known."""
    known = Caller.objects.filter(phone_mark=OuterRef("phone_mark"))
    return Call.objects.filter(~Exists(known), began_at__lt=then, phone_mark__isnull=False).order_by("pk")


def due_missed(then: datetime) -> QuerySet[MissedCall]:
    """The same of missed calls that are settled, with what was noted about them."""
    known = Caller.objects.filter(phone_mark=OuterRef("phone_mark"))
    settled = MissedCall.objects.filter(~Exists(known), missed_at__lt=then, settled_at__isnull=False)
    return settled.filter(~Q(phone="") | ~Q(note=""))


def _numbers_of(persons: list[int] | QuerySet[Any]) -> QuerySet[Caller]:
    """All numbers of these persons."""
    return Caller.objects.filter(Q(pk__in=persons) | Q(person__in=persons))


def _forget_persons(firsts: list[int], then: datetime, now: datetime) -> tuple[int, int]:
    # Who calls at this moment waits, or was waited for.
    list(_numbers_of(firsts).select_for_update(of=("self",), no_key=True).order_by("pk"))
    still = list(due_persons(then).filter(pk__in=firsts).values_list("pk", flat=True))
    theirs = list(_numbers_of(still).values_list("pk", flat=True))
    tickets = _forget_tickets(Ticket.objects.filter(caller__in=theirs, forgotten_at=None), now)
    Caller.objects.filter(pk__in=theirs, forgotten_at=None).update(
        phone="", phone_mark=None, name="", note="", forgotten_at=now
    )
    return len(still), tickets


def _forget_tickets(found: QuerySet[Ticket], now: datetime) -> int:
    tickets = list(found.select_for_update(of=("self",), no_key=True).order_by("pk"))
    if not tickets:
        return 0
    store, about = GatheringStore(tickets), Writings(tickets)
    for ticket in tickets:
        looked_at = ticket.next_due_at
        apply(ACTIONS["forget_caller"], ticket, actor=None, given={"about": about}, at=now, store=store)
        ticket.next_due_at = looked_at  # nothing became due by it
    store.flush()
    about.write()
    reindexing.write(tickets)
    return len(tickets)


def _one_key() -> None:
    if KeyInUse.objects.count() > 1:
        raise TwoKeys("keys are being changed: run manage.py rotate_keys first")
