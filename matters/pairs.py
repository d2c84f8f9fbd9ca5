"""Whether two calls are about one and the same thing: what is compared, how sure that is, and why.

1. A text is cut into pairs of neighbouring characters (`Text`). How rare each is among the tickets of late says what it
   is worth (`Rarity`); an ordinary language (`data/ordinary.txt`) stands in where few are stored yet.
2. Two texts are compared by what they have in common (`measure`): words of title and text; the rarest run of characters
   that both have, which is nearly always what the thing is called (an estate, a firm, a bus line); what is left of the
   words without that name; whether one is a copy of the other; places, areas, days, category, synonyms of the trade.
   What places and streets are called, and the address, name the thing and are no words that are said of it: else
   whatever happens at one door would be alike.
3. Each of these adds to or takes from how likely it is (`Learned`): a line with a few bends a measure, its heights
   found by logistic regression, so that each can be read and none knows a word. They are numbers in a file.
4. Two places that conflict are never one matter (`conflict`), whatever else is alike; a road and a place of its
   street are no more than proposed.

Who called is no part of it.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from django.utils.translation import gettext as _t

from tickets import kinds, search
from tickets.models import Place as InBook

DATA = Path(__file__).parent / "data"
DEFAULT, ORDINARY = DATA / "pairs.json", DATA / "ordinary.txt"
SYNONYMS = Path(search.__file__).parent / "data" / "synonyms.txt"
# How sure a pair decision is from which a ticket is joined by itself (at least 98 of 100 that it joined
# on labelled data were right), and from which it is proposed. Below that nothing is done.
JOIN, PROPOSE = 0.5, 0.18
READ = 600  # characters of a text that are compared
PRIOR = 300  # texts of ordinary language that are thought of beside those that are stored
RARE = 3.5  # from which weight on a pair of characters may belong to a name
NOTHING = 0.02  # likeness of what is said beside the name below which nothing is said alike
LEAST = 4  # pairs of characters in a call that says anything that could be compared
THING = 0.12  # likeness of what is said beside the name from which it may be the same thing
NAME, LONG = 12.0, 20.0  # weights of a run at which it names the thing as surely as can be; the second of two texts
DOOR = re.compile(r"(\d{1,5})号(?![楼线院])")
APART = 20  # numbers between two doors of a street that are neighbours no more
AT_ONCE = timedelta(days=14)  # between two calls about one thing that nothing but the street ties together
UNIT = re.compile(rf"[{search.HAN}]|[^\W_{search.HAN}]+")
WORDS = re.compile(r"\w+")
LINK = re.compile(r"(?:https?://|www\.)\S+?(?=[^\w./?=&%-]|$)|https?://[\w./-]*")
BLANKS = re.compile(r"\s+")
# What a call does, whatever it is about.
ACT = re.compile(
    "市民|来电人|咨询|投诉|举报|反映|建议|表扬|感谢|求助|请问|想问|想了解|希望|要求|请求|恳请|尽快|处理|解决"
)
# Areas whose names are letters, as in data whose places were made anonymous. Those of a city are in its place book.
AREA = re.compile(r"(?<![a-z])[a-z]\d{0,2}(?:市|区|县)")
OF_AREA = re.compile(r"[a-z]\d{0,2}(?:市|区|县)?$")
DISTRICT = re.compile(r"[区县]$")
# What a place or body is called by at its end, by kind: of one kind two that differ are two things.
ENDINGS = {
    "estate": "小区 花园 家园 花苑 雅苑 佳苑 名苑 公馆 公寓 国际城 新城 华城 名城 华府 豪庭 华庭 嘉园 山庄 大厦"
    " 国际 新村 苑 庭 府 城",
    "site": "工地 项目",
    "town": "街道 镇 乡",
    "village": "村",
    "school": "幼儿园 小学 中学 学院 大学 驾校 学校",
    "station": "站",
    "firm": "公司 集团 饭店 酒店 超市 医院 银行",
}


NO_ENDING = set("市管乡区镇建改中际铁")  # what follows where a word of the above is none: 城市, 城管, 政府机关


class Place(NamedTuple):
    """A place that the book found in a ticket."""

    pk: int
    kind: str
    name: str
    community: str
    region: str  # the way from the root


@dataclass(frozen=True)
class Side:
    """What of a ticket is compared. `category` is the way down the tree, `region` the way of where it was placed.

    `where` is what that region is called, `asks` whether the caller only asked a question.
    """

    title: str = ""
    text: str = ""
    address: str = ""
    at: datetime | None = None
    places: tuple[Place, ...] = ()
    category: tuple[int, ...] = ()
    region: str = ""
    where: str = ""
    asks: bool = False


class Said(NamedTuple):
    """How likely two are one matter, and the words and places that decided."""

    probability: float
    why: tuple[str, ...]
    measures: Mapping[str, float]


# -- what a pair of characters is worth -------------------------------------------------------------------------


class Rarity:
    """What a pair of characters or a word is worth, by how many of the tickets of late have it."""

    def __init__(self, looked_at: int = 0, having: Mapping[str, int] | None = None) -> None:
        self.looked_at, self._having = looked_at, {} if having is None else having
        self._known: dict[str, float] = {}

    def __call__(self, piece: str) -> float:
        weight = self._known.get(piece)
        if weight is None:
            expected = self._having.get(piece, 0) + PRIOR * ordinary().get(piece, 0.0)
            weight = self._known[piece] = max(0.0, math.log((self.looked_at + PRIOR) / (expected + 0.7)))
        return weight

    def share(self, piece: str) -> float:
        """The share of tickets that have it."""
        return self._having.get(piece, 0) / (self.looked_at + PRIOR)

    def forget(self) -> None:
        """Has what was worked out done again: how many have a piece has changed."""
        self._known.clear()


@cache
def ordinary() -> dict[str, float]:
    """The share of ordinary texts that have a pair of characters, where it is not next to nothing."""
    shares = {}
    for line in ORDINARY.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            share, pieces = line.split("\t")
            shares.update({pieces[i : i + 2]: float(share) for i in range(0, len(pieces), 2)})
    return shares


@cache
def synonyms() -> tuple[tuple[str, ...], ...]:
    """The words of the trade that mean one thing, a line each, as they are compared."""
    lines = SYNONYMS.read_text(encoding="utf-8").splitlines()
    return tuple(tuple(map(search.fold, line.split())) for line in lines if line.strip() and not line.startswith("#"))


# -- one text -------------------------------------------------------------------------------------------------------


def _units(text: str) -> list[list[str]]:
    return [UNIT.findall(run) for run in WORDS.findall(text)]


def _pieces(units: Iterable[list[str]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for run in units:
        found.update(one + two for one, two in pairwise(run))
        found.update(one for one in run if len(one) > 1)
    for piece in [one for one in found if OF_AREA.match(one)]:
        del found[piece]
    return found


def _meanings(text: str) -> dict[str, str]:
    """What words of the trade in a text mean, each with the word that was said."""
    return {group[0]: word for group in synonyms() for word in group if word in text}


def _cut(units: Iterable[list[str]], meanings: Iterable[str]) -> Counter[str]:
    """The pieces of a text; what its words mean is a piece of its own: 铁板 and 钢板 have one in common."""
    return _pieces(units) + Counter(f"={meaning}" for meaning in meanings)


def _without(text: str, names: Iterable[str]) -> str:
    for name in names:
        text = text.replace(name, " ")
    return text


class Text:
    """One side of the comparison, cut up and weighed by `rarity`."""

    def __init__(self, side: Side, rarity: Rarity) -> None:
        self.side = side
        self._title = title = search.fold(f"{side.title} {side.address}".rstrip())
        said = kinds.without_wishes(side.text[: 2 * READ])
        text = BLANKS.sub("", LINK.sub("", search.fold(said)))[:READ]
        self.whole = f"{title} {text}"
        self.meanings = _meanings(self.whole)
        meant = [_meanings(one) for one in (title, text)]
        left = [ACT.sub(" ", one) for one in (title, text)]
        # With what places are called, by which a thing is named and found; and without, by which it is alike.
        self.title_units, self.text_units = map(_units, left)
        self.spoken_title, spoken_text = map(_cut, (self.title_units, self.text_units), meant)
        self.spoken = self.spoken_title + spoken_text
        self.title, self.text = self.spoken_title, spoken_text
        where = [search.fold(one) for one in (side.address, *side.where.split(), *(p.name for p in side.places)) if one]
        if where:
            named = _pieces(_units(" ".join(where)))
            bare = (_cut(_units(_without(one, where)), meanings) for one, meanings in zip(left, meant, strict=True))
            self.title, self.text = (
                Counter({piece: count for piece, count in found.items() if piece not in named}) for found in bare
            )
        self.all = self.title + self.text
        self.said = self.spoken.total() - _pieces(_units(search.fold(side.address))).total()
        in_title = set(AREA.findall(title))
        self.title_areas, self.areas = in_title, in_title | set(AREA.findall(text))
        self._rarity = rarity

    @cached_property
    def weighted_title(self) -> dict[str, float]:
        return self._weighted(self.title)

    @cached_property
    def weighted_text(self) -> dict[str, float]:
        return self._weighted(self.text)

    @cached_property
    def weighted(self) -> dict[str, float]:
        """Both, with the title counting twice."""
        both = self.all + self.title
        return self._weighted(both)

    def _weighted(self, counts: Mapping[str, int]) -> dict[str, float]:
        rarity = self._rarity
        return {piece: (1 + math.log(n) if n > 1 else 1.0) * rarity(piece) for piece, n in counts.items()}

    @cached_property
    def lengths(self) -> tuple[float, float, float]:
        return _length(self.weighted_title), _length(self.weighted_text), _length(self.weighted)

    @cached_property
    def size(self) -> int:
        return sum(self.all.values())

    @cached_property
    def own(self) -> float:
        """How well the title finds its own text."""
        return self.finds(self) or 1.0

    @cached_property
    def worth(self) -> float:
        return sum(map(self._rarity, self.title)) or 1.0

    def finds(self, other: Text) -> float:
        """How well the title as a question finds the other text (BM25)."""
        there, usual = other.all, 0.3 + 0.9 * other.size / 260
        rarity = self._rarity
        return sum(
            rarity(piece) * count * 2.2 / (count + usual) for piece in self.title if (count := there.get(piece, 0))
        )

    def covered(self, other: Text) -> float:
        """What share of the title the other has anywhere."""
        return sum(self._rarity(piece) for piece in self.title if piece in other.all) / self.worth

    @cached_property
    def names(self) -> dict[str, set[str]]:
        """By kind of what is named in the title: the pairs of characters before its ending, where one is rare."""
        found: dict[str, set[str]] = {}
        runs = _units(AREA.sub(" ", self._title))
        for kind, endings in _endings().items():
            for run in runs:
                joined = "".join(run)
                for hit in endings.finditer(joined):
                    if joined[hit.end() : hit.end() + 1] in NO_ENDING:
                        continue
                    units = UNIT.findall(joined[max(0, hit.start() - 4) : hit.start()])
                    heads = {one + two for one, two in pairwise(units)}
                    if any(self._rarity(head) >= RARE + 1 for head in heads):
                        found.setdefault(kind, set()).update(heads)
        return found


@cache
def _endings() -> dict[str, re.Pattern[str]]:
    return {kind: re.compile("|".join(sorted(words.split(), key=len, reverse=True))) for kind, words in ENDINGS.items()}


def _length(weights: Mapping[str, float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights.values()))


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


# -- two texts ------------------------------------------------------------------------------------------------------


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
        "named_otherwise": float(_named_otherwise(one, other)),
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


def _named_otherwise(one: Text, other: Text) -> bool:
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
        "same_place": _same_place(a, b),
        "other_place": float(bool(a.places and b.places) and not {p.pk for p in a.places} & {p.pk for p in b.places}),
    }


def _same_place(one: Side, other: Side) -> float:
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


def conflict(one: Text, other: Text) -> bool:
    """Whether the two lie at places that cannot be one: then they are not one matter, however alike their words are."""
    a, b = one.side, other.side
    if {p.pk for p in a.places} & {p.pk for p in b.places}:
        return False
    kinds = {p.kind for p in a.places} & {p.kind for p in b.places}
    if kinds:
        return True
    here = {p.region for p in a.places} or ({a.region} if a.region else set())
    there = {p.region for p in b.places} or ({b.region} if b.region else set())
    if here and there and not any(x.startswith(y) or y.startswith(x) for x in here for y in there):
        return True
    if _named_otherwise(one, other) or (_apart(a, b) and not _may_be_near(one, other)):
        return True
    in_titles = [{area for area in text.title_areas if DISTRICT.search(area)} for text in (one, other)]
    return all(in_titles) and not in_titles[0] & other.areas and not in_titles[1] & one.areas


# -- what was learned -----------------------------------------------------------------------------------------------

KNOTS = (0.0, 0.2, 0.5, 1.0)  # where the line of a measure may bend


@dataclass(frozen=True)
class Learned:
    """How much each measure adds: its heights at the knots, and what all begin with. Numbers and words, no code."""

    base: float
    heights: Mapping[str, tuple[float, ...]]
    about: Mapping[str, Any] = field(default_factory=dict)

    def probability(self, measures: Mapping[str, float]) -> float:
        total = self.base
        for name, heights in self.heights.items():
            total += _height(heights, measures[name])
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))

    def as_json(self) -> str:
        kept = {
            "about": self.about, "base": round(self.base, 4), "knots": KNOTS,
            "heights": {name: [round(height, 4) for height in heights] for name, heights in self.heights.items()},
        }  # fmt: skip
        lines = json.dumps(kept, ensure_ascii=False, indent=1)
        return re.sub(r"\[\s+([-\d.,\s]+?)\s+\]", lambda list_: f"[{' '.join(list_[1].split())}]", lines) + "\n"

    @classmethod
    def read(cls, written: str | bytes) -> Learned:
        """What was kept. Raises ValueError where it is nothing of this version."""
        try:
            kept = json.loads(written)
            heights = {name: tuple(map(float, kept["heights"][name])) for name in MEASURES}
            if tuple(kept["knots"]) != KNOTS or any(len(one) != len(KNOTS) for one in heights.values()):
                raise ValueError("other bends than these")
            return cls(float(kept["base"]), heights, kept["about"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no pair decision: {error}") from error


def _height(heights: Sequence[float], value: float) -> float:
    """The height of a line with bends at the knots."""
    if value <= 0:
        return heights[0]
    for k in range(1, len(KNOTS)):
        if value <= KNOTS[k]:
            share = (value - KNOTS[k - 1]) / (KNOTS[k] - KNOTS[k - 1])
            return heights[k - 1] + share * (heights[k] - heights[k - 1])
    return heights[-1]


@cache
def default() -> Learned:
    return Learned.read(DEFAULT.read_bytes())


def judge(one: Text, other: Text, rarity: Rarity, learned: Learned | None = None) -> Said:
    """How likely the two are one matter, and why."""
    if min(one.said, other.said) < LEAST or conflict(one, other):
        return Said(0.0, (), {})
    measures, named = measure(one, other, rarity)
    probability = 0.0 if _name_alone(measures) else (learned or default()).probability(measures)
    if _apart(one.side, other.side):
        is_near = _names_the_other(one, other) or _may_be_one(one.side, other.side)
        probability = JOIN - 0.01 if probability >= JOIN and is_near else 0.0
    elif _far_doors(one.side, other.side):
        probability = min(probability, JOIN - 0.01) if _may_be_one(one.side, other.side) else 0.0
    elif one.side.asks != other.side.asks:  # one only asks what the other complains of
        probability = min(probability, JOIN - 0.01)
    return Said(probability, tuple(_because(one, other, measures, named)), measures)


def _name_alone(measures: Mapping[str, float]) -> bool:
    """Whether the two have no more in common than what a place is called: many things happen at one place."""
    alike = measures["runs_of_texts"] > 0.1 or measures["covers"] > 0.5
    return measures["rest"] < NOTHING and not measures["meant"] and not alike


def _apart(one: Side, other: Side) -> bool:
    """Whether the book knows where both are, and it is neither one place nor one community."""
    return bool(one.places and other.places) and _same_place(one, other) < 0.5


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


def _because(one: Text, other: Text, measures: Mapping[str, float], named: Run) -> Iterable[str]:
    if measures["same_place"] == 1.0:
        here = {p.pk for p in one.side.places}
        yield _t("Same place: %(place)s") % {"place": next(p.name for p in other.side.places if p.pk in here)}
    if measures["copied"] > 0.8 and min(one.text.total(), other.text.total()) > 20:
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
