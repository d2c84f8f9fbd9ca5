"""Which tickets one may be about the same thing as, from an index and never by a scan.

1. Of each ticket its rarest pieces are kept (`Trace`), each together with the month of the call. A new ticket asks for
   its own rarest pieces in the months of the window: it meets as many rows in a city's tenth year as in its first.
2. The tickets that share the most are compared in full (`pairs.judge`), whatever state they are in.
3. What is one matter already, or what the machine takes for one (`Trace.thread`), answers as one: as sure as its two
   tickets that are most like it, so that one chance likeness does not draw a ticket in.
4. How rare a piece is, is counted on the latest tickets, which each process reads as they come.

From JOIN on a ticket is joined by itself, from PROPOSE on it is proposed; below that nothing is done.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from django.db import connection, transaction

from matters import pairs, store
from matters.models import Trace
from matters.pairs import PROPOSE, Cut, Learned, Place, Rarity, Side, Text
from tickets.choices import Kind
from tickets.models import Ticket
from tickets.places import book

WINDOW, AHEAD = timedelta(days=180), timedelta(days=31)  # before a call, and after it where it comes in late
MONTH = timedelta(days=30)
KEPT, ASKED = 40, 60  # pieces by which a ticket is found, and by which it asks
MOST_OF_ONE, MOST_MET = 60, 8000  # rows read for one piece in a month; rows expected for all
COMPARED = 30
TIED = 0.25  # how sure a ticket must be of two threads to make them one
RAISED = 0.33  # how sure a ticket must be of its thread to count when a thread is raised
MEMBERS = 2  # of a matter that say how sure it is
SAMPLE, BEHIND = 2000, 500  # latest tickets by which it is known how rare a piece is; how many may be missing at once
READ = 2 * pairs.READ
KEPT_OF_IT = ("pieces", "places", "thread", "sure")


@dataclass(frozen=True)
class Near:
    """A matter, or a ticket that has none, that a ticket may be about too: its nearest ticket, how sure, and why."""

    ticket: int
    matter: int | None
    probability: float
    why: tuple[str, ...] = ()
    thread: int = 0


class Compared(NamedTuple):
    """A ticket that another was compared with, and what came of it."""

    ticket: int
    matter: int | None
    thread: int
    probability: float
    why: tuple[str, ...]


def nearest(ticket: Ticket, *, learned: Learned | None = None) -> list[Near]:
    """What `ticket` may be about too, the surest first, down to what is just worth proposing; and keeps its trace."""
    learned, known = learned or store.current(), rarity()
    text = Text(side_of(ticket, places_of(ticket)), known)
    compared = []
    for row in _candidates(ticket, text, known):
        other = side_of(row, [Place(*one) for one in row.trace.places])
        said = pairs.judge(text, other, known, learned)
        compared.append(Compared(row.pk, row.matter_id, row.trace.thread, said.probability, said.why))
    near = ranked(compared)
    tie(near)
    _keep(ticket, text, known, near)
    return near


def ranked(compared: Iterable[Compared]) -> list[Near]:
    """The matters and threads of what was compared, the surest first, as sure as their two surest tickets."""
    found: dict[tuple[str, int], list[Compared]] = defaultdict(list)
    for one in compared:
        found[("matter", one.matter) if one.matter else ("thread", one.thread)].append(one)
    near = []
    for tickets in found.values():
        tickets.sort(key=lambda one: (-one.probability, one.ticket))
        best, counted = tickets[0], tickets[:MEMBERS]
        probability = sum(one.probability for one in counted) / len(counted)
        if probability >= PROPOSE:
            near.append(Near(best.ticket, best.matter, probability, best.why, best.thread))
    return sorted(near, key=lambda one: (-one.probability, one.ticket))


# -- what of a ticket is compared -----------------------------------------------------------------------------------


def places_of(ticket: Ticket) -> list[Place]:
    """What the place book finds in a ticket; nothing where several streets may be meant."""
    known = book.book()
    answer = known.place_of(ticket.address, f"{ticket.title} {ticket.description[: book.READ]}")
    if answer.is_open:
        return []
    return [
        Place(one.place, str(one.kind), one.name, one.community, known.paths.get(one.region, ""))
        for one in answer.found[:4] if one.place
    ]  # fmt: skip


def places_kept(ticket: Ticket) -> list[Place]:
    """What the place book found in a ticket when it was looked at; now, where it was not yet."""
    trace: Trace | None = getattr(ticket, "trace", None)
    return [Place(*one) for one in trace.places] if trace else places_of(ticket)


def side_of(ticket: Ticket, places: Sequence[Place]) -> Side:
    category = tuple(ticket.category.ancestor_ids) if ticket.category else ()
    return Side(
        ticket.title, ticket.description[:READ], ticket.address, ticket.registered_at, tuple(places), category,
        ticket.region.path, f"{book.book().full_names.get(ticket.region_id, '')} {ticket.region.name}",
        ticket.kind == Kind.CONSULTATION,
    )  # fmt: skip


# -- the index ------------------------------------------------------------------------------------------------------


def month_of(at: datetime) -> int:
    """In which of the months, counted from 1970, an instant lies."""
    return int(at.timestamp() // MONTH.total_seconds())


def month_mark(month: int) -> int:
    """What makes the number of a piece another one in each month."""
    return month * 2654435761 % 2**32


def hashed(piece: str) -> int:
    """A piece as a number of four bytes. Two pieces of one number cost a comparison and nothing else."""
    return zlib.crc32(piece.encode())


def marked(piece: int, month: int) -> int:
    """The number of a piece, as `hashed`, in a month."""
    return (piece ^ month_mark(month)) - 2**31


def unmarked(number: int, month: int) -> int:
    """The piece, as `hashed`, of which `number` was made in that month."""
    return (number + 2**31) ^ month_mark(month)


def rarest(text: Text, rarity: Rarity, count: int) -> list[tuple[str, float]]:
    """The pieces that tell most of a text, those of the title counting twice."""
    weights = {piece: rarity(piece) * (2 if piece in text.spoken_title else 1) for piece in text.spoken}
    return sorted(weights.items(), key=lambda one: (-one[1], one[0]))[:count]


def asked_for(text: Text, rarity: Rarity, a_month: float, months: int) -> Iterator[tuple[str, float]]:
    """The pieces by which a text looks for others: the rarest, as many as let it meet so many rows and no more."""
    met = 0.0
    for nth, (piece, weight) in enumerate(rarest(text, rarity, ASKED)):
        met += min(MOST_OF_ONE, a_month * rarity.share(piece)) * months
        if nth and met > MOST_MET:
            return
        yield piece, weight


def _candidates(ticket: Ticket, text: Text, rarity: Rarity) -> list[Ticket]:
    """The tickets that share most of the rare pieces."""
    first, last = month_of(ticket.registered_at - WINDOW), month_of(ticket.registered_at + AHEAD)
    numbers: list[int] = []
    weights: list[float] = []
    for piece, weight in asked_for(text, rarity, _known.a_month, last - first):
        for month in range(first, last + 1):
            numbers.append(marked(hashed(piece), month))
            weights.append(weight)
    if not numbers:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")  # but for the pieces'
        cursor.execute(_MOST_SHARED, [numbers, weights, _known.after, MOST_OF_ONE, ticket.pk, COMPARED])
        ids = [pk for pk, _weight in cursor.fetchall()]
        cursor.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = on")
    rows = Ticket.objects.filter(
        pk__in=ids, registered_at__gte=ticket.registered_at - WINDOW, registered_at__lte=ticket.registered_at + AHEAD
    )
    return list(rows.select_related("category", "region", "trace").only(*_READ))


_READ = (
    "title", "description", "address", "kind", "registered_at", "matter_id", "category__path", "region__path",
    "region__name", "trace__places", "trace__thread",
)  # fmt: skip
_MOST_SHARED = f"""
SELECT hit.ticket_id, sum(asked.weight) FROM unnest(%s::int[], %s::float8[]) AS asked (number, weight)
CROSS JOIN LATERAL (
    SELECT ticket_id FROM {Trace._meta.db_table} WHERE pieces @> ARRAY[asked.number] AND ticket_id + 0 > %s LIMIT %s
) AS hit WHERE hit.ticket_id <> %s GROUP BY hit.ticket_id ORDER BY 2 DESC, 1 DESC LIMIT %s
"""  # noqa: S608 - our own names


def tied(near: Sequence[Near]) -> set[int]:
    """The threads that are one with that of the first: a ticket is surely enough about them as well."""
    return {one.thread for one in near[1:] if one.probability >= TIED} - {one.thread for one in near[:1]}


def tie(near: Sequence[Near]) -> None:
    """Has what is one thing from now on be one thread."""
    if others := tied(near):
        Trace.objects.filter(thread__in=others).update(thread=near[0].thread)


def found_by(text: Text, rarity: Rarity) -> list[int]:
    """The pieces by which a ticket is found, as `hashed`."""
    return [hashed(piece) for piece, _weight in rarest(text, rarity, KEPT)]


def thread_of(pk: int, near: Sequence[Near]) -> tuple[int, float]:
    """What the machine takes a ticket for one with, and how sure it is; with none it begins a thread."""
    return (near[0].thread, near[0].probability) if near else (pk, 1.0)


def trace_of(pk: int, side: Side, pieces: Iterable[int], thread: int, sure: float) -> Trace:
    """By what a ticket is found, and with what the machine takes it for one."""
    assert side.at is not None
    month = month_of(side.at)
    return Trace(
        ticket_id=pk, pieces=[marked(piece, month) for piece in pieces], places=[list(place) for place in side.places],
        thread=thread, sure=sure,
    )  # fmt: skip


def _keep(ticket: Ticket, text: Text, rarity: Rarity, near: Sequence[Near]) -> None:
    trace = trace_of(ticket.pk, text.side, found_by(text, rarity), *thread_of(ticket.pk, near))
    kept = {name: getattr(trace, name) for name in KEPT_OF_IT}
    Trace.objects.update_or_create(ticket=ticket, defaults=kept)


# -- how rare a piece is --------------------------------------------------------------------------------------------


class _Known:
    """How many of the latest tickets have each piece, kept up with the tickets that have come since."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.after = 0  # the ticket after which all that counts was recorded; for measuring beside a city
        self.forget()

    def forget(self) -> None:
        """Has the next question read the latest tickets anew."""
        self._having: Counter[str] = Counter()
        self.rarity = Rarity(0, self._having)
        self._last: int | None = None
        self._instants: deque[datetime] = deque(maxlen=SAMPLE)

    @property
    def a_month(self) -> float:
        """How many tickets a month has, by the latest ones."""
        if len(self._instants) < 2:
            return 1.0
        span = max((max(self._instants) - min(self._instants)) / MONTH, 1 / 30)
        return len(self._instants) / span

    def now(self) -> Rarity:
        """How rare each piece is by the tickets that are stored."""
        with self._lock:
            stored = Ticket.objects.filter(pk__gt=self.after).order_by("pk")
            fresh = stored.values_list("pk", "title", "description", "registered_at")
            if self._last is None or self.rarity.looked_at > 2 * SAMPLE:
                self.forget()
                rows = list(fresh.order_by("-pk")[:SAMPLE])[::-1]
            else:
                rows = list(fresh.filter(pk__gt=self._last)[:BEHIND])
            for row in rows:
                self._take(*row)
            return self.rarity

    def _take(self, pk: int, title: str, text: str, at: datetime) -> None:
        self._last = max(pk, self._last or 0)
        self._having.update(Cut(Side(title, text[:READ])).told)
        self._instants.append(at)
        self.rarity.looked_at += 1
        self.rarity.forget()


_known = _Known()


def rarity() -> Rarity:
    """How rare each piece is by the tickets that are stored."""
    return _known.now()


def forget(after: int = 0) -> None:
    """Has the next question look at the latest tickets again; and, to measure, at none up to the ticket `after`."""
    _known.after = after
    _known.forget()


def remember(tickets: Iterable[Ticket]) -> None:
    """Keeps the traces of tickets that are already taken care of, so that later ones find them."""
    known = rarity()
    for ticket in tickets:
        _keep(ticket, Text(side_of(ticket, places_of(ticket)), known), known, [])
