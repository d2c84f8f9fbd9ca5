"""How likely two calls are about one matter, and why; and which two never are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _t

from matters.pairs.learned import Learned, default
from matters.pairs.measures import Run, measure, named_otherwise, same_place
from matters.pairs.rarity import Rarity
from matters.pairs.texts import DISTRICT, Cut, Side, Text
from tickets import search
from tickets.models import Place as InBook

# How sure a pair decision is from which a ticket is joined by itself (at least 98 of 100 that it joined
# on labelled data were right), and from which it is proposed. Below that nothing is done.
JOIN, PROPOSE = 0.5, 0.18
COPIED = 0.8  # of the shorter text stands in the longer one: nearly the same text
NOTHING = 0.02  # likeness of what is said beside the name below which nothing is said alike
LEAST = 4  # pairs of characters in a call that says anything that could be compared
DOOR = re.compile(r"(\d{1,5})号(?![楼线院])")
APART = 20  # numbers between two doors of a street that are neighbours no more
NEXT_DOOR = 4  # numbers between two doors of a street at one spot
AT_ONCE = timedelta(days=14)  # between two calls about one thing that nothing but the street ties together


class Said(NamedTuple):
    """How likely two are one matter, and the words and places that decided."""

    probability: float
    why: tuple[str, ...]
    measures: Mapping[str, float]


NEVER = Said(0.0, (), {})


def lie_apart(a: Side, b: Side) -> bool:
    """Whether the two lie at places that cannot be one, by what is known of them without reading their words."""
    if {p.pk for p in a.places} & {p.pk for p in b.places}:
        return False
    if {p.kind for p in a.places} & {p.kind for p in b.places}:
        return True
    here = {p.region for p in a.places} or ({a.region} if a.region else set())
    there = {p.region for p in b.places} or ({b.region} if b.region else set())
    return bool(here and there) and not any(x.startswith(y) or y.startswith(x) for x in here for y in there)


def conflict(one: Text, other: Text) -> bool:
    """Whether the words of two that do not `lie_apart` say that their places cannot be one: then they are not one
    matter, however alike they are.
    """
    a, b = one.side, other.side
    if {p.pk for p in a.places} & {p.pk for p in b.places}:
        return False
    if named_otherwise(one, other) or (_apart(a, b) and not _may_be_near(one, other)):
        return True
    in_titles = [{area for area in text.title_areas if DISTRICT.search(area)} for text in (one, other)]
    return all(in_titles) and not in_titles[0] & other.areas and not in_titles[1] & one.areas


def judge(
    one: Text, side: Side, rarity: Rarity, learned: Learned | None = None, cut: Callable[[Side], Cut] = Cut
) -> Said:
    """How likely the two are one matter, and why. What lies elsewhere is not even `cut`."""
    if lie_apart(one.side, side):
        return NEVER
    other = Text(cut(side), rarity)
    if min(one.said, other.said) < LEAST or conflict(one, other):
        return NEVER
    measures, named = measure(one, other, rarity)
    probability = 0.0 if _name_alone(measures) else (learned or default()).probability(measures)
    if _apart(one.side, other.side):
        is_near = _names_the_other(one, other) or _may_be_one(one.side, other.side)
        probability = JOIN - 0.01 if probability >= JOIN and is_near else 0.0
    elif _far_doors(one.side, other.side):
        probability = min(probability, JOIN - 0.01) if _may_be_one(one.side, other.side) else 0.0
    elif _may_be_another(one, other, measures):
        probability = min(probability, JOIN - 0.01)
    return Said(probability, tuple(_because(one, other, measures, named)), measures)


def _may_be_another(one: Text, other: Text, measures: Mapping[str, float]) -> bool:
    """Whether one only asks what the other complains of; or operators put them under heads with nothing in common, such
    as dust and unpaid wages of one building site, and the words do not say otherwise.
    """
    under_other_heads = bool(measures["other_category"]) and measures["copied"] <= COPIED
    return one.side.asks != other.side.asks or under_other_heads


def _name_alone(measures: Mapping[str, float]) -> bool:
    """Whether the two have no more in common than what a place is called: many things happen at one place."""
    alike = measures["runs_of_texts"] > 0.1 or measures["covers"] > 0.5
    return measures["rest"] < NOTHING and not measures["meant"] and not alike


def _apart(one: Side, other: Side) -> bool:
    """Whether the book knows where both are, and it is neither one place nor one community."""
    return bool(one.places and other.places) and same_place(one, other) < 0.5


def _may_be_near(one: Text, other: Text) -> bool:
    """Whether two places that differ may lie at one spot: one names the other's too, or a road of the street is one."""
    is_road = any(place.kind == InBook.Kind.ROAD for text in (one, other) for place in text.side.places)
    return is_road or _names_the_other(one, other)


