"""Which open matters a call may be about too, by meaning and place, while it is typed.

1. What was typed is cut as the search cuts it. A piece weighs the more the fewer of the latest tickets have it. What
   callers say for one thing (钢板, 铁板; `data/synonyms.txt`) and the other names of a place that the place book knows
   are looked for as well.
2. The rarest pieces, as many as are met in about MOST_MET open tickets, are looked up in an index of open tickets
   alone, whatever is stored behind them; who share the most weight are compared in full.
3. They are compared by their words and what these mean, both with the title counting twice, by place (the same place
   of the book, community or street; another place or street leaves little of it) and by category.
4. Of a matter the nearest ticket stands for all.

Only tickets whose words the reader may read are compared: who may not read a secret ticket learns nothing of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext as _t

from hotline.accounts.models import Region, User
from hotline.remembered import Remembered
from tickets import search
from tickets.choices import OPEN_STATUSES
from tickets.disclosure import Detail, where_readable
from tickets.models import PERSON, Category, Ticket
from tickets.places import book
from tickets.places.book import Found

SHOWN = 3
READ = 400  # characters of a text that are compared; callers come to the point sooner
SYNONYMS = Path(__file__).parent.parent / "data" / "synonyms.txt"
SAMPLE, SAMPLE_SECONDS = 2000, 300  # latest tickets by which it is known how rare a piece is, and for how long
UNSEEN = 50  # tickets that are thought of beside the sample, so that a small one does not make everything common
MOST_PIECES, MOST_MET, MOST_OF_ONE = 200, 2500, 600  # pieces looked up; open tickets met by all of them, and by one
COMPARED = 24  # tickets that are compared in full
TITLE = 2.0  # times that a piece of a title counts
# What is added to the likeness of the words, which lies between 0 and 1; and what is left of it elsewhere.
SAME_PLACE, SAME_COMMUNITY, SAME_STREET = 0.3, 0.1, 0.05
ONLY_PLACE = 0.1  # where nothing but the place is the same, or what is asked is of another branch of categories
OTHER_PLACE, OTHER_STREET = 0.5, 0.2
SAME_CATEGORY, SAME_BRANCH = 0.05, 0.02
LEAST, SHARED = 0.07, 0.5  # with less, or less of the nearest one's, it is something else; measured by replay_desk


@dataclass(frozen=True)
class Told:
    """What is known of a call while it is typed. `category` may be one that is only proposed."""

    title: str = ""
    text: str = ""
    address: str = ""
    region: Region | None = None
    category: Category | None = None
    phone: str = ""  # as numbers are kept; empty where it is not known


@dataclass(frozen=True)
class Like:
    """An open ticket that a call may be about too, for its matter if it has one."""

    ticket: Ticket
    likeness: float
    why: tuple[str, ...]
    callers: int = 1
    is_own: bool = False  # the caller has an open ticket in this matter: it is urged, not joined


class _Known(NamedTuple):
    """How many of the latest tickets were looked at, how many of them have each piece, and how many are open."""

    looked_at: int
    having: dict[str, int]
    open: int

    def weight(self, piece: str) -> float:
        return math.log((self.looked_at + UNSEEN) / (self.having.get(piece, 0) + 1))

    def met(self, piece: str) -> float:
        """In how many open tickets a piece is expected."""
        return self.open * self.having.get(piece, 0) / max(1, self.looked_at)


@dataclass
class _Text:
    """One side of the comparison: weighted pieces of what was said, and where it is."""

    pieces: dict[str, float]
    said: dict[str, set[str]] = field(default_factory=dict)  # by what is meant: the words that were used for it
    places: tuple[Found, ...] = ()


def like(told: Told, user: User, *, most: int = SHOWN) -> list[Like]:
    """The open matters that are most like a call, of those that `user` may read, the nearest first."""
    known = _known()
    asked = _text(known, told.title, told.text, told.address)
    asked.places = book.place_of(told.address, f"{told.title} {told.text}").found
    ids = _candidates(known, _wanted(known, asked))
    if not ids:
        return []
    found = Ticket.objects.visible_to(user).filter(pk__in=ids, status__in=OPEN_STATUSES)
    if (readable := where_readable(user, Detail.DESCRIPTION)) is not None:
        found = found.filter(readable)
    rows = found.select_related("category", "region__parent", "department", "matter").defer("search", "caller_search")
    ranked = sorted(
        (_compared(known, told, asked, one) for one in rows), key=lambda one: (-one.likeness, -one.ticket.pk)
    )
    least = max(LEAST, SHARED * ranked[0].likeness) if ranked else 0
    return _with_callers(_one_of_each([one for one in ranked if one.likeness >= least])[:most], told.phone)


def rarest(text: str, count: int) -> list[str]:
    """The pieces of a text, as the index of words has them, that the fewest of the latest tickets have."""
    known = _known()
    return sorted(_pieces(text[:READ]), key=lambda piece: (known.having.get(piece, 0), piece))[:count]


def forget() -> None:
    """Has the next question look at the latest tickets again."""
    _known.forget()


# -- what is looked for -------------------------------------------------------------------------------------------


@cache
def _synonyms() -> tuple[tuple[str, ...], ...]:
    lines = SYNONYMS.read_text(encoding="utf-8").splitlines()
    return tuple(tuple(map(search.fold, line.split())) for line in lines if line.strip() and not line.startswith("#"))


def _pieces(text: str) -> set[str]:
    return {token for token in search.tokens(text) if len(token) > 1}


def _text(known: _Known, title: str, text: str, address: str) -> _Text:
    title, rest = title[:READ], f"{text[:READ]} {address}"
    in_title = _pieces(title)
    weights = {piece: known.weight(piece) * (TITLE if piece in in_title else 1) for piece in in_title | _pieces(rest)}
    folded, said = search.fold(f"{title} {rest}"), {}
    for group in _synonyms():
        if used := {word for word in group if word in folded}:
            said[group[0]] = used
            weights[f"~{group[0]}"] = TITLE * min(known.weight(word[:2]) for word in group)
    return _Text(weights, said)


def _wanted(known: _Known, asked: _Text) -> dict[str, float]:
    """The pieces to look up with their weights: those that were typed, those of synonyms and of the place's names."""
    wanted = {piece: weight for piece, weight in asked.pieces.items() if not piece.startswith("~")}
    named = [one.name for one in asked.places]
    meant = [word for group in _synonyms() if group[0] in asked.said for word in group]
    for text, share in ((" ".join(named), 1.0), (" ".join(meant), 0.5)):
        for piece in _pieces(text):
            wanted.setdefault(piece, share * known.weight(piece))
    return wanted


