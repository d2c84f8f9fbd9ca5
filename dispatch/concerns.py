"""Whether one call holds two concerns, and where the second begins.

A second concern that is dispatched with the first goes with it to a department that is not responsible, and comes
back. Proposed where the caller says so (还有一件事, 第二), where another thing is asked for in so many words
(另外想咨询), or where what follows 另外 belongs to another part of the category tree. Splitting one concern makes two
half tickets, so in doubt it is one. Measured on sentences that were written before (tests/tickets/two_concerns.csv,
docs/decisions/0062).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from dispatch import categorising
from tickets import kinds
from tickets.choices import Kind
from tickets.search import simplified

LEAST = 5  # characters of a concern
LONGEST = 300  # characters; a longer text is a letter, which counts the arguments of one matter
OPENING = 20  # characters before a list of concerns; what is listed later supports the one
THIRD = re.compile(r"(?:^|[。；;，,\n])\s*(?:3|三|第三(?:个|件)?)[、.．)）,，]")
ALSO = r"(?:另外|此外|除此之外|还有|同时|顺便|再一个|再就是|对了)"
COUNTED = re.compile(
    r"(?:还有|另外|再说|再|对了)[,，]?(?:还有)?(?:一|个|另)+(?:件|个)?(?:事情?|问题|诉求)(?:就?是)?[:：,，]?|第二(?:个|件)(?:(?:问题|事情?|诉求)就?是|(?:问题|事情?|诉求)?[,，:：])"
)
LISTS = (
    (re.compile(r"(?:^|[:：。；;，,\n])\s*1[、.．)）]"), re.compile(r"[。；;，,\n]\s*2[、.．)）]\s*")),
    (re.compile(r"(?:^|[:：。；;，,\n])\s*一[、.．]"), re.compile(r"[。；;，,\n]\s*二[、.．]\s*")),
    (
        re.compile(r"第一(?:个|件)?(?:(?:问题|事情?|诉求)(?:就?是|[,，:：、])|[,，:：、])"),
        re.compile(r"[。；;，,\n]\s*第二(?:个|件)?(?:(?:问题|事情?|诉求)(?:就?是|[,，:：、])|[,，:：、])"),
    ),
    (re.compile(r"(?:两|二|2)(?:个|件)(?:问题|事)[^。]*?一个就?是"), re.compile(r"[。；;，,]\s*(?:另|还有)?一个就?是")),
)
ASKED = re.compile(
    rf"[。；;！!？?，,\n]\s*(?={ALSO}[,，]?[也我还要想就再]{{0,3}}(?P<verb>咨询|问|反映|投诉|举报|建议|表扬|求助))"
)
FOLLOWS = re.compile(rf"[。；;！!？?\n]\s*(?={ALSO})|[,，]\s*(?=(?:另外|此外|再就是|再一个)[,，]?我(?:们|家))")
BEGINS = re.compile(rf"^{ALSO}[,，]?\s*(?:还有)?(?:就?是)?[,，]?\s*")
# What goes on about the same matter, whatever it says.
OF_THE_SAME = re.compile(
    r"(?:要求|希望|请|补充|地址|车牌|电话|联系|时间|我|他|她|它|对方|店|物业|这|那|该|上述|没有|不|别|需要|也)"
)
SAME_ASKED = re.compile(r"(?:要?(?:等|办|带|需要|多久|多长|多少|哪些|什么时候))")


@dataclass(frozen=True)
class Two:
    """A call in two: what stays and what becomes a ticket of its own."""

    first: str
    second: str


def in_two(text: str, *, part_of: Callable[[str], int | None] | None = None) -> Two | None:
    """The two concerns of a text; None where it holds one, or may.

    `part_of` tells the part of the category tree that a text belongs to; by default by the keywords of the categories.
    """
    if len(text) > LONGEST:
        return None
    part_of = part_of or _part_of
    read = simplified(text)
    found = _listed(read, part_of) or _counted(read) or _asked(read) or _of_another_part(read, part_of)
    if not found or min(len(found.first), len(found.second)) < LEAST:
        return None
    return Two(_as_written(found.first, read, text), _as_written(found.second, read, text))


def _as_written(concern: str, read: str, text: str) -> str:
    """A concern in the characters that it was written in; a full stop that it was given stays."""
    bare = concern if concern in read else concern[:-1]
    begin = read.index(bare)
    return text[begin : begin + len(bare)] + concern[len(bare) :]


def _listed(text: str, part_of: Callable[[str], int | None]) -> Two | None:
    """Two that are counted; three are arguments, and so are two about one part of the tree."""
    if THIRD.search(text):
        return None
    for first, second in LISTS:
        begin = first.search(text)
        then = begin and second.search(text, begin.end())
        if (
            begin
            and then
            and begin.start() <= OPENING
            and not _goes_on(text[then.end() :])
            and _is_apart(text[begin.end() : then.start()])
        ):
            one, other = text[: then.start()], text[then.end() :]
            if (part := part_of(one)) is None or part != part_of(other):
                return Two(_ended(one), other.strip())
    return None


def _is_apart(between: str) -> bool:
    """第一次…第二次 counts times and no concerns."""
    return len(between.strip()) >= LEAST


def _goes_on(rest: str) -> bool:
    return len(rest.strip()) < LEAST


def _counted(text: str) -> Two | None:
    found = COUNTED.search(text, LEAST)
    if not found:
        return None
    return Two(_ended(text[: found.start()]), text[found.end() :].strip())


def _asked(text: str) -> Two | None:
    """Another thing is asked for in so many words: of another kind, or no question after a question."""
    for found in ASKED.finditer(text):
        first, rest = text[: found.start() + 1], text[found.end() :]
        second = re.sub(rf"^{ALSO}[,，]?", "", rest)
        is_question = found["verb"] in ("咨询", "问")
        if is_question and (kinds.kind_of("", first) == Kind.CONSULTATION or _is_of_first(second)):
            continue
        return Two(_ended(first), second.strip())
    return None


def _is_of_first(second: str) -> bool:
    return bool(re.match(rf"[我还要想就再]*(?:咨询|问)(?:一?下|问)?{SAME_ASKED.pattern}", second))


def _of_another_part(text: str, part_of: Callable[[str], int | None]) -> Two | None:
    for found in FOLLOWS.finditer(text):
        first, rest = text[: found.start() + 1], BEGINS.sub("", text[found.end() :])
        if OF_THE_SAME.match(rest) and not re.match(
            "我(?:家|们)?(?:老家|村|小区|的|爸|妈|孩子|家|门口|楼下|这边|这里)", rest
        ):
            continue
        parts = part_of(first), part_of(rest)
        if None not in parts and parts[0] != parts[1]:
            return Two(_ended(first), rest.strip())
    return None


def _ended(first: str) -> str:
    first = first.strip().rstrip("，,；;、")
    return first if re.search("[。！？!?]$", first) else f"{first}。"


def _part_of(text: str) -> int | None:
    """The second level of the category tree that the keywords of a text point to."""
    return categorising.part_keyed_to("", text)
