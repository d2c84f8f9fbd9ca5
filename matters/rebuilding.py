"""All tickets since a day looked at anew, by the rules of one that has just been saved, in minutes and not in hours.

1. Tickets are read in the order of their calls, a slice at a time, behind those of the window before them (`_Window`):
   what each is found by, and where it belongs, is kept in memory.
2. Processes of their own compare each with the earlier ones with which it shares rare pieces (`_compare`): that asks
   nothing of the database, and hangs on no matter.
3. In their order it is told what that means for each (`_Rebuild._foreseen`). What stays as it is, or is only
   proposed, is written for many at once, where it is not written already, and only for tickets that nobody touched.
   What is to be joined or parted, or what a person has had a word in, goes the way of a new ticket (`linking.settle`).
4. A ticket that begins a matter has nothing before it: whether it stays is asked when all later ones are known.

Each step is whole by itself: a run that was broken off is begun again and finds most of it done.
"""

from __future__ import annotations

import heapq
import logging
import multiprocessing
import os
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from typing import NamedTuple

from django.db import connections, transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from hotline.waiting import busy
from hotline.waiting.busy import Busy
from matters import effects, linking, nearest, pairs, store
from matters.models import Choice, Looked, Proposal, Trace
from matters.nearest import Compared, Near
from matters.pairs import JOIN, PROPOSE, Cut, Learned, Place, Rarity, Side, Text
from tickets import limits
from tickets.choices import OPEN_STATUSES, RuleKey
from tickets.models import Ticket, TicketEvent

SLICE = 1000  # tickets that are read, compared and written at a time
CUTS = 3000  # texts that are kept as they were cut
MONTHS = 7  # of the window, and of what comes in late
TRIMMED = 20  # slices after which what has left the window is let go of
Outcome, State = Looked.Outcome, Proposal.State
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Row:
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
    def stands_as(self) -> tuple[object, ...]:
        """What it was judged by; where that is another now, it is judged anew."""
        return self.matter, self.kind, self.status, self.is_secret


class _Calm(NamedTuple):
    """What is to be written of a ticket that is neither joined nor parted."""

    row: _Row
    outcome: str
    probability: float
    proposals: Sequence[Near] = ()


class _Said(NamedTuple):
    """What came of comparing two tickets, by the place of the other one in the window."""

    place: int
    probability: float
    why: tuple[str, ...]


@dataclass
class Rebuilt:
    """How many tickets were looked at, what came of them, and how many somebody else held."""

    tickets: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    held: int = 0


def rebuild(
    since: datetime, *, processes: int | None = None, told: Callable[[int], None] = lambda _done: None
) -> Rebuilt:
    """Looks anew at all tickets recorded since then; `told` hears how many are done. What people chose stands."""
    return _Rebuild(since, processes or os.cpu_count() or 1, told).run()


# -- the tickets of the window --------------------------------------------------------------------------------------


class _Window:
    """The tickets among which a later one may find what it is like, by place in the order of their calls."""

    def __init__(self) -> None:
        self.rows: dict[int, _Row] = {}
        self.of_ticket: dict[int, int] = {}
        self.first = self.next = 0
        self._with: dict[int, array[int]] = {}
        self._cuts: OrderedDict[int, Cut] = OrderedDict()
        self._sample: deque[tuple[frozenset[str], datetime]] = deque()
        self._having: Counter[str] = Counter()
        self.rarity = Rarity(0, self._having)

    def add(self, row: _Row) -> int:
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

    def of(self, ticket: int) -> _Row:
        return self.rows[self.of_ticket[ticket]]

    def known(self, ticket: int) -> _Row | None:
        place = self.of_ticket.get(ticket)
        return None if place is None else self.rows[place]

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
        shared: dict[int, float] = defaultdict(float)
        for piece, weight in nearest.asked_for(text, self.rarity, self.a_month, MONTHS):
            met = self._with.get(nearest.hashed(piece), ())
            left = nearest.MOST_OF_ONE * MONTHS
            for there in reversed(met):
                if there < self.first or not left:
                    break
                if there < place:
                    shared[there] += weight
                    left -= 1
        from_ = self.rows[place].at - nearest.WINDOW
        most = heapq.nlargest(nearest.COMPARED, shared.items(), key=lambda one: (one[1], one[0]))
        return [there for there, _weight in most if self.rows[there].at >= from_]

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


