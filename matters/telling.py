"""Calls that we made up, many about one matter and many that only look so: the shipped pair decision learns from them.

What callers say stands in `data/told.txt`. A matter is a place and a thing there, told by several people each in their
own words, long or short, or by copies of one text. Between them stand calls about the same thing elsewhere, about
something else at the same place, and about things that concern nobody else.
"""

from __future__ import annotations

import random
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from matters.pairs import Place, Side

TOLD = Path(__file__).parent / "data" / "told.txt"
BUSY = 3  # times as many calls of one in a city with a place book: its places are busy
DAYS = 170  # over which they call
# Themes whose things are often one matter where they are at one place.
MIXED = {"developer", "property", "school", "pollution", "village"}
IN_A_BOOK = {"estate", "site", "street", "school", "park", "mall", "hospital", "village"}


@dataclass
class Topic:
    """A thing that callers call about, where it happens, and how it is told."""

    key: str
    kind: str
    theme: str
    titles: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Told:
    """A call that was made up: what is compared, the matter that it is about, and who told it."""

    side: Side
    matter: int
    caller: int


def _lines(mark: str) -> Iterator[list[str]]:
    for line in TOLD.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{mark} "):
            yield line[2:].split()


Known = tuple[tuple[Place, ...], tuple[int, ...], str]  # places, the category and the region


@cache
def words() -> dict[str, list[str]]:
    """What names and sentences are made of; `-` is nothing. Lists of single characters are written as one word."""
    found = {}
    for name, *listed in _lines("*"):
        found[name] = list(listed[0]) if len(listed) == 1 else ["" if one == "-" else one for one in listed]
    return found


@cache
def otherwise() -> list[list[str]]:
    """Ordinary words that people put for one another."""
    return list(_lines("/"))


@cache
def topics() -> tuple[Topic, ...]:
    found: list[Topic] = []
    for line in TOLD.read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "=":
            key, kind, theme = (part.strip() for part in rest.split("|"))
            found.append(Topic(key, kind, theme))
        elif mark in ("T", "B", "A"):
            topic = found[-1]
            {"T": topic.titles, "B": topic.sentences, "A": topic.asks}[mark].append(rest)
    return tuple(found)