def _names_the_other(one: Text, other: Text) -> bool:
    """Whether one of the two names a place of the other."""
    return any(
        search.fold(place.name) in there.whole
        for here, there in ((one, other), (other, one))
        for place in here.side.places
    )


def _may_be_one(one: Side, other: Side) -> bool:
    """Whether two that nothing but the street ties together may be one thing: it happens now, and is no question."""
    is_at_once = not (one.at and other.at) or abs(one.at - other.at) <= AT_ONCE
    return is_at_once and not (one.asks and other.asks)


def _far_doors(one: Side, other: Side) -> bool:
    """Whether both were placed at doors that are no neighbours: the eatery at number 12 is not that at number 181."""
    here, there = (DOOR.search(search.fold(side.address)) for side in (one, other))
    return bool(here and there and abs(int(here[1]) - int(there[1])) > APART)


def at_one_spot(one: Side, other: Side) -> bool:
    """Whether nothing says that the two lie at different spots: one place of the book that is no road, one crossing,
    one stretch of a road; where the book knows no place of either, one address or none.
    """
    if bool(one.places) != bool(other.places):
        return False
    if not one.places:
        here, there = (search.fold(side.address) for side in (one, other))
        return not here or not there or here in there or there in here
    shared = [place for place in one.places if place.pk in {p.pk for p in other.places}]
    if any(place.kind != InBook.Kind.ROAD for place in shared):
        return True
    doors = [DOOR.search(search.fold(side.address)) for side in (one, other)]
    if len(shared) > 1 or not shared:
        return bool(shared) and not any(doors)
    if all(doors):
        first, second = (int(door[1]) for door in doors if door)
        return abs(first - second) <= NEXT_DOOR
    return not any(doors) and len(one.places) == len(other.places)


def _because(one: Text, other: Text, measures: Mapping[str, float], named: Run) -> Iterable[str]:
    if measures["same_place"] == 1.0:
        here = {p.pk for p in one.side.places}
        yield _t("Same place: %(place)s") % {"place": next(p.name for p in other.side.places if p.pk in here)}
    if measures["copied"] > COPIED and min(one.text.total(), other.text.total()) > 20:
        yield _t("Nearly the same text")
    if named.worth > 2:
        yield _t("Both say: %(words)s") % {"words": _as_written(named.words, one.side, other.side)}
    alike = [
        "/".join(dict.fromkeys([word, other.meanings[meaning]]))
        for meaning, word in one.meanings.items()
        if meaning in other.meanings
    ]
    if alike:
        yield _t("Said alike: %(words)s") % {"words": _t(", ").join(alike)}
    if measures["same_category"] == 1.0:
        yield _t("Same category")


def _as_written(words: str, *sides: Side) -> str:
    """Words as they stand in a title or an address, where they were compared in another form: 乾坤 for 干坤."""
    for written in (written for side in sides for written in (side.title, side.address)):
        folded = search.fold(written)
        if len(folded) == len(written) and words in folded:
            begin = folded.index(words)
            return written[begin : begin + len(words)]
    return words
