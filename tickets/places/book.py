"""Which place a text speaks of, by the city's own place book.

1. Names are compared as the search compares them (width, case, traditional characters), without blanks. A text is read
   from left to right for every name of a place, a region, a community and a department; where two overlap, the longer
   one counts: 文化路小学 is the school, 书院街道办事处 an office and no place, unless somebody stands before its door.
2. A name before 先生 or 女士 is a person's. A road with 新 or 东 before it is another road. A name that goes on as a
   hotel or a bank names something else that is near at best.
3. A region that the text names settles which of several places of one name is meant; so does a road that crosses
   another. An estate outvotes a road, a road the region's bare name.
4. What is left in several streets is offered in all of them and taken in none. A place that the book has in another
   street than the one that is named stays open too.

A region that has regions below it (the district of 15 streets) settles others and is no answer itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Max

from hotline.accounts.models import Department, Region
from hotline.remembered import Remembered
from tickets import facts, search
from tickets.models import Place

OFFERED, TAKEN = 50, 80  # percent of confidence from which a place is offered, and from which it is taken by itself
MIN_NAME = 2  # characters; a single one is no name
READ = 600  # characters of a text that are looked at
COMMUNITY_CONFIDENCE = DOOR_CONFIDENCE = 90
BLANKS = re.compile(r"[\s·・•'\"“”‘’《》〈〉]+")
PERSON = re.compile(
    "(?:先生|女士|小姐|同志|老师|师傅|主任|书记|经理|局长|科长|所长|院长|校长|医生|老板|阿姨|叔叔|大爷|大妈|婆婆|爹爹)"
)
PLACED = re.compile("(?:大?门口|门前|对面|斜对面|旁|附近|隔壁|楼下|院内|院子|后面|前面|东侧|西侧|南侧|北侧)")
NEAR = re.compile(r"[^,，。;；]{0,4}?(?:对面|斜对面|旁边?|附近|隔壁|周边|后面)")
ANOTHER = re.compile(
    "(?:酒店|宾馆|饭店|大酒店|医院|银行|支行|超市|公司|集团|大厦|幼儿园|小学|中学|初中|高中|学校|派出所|中队|大队|支队|"
    "供电所|税务所|司法所|法庭|供销社|书店|影城|加盟)"
)
OFFICE = re.compile("(?:办事处|人民政府|政府|党委|纪委|派出所|中队|大队|支队|供电所|税务所|司法所|法庭|综合执法)")
TURNED = "新老东西南北大小"  # before a road: 新北京路 is not 北京路
NEAR_BY, NAMED_AFTER, SHORT = 0.95, 0.7, 0.7  # shares of confidence that are left


class Entry(NamedTuple):
    """What a name stands for: a place (`kind` of Place), a region, a community, or a department (whose door is one)."""

    kind: str
    name: str
    region: int
    community: str
    confidence: int
    place: int = 0


REGION, COMMUNITY, DEPARTMENT = "region", "community", "department"
RANKS = defaultdict(lambda: 2, {REGION: 0, Place.Kind.ROAD: 1, COMMUNITY: 1})


@dataclass(frozen=True)
class Found:
    """A place that a text may speak of: what it is, where it lies, how sure that is, and by which words."""

    name: str
    kind: str
    region: int
    region_name: str
    community: str
    confidence: int  # percent
    words: str
    place: int = 0  # its row; 0 for a region or a community


@dataclass(frozen=True)
class Answer:
    """All that may be meant, surest first. `region` is the one street of them all; 0 where there is none or several."""

    found: tuple[Found, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether several streets may be meant."""
        return len({one.region for one in self.found}) > 1

    @property
    def best(self) -> Found | None:
        """What is meant, if one street is and it is sure enough to be offered."""
        return None if self.is_open or not self.found else self.found[0]

    @property
    def taken(self) -> Found | None:
        """What may be filled in by itself."""
        best = self.best
        return best if best and best.confidence >= TAKEN else None


@dataclass(frozen=True)
class _Hit:
    """Words of the text and what they may stand for."""

    words: str
    entries: tuple[Entry, ...]
    share: float = 1.0  # of the confidence that is left by what stands round it

    @property
    def rank(self) -> int:
        return max(RANKS[entry.kind] for entry in self.entries)

    @property
    def regions(self) -> set[int]:
        return {entry.region for entry in self.entries}


def plain(name: str) -> str:
    """A name or a text as names are compared."""
    return BLANKS.sub("", search.fold(name))


