"""One text under several names: tickets whose words are nearly the same.

Two texts are near copies where they share most of their runs of three characters. Candidates come from the index of
words: three bunches of the text's rarest pieces are asked for, each bunch whole, so that a copy is met unless all three
were touched; only what is met is compared.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hotline.accounts.models import User
from tickets import search
from tickets.disclosure import Detail, where_readable
from tickets.matters import likeness
from tickets.models import Ticket

SHORTEST = 16  # characters; below that much is said in the same words by different people
COPY = 0.7  # of the runs of both texts that they share
RUN = 3
BUNCHES, PIECES = 3, 4
MET = 30  # tickets that are compared for each bunch


@dataclass(frozen=True)
class Copy:
    """A ticket whose words are nearly those of another; `share` is how much of both is the same, from 0 to 1."""

    ticket: Ticket
    share: float


def _runs(ticket: Ticket) -> frozenset[str]:
    folded = "".join(sign for sign in search.fold(ticket.description or ticket.title) if sign.isalnum())
    if len(folded) < SHORTEST:
        return frozenset()
    return frozenset(folded[i : i + RUN] for i in range(len(folded) - RUN + 1))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


def are_copies(one: Ticket, other: Ticket) -> bool:
    return _shared(_runs(one), _runs(other)) >= COPY


def copies_of(ticket: Ticket, user: User, *, but: Collection[int] = ()) -> list[Copy]:
    """Tickets that `user` may read with nearly the words of `ticket`, the nearest first; none of the callers `but`."""
    runs = _runs(ticket)
    if not runs:
        return []
    met = Ticket.objects.visible_to(user).exclude(pk=ticket.pk).exclude(caller__in=list(but))
    if (readable := where_readable(user, Detail.DESCRIPTION)) is not None:
        met = met.filter(readable)
    found: dict[int, Copy] = {}
    for query in _bunches(ticket):
        # Any of those met, without an order: of one text there may be thousands.
        some = list(met.filter(search=query).order_by().values_list("pk", flat=True)[:MET])
        rows = Ticket.objects.filter(pk__in=some).select_related("category", "department")
        for other in rows.defer("search", "caller_search"):
            share = _shared(runs, _runs(other))
            if share >= COPY:
                found.setdefault(other.pk, Copy(other, share))
    return sorted(found.values(), key=lambda copy: (-copy.share, copy.ticket.pk))


def _bunches(ticket: Ticket) -> list[search.Entries]:
    """Queries for the rarest pieces of a text, a few in each."""
    pieces = likeness.rarest(ticket.description or ticket.title, BUNCHES * PIECES)
    dealt = [pieces[i::BUNCHES] for i in range(BUNCHES)]
    return [search.Entries(" & ".join(f"'{piece}'" for piece in bunch), search_type="raw") for bunch in dealt if bunch]