def _compare(window: _Window, places: Sequence[int], learned: Learned) -> list[list[_Said]]:
    """What each of the tickets at these places is like among the earlier ones."""
    found = []
    for place in places:
        text = Text(window.cut(place), window.rarity)
        said = []
        for there in window.sharing(place, text):
            if pairs.lie_apart(text.side, window.rows[there].side):
                one = pairs.NEVER
            else:
                one = pairs.judge(text, Text(window.cut(there), window.rarity), window.rarity, learned)
            said.append(_Said(there, one.probability, one.why if one.probability >= PROPOSE else ()))
        found.append(said)
    return found


# -- processes ------------------------------------------------------------------------------------------------------


class _Share:
    """A part of a slice that is compared by a process of its own, which has the memory of this one as it is now.

    It asks nothing of the database: it has no connection. Where it cannot be begun or is killed, the part is compared
    here.
    """

    def __init__(self, window: _Window, places: Sequence[int], learned: Learned) -> None:
        self._here = partial(_compare, window, places, learned)
        self._pipe, theirs = multiprocessing.Pipe(duplex=False)
        self._process = multiprocessing.get_context("fork").Process(
            target=_share, args=(theirs, window, places, learned), daemon=True
        )
        self._process.start()
        theirs.close()

    def result(self) -> list[list[_Said]]:
        try:
            found: list[list[_Said]] = self._pipe.recv()
        except EOFError:
            logger.warning("a process that compared tickets has ended; its part is done here")
            found = self._here()
        finally:
            self._pipe.close()
            self._process.join()
        return found


def _share(pipe: Connection, window: _Window, places: Sequence[int], learned: Learned) -> None:
    for connection in connections.all(initialized_only=True):
        connection.connection = None  # the other process speaks there
    pipe.send(_compare(window, places, learned))
    pipe.close()
    os._exit(0)  # nothing that this process has from the other is to be tidied up by it