@dataclass
class Book:
    """The names of a city, made once to be asked often."""

    paths: dict[int, str] = field(default_factory=dict)  # region: its way from the root
    full_names: dict[int, str] = field(default_factory=dict)
    region_names: set[str] = field(default_factory=set)  # with those above them and without, as names are compared
    _named: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    _lengths: dict[str, tuple[int, ...]] = field(default_factory=dict)  # first two characters: lengths, longest first
    _leaves: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, entries: Iterable[tuple[str, Entry]], regions: Iterable[Region]) -> Book:
        """A book of pairs of a name and what it stands for."""
        book = cls()
        parents = set()
        for region in regions:
            book.paths[region.pk], book.full_names[region.pk] = region.path, region.full_name
            book.region_names |= {plain(region.full_name), plain(region.name)}
            parents.add(region.parent_id)
        book._leaves = {pk for pk in book.paths if pk not in parents}
        named: dict[str, list[Entry]] = defaultdict(list)
        lengths: dict[str, set[int]] = defaultdict(set)
        for name, entry in entries:
            compared = plain(name)
            if len(compared) >= MIN_NAME:
                named[compared].append(entry)
                lengths[compared[:MIN_NAME]].add(len(compared))
        book._named = {name: tuple(dict.fromkeys(of_name)) for name, of_name in named.items()}
        book._lengths = {begin: tuple(sorted(found, reverse=True)) for begin, found in lengths.items()}
        return book

    def place_of(self, *texts: str) -> Answer:
        """The place that the texts speak of; the first that names one counts, the others only settle which it is."""
        read = [list(self._hits(plain(text[:READ]))) for text in texts]
        named = {pk for hits in read for hit in hits if hit.rank == 0 for pk in hit.regions}
        named = {pk for pk in named if not any(self._is_within(other, pk) for other in named - {pk})}
        for hits in read:
            if found := self._settled(hits, named):
                return Answer(found)
        return Answer()

    # -- names in a text ----------------------------------------------------------------------------------------

    def _hits(self, text: str) -> Iterator[_Hit]:
        spans = []
        for begin in range(len(text) - 1):
            for length in self._lengths.get(text[begin : begin + MIN_NAME], ()):
                if (words := text[begin : begin + length]) in self._named:
                    spans.append((length, begin, words))
                    break
        covered: set[int] = set()
        kept = []
        for length, begin, words in sorted(spans, key=lambda span: (-span[0], span[1])):
            reach = range(begin, begin + length)
            if covered.isdisjoint(reach):
                covered.update(reach)
                kept.append((begin, words))
        kept.sort()
        meant = [one for one in kept if not facts.is_taken_back(text, one[0], one[0] + len(one[1]))]
        for begin, words in meant or kept:
            if hit := self._read(text, begin, words):
                yield hit

    def _read(self, text: str, begin: int, words: str) -> _Hit | None:
        """What words mean among those round them; None where they are no place."""
        entries, after = self._named[words], text[begin + len(words) :]
        if any(one.kind == DEPARTMENT for one in entries):
            at_its_door = tuple(one for one in entries if one.region in self._leaves)
            return _Hit(words, at_its_door) if at_its_door and PLACED.match(after) else None
        if PERSON.match(after):
            return None
        share = 1.0
        is_bare = all(one.kind == REGION for one in entries)
        if is_bare and (office := OFFICE.match(after)) and not PLACED.match(after[office.end() :]):
            return None
        if any(one.kind == Place.Kind.ROAD for one in entries) and begin and text[begin - 1] in TURNED:
            return None
        if not is_bare and ANOTHER.match(after):
            share *= NAMED_AFTER
        elif not is_bare and NEAR.match(after):
            share *= NEAR_BY
        if len(words) == MIN_NAME and not is_bare:
            share *= SHORT
        return _Hit(words, entries, share)

    # -- which is meant -----------------------------------------------------------------------------------------

    def _settled(self, hits: list[_Hit], named: set[int]) -> tuple[Found, ...]:
        streets = {pk for pk in named if pk in self._leaves}
        narrowed = [kept for hit in hits if hit.rank and (kept := self._narrowed(hit, named))]
        if not narrowed:
            bare = [hit for hit in hits if not hit.rank]
            return self._offered([replace(hit, entries=self._within_leaves(hit)) for hit in bare])
        top = max(hit.rank for hit in narrowed)
        meant = [hit for hit in narrowed if hit.rank == top]
        common = self._common(meant, [hit for hit in narrowed if hit.rank < top])
        if common:
            meant = [_kept(hit, common) for hit in meant if hit.regions & common]
        if streets and not streets & {pk for hit in meant for pk in hit.regions}:
            meant += [hit for hit in hits if not hit.rank]  # the book says another street than the caller
        return self._offered(meant)

    def _narrowed(self, hit: _Hit, named: set[int]) -> _Hit | None:
        """The hit with those of its entries that agree with the regions that are named.

        A road goes on into streets that the book does not have it in, so that the street that is named counts. What
        is no road stays, though none agrees: either the book or the caller errs.
        """
        if not named:
            return hit
        agreeing = {pk for pk in hit.regions if any(self._agree(pk, other) for other in named)}
        if agreeing:
            return _kept(hit, agreeing)
        districts_differ = not any(self._same_district(pk, other) for pk in hit.regions for other in named)
        return None if hit.rank == 1 or districts_differ else hit

    def _agree(self, one: int, other: int) -> bool:
        a, b = self.paths.get(one, ""), self.paths.get(other, "")
        return bool(a and b) and (a.startswith(b) or b.startswith(a))

    def _is_within(self, one: int, other: int) -> bool:
        return self.paths.get(one, "").startswith(self.paths.get(other, "/"))

    def _same_district(self, one: int, other: int) -> bool:
        """Whether both lie in one district: the second step of the way from the root."""
        return self.paths.get(one, "").split("/")[:3] == self.paths.get(other, "").split("/")[:3]

    @staticmethod
    def _common(meant: list[_Hit], others: list[_Hit]) -> set[int]:
        """The regions that all of `meant` share, narrowed by the others where that leaves some."""
        common = set.intersection(*(hit.regions for hit in meant))
        for hit in others:
            common = (common & hit.regions) or common
        return common

    def _within_leaves(self, hit: _Hit) -> tuple[Entry, ...]:
        return tuple(one for one in hit.entries if one.region in self._leaves)

    def _offered(self, hits: list[_Hit]) -> tuple[Found, ...]:
        best: dict[tuple[int, str], Found] = {}
        for hit in hits:
            for one in hit.entries:
                confidence = round(one.confidence * hit.share)
                if confidence < OFFERED or one.region not in self._leaves:
                    continue
                found = Found(
                    one.name, one.kind, one.region, self.full_names[one.region], one.community, confidence, hit.words,
                    one.place,
                )  # fmt: skip
                known = best.get((one.region, one.name))
                if known is None or known.confidence < confidence:
                    best[one.region, one.name] = found
        return tuple(sorted(best.values(), key=lambda one: (-one.confidence, -len(one.words), one.region)))


