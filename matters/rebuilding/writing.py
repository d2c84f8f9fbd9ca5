"""What a rebuild writes: for many tickets at once, where it does not stand so already, and only where nobody touched
them. Each of these is one transaction or a statement: whoever is killed leaves nothing half done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from hotline import many
from hotline.waiting import busy
from matters import linking, nearest, proposing
from matters.models import Looked, Proposal, Trace
from matters.nearest import Near
from matters.rebuilding.window import Row, Stands, chosen
from tickets.models import Matter, Ticket
from tickets.workflow.performing import apply, objection
from tickets.workflow.stores import GatheringStore
from tickets.workflow.table import ACTIONS

AT_ONCE = 200  # tickets that are joined in one transaction; a matter is joined whole
FRESH = 50  # ids of matters that are taken at a time
JOIN = ACTIONS["join_matter"]


class Calm(NamedTuple):
    """What is to be written of a ticket that is neither joined nor parted."""

    row: Row
    outcome: str
    probability: float
    proposals: Sequence[Near] = ()


@dataclass
class Joining:
    """All that goes to one matter: each ticket with the one that it is like, in their order.

    `before` is how every one of them stood when that was decided.
    """

    matter: int
    is_new: bool
    steps: list[tuple[Row, Near]] = field(default_factory=list)
    before: dict[int, Stands] = field(default_factory=dict)

    def take(self, row: Row, other: Row, near: Near) -> None:
        """One more, which belongs there from now on with the ticket that it is like."""
        for one in (row, other):
            self.before.setdefault(one.pk, one.stands_as)
            one.matter = self.matter
        self.steps.append((row, near))

    def stands(self, held: Mapping[int, Ticket]) -> bool:
        """Whether nobody touched any of them since."""
        return all(_stands_as(held[pk]) == before for pk, before in self.before.items()) and not any(
            objection(JOIN, held[pk]) for pk in self.before
        )


def fresh_matters() -> Iterator[int]:
    """Ids of matters that are still to be made; of those that are not, no other will have the id."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [Matter._meta.db_table, FRESH],
            )
            fresh = [pk for (pk,) in cursor.fetchall()]
        yield from fresh


def _stands_as(ticket: Ticket) -> Stands:
    return ticket.matter_id, ticket.kind, ticket.status, ticket.is_secret


# -- joining --------------------------------------------------------------------------------------------------------


def by_transactions(joinings: Sequence[Joining]) -> Iterator[list[Joining]]:
    """What is joined in one transaction each: as many matters as are not too many tickets to hold at once."""
    some: list[Joining] = []
    for one in joinings:
        if some and sum(len(other.before) for other in some) + len(one.before) > AT_ONCE:
            yield some
            some = []
        some.append(one)
    if some:
        yield some


def join(joinings: Sequence[Joining]) -> list[Joining]:
    """Joins all that goes to these matters; returns those of which somebody touched a ticket. Raises Busy.

    What a person chose meanwhile is read now: by hand always wins.
    """
    at = timezone.now()
    with busy.told(), transaction.atomic():
        held = {ticket.pk: ticket for ticket in linking.hold([pk for one in joinings for pk in one.before])}
        by_people = chosen(held.keys())
        sound = [one for one in joinings if one.stands(held) and by_people.isdisjoint(one.before)]
        matters = Matter.objects.in_bulk([one.matter for one in sound if not one.is_new])
        matters |= {one.matter: _new_matter(one, held, at) for one in sound if one.is_new}
        Matter.objects.bulk_create(matters[one.matter] for one in sound if one.is_new)
        store = GatheringStore(held[pk] for one in sound for pk in one.before)
        for one in sound:
            _enter(one, matters[one.matter], held, at, store)
        store.flush()
        _keep_looked([Calm(row, Looked.Outcome.JOINED, near.probability) for one in sound for row, near in one.steps])
        proposing.keep({row.pk: () for one in sound for row, _near in one.steps})
    return [one for one in joinings if one not in sound]


def _new_matter(joining: Joining, held: Mapping[int, Ticket], at: datetime) -> Matter:
    """As `join_matter` makes it for two tickets of which neither is secret."""
    first = held[joining.steps[0][0].pk]
    return Matter(pk=joining.matter, title=first.title, named_after=first, created_at=at)


