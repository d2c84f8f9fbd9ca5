"""The tickets of a rebuild as they are kept in memory, and how they are read."""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict, deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import Q

from matters import linking, nearest
from matters.models import Choice, Looked, Trace
from matters.nearest import Compared
from matters.pairs import Cut, Place, Rarity, Side, Text
from tickets.models import Ticket, TicketEvent

SLICE = 1000  # tickets that are read, compared and written at a time
CUTS = 3000  # texts that are kept as they were cut
MONTHS = 7  # of the window, and of what comes in late
Stands = tuple[int | None, str, str, bool]  # a ticket's matter, kind, status, and whether it is secret


@dataclass(slots=True)
class Row:
    """A ticket as it was read, and what is known of it meanwhile."""

    pk: int
    side: Side
    kind: str
    status: str
    is_secret: bool
    closed_at: datetime | None
    matter: int | None
    thread: int
    is_chosen: bool = False  # a person said what it belongs together with, or what not
    is_by_hand: bool = False  # its matter is left as a person had it
    hashes: Sequence[int] = ()  # by what it is found, until that is written
    trace: Trace | None = None  # as it is stored, until then
    looked: tuple[str, float, int | None] | None = None
    sure: float = 1.0
    beside: list[Compared] | None = None  # of one that may begin its matter: what is like it, before it and after

    @property
    def at(self) -> datetime:
        assert self.side.at is not None
        return self.side.at

    @property
    def is_looked_for(self) -> bool:
        return linking.is_looked_for(self.kind, self.status)

    def compared(self, probability: float, why: tuple[str, ...]) -> Compared:
        """This one as another was compared with it, where it belongs now."""
        return Compared(self.pk, self.matter, self.thread, probability, why)

    @property
    def stands_as(self) -> Stands:
        """What it was judged by; where that is another now, it is judged anew."""
        return self.matter, self.kind, self.status, self.is_secret


class Window:
    """The tickets among which a later one may find what it is like, by place in the order of their calls."""

    def __init__(self) -> None:
        self.rows: dict[int, Row] = {}
        self.of_ticket: dict[int, int] = {}
        self.first = self.next = 0
        self._with: dict[int, array[int]] = {}
        self._cuts: OrderedDict[int, Cut] = OrderedDict()
        self._sample: deque[tuple[frozenset[str], datetime]] = deque()
        self._having: Counter[str] = Counter()
        self.rarity = Rarity(0, self._having)

    def add(self, row: Row) -> int:
        place, self.next = self.next, self.next + 1
        self.rows[place], self.of_ticket[row.pk] = row, place
        return place

    def index(self, place: int, hashes: Iterable[int]) -> None:
        """Has the ticket found by these pieces from now on."""
        for one in hashes:
            if (there := self._with.get(one)) is None:
                there = self._with[one] = array("I")
            there.append(place)

    def cut(self, place: int) -> Cut:
        """A ticket cut up; the latest ones are kept."""
        if found := self._cuts.get(place):
            self._cuts.move_to_end(place)
            return found
        found = self._cuts[place] = Cut(self.rows[place].side)
        if len(self._cuts) > CUTS:
            self._cuts.popitem(last=False)
        return found

    def found_by(self, place: int) -> list[int]:
        """By what the ticket is found, as it is known now what pieces are worth."""
        return nearest.found_by(Text(self.cut(place), self.rarity), self.rarity)

    def of(self, ticket: int) -> Row:
        return self.rows[self.of_ticket[ticket]]

    def known(self, tickets: Iterable[int]) -> list[Row]:
        """Those of these tickets that are in the window."""
        return [self.of(ticket) for ticket in tickets if ticket in self.of_ticket]

    def sample(self, places: Iterable[int]) -> None:
        """Counts these among the latest tickets, by which it is known what pieces are worth."""
        for place in places:
            pieces = self.cut(place).told
            self._sample.append((pieces, self.rows[place].at))
            self._having.update(pieces)
            if len(self._sample) > nearest.SAMPLE:
                gone, _at = self._sample.popleft()
                self._having.subtract(gone)
        self._having = +self._having
        self.rarity = Rarity(len(self._sample), self._having)

    @property
    def a_month(self) -> float:
        if len(self._sample) < 2:
            return 1.0
        span = max((self._sample[-1][1] - self._sample[0][1]) / nearest.MONTH, 1 / 30)
        return len(self._sample) / span

    def sharing(self, place: int, text: Text) -> list[int]:
        """The earlier tickets that share most of the rare pieces, as `nearest` finds them by its index."""
        shared = np.zeros(place - self.first)  # by how far after the first of the window
        for piece, weight in nearest.asked_for(text, self.rarity, self.a_month, MONTHS):
            if there := self._with.get(nearest.hashed(piece)):
                met = np.frombuffer(there, dtype=np.uintc)
                end = int(np.searchsorted(met, place))
                begin = max(int(np.searchsorted(met, self.first)), end - nearest.MOST_OF_ONE * MONTHS)
                shared[met[begin:end].astype(np.intp) - self.first] += weight  # each of them once
        some = np.flatnonzero(shared)
        most = some[np.lexsort((some, shared[some]))][: -nearest.COMPARED - 1 : -1] + self.first
        from_ = self.rows[place].at - nearest.WINDOW
        return [there for there in most.tolist() if self.rows[there].at >= from_]

    def trim(self, from_: datetime) -> range:
        """Lets go of what was recorded before, and returns its places."""
        before = self.first
        while self.first < self.next and self.rows[self.first].at < from_:
            del self.of_ticket[self.rows.pop(self.first).pk]
            self._cuts.pop(self.first, None)
            self.first += 1
        for piece in list(self._with):
            there = self._with[piece]
            if there[-1] < self.first:
                del self._with[piece]
            elif there[0] < self.first:
                self._with[piece] = array("I", [one for one in there if one >= self.first])
        return range(before, self.first)