class Teller:
    """Makes up one city's calls; the same seed tells the same."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a seeded generator is no secret
        letters = self.random.random() < 0.5
        names = [
            f"{a}{b}" for a, b in zip(self._some(words()["first"], 12), self._some(words()["second"], 12), strict=True)
        ]
        self.districts = [f"{name}区" for name in names[:8]]
        if letters:
            self.districts = [*(f"K{n}区" for n in range(1, 9)), "K9县", "K市"]
        self.city = "K市" if letters else f"{names[9]}市"
        self._matters: dict[tuple[str, str], int] = {}
        self.has_book = self.random.random() < 0.5  # a place book, and categories
        self._places: dict[str, list[tuple[str, list[str]]]] = {}

    def _some(self, of: list[str], count: int) -> list[str]:
        return [self.random.choice(of) for _ in range(count)]

    def calls(self, matters: int, singles: int) -> list[Told]:
        """So many matters of several callers and calls of one, in the order of their instants."""
        told: list[Told] = []
        by_kind: dict[str, list[Topic]] = defaultdict(list)
        for topic in topics():
            by_kind[topic.kind].append(topic)
        caller = iter(range(10**9))
        for _ in range(matters):
            topic = self.random.choice(topics())
            place = self.place(topic.kind)
            told += self.matter(topic, place, by_kind[topic.kind], caller)
            if self.random.random() < 0.35:  # the same thing somewhere else
                most = self.random.choice((1, 1, 2, 3))
                told += self.matter(topic, self.place(topic.kind), [], caller, most=most)
            if self.random.random() < 0.6:  # something else at the same place
                others = [one for one in by_kind[topic.kind] if one.theme != topic.theme]
                if others:
                    other = self.random.choice(others)
                    told += self.matter(other, place, [], caller, most=self.random.choice((1, 2, 3)))
        for _ in range(singles * (BUSY if self.has_book else 1)):
            topic = self.random.choice(topics())
            told += self.matter(topic, self._often_called_about(topic.kind), [], caller, most=1)
        start = datetime(2031, 1, 1)  # noqa: DTZ001 - only differences count
        told = [
            Told(_at(one.side, start + timedelta(days=one.side.at.timestamp() / 86400)), one.matter, one.caller)
            if one.side.at else one for one in told
        ]  # fmt: skip
        return sorted(told, key=lambda one: one.side.at or start)

    def _often_called_about(self, kind: str) -> tuple[str, list[str]]:
        """A place; most are one where something else has been the matter: that two lie at one place says little."""
        known = self._places.setdefault(kind, [])
        if self.has_book and len(known) > 2 and self.random.random() < 0.9:
            return self.random.choice(known)
        return self.place(kind)

    # -- one matter -----------------------------------------------------------------------------------------------

    def matter(
        self, topic: Topic, place: tuple[str, list[str]], near: list[Topic], caller: Iterator[int], most: int = 0
    ) -> list[Told]:
        """All calls about one thing."""
        chance = self.random
        matter = self._matters.setdefault((topic.key, place[0]), len(self._matters))
        count = most or chance.choice((2, 2, 3, 3, 4, 5, 6, 8, 12))
        begin, span = chance.uniform(0, DAYS), chance.choice((1, 3, 10, 30, 60, 120))
        facts = self._facts(place)
        copied = chance.random() < 0.25
        is_mixed = topic.theme in MIXED and chance.random() < 0.4
        mixed = [one for one in near if is_mixed and one.theme == topic.theme]
        first: tuple[str, str] | None = None
        told = []
        who = next(caller)
        for nth in range(count):
            if nth == 0 or chance.random() < 0.8:
                who = next(caller)
            if chance.random() < 0.3:
                facts = facts | self._facts(place, again=True)
            if copied and first and chance.random() < 0.8:
                title, text = self._copy(*first)
            else:
                title, text = self._tell(chance.choice([topic, topic, *mixed]), facts, place)
            first = first or (title, text)
            day = min(begin + chance.uniform(0, span), DAYS * 1.2)
            address = self._address(topic, place)
            side = Side(
                title, text, address, datetime.fromtimestamp(day * 86400),  # noqa: DTZ006
                *self._known(topic, place, title + text + address),
            )  # fmt: skip
            told.append(Told(side, matter, who))
        return told

    def _address(self, topic: Topic, place: tuple[str, list[str]]) -> str:
        """What the operator wrote down as the place, where the city has a place book."""
        chance = self.random
        if not self.has_book or topic.kind not in IN_A_BOOK or chance.random() < 0.4:
            return ""
        name = place[0] if chance.random() < 0.7 else chance.choice(place[1])
        return name + chance.choice(("", "", "门口", "附近", f"{chance.randint(1, 30)}栋"))

    def _known(self, topic: Topic, place: tuple[str, list[str]], text: str) -> Known:
        """What a place book finds in a call, how it was categorised, and where it was placed."""
        chance = self.random
        if not self.has_book:
            return (), (), ""
        full, shorter = place
        street = f"/1/{hash_of(full) % 5 + 2}/{hash_of(full) % 37 + 10}/"
        known = Place(hash_of(full), topic.kind, full, f"{hash_of(full) % 500}", street)
        is_found = topic.kind in IN_A_BOOK and any(name in text for name in (full, *shorter)) and chance.random() < 0.8
        nth = topics().index(topic if chance.random() < 0.8 else chance.choice(topics()))
        theme = hash_of(topics()[nth].theme)
        category = (nth + 1000, theme, 1) if chance.random() < 0.9 else ()
        return ((known,) if is_found else ()), category, (street if is_found or chance.random() < 0.2 else "/1/")

    def _facts(self, place: tuple[str, list[str]], *, again: bool = False) -> dict[str, str]:
        chance = self.random
        hour = chance.choice(("一", "两", "二", "十一"))
        changing = {"n": str(chance.randint(2, 90)), "h": hour, "m": str(chance.randint(1, 12))}
        if again:
            return changing
        return changing | {
            "d": chance.choice(self.districts), "b": f"{chance.randint(1, 20)}", "s": self.road(), "f": self.firm(),
        }  # fmt: skip

    def _tell(self, topic: Topic, facts: dict[str, str], place: tuple[str, list[str]]) -> tuple[str, str]:
        chance = self.random
        full, shorter = place
        names = {"p": full if chance.random() < 0.75 else chance.choice(shorter), "q": chance.choice(shorter)}
        if chance.random() < 0.04 and len(full) > 3:  # a slip of the pen
            at = chance.randrange(len(full) - 1)
            names["p"] = full[:at] + full[at + 1] + full[at] + full[at + 2 :]
        where = chance.choice((facts["d"], facts["d"], self.city, ""))
        fill = {**facts, **names, "d": where}
        title = chance.choice(topic.titles).format(**fill)
        if where and where not in title and chance.random() < 0.5:
            title = where + title
        title = chance.choice(words()["before_title"]) + title + chance.choice(words()["after_title"])
        how_many = chance.choice((1, 1, 2, 2, 3, 3, 4, 5, 6))
        body = chance.sample(topic.sentences, min(how_many, len(topic.sentences)))
        if chance.random() < 0.7:
            body.append(chance.choice(topic.asks))
        if chance.random() < 0.06:  # something else is told beside it
            body.append(chance.choice(chance.choice(topics()).sentences))
        text = chance.choice(words()["openings"]) + "".join(body) + chance.choice(words()["closings"])
        if "{p}" not in text and "{q}" not in text and chance.random() < 0.6:
            text = "{p}" + text
        return self._otherwise(title), self._otherwise(text.format(**fill))

    def _otherwise(self, text: str) -> str:
        """The same with some ordinary words put for others, and some words left out."""
        chance = self.random
        for alike in otherwise():
            for word in alike:
                if word in text and chance.random() < 0.6:
                    text = text.replace(word, chance.choice(alike))
                    break
        parts = text.split("，")
        if len(parts) > 3 and chance.random() < 0.5:
            parts.pop(chance.randrange(1, len(parts)))
        return "，".join(parts)

    def _copy(self, title: str, text: str) -> tuple[str, str]:
        """Nearly the same text: begun or ended otherwise, cut short, or word for word."""
        chance = self.random
        how = chance.random()
        if how < 0.3:
            text = chance.choice(words()["openings"]).replace("{d}", self.city).replace("{p}", "这里") + text
        elif how < 0.5:
            text = text[: max(20, int(len(text) * chance.uniform(0.5, 0.95)))]
        elif how < 0.7:
            text = self._otherwise(text)
        return (
            title if chance.random() < 0.6 else chance.choice(words()["before_title"]) + self._otherwise(title)
        ), text

    # -- names --------------------------------------------------------------------------------------------------------

    def place(self, kind: str) -> tuple[str, list[str]]:
        """A place of a kind, and what it is called for short."""
        listed = {"policy": "policies", "policy2": "leaves", "policy3": "loans", "app": "apps"}
        if kind in listed:
            return self._bare(self.random.choice(words()[listed[kind]]))
        made = {
            "estate": self.estate, "site": self.estate, "mall": self.estate, "street": lambda: self._bare(self.road()),
            "school": self.school, "school2": lambda: self._bare(self.word() + "驾校"),
            "bus": lambda: self._bare(f"{self.random.randint(2, 960)}路公交车"),
            "station": lambda: self._bare(f"地铁{self.random.randint(1, 9)}号线{self.road_name()}站"),
            "park": lambda: self._bare(self.road_name() + "公园"), "firm": self.lender, "village": self.village,
            "hospital": lambda: self._bare(self.word() + self.random.choice(("医院", "人民医院", "中医院"))),
        }  # fmt: skip
        place: tuple[str, list[str]] = made[kind]()
        self._places.setdefault(kind, []).append(place)
        return place

    @staticmethod
    def _bare(name: str) -> tuple[str, list[str]]:
        return name, [name]

    def word(self) -> str:
        return self.random.choice(words()["first"]) + self.random.choice(words()["second"])

    def road_name(self) -> str:
        return self.random.choice(words()["road_names"]) if self.random.random() < 0.5 else self.word()

    def road(self) -> str:
        return self.road_name() + self.random.choice(words()["roads"])

    def firm(self) -> str:
        return self.word() + self.random.choice(words()["firms"]) + self.random.choice(("公司", "有限公司", ""))

    def estate(self) -> tuple[str, list[str]]:
        chance = self.random
        brand = chance.choice(words()["brands"]) if chance.random() < 0.4 else ""
        name = "".join((self.word(), chance.choice((self.word(), chance.choice(words()["second"]), ""))))
        ending = chance.choice(words()["estates"]) if chance.random() < 0.8 else ""
        phase = chance.choice(("", "", "", "二期", "一期", "三期"))
        short = [name + ending, brand + name, name + ending + "小区", brand + name + ending]
        return brand + name + ending + phase, short

    def school(self) -> tuple[str, list[str]]:
        chance = self.random
        name = chance.choice((self.word(), self.road_name(), self.word() + self.word()))
        ending = chance.choice(("小学", "中学", "实验小学", "职业技术学院", "幼儿园", "外国语学校", "商贸学院"))
        return name + ending, [name + ending, name + ending[-2:]]

    def lender(self) -> tuple[str, list[str]]:
        chance = self.random
        if chance.random() < 0.6:
            name = chance.choice((self.word(), str(chance.randint(11, 99)), self.word())) + chance.choice(
                words()["lend"]
            )
            return name, [name, name + "平台"]
        return (name := self.firm()), [name, name[:4]]

    def village(self) -> tuple[str, list[str]]:
        town, name = self.random.choice(words()["towns"]), self.road_name()
        return f"{town}镇{name}村", [f"{name}村", f"{town}镇{name}村"]


def hash_of(name: str) -> int:
    """A number of a name, the same in every process."""
    return zlib.crc32(name.encode())


def _at(side: Side, at: datetime) -> Side:
    return replace(side, at=at)
