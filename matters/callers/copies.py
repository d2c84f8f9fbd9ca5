"""One text under several names: tickets whose words are nearly the same.

Two texts are near copies where they share most of their runs of three characters. Candidates come from the index of
words: three bunches of the text's rarest pieces are asked for, each bunch whole, so that a copy is met unless all three
were touched; only what is met is compared.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Value

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
    return _runs_of(ticket.description or ticket.title)


@lru_cache(maxsize=256)  # a page compares the same texts over and over
def _runs_of(text: str) -> frozenset[str]:
    folded = "".join(sign for sign in search.fold(text) if sign.isalnum())
    if len(folded) < SHORTEST:
        return frozenset()
    return frozenset(folded[i : i + RUN] for i in range(len(folded) - RUN + 1))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


def are_copies(one: Ticket, other: Ticket) -> bool:
    return _shared(_runs(one), _runs(other)) >= COPY


def copies_of(tickets: Collection[Ticket], user: User, *, but: Collection[int] = ()) -> list[Copy]:
    """Tickets that `user` may read with nearly the words of one of `tickets`; none of the callers `but`.

    Those of the first ticket first, the nearest of each before the others.
    """
    met = Ticket.objects.visible_to(user).exclude(pk__in=[ticket.pk for ticket in tickets])
    met = met.exclude(caller__in=list(but)).order_by()
    if (readable := where_readable(user, Detail.DESCRIPTION)) is not None:
        met = met.filter(readable)
    # Any of those met, without an order: of one text there may be thousands.
    queries = [
        met.filter(search=query).annotate(of=Value(of)).values_list("of", "pk")[:MET]
        for of, ticket in enumerate(tickets) if _runs(ticket)
        for query in _bunches(ticket)
    ]  # fmt: skip
    if not queries:
        return []
    pairs = set(queries[0].union(*queries[1:], all=True))
    rows = Ticket.objects.select_related("category", "department").defer("search", "caller_search")
    others = rows.in_bulk({pk for _of, pk in pairs})
    found: dict[int, Copy] = {}
    for of, ticket in enumerate(tickets):
        like = [Copy(others[pk], _shared(_runs(ticket), _runs(others[pk]))) for at, pk in pairs if at == of]
        for copy in sorted(like, key=lambda copy: (-copy.share, copy.ticket.pk)):
            if copy.share >= COPY:
                found.setdefault(copy.ticket.pk, copy)
    return list(found.values())


def _bunches(ticket: Ticket) -> list[search.Entries]:
    """Queries for the rarest pieces of a text, a few in each."""
    pieces = likeness.rarest(ticket.description or ticket.title, BUNCHES * PIECES)
    dealt = [pieces[i::BUNCHES] for i in range(BUNCHES)]
    return [search.Entries(" & ".join(f"'{piece}'" for piece in bunch), search_type="raw") for bunch in dealt if bunch]