def _enter(joining: Joining, matter: Matter, held: Mapping[int, Ticket], at: datetime, store: GatheringStore) -> None:
    for row, near in joining.steps:
        ticket, other = held[row.pk], held[near.ticket]
        why = linking.why_joined(near, other)
        both = [(ticket, why)] if other.matter_id else [(ticket, why), (other, why | {"like": ticket.number})]
        for one, why_it in both:
            apply(JOIN, one, actor=None, given={"matter": matter, "why": why_it}, at=at, store=store)


# -- what is neither joined nor parted ------------------------------------------------------------------------------


def unwritten(calm: Sequence[Calm]) -> list[Calm]:
    """Those of these that do not stand so already."""
    known = proposing.stored([one.row.pk for one in calm])
    return [one for one in calm if one.row.looked != _as_looked(one) or _differ(known[one.row.pk], one.proposals)]


def write(fresh: Sequence[Calm]) -> list[Calm]:
    """Writes these; returns those that somebody touched. Raises Busy."""
    with busy.told(), transaction.atomic():
        rows = Ticket.objects.filter(pk__in=[one.row.pk for one in fresh]).order_by("pk")
        rows = rows.select_for_update(no_key=True).only("matter", "kind", "status", "is_secret")
        held = {ticket.pk: _stands_as(ticket) for ticket in rows}
        same = [one for one in fresh if held[one.row.pk] == one.row.stands_as]
        _keep_looked(same)
        proposing.keep({one.row.pk: one.proposals for one in same})
    return [one for one in fresh if held[one.row.pk] != one.row.stands_as]


def _as_looked(one: Calm) -> tuple[str, float, int | None]:
    return one.outcome, round(one.probability, 6), one.row.matter


def _keep_looked(calm: Sequence[Calm]) -> None:
    now = timezone.now()
    Looked.objects.bulk_create(
        [
            Looked(
                ticket_id=one.row.pk, outcome=one.outcome, probability=one.probability, matter_id=one.row.matter, at=now
            )
            for one in calm if one.row.looked != _as_looked(one)
        ],
        update_conflicts=True, unique_fields=["ticket"], update_fields=["outcome", "probability", "matter", "at"],
    )  # fmt: skip


def _differ(there: Mapping[int, Proposal], wanted: Sequence[Near]) -> bool:
    """Whether what is proposed is not what waits already. What people have decided on stays decided."""
    states = Proposal.State
    waiting = {pk for pk, one in there.items() if one.state == states.WAITING}
    decided = {pk for pk, one in there.items() if one.state in (states.TAKEN, states.REFUSED)}
    if waiting != {one.ticket for one in wanted} - decided:
        return True
    return any(abs(there[one.ticket].probability - one.probability) > 1e-6 for one in wanted if one.ticket in waiting)


# -- traces ---------------------------------------------------------------------------------------------------------


def write_traces(rows: Collection[Row]) -> None:
    """By what each ticket is found and what it is taken for one with, where it is not stored so."""
    whole, thread_only = [], []
    for row in rows:
        if not row.is_looked_for:
            continue
        fresh, was = nearest.trace_of(row.pk, row.side, row.hashes, row.thread, row.sure), row.trace
        if was is None or set(was.pieces) != set(fresh.pieces) or was.places != fresh.places:
            whole.append(fresh)
        elif was.thread != fresh.thread or abs(was.sure - fresh.sure) > 1e-6:
            thread_only.append(fresh)
        row.trace, row.hashes = None, ()
    Trace.objects.bulk_create(
        whole, update_conflicts=True, unique_fields=["ticket"], update_fields=list(nearest.KEPT_OF_IT)
    )
    many.update(thread_only, ("thread", "sure"))


def write_ties(ties: Mapping[int, int]) -> None:
    """Has each of these threads be the one that it was tied to, which may have been tied to another since."""
    found = defaultdict[int, list[int]](list)
    for thread, other in ties.items():
        while other in ties:
            other = ties[other]
        found[other].append(thread)
    for thread, others in found.items():
        Trace.objects.filter(thread__in=others).update(thread=thread)
