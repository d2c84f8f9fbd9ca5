"""All spans recomputed from events, and compared with what was kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from supervision.clocks import spans
from tickets.models import Contribution, Span, Ticket, TicketEvent

BATCH = 1000  # tickets held in memory
SHOWN = 50  # differences that are told in words
COMPARED = ("duty", "department_id", "round", "begun_at", "begun_by", "due_at", "ended_at", "ended_by", "is_met",
            "undone_at", "minutes")  # fmt: skip


@dataclass
class Told:
    """How many tickets were gone through, how many of them were kept differently, and the first of these in words."""

    tickets: int = 0
    differing: int = 0
    differences: list[str] = field(default_factory=list)


def rebuild(*, only_missing: bool = False, writes: bool = True) -> Told:
    """Goes through all tickets, or through those of which nothing is kept, a batch at a time.

    It may be interrupted and run again, and tickets may be worked on meanwhile: a batch is locked while it is written.
    """
    told = Told()
    for keys in _batches(only_missing):
        with transaction.atomic():
            tickets = Ticket.objects.filter(pk__in=keys).prefetch_related("category", "department")
            locked = list(tickets.select_for_update(of=("self",), no_key=True).order_by("pk"))
            _compare(locked, told, writes=writes)
    return told


def _batches(only_missing: bool) -> Iterator[list[int]]:
    found = Ticket.objects.order_by("pk")
    if only_missing:
        found = found.filter(~Exists(Span.objects.filter(ticket=OuterRef("pk"))))
    last = 0
    while keys := list(found.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        yield keys
        last = keys[-1]


def _compare(tickets: Sequence[Ticket], told: Told, *, writes: bool) -> None:
    kept = _by_ticket(Span.objects.filter(ticket__in=tickets).order_by("pk"))
    events = _by_ticket(TicketEvent.objects.filter(ticket__in=tickets).order_by("ticket", "sequence"))
    contributions = _by_ticket(Contribution.objects.filter(ticket__in=tickets).order_by("pk"))
    anew: list[Span] = []
    differing = []
    for ticket in tickets:
        told.tickets += 1
        fresh = spans.recomputed(ticket, events[ticket.pk], contributions[ticket.pk])
        if sorted(map(_facts, fresh), key=str) != sorted(map(_facts, kept[ticket.pk]), key=str):
            differing.append(ticket.pk)
            anew += fresh
            if kept[ticket.pk] and len(told.differences) < SHOWN:
                told.differences += _in_words(ticket, kept[ticket.pk], fresh)
    told.differing += len(differing)
    if writes and differing:
        Span.objects.filter(ticket__in=differing).delete()
        Span.objects.bulk_create(anew, batch_size=BATCH)


def _by_ticket(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.ticket_id].append(row)
    return found


def _facts(span: Span) -> tuple[Any, ...]:
    return tuple(getattr(span, name) for name in COMPARED)


def _in_words(ticket: Ticket, kept: Iterable[Span], fresh: Iterable[Span]) -> Iterator[str]:
    before, after = set(map(_facts, kept)), set(map(_facts, fresh))
    for sign, facts in (("-", before - after), ("+", after - before)):
        for one in sorted(facts, key=str):
            yield f"{ticket.number} {sign} {' '.join(str(value) for value in one)}"
