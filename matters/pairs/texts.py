"""One side of the comparison: what of a ticket is compared, cut up and weighed."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from matters.pairs.rarity import Rarity
from tickets import kinds, search

SYNONYMS = Path(search.__file__).parent / "data" / "synonyms.txt"
READ = 600  # characters of a text that are compared
RARE = 3.5  # from which weight on a pair of characters may belong to a name
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


@cache
def synonyms() -> tuple[tuple[str, ...], ...]:
    """The words of the trade that mean one thing, a line each, as they are compared."""
    lines = SYNONYMS.read_text(encoding="utf-8").splitlines()
    return tuple(tuple(map(search.fold, line.split())) for line in lines if line.strip() and not line.startswith("#"))


def _units(text: str) -> list[list[str]]:
    return [UNIT.findall(run) for run in WORDS.findall(text)]


def _pieces(units: Iterable[list[str]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for run in units:
        found.update([one + two for one, two in pairwise(run)])
        found.update([one for one in run if len(one) > 1])
    for piece in [one for one in found if one[0] < "{" and OF_AREA.match(one)]:
        del found[piece]
    return found


def _meanings(text: str) -> dict[str, str]:
    """What words of the trade in a text mean, each with the word that was said."""
    return {group[0]: word for group in synonyms() for word in group if word in text}


def _cut(units: Iterable[list[str]], meanings: Iterable[str]) -> Counter[str]:
    """The pieces of a text; what its words mean is a piece of its own: 铁板 and 钢板 have one in common."""
    found = _pieces(units)
    found.update([f"={meaning}" for meaning in meanings])
    return found


def _both(one: Mapping[str, int], other: Mapping[str, int]) -> Counter[str]:
    found = Counter(one)
    found.update(other)
    return found


def _without(text: str, names: Iterable[str]) -> str:
    for name in names:
        text = text.replace(name, " ")
    return text


class Cut:
    """One side cut up: what hangs on the words alone, so that it can be kept while what words are worth changes.

    `spoken` are its pieces with what places are called, by which a thing is named and found; `title` and `text` are
    without, by which it is alike.
    """

    def __init__(self, side: Side) -> None:
        self.side = side
        self.whole_title = title = search.fold(f"{side.title} {side.address}".rstrip())
        said = kinds.without_wishes(side.text[: 2 * READ])
        text = BLANKS.sub("", LINK.sub("", search.fold(said)))[:READ]
        self.whole = f"{title} {text}"
        self._meant = [_meanings(one) for one in (title, text)]
        self._left = [ACT.sub(" ", one) for one in (title, text)]
        self.title_units, self.text_units = map(_units, self._left)
        self.spoken_title, self._spoken_text = map(_cut, (self.title_units, self.text_units), self._meant)
        self.spoken = _both(self.spoken_title, self._spoken_text)
        in_title = set(AREA.findall(title))
        self.title_areas, self.areas = in_title, in_title | set(AREA.findall(text))

    @cached_property
    def meanings(self) -> dict[str, str]:
        return _meanings(self.whole)

    @cached_property
    def said(self) -> int:
        """How many pieces it has beside its address."""
        return self.spoken.total() - _pieces(_units(search.fold(self.side.address))).total()

    @cached_property
    def told(self) -> frozenset[str]:
        """The pieces of title and text alone, without the address: by these it is counted how rare a piece is."""
        title = search.fold(self.side.title.rstrip())
        return frozenset(_cut(_units(ACT.sub(" ", title)), _meanings(title))) | self._spoken_text.keys()

    @cached_property
    def _bare(self) -> list[Counter[str]]:
        side = self.side
        where = [search.fold(one) for one in (side.address, *side.where.split(), *(p.name for p in side.places)) if one]
        if not where:
            return [self.spoken_title, self._spoken_text]
        named = _pieces(_units(" ".join(where)))
        found = (_cut(_units(_without(one, where)), meant) for one, meant in zip(self._left, self._meant, strict=True))
        return [Counter({piece: count for piece, count in one.items() if piece not in named}) for one in found]

    @cached_property
    def title(self) -> Counter[str]:
        return self._bare[0]

    @cached_property
    def text(self) -> Counter[str]:
        return self._bare[1]

    @cached_property
    def all(self) -> Counter[str]:
        return _both(self.title, self.text)


class Text:
    """One side of the comparison, cut up and weighed by `rarity`; what nobody asks for is not worked out."""

    def __init__(self, side: Side | Cut, rarity: Rarity) -> None:
        self.cut = cut = side if isinstance(side, Cut) else Cut(side)
        self.side, self.whole, self.spoken, self.spoken_title = cut.side, cut.whole, cut.spoken, cut.spoken_title
        self.title_units, self.text_units = cut.title_units, cut.text_units
        self.title_areas, self.areas = cut.title_areas, cut.areas
        self._rarity = rarity

    @property
    def said(self) -> int:
        return self.cut.said

    @property
    def meanings(self) -> dict[str, str]:
        return self.cut.meanings

    @property
    def title(self) -> Counter[str]:
        return self.cut.title

    @property
    def text(self) -> Counter[str]:
        return self.cut.text

    @property
    def all(self) -> Counter[str]:
        return self.cut.all

    @cached_property
    def weighted_title(self) -> dict[str, float]:
        return self._weighted(self.title)

    @cached_property
    def weighted_text(self) -> dict[str, float]:
        return self._weighted(self.text)

    @cached_property
    def weighted(self) -> dict[str, float]:
        """Both, with the title counting twice."""
        return self._weighted(_both(self.all, self.title))

    def _weighted(self, counts: Mapping[str, int]) -> dict[str, float]:
        rarity = self._rarity
        return {piece: (1 + math.log(n) if n > 1 else 1.0) * rarity(piece) for piece, n in counts.items()}

    @cached_property
    def lengths(self) -> tuple[float, float, float]:
        return length(self.weighted_title), length(self.weighted_text), length(self.weighted)

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
        runs = _units(AREA.sub(" ", self.cut.whole_title))
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


def length(weights: Mapping[str, float]) -> float:
    return math.sqrt(sum(weight * weight for weight in weights.values()))