class _Slice:
    """Tickets that are being compared, by processes of their own where there are several."""

    def __init__(self, window: _Window, places: range, learned: Learned, processes: int) -> None:
        self.places = places
        self._here = partial(_compare, window, places, learned)
        self._shares = []
        if processes > 1 and len(places) > processes:
            self._shares = [_Share(window, places[nth::processes], learned) for nth in range(processes)]

    def results(self) -> list[list[_Said]]:
        """What came of each ticket, in their order: the parts are every second, third … one."""
        if not self._shares:
            return self._here()
        parts = [share.result() for share in self._shares]
        return [parts[nth % len(parts)][nth // len(parts)] for nth in range(len(self.places))]


# -- the run --------------------------------------------------------------------------------------------------------


class _Rebuild:
    def __init__(self, since: datetime, processes: int, told: Callable[[int], None]) -> None:
        self._since, self._processes, self._told = since, processes, told
        self._learned = store.current()
        self._lately = timedelta(days=limits.rule(RuleKey.CAME_BACK_DAYS))
        self._window = _Window()
        self._done = Rebuilt()
        self._threads: dict[int, set[int]] = defaultdict(set)  # the places of the tickets of each
        self._beginnings: list[_Row] = []  # nothing before them holds them in their matter
        self._alive: dict[int, tuple[bool, datetime | None]] = {}  # of matters; see `_is_alive`

    def run(self) -> Rebuilt:
        before: _Slice | None = None
        for nth, places in enumerate(self._read(), 1):
            begun = _Slice(self._window, places, self._learned, self._processes)
            if before:  # is written while the processes of this one work
                self._take(before)
            before = begun
            if nth % TRIMMED == 0:
                self._trim(self._window.rows[places[0]].at - nearest.WINDOW - nearest.AHEAD)
        if before:
            self._take(before)
        self._settle_beginnings(self._beginnings)
        return self._done

    # -- reading

    def _read(self) -> Iterator[range]:
        """The tickets to be looked at, in the order of their calls, behind those that were recorded before them."""
        last = (self._since - nearest.WINDOW, 0)
        window = self._window
        while tickets := _after(*last):
            last = (tickets[-1].registered_at, tickets[-1].pk)
            earlier = [one for one in tickets if one.registered_at < self._since]
            for ticket in earlier:
                self._add_earlier(ticket)
            fresh = tickets[len(earlier) :]
            if not fresh:
                continue
            if not self._done.tickets and window.next:
                window.sample(range(max(window.first, window.next - nearest.SAMPLE), window.next))
            rows = [_row(ticket, nearest.places_of(ticket)) for ticket in fresh]
            _mark_by_hand(rows)
            places = range(window.next, window.next + len(rows))
            for row in rows:
                window.add(row)
            window.sample(places)
            for place, row in zip(places, rows, strict=True):
                if row.is_looked_for:
                    row.hashes = array("I", _hashes(window.cut(place), window.rarity))
                    window.index(place, row.hashes)
            self._done.tickets += len(rows)
            yield places

    def _add_earlier(self, ticket: Ticket) -> None:
        """One from before is found by what it was found by."""
        trace: Trace | None = getattr(ticket, "trace", None)
        row = _row(ticket, nearest.places_kept(ticket))
        row.trace = None
        place = self._window.add(row)
        if row.is_looked_for:
            month = nearest.month_of(ticket.registered_at)
            kept = [nearest.unmarked(number, month) for number in trace.pieces] if trace else []
            self._window.index(place, kept or _hashes(self._window.cut(place), self._window.rarity))
            self._threads[row.thread].add(place)

    def _trim(self, from_: datetime) -> None:
        gone = set(self._window.trim(from_))
        for thread, places in list(self._threads.items()):
            places -= gone
            if not places:
                del self._threads[thread]
        over = [row for row in self._beginnings if row.at < from_]
        self._beginnings = [row for row in self._beginnings if row.at >= from_]
        self._settle_beginnings(over)

    # -- what it means

    def _take(self, compared: _Slice) -> None:
        """What comes of a slice that has been compared, ticket by ticket in their order."""
        with effects.marked_in_the_end():
            calm = self._tell_each(compared)
        _write_traces([self._window.rows[place] for place in compared.places])
        self._write(calm)
        self._told(compared.places.stop - compared.places.start)

    def _tell_each(self, compared: _Slice) -> list[_Calm]:
        """What is to be written of each; what is to be joined or parted is."""
        rows, calm = self._window.rows, list[_Calm]()
        for place, said in zip(compared.places, compared.results(), strict=True):
            row = rows[place]
            met = [(rows[one.place], one) for one in said]
            compared_with = [other.compared(one.probability, one.why) for other, one in met]
            near = nearest.ranked(compared_with)
            if row.is_looked_for:
                self._keep_thread(row, place, near)
            if foreseen := self._foreseen(row, near):
                calm.append(foreseen)
            elif _is_in_need_of_others(row):
                row.beside = compared_with
                self._beginnings.append(row)
            else:
                self._settle(row, near)
            for other, one in met:
                if other.beside is not None and row.matter == other.matter:
                    other.beside.append(row.compared(one.probability, one.why))
        return calm

    def _keep_thread(self, row: _Row, place: int, near: Sequence[Near]) -> None:
        """As `nearest` keeps it with each ticket."""
        row.thread, row.sure = (near[0].thread, near[0].probability) if near else (row.pk, 1.0)
        self._threads[row.thread].add(place)
        for other in nearest.tied(near):
            for there in (places := self._threads.pop(other, set())):
                self._window.rows[there].thread = row.thread
            self._threads[row.thread] |= places
        nearest.tie(near)

    def _foreseen(self, row: _Row, near: Sequence[Near]) -> _Calm | None:
        """What `linking.settle` would say; None where it would change something, or a person had a word in it."""
        if row.matter and row.is_by_hand:
            return _Calm(row, Outcome.KEPT, 0.0)
        if not row.is_looked_for:
            return _Calm(row, Outcome.PASSED_OVER, 0.0)
        near = linking.worth(row.pk, near)
        others = {one.ticket: self._window.of(one.ticket) for one in near}
        if row.is_chosen or any(other.is_chosen for other in others.values()):
            return None
        possible = [one for one in near if self._is_alive(others[one.ticket], row.at)]
        if row.matter:
            return _stays(row, possible)
        if not possible:
            return _Calm(row, Outcome.ALONE, near[0].probability if near else 0.0)
        first = possible[0]
        if first.probability >= JOIN and not (row.is_secret or others[first.ticket].is_secret):
            return None
        return _Calm(row, Outcome.PROPOSED, first.probability, linking.proposed(possible))

    def _is_alive(self, other: _Row, at: datetime) -> bool:
        """Whether something of it was open, or closed lately, when a ticket came: only with that it may be joined."""
        if not other.matter:
            is_open, closed_at = other.status in OPEN_STATUSES, other.closed_at
        elif other.matter in self._alive:
            is_open, closed_at = self._alive[other.matter]
        else:
            found = Ticket.objects.filter(matter=other.matter).aggregate(
                open=Count("pk", filter=Q(status__in=OPEN_STATUSES)), closed_at=Max("closed_at")
            )
            is_open, closed_at = self._alive[other.matter] = bool(found["open"]), found["closed_at"]
        return is_open or bool(closed_at and closed_at >= at - self._lately)

    def _settle_beginnings(self, rows: Sequence[_Row]) -> None:
        """Those that nothing before them held in their matter: a later one may."""
        calm = []
        for row in rows:
            near = nearest.ranked(row.beside or ())
            row.beside = None
            if stays := _stays(row, linking.worth(row.pk, near)):
                calm.append(stays)
            else:
                self._settle(row, near)
        self._write(calm)

    # -- writing

    def _settle(self, row: _Row, near: Sequence[Near] | None) -> None:
        """The way of a new ticket, which finds out what it is like where that is not known."""
        try:
            self._done.outcomes[linking.settle(row.pk, again=True, near=near)] += 1
        except Busy:
            self._done.held += 1
            return
        touched = [row.pk, *(one.ticket for one in near or ())]
        for pk, matter in Ticket.objects.filter(pk__in=touched).values_list("pk", "matter"):
            if known := self._window.known(pk):
                self._alive.pop(known.matter or 0, None)
                known.matter = matter
            self._alive.pop(matter or 0, None)

    def _write(self, calm: Sequence[_Calm]) -> None:
        """Writes of these what is not written yet; one that was changed meanwhile goes the way of a new ticket."""
        self._done.outcomes.update(one.outcome for one in calm)
        known = defaultdict[int, list[Proposal]](list)
        for proposal in Proposal.objects.filter(ticket__in=[one.row.pk for one in calm]):
            known[proposal.ticket_id].append(proposal)
        fresh = [one for one in calm if one.row.looked != _as_looked(one) or _differ(known[one.row.pk], one.proposals)]
        if not fresh:
            return
        try:
            with busy.told(), transaction.atomic():
                held = {
                    pk: tuple(others)
                    for pk, *others in Ticket.objects.filter(pk__in=[one.row.pk for one in fresh]).order_by("pk")
                    .select_for_update(no_key=True).values_list("pk", "matter", "kind", "status", "is_secret")
                }  # fmt: skip
                same, changed = list[_Calm](), list[_Calm]()
                for one in fresh:
                    (same if held[one.row.pk] == one.row.stands_as else changed).append(one)
                _keep_looked(same)
                _keep_proposals(same, known)
        except Busy:
            changed = fresh
        for one in changed:
            self._done.outcomes[one.outcome] -= 1
            self._settle(one.row, None)


def _is_in_need_of_others(row: _Row) -> bool:
    """Whether it is in a matter where the machine put it, or that it began, and nobody said a word."""
    return bool(row.matter and row.is_looked_for and not (row.is_by_hand or row.is_chosen))


def _stays(row: _Row, near: Sequence[Near]) -> _Calm | None:
    surely = [one for one in near if one.matter == row.matter and one.probability >= JOIN]
    return _Calm(row, Outcome.JOINED, surely[0].probability) if surely else None


def _as_looked(one: _Calm) -> tuple[str, float, int | None]:
    return one.outcome, round(one.probability, 6), one.row.matter


def _keep_looked(calm: Sequence[_Calm]) -> None:
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


def _differ(known: Sequence[Proposal], wanted: Sequence[Near]) -> bool:
    """Whether what is proposed is not what waits already. What people have decided on stays decided."""
    there = {one.other_id: one for one in known}
    waiting = {pk for pk, one in there.items() if one.state == State.WAITING}
    settled = {pk for pk, one in there.items() if one.state in (State.TAKEN, State.REFUSED)}
    if waiting != {one.ticket for one in wanted} - settled:
        return True
    return any(abs(there[one.ticket].probability - one.probability) > 1e-6 for one in wanted if one.ticket in waiting)


def _keep_proposals(calm: Sequence[_Calm], known: Mapping[int, Sequence[Proposal]]) -> None:
    """What still holds waits, what holds no longer is settled: as `linking.settle` does it of one."""
    fresh, again, over = list[Proposal](), list[Proposal](), list[int]()
    for one in calm:
        there = {proposal.other_id: proposal for proposal in known[one.row.pk]}
        wanted = {near.ticket for near in one.proposals}
        over += [row.pk for pk, row in there.items() if row.state == State.WAITING and pk not in wanted]
        for near in one.proposals:
            proposal = there.get(near.ticket)
            if proposal is None:
                fresh.append(
                    Proposal(
                        ticket_id=one.row.pk, other_id=near.ticket, probability=near.probability, why=list(near.why)
                    )
                )
            elif proposal.state in (State.WAITING, State.SETTLED):
                proposal.probability, proposal.why = near.probability, list(near.why)
                proposal.state, proposal.settled_at = State.WAITING, None
                again.append(proposal)
    Proposal.objects.bulk_create(fresh, ignore_conflicts=True)
    Proposal.objects.bulk_update(again, ["probability", "why", "state", "settled_at"])
    Proposal.objects.filter(pk__in=over, state=State.WAITING).update(state=State.SETTLED, settled_at=timezone.now())


def _write_traces(rows: Sequence[_Row]) -> None:
    """By what each ticket is found and what it is taken for one with, where it is not stored so."""
    whole, thread_only = [], []
    for row in rows:
        if not row.is_looked_for:
            continue
        month, was = nearest.month_of(row.at), row.trace
        fresh = Trace(
            ticket_id=row.pk, pieces=[nearest.marked(one, month) for one in row.hashes],
            places=[list(place) for place in row.side.places], thread=row.thread, sure=row.sure,
        )  # fmt: skip
        if was is None or set(was.pieces) != set(fresh.pieces) or was.places != fresh.places:
            whole.append(fresh)
        elif was.thread != fresh.thread or abs(was.sure - fresh.sure) > 1e-6:
            thread_only.append(fresh)
        row.trace, row.hashes = None, ()
    Trace.objects.bulk_create(
        whole, update_conflicts=True, unique_fields=["ticket"], update_fields=list(nearest.KEPT_OF_IT)
    )
    Trace.objects.bulk_update(thread_only, ["thread", "sure"])


# -- reading --------------------------------------------------------------------------------------------------------


def _after(at: datetime, pk: int) -> list[Ticket]:
    """The next tickets in the order of their calls."""
    rows = Ticket.objects.filter(Q(registered_at__gt=at) | Q(registered_at=at, pk__gt=pk), registered_at__gte=at)
    read = rows.select_related("category", "region", "trace", "looked").only(*_READ)
    return list(read.order_by("registered_at", "pk")[:SLICE])


_READ = (
    "title", "description", "address", "kind", "status", "is_secret", "registered_at", "closed_at", "matter_id",
    "category__path", "region__path", "region__name", "trace__pieces", "trace__places", "trace__thread", "trace__sure",
    "looked__outcome", "looked__probability", "looked__matter_id",
)  # fmt: skip


def _row(ticket: Ticket, places: Sequence[Place]) -> _Row:
    trace: Trace | None = getattr(ticket, "trace", None)
    looked: Looked | None = getattr(ticket, "looked", None)
    return _Row(
        pk=ticket.pk, side=nearest.side_of(ticket, places), kind=ticket.kind, status=ticket.status,
        is_secret=ticket.is_secret, closed_at=ticket.closed_at, matter=ticket.matter_id,
        thread=trace.thread if trace else ticket.pk, trace=trace,
        looked=(looked.outcome, round(looked.probability, 6), looked.matter_id) if looked else None,
    )  # fmt: skip


def _hashes(cut: Cut, rarity: Rarity) -> list[int]:
    found = nearest.rarest(Text(cut, rarity), rarity, nearest.KEPT)
    return [nearest.hashed(piece) for piece, _weight in found]


def _mark_by_hand(rows: Sequence[_Row]) -> None:
    """Of which of these a person said where they belong, as `linking` asks it of one."""
    tickets, matters = [row.pk for row in rows], {row.matter for row in rows if row.matter}
    chosen = set(Choice.objects.filter(ticket__in=tickets).values_list("ticket", flat=True))
    chosen |= set(Choice.objects.filter(other__in=tickets).values_list("other", flat=True))
    of_people = set(Choice.objects.filter(matter__in=matters).values_list("matter", flat=True))
    moved = TicketEvent.objects.filter(
        ticket__in=[row.pk for row in rows if row.matter], action__in=("join_matter", "part_matter")
    )
    last = dict(moved.order_by("ticket", "-sequence").distinct("ticket").values_list("ticket", "actor"))
    for row in rows:
        row.is_chosen = row.pk in chosen
        row.is_by_hand = row.matter in of_people or last.get(row.pk, 0) is not None
