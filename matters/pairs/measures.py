"""What two texts have in common: numbers between 0 and 1, none of which knows a word."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from matters.pairs.rarity import Rarity
from matters.pairs.texts import DISTRICT, OF_AREA, RARE, Side, Text

THING = 0.12  # likeness of what is said beside the name from which it may be the same thing
NAME, LONG = 12.0, 20.0  # weights of a run at which it names the thing as surely as can be; the second of two texts


def _cosine(one: Mapping[str, float], other: Mapping[str, float], lengths: float) -> float:
    if not lengths:
        return 0.0
    if len(one) > len(other):
        one, other = other, one
    return sum(weight * other[piece] for piece, weight in one.items() if piece in other) / lengths


class Run(NamedTuple):
    """Characters that stand together in both texts, and what they are worth beyond ordinary words."""

    words: str
    worth: float
    pieces: tuple[str, ...]


NO_RUN = Run("", 0.0, ())


def _runs(units: Iterable[list[str]], there: Container[str], rarity: Rarity) -> list[Run]:
    """Runs of a text all of whose pairs the other has."""
    found = []
    for run in units:
        i, last = 0, len(run) - 1
        while i <= last:
            worth, pieces, j = 0.0, [], i
            if len(run[i]) > 1 and run[i] in there:
                worth, pieces = max(0.0, rarity(run[i]) - RARE), [run[i]]
            while j < last and (piece := run[j] + run[j + 1]) in there:
                worth += max(0.0, rarity(piece) - RARE)
                pieces.append(piece)
                j += 1
            if pieces and worth:
                found.append(Run("".join(run[i : j + 1]), worth, tuple(pieces)))
            i = j + 1
    return found


def _best(runs: Iterable[Run]) -> Run:
    return max(runs, key=lambda run: run.worth, default=NO_RUN)


def _unshared(text: Text, other: Text, rarity: Rarity) -> float:
    """What the rarest run of the title is worth that the other does not have at all."""
    best = 0.0
    for run in text.title_units:
        worth = 0.0
        for one, two in pairwise(run):
            piece = one + two
            if piece in other.spoken or OF_AREA.match(piece):
                worth = 0.0
            else:
                worth += max(0.0, rarity(piece) - RARE - 0.5)
                best = max(best, worth)
    return best


def measure(one: Text, other: Text, rarity: Rarity) -> tuple[dict[str, float], Run]:
    """What the two have in common, each between 0 and 1, and the run of characters that names the thing."""
    (title_a, text_a, all_a), (title_b, text_b, all_b) = one.lengths, other.lengths
    words = _cosine(one.weighted, other.weighted, all_a * all_b)
    finds = sorted((one.finds(other) / one.own, other.finds(one) / other.own))
    covered = sorted((one.covered(other), other.covered(one)))
    of_one = _best(_runs(one.title_units, other.spoken, rarity))
    of_other = _best(_runs(other.title_units, one.spoken, rarity))
    in_titles = _best(_runs(one.title_units, other.spoken_title, rarity))
    both = one.text.keys() & other.text.keys()
    in_texts = [run for run in _runs(one.text_units, both, rarity) if len(run.pieces) > 1]
    named = max(of_one, of_other, in_titles, key=lambda run: run.worth)
    name = min(named.worth, NAME) / NAME
    without = {*of_one.pieces, *of_other.pieces, *in_titles.pieces}
    rest = _rest(one.weighted, other.weighted, without)
    smaller = min(one.text.total(), other.text.total())
    meant = _meant(one, other)
    place = _where(one, other)
    bare = 1 - min(1.0, max(rest, meant["meant"] / 10) / THING)
    missing = min(_unshared(one, other, rarity), _unshared(other, one, rarity), 15.0) / 15
    days = abs((one.side.at - other.side.at).total_seconds()) / 86400 if one.side.at and other.side.at else 0.0
    found = {
        "title": _cosine(one.weighted_title, other.weighted_title, title_a * title_b),
        "text": _cosine(one.weighted_text, other.weighted_text, text_a * text_b),
        "words": words,
        "finds": min(finds[0], 1.0),
        "found": min(finds[1], 1.0),
        "covers": covered[0],
        "covered": covered[1],
        "name": name,
        "name_in_titles": min(in_titles.worth, NAME) / NAME,
        "name_in_both": min(of_one.worth, of_other.worth, NAME) / NAME,
        "run_of_texts": min(_best(in_texts).worth, LONG) / LONG,
        "runs_of_texts": min(sum(run.worth for run in in_texts), 3 * LONG) / (3 * LONG),
        "rest": rest,
        "rest_and_name": rest * name,
        "words_and_name": words * name,
        "copied": (one.text & other.text).total() / smaller if smaller else 0.0,
        "missing": missing * (1 - name),
        "named_otherwise": float(named_otherwise(one, other)),
        "bare_name": name * bare,
        "days": min(math.log1p(days) / 6, 1.0),
        "short": min(math.log(min(one.size, other.size) + 1) / 6.5, 1.0),
        **meant,
        **place,
        "bare_place": place["same_place"] * bare,
        **_category(one.side.category, other.side.category),
    }
    return found, named


MEASURES = (
    "title", "text", "words", "finds", "found", "covers", "covered", "name", "name_in_titles", "name_in_both",
    "run_of_texts", "runs_of_texts", "rest", "rest_and_name", "words_and_name", "copied", "missing", "named_otherwise",
    "bare_name", "days", "short", "meant", "meant_otherwise", "same_area", "other_area", "same_place", "bare_place",
    "other_place", "same_category", "other_category",
)  # fmt: skip


def _rest(one: Mapping[str, float], other: Mapping[str, float], without: set[str]) -> float:
    """The cosine of the words without those that name the thing."""
    length = math.sqrt(
        sum(weight * weight for piece, weight in one.items() if piece not in without)
        * sum(weight * weight for piece, weight in other.items() if piece not in without)
    )
    if not length:
        return 0.0
    shared = one.keys() & other.keys() - without
    return sum(one[piece] * other[piece] for piece in shared) / length


def named_otherwise(one: Text, other: Text) -> bool:
    """Whether both titles name something of one kind, and neither name is in the other's words."""
    for kind, names in one.names.items():
        others = other.names.get(kind, set())
        if others and names.isdisjoint(other.spoken) and others.isdisjoint(one.spoken):
            return True
    return False