def _kept(hit: _Hit, regions: set[int]) -> _Hit:
    return replace(hit, entries=tuple(one for one in hit.entries if one.region in regions))


# -- the book of this city --------------------------------------------------------------------------------------


def read() -> Book:
    """The book as the tables have it."""
    return Book.of(_entries(), Region.objects.select_related("parent"))


def _entries() -> Iterator[tuple[str, Entry]]:
    for region in Region.objects.exclude(parent=None):
        entry = Entry(REGION, region.name, region.pk, "", 100)
        yield region.name, entry
        if region.name.endswith("街道"):
            yield region.name[:-1] + "办", entry  # 书院街办
    for name, at in Department.objects.values_list("name", "region_id"):
        yield name, Entry(DEPARTMENT, name, at, "", DOOR_CONFIDENCE)
    columns = ("pk", "name", "kind", "region_id", "community", "aliases", "confidence")
    communities: set[tuple[str, int]] = set()
    for pk, name, kind, lies_in, community, aliases, confidence in (
        Place.objects.filter(retired_at=None).values_list(*columns).iterator(chunk_size=5000)
    ):
        entry = Entry(kind, name, lies_in, community, confidence, pk)
        yield name, entry
        for alias in aliases:
            yield alias, entry
        if community:
            communities.add((community, lies_in))
    for community, lies_in in communities:
        yield community, Entry(COMMUNITY, community, lies_in, community, COMMUNITY_CONFIDENCE)


def _version() -> tuple[datetime | None, int, int]:
    """Changes with every change of the book; rows are retired, never deleted."""
    places = Place.objects.aggregate(last=Max("changed_at"), rows=Count("pk"))
    return places["last"], places["rows"], Region.objects.count()


_known_version = Remembered(_version, seconds=5)
_known = Remembered(read, seconds=600)  # a transaction that ended late may have been passed over by the version
_made_of: list[tuple[datetime | None, int, int]] = []


def book() -> Book:
    """The book of this city, at most five seconds old; made anew only where something changed."""
    version = _known_version()
    if _made_of != [version]:
        _known.forget()
        _made_of[:] = [version]
    return _known()


def forget() -> None:
    """Has the next question read the tables again."""
    _known_version.forget()
    _known.forget()


def place_of(*texts: str) -> Answer:
    """The place that the texts speak of, the address first; see `Book.place_of`."""
    return book().place_of(*texts)
