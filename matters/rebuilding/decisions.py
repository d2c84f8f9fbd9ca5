"""What it means for each ticket that it is like others (`Rebuild`): told in their order, as `linking` tells of one."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from hotline.waiting.busy import Busy
from matters import effects, linking, nearest, proposing, store
from matters.models import Looked, Trace
from matters.nearest import Near
from matters.pairs import JOIN
from matters.rebuilding import writing
from matters.rebuilding.processes import Slice
from matters.rebuilding.window import Row, Window, after, mark_by_hand, row_of
from matters.rebuilding.writing import Calm, Joining
from tickets import limits
from tickets.choices import OPEN_STATUSES, RuleKey
from tickets.models import Ticket

TRIMMED = 20  # slices after which what has left the window is let go of
Outcome = Looked.Outcome
Alive = tuple[bool, datetime | None]  # whether something is open, and when the last of it was closed


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
    return Rebuild(since, processes or os.cpu_count() or 1, told).run()


class Rebuild:
    def __init__(self, since: datetime, processes: int, told: Callable[[int], None]) -> None:
        self._since, self._processes, self._told = since, processes, told
        self.learned = store.current()
        self._lately = timedelta(days=limits.rule(RuleKey.CAME_BACK_DAYS))
        self.window = Window()
        self._done = Rebuilt()
        self._threads: dict[int, set[int]] = defaultdict(set)  # the places of the tickets of each
        self._ties: dict[int, int] = {}  # threads that are one with another since the last were written
        self._beginnings: list[Row] = []  # nothing before them holds them in their matter
        self._alive: dict[int, Alive] = {}  # of matters
        self._fresh = writing.fresh_matters()
        self._joinings: dict[int, Joining] = {}  # what is to be joined, by its matter
        self._left: list[Joining] = []  # what could not be joined so

    def run(self) -> Rebuilt:
        before: Slice | None = None
        for nth, places in enumerate(self.read(), 1):
            begun = Slice(self.window, places, self.learned, self._processes)
            if before:  # is written while the processes of this one work
                self.take(before)
            before = begun
            if nth % TRIMMED == 0:
                self._trim(self.window.rows[places[0]].at - nearest.WINDOW - nearest.AHEAD)
        if before:
            self.take(before)
        self._settle_beginnings(self._beginnings)
        return self._done

    # -- reading

    def read(self) -> Iterator[range]:
        """The tickets to be looked at, in the order of their calls, behind those that were recorded before them."""
        last = (self._since - nearest.WINDOW, 0)
        window = self.window
        while tickets := after(*last):
            last = (tickets[-1].registered_at, tickets[-1].pk)
            earlier = [one for one in tickets if one.registered_at < self._since]
            for ticket in earlier:
                self._add_earlier(ticket)
            fresh = tickets[len(earlier) :]
            if not fresh:
                continue
            if not self._done.tickets and window.next:
                window.sample(range(max(window.first, window.next - nearest.SAMPLE), window.next))
            rows = [row_of(ticket, nearest.places_of(ticket)) for ticket in fresh]
            mark_by_hand(rows)
            places = range(window.next, window.next + len(rows))
            for row in rows:
                window.add(row)
            window.sample(places)
            for place, row in zip(places, rows, strict=True):
                if row.is_looked_for:
                    row.hashes = window.found_by(place)
                    window.index(place, row.hashes)
            self._done.tickets += len(rows)
            yield places

    def _add_earlier(self, ticket: Ticket) -> None:
        """One from before is found by what it was found by."""
        trace: Trace | None = getattr(ticket, "trace", None)
        row = row_of(ticket, nearest.places_kept(ticket))
        row.trace = None
        place = self.window.add(row)
        if row.is_looked_for:
            month = nearest.month_of(ticket.registered_at)
            kept = [nearest.unmarked(number, month) for number in trace.pieces] if trace else []
            self.window.index(place, kept or self.window.found_by(place))
            self._threads[row.thread].add(place)

    def _trim(self, from_: datetime) -> None:
        gone = set(self.window.trim(from_))
        for thread, places in list(self._threads.items()):
            places -= gone
            if not places:
                del self._threads[thread]
        over = [row for row in self._beginnings if row.at < from_]
        self._beginnings = [row for row in self._beginnings if row.at >= from_]
        self._settle_beginnings(over)

    # -- what it means

    def take(self, compared: Slice) -> None:
        """What comes of a slice that has been compared, ticket by ticket in their order."""
        with effects.marked_in_the_end():
            calm = self._tell_each(compared)
            writing.write_ties(self._ties)
            self._ties = {}
            writing.write_traces([self.window.rows[place] for place in compared.places])
            self._join_all()
            left, self._left = self._left, []
            for row in (row for joining in left for row, _near in joining.steps):
                self._settle(row, None)
            self._write(calm)
        self._told(compared.places.stop - compared.places.start)

    def _tell_each(self, compared: Slice) -> list[Calm]:
        """What is to be written of each that is neither joined nor parted."""
        rows, calm = self.window.rows, list[Calm]()
        for place, said in zip(compared.places, compared.results(), strict=True):
            row = rows[place]
            met = [(rows[one.place], one) for one in said]
            compared_with = [other.compared(one.probability, one.why) for other, one in met]
            near = nearest.ranked(compared_with)
            if row.is_looked_for:
                self._keep_thread(row, place, near)
            foreseen = self._foreseen(row, near)
            if isinstance(foreseen, Calm):
                calm.append(foreseen)
            elif foreseen:
                self._join(row, foreseen)
            elif _is_in_need_of_others(row):
                row.beside = compared_with
                self._beginnings.append(row)
            else:
                self._settle(row, near)
            for other, one in met:
                if other.beside is not None and row.matter == other.matter:
                    other.beside.append(row.compared(one.probability, one.why))
        return calm

    def _keep_thread(self, row: Row, place: int, near: Sequence[Near]) -> None:
        """As `nearest` keeps it with each ticket."""
        row.thread, row.sure = nearest.thread_of(row.pk, near)
        self._threads[row.thread].add(place)
        for other in nearest.tied(near):
            for there in (places := self._threads.pop(other, set())):
                self.window.rows[there].thread = row.thread
            self._threads[row.thread] |= places
            self._ties[other] = row.thread

    def _foreseen(self, row: Row, near: Sequence[Near]) -> Calm | Near | None:
        """What `linking.settle` would say, or with what it would join it; None where it would part it, or a person had
        a word in it.
        """
        if row.matter and row.is_by_hand:
            return Calm(row, Outcome.KEPT, 0.0)
        if not row.is_looked_for:
            return Calm(row, Outcome.PASSED_OVER, 0.0)
        near = linking.worth(row.pk, near)
        others = {one.ticket: self.window.of(one.ticket) for one in near}
        if row.is_chosen or any(other.is_chosen for other in others.values()):
            return None
        possible = [one for one in near if self._is_alive(others[one.ticket], row.at)]
        if row.matter:
            return _stays(row, possible)
        if not possible:
            return Calm(row, Outcome.ALONE, near[0].probability if near else 0.0)
        first = possible[0]
        if first.probability >= JOIN and not (row.is_secret or others[first.ticket].is_secret):
            return first
        return Calm(row, Outcome.PROPOSED, first.probability, proposing.one_of_each(possible))

    def _is_alive(self, other: Row, at: datetime) -> bool:
        """Whether something of it was open, or closed lately, when a ticket came: only with that it may be joined."""
        is_open, closed_at = self._alive_of(other)
        return is_open or bool(closed_at and closed_at >= at - self._lately)

    def _alive_of(self, row: Row) -> Alive:
        """Whether something of its matter is open, and when the last of it was closed."""
        if not row.matter:
            return row.status in OPEN_STATUSES, row.closed_at
        if row.matter not in self._alive:
            found = Ticket.objects.filter(matter=row.matter).aggregate(
                open=Count("pk", filter=Q(status__in=OPEN_STATUSES)), closed_at=Max("closed_at")
            )
            self._alive[row.matter] = bool(found["open"]), found["closed_at"]
        return self._alive[row.matter]

    def _settle_beginnings(self, rows: Sequence[Row]) -> None:
        """Those that nothing before them held in their matter: a later one may."""
        calm = []
        with effects.marked_in_the_end():
            for row in rows:
                near = nearest.ranked(row.beside or ())
                row.beside = None
                if stays := _stays(row, linking.worth(row.pk, near)):
                    calm.append(stays)
                else:
                    self._settle(row, near)
            self._write(calm)

    # -- having it written

    def _join(self, row: Row, near: Near) -> None:
        """From now on the two belong together; it is written with all that goes to their matter."""
        other = self.window.of(near.ticket)
        alive = [self._alive_of(row), self._alive_of(other)]
        matter = other.matter or next(self._fresh)
        if matter not in self._joinings:
            self._joinings[matter] = Joining(matter, is_new=other.matter is None)
        self._joinings[matter].take(row, other, near)
        closed = [closed_at for _is_open, closed_at in alive if closed_at]
        self._alive[matter] = any(is_open for is_open, _closed_at in alive), max(closed, default=None)

    def _join_all(self) -> None:
        """Writes what is to be joined. A matter of which somebody touched a ticket is left for the way of new tickets,
        and its tickets stand as before until then.
        """
        waiting, self._joinings = list(self._joinings.values()), {}
        for some in writing.by_transactions(waiting):
            try:
                left = writing.join(some)
            except Busy:
                left = some
            self._done.outcomes[Outcome.JOINED] += sum(len(one.steps) for one in some if one not in left)
            self._left += left
            for joining in left:
                self._alive.pop(joining.matter, None)
                for row in self.window.known(joining.before):
                    row.matter = joining.before[row.pk][0]

    def _settle(self, row: Row, near: Sequence[Near] | None) -> None:
        """The way of a new ticket, which finds out what it is like where that is not known."""
        self._join_all()
        try:
            self._done.outcomes[linking.settle(row.pk, again=True, near=near)] += 1
        except Busy:
            self._done.held += 1
            return
        touched = Q(pk__in=[row.pk, *(one.ticket for one in near or ())])
        if near is None:
            touched |= Q(matter__in=Ticket.objects.filter(pk=row.pk).values("matter"))
        found = dict(Ticket.objects.filter(touched).values_list("pk", "matter"))
        for known in self.window.known(found):
            self._alive.pop(known.matter or 0, None)
            known.matter = found[known.pk]
            self._alive.pop(known.matter or 0, None)

    def _write(self, calm: Sequence[Calm]) -> None:
        """Writes of these what is not written yet; one that was changed meanwhile goes the way of a new ticket."""
        self._done.outcomes.update(one.outcome for one in calm)
        fresh = writing.unwritten(calm)
        try:
            changed = writing.write(fresh) if fresh else []
        except Busy:
            changed = fresh
        for one in changed:
            self._done.outcomes[one.outcome] -= 1
            self._settle(one.row, None)


def _is_in_need_of_others(row: Row) -> bool:
    """Whether it is in a matter where the machine put it, or that it began, and nobody said a word."""
    return bool(row.matter and row.is_looked_for and not (row.is_by_hand or row.is_chosen))


def _stays(row: Row, near: Sequence[Near]) -> Calm | None:
    surely = [one for one in near if one.matter == row.matter and one.probability >= JOIN]
    return Calm(row, Outcome.JOINED, surely[0].probability) if surely else None