def _meant(one: Text, other: Text) -> dict[str, float]:
    both = len(one.meanings.keys() & other.meanings.keys())
    fewer = min(len(one.meanings), len(other.meanings))
    return {"meant": both / fewer if fewer else 0.0, "meant_otherwise": float(bool(fewer) and not both)}


def _where(one: Text, other: Text) -> dict[str, float]:
    a, b = one.side, other.side
    shared_title = {area for area in one.title_areas & other.title_areas if DISTRICT.search(area)}
    shared = {area for area in one.areas & other.areas if DISTRICT.search(area)}
    return {
        "same_area": 1.0 if shared_title else 0.7 if shared else 0.0,
        "other_area": float(_other_area(one, other)),
        "same_place": same_place(a, b),
        "other_place": float(bool(a.places and b.places) and not {p.pk for p in a.places} & {p.pk for p in b.places}),
    }


def same_place(one: Side, other: Side) -> float:
    """How near the two are by the place book: the same place, the same community, the same street of the town."""
    if {p.pk for p in one.places} & {p.pk for p in other.places}:
        return 1.0
    communities = {(p.region, p.community) for p in one.places if p.community}
    if any((p.region, p.community) in communities for p in other.places):
        return 0.5
    streets, others = ({p.region for p in side.places} or {side.region} for side in (one, other))
    return 0.2 if any(way.count("/") > 3 for way in streets & others) else 0.0


def _other_area(one: Text, other: Text) -> bool:
    """Whether the districts that the two name have nothing to do with one another; those of the titles count."""
    here = {area for area in one.title_areas or one.areas if DISTRICT.search(area)}
    there = {area for area in other.title_areas or other.areas if DISTRICT.search(area)}
    return bool(here and there) and not here & other.areas and not there & one.areas


def _category(one: Sequence[int], other: Sequence[int]) -> dict[str, float]:
    if not one or not other:
        return {"same_category": 0.0, "other_category": 0.0}
    shared = len(set(one) & set(other)) / max(len(one), len(other))
    return {"same_category": shared, "other_category": float(not shared)}