def _candidates(known: _Known, wanted: dict[str, float]) -> list[int]:
    pieces: list[str] = []
    met = 0.0
    for piece in sorted(wanted, key=lambda one: (known.met(one), one)):
        met += min(known.met(piece), MOST_OF_ONE)
        if pieces and (met > MOST_MET or len(pieces) == MOST_PIECES):
            break
        pieces.append(piece)
    with connection.cursor() as cursor:
        cursor.execute(
            _MOST_SHARED,
            [[f"'{piece}'" for piece in pieces], [wanted[piece] for piece in pieces], MOST_OF_ONE, COMPARED],
        )
        return [pk for pk, _weight in cursor.fetchall()]


# Each piece by itself: an index of open tickets alone answers it, and no row is read for what it does not have.
_MOST_SHARED = f"""
SELECT hit.id, sum(asked.weight) FROM unnest(%s::text[], %s::float8[]) AS asked (piece, weight)
CROSS JOIN LATERAL (
    SELECT id FROM {Ticket._meta.db_table}
    WHERE search @@ asked.piece::tsquery AND status IN ({", ".join(f"'{status}'" for status in OPEN_STATUSES)})
    LIMIT %s
) AS hit GROUP BY hit.id ORDER BY 2 DESC, 1 DESC LIMIT %s
"""  # noqa: S608 - our own names


def _read() -> _Known:
    with connection.cursor() as cursor:
        latest = f"SELECT search FROM {Ticket._meta.db_table} ORDER BY registered_at DESC LIMIT {SAMPLE}"  # noqa: S608
        cursor.execute("SELECT word, ndoc FROM ts_stat(%s) WHERE length(word) > 1 AND ndoc > 1", [latest])
        having = dict(cursor.fetchall())
    looked_at = len(Ticket.objects.order_by("pk").values_list("pk", flat=True)[:SAMPLE])
    return _Known(looked_at, having, Ticket.objects.filter(status__in=OPEN_STATUSES).count())


_known = Remembered(_read, seconds=SAMPLE_SECONDS)


# -- how like it is -----------------------------------------------------------------------------------------------