# -- reading --------------------------------------------------------------------------------------------------------


def after(at: datetime, pk: int) -> list[Ticket]:
    """The next tickets in the order of their calls."""
    rows = Ticket.objects.filter(Q(registered_at__gt=at) | Q(registered_at=at, pk__gt=pk), registered_at__gte=at)
    read = rows.select_related("category", "region", "trace", "looked").only(*_READ)
    return list(read.order_by("registered_at", "pk")[:SLICE])


_READ = (
    "title", "description", "address", "kind", "status", "is_secret", "registered_at", "closed_at", "matter_id",
    "category__path", "region__path", "region__name", "trace__pieces", "trace__places", "trace__thread", "trace__sure",
    "looked__outcome", "looked__probability", "looked__matter_id",
)  # fmt: skip


def row_of(ticket: Ticket, places: Sequence[Place]) -> Row:
    trace: Trace | None = getattr(ticket, "trace", None)
    looked: Looked | None = getattr(ticket, "looked", None)
    return Row(
        pk=ticket.pk, side=nearest.side_of(ticket, places), kind=ticket.kind, status=ticket.status,
        is_secret=ticket.is_secret, closed_at=ticket.closed_at, matter=ticket.matter_id,
        thread=trace.thread if trace else ticket.pk, trace=trace,
        looked=(looked.outcome, round(looked.probability, 6), looked.matter_id) if looked else None,
    )  # fmt: skip


def chosen(tickets: Collection[int]) -> set[int]:
    """Of these tickets those of which a person said what they belong together with, or what not."""
    found = set(Choice.objects.filter(ticket__in=tickets).values_list("ticket", flat=True))
    return found | set(Choice.objects.filter(other__in=tickets).values_list("other", flat=True)) - {None}


def mark_by_hand(rows: Sequence[Row]) -> None:
    """Of which of these a person said where they belong, as `linking` asks it of one."""
    of_choices = chosen([row.pk for row in rows])
    matters = {row.matter for row in rows if row.matter}
    of_people = set(Choice.objects.filter(matter__in=matters).values_list("matter", flat=True))
    moved = TicketEvent.objects.filter(
        ticket__in=[row.pk for row in rows if row.matter], action__in=("join_matter", "part_matter")
    )
    last = dict(moved.order_by("ticket", "-sequence").distinct("ticket").values_list("ticket", "actor"))
    for row in rows:
        row.is_chosen = row.pk in of_choices
        row.is_by_hand = row.matter in of_people or last.get(row.pk, 0) is not None