def _compared(known: _Known, told: Told, asked: _Text, ticket: Ticket) -> Like:
    other = _text(known, ticket.title, ticket.description, ticket.address)
    if asked.places:
        other.places = book.place_of(ticket.address, f"{ticket.title} {ticket.description}").found
    why = []
    added, left, place = _by_place(told, asked, ticket, other)
    if place:
        why.append(_t("Same place: %(place)s") % {"place": place})
    meant = [words for meaning in asked.said if meaning in other.said if (words := _both(asked, other, meaning))]
    if meant:
        why.append(_t("Said alike: %(words)s") % {"words": _t(", ").join(meant)})
    by_category = _by_category(told.category, ticket.category)
    if by_category == SAME_CATEGORY:
        why.append(_t("Same category"))
    named = _pieces(" ".join(f"{one.name} {one.words}" for one in (*asked.places, *other.places))) if place else set()
    alike = _cosine(_but(asked.pieces, named), _but(other.pieces, named))  # a place of both counts once, in `added`
    is_another = told.category and ticket.category and not by_category and not meant
    if alike + by_category < LEAST or is_another:
        added = min(added, ONLY_PLACE)
    likeness = left * (alike + by_category) + added
    return Like(ticket, likeness, tuple(why))


def _both(asked: _Text, other: _Text, meaning: str) -> str:
    """The words of both sides for one thing, the caller's first."""
    return "/".join(dict.fromkeys([min(asked.said[meaning]), min(other.said[meaning])]))


def _but(pieces: dict[str, float], left_out: set[str]) -> dict[str, float]:
    return {piece: weight for piece, weight in pieces.items() if piece not in left_out} if left_out else pieces


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    shared = sum(one[piece] * other[piece] for piece in one.keys() & other.keys())
    length = math.sqrt(sum(map(_square, one.values())) * sum(map(_square, other.values())))
    return shared / length if length else 0.0


def _square(weight: float) -> float:
    return weight * weight


def _by_place(told: Told, asked: _Text, ticket: Ticket, other: _Text) -> tuple[float, float, str]:
    """What the places add to the likeness, what they leave of it, and the name of the place or community of both."""
    here = {one.place: one.name for one in asked.places if one.place}
    for found in other.places:
        if found.place in here:
            return SAME_PLACE, 1.0, here[found.place]
    communities = {(one.region, one.community) for one in asked.places if one.community}
    left = OTHER_PLACE if here and any(one.place for one in other.places) else 1.0
    for found in other.places:
        if (found.region, found.community) in communities:
            return SAME_COMMUNITY, left, found.community
    streets = {one.region for one in asked.places} or ({told.region.pk} if told.region else set())
    others = {one.region for one in other.places} or {ticket.region_id}
    if streets & others:
        return (SAME_STREET if ticket.region.parent_id else 0.0), left, ""
    paths = book.book().paths
    near = any(_within(paths[a], paths[b]) for a in streets for b in others if a in paths and b in paths)
    return 0.0, left if near or not streets else OTHER_STREET, ""


def _within(one: str, other: str) -> bool:
    """Whether one way from the root goes on as the other: a ticket of the whole city may be anywhere in it."""
    return one.startswith(other) or other.startswith(one)


def _by_category(one: Category | None, other: Category | None) -> float:
    if one is None or other is None:
        return 0.0
    if one.pk == other.pk:
        return SAME_CATEGORY
    return SAME_BRANCH if one.parent_id == other.parent_id else 0.0


# -- of a matter one stands for all -------------------------------------------------------------------------------


def _one_of_each(ranked: Iterable[Like]) -> list[Like]:
    first: dict[tuple[str, int], Like] = {}
    for one in ranked:
        matter = one.ticket.matter_id
        first.setdefault(("matter", matter) if matter else ("ticket", one.ticket.pk), one)
    return list(first.values())


def _with_callers(found: Sequence[Like], phone: str) -> list[Like]:
    """The same with how many callers each matter has, and whether the caller is one of them."""
    of = {one.ticket.matter_id for one in found if one.ticket.matter_id}
    counts: dict[int | None, tuple[int, int]] = {}
    if of:
        counted = (
            Ticket.objects.filter(matter__in=of).order_by().values("matter")
            .annotate(
                callers=Count(PERSON, distinct=True) + Count("pk", filter=Q(caller=None)),
                own=Count("pk", filter=Q(caller__phone=phone, caller__isnull=False, status__in=OPEN_STATUSES)),
            )
        )  # fmt: skip
        counts = {row["matter"]: (row["callers"], row["own"]) for row in counted}
    told = []
    for one in found:
        alone = (1, bool(phone) and one.ticket.caller_phone == phone)
        callers, own = counts.get(one.ticket.matter_id, alone)
        told.append(replace(one, callers=callers, is_own=bool(phone and own)))
    return told
