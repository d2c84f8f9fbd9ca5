"""Answers that are copies: of the caller's own words, or of what the same department answered to other matters.

The caller's words: an answer repeats them where most of its substance lies in runs that stand in what was asked too.

Other answers are found by an index and never by going through them. Of each answer a sketch is kept:

1. Every four characters in a row of its substance, as a number (CRC-32).
2. These fall into ROWS x BANDS bins by that number; of each bin the smallest is taken (MinHash with one permutation).
3. ROWS of them and the department make one number of the sketch. Texts that are nearly alike share one nearly always
   (nine of ten fours alike: 99 in 100), texts that have little in common seldom (three of ten: 1 in 10).
4. An index finds what shares one; the few that do are compared in full.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from tickets import search
from tickets.answers import evasive
from tickets.models import Answer, Ticket

RUN = 8  # characters in a row that nobody writes again by chance
REPEATED = 0.6  # the share of an answer's substance from which it says what the caller said
GRAM, BANDS, ROWS = 4, 4, 3
LEAST = 16  # characters; shorter answers are alike without being copied, and are short in themselves
ALIKE = 0.8  # of the fours of both texts, so many stand in both
COMPARED = 20  # answers that share a number of the sketch
Span = tuple[int, int]


# -- the caller's words -----------------------------------------------------------------------------------------------


def repeated(text: str, told: Iterable[Span], asked: str) -> list[Span]:
    """The runs of an answer that repeat what was asked, where most of its substance, at `told`, does; else none."""
    known, found = _runs(asked, RUN), list[Span]()
    for i in range(len(text) - RUN + 1):
        if text[i : i + RUN] in known:
            if found and i <= found[-1][1]:
                found[-1] = (found[-1][0], i + RUN)
            else:
                found.append((i, i + RUN))
    covered = {i for start, end in found for i in range(start, end)}
    substance = [i for start, end in told for i in range(start, end)]
    return found if sum(i in covered for i in substance) >= REPEATED * len(substance) else []


def _runs(text: str, length: int) -> set[str]:
    return {text[i : i + length] for i in range(len(text) - length + 1)}


# -- answers of the same department -----------------------------------------------------------------------------------


def _fours(substance: str) -> set[str]:
    return _runs("".join(search.fold(substance).split()), GRAM)


def sketch(substance: str, department: int | None) -> list[int]:
    """The numbers by which answers of one department that are like this one are found; none of a short one."""
    fours = _fours(substance)
    if department is None or len(fours) <= LEAST - GRAM:
        return []
    least: dict[int, int] = {}
    for four in fours:
        number = crc32(four.encode())
        where = number % (BANDS * ROWS)
        least[where] = min(number, least.get(where, number))
    bands = ([least.get(band * ROWS + row) for row in range(ROWS)] for band in range(BANDS))
    return [number << 32 | crc32(repr((department, band)).encode()) for number, band in enumerate(bands)]


def is_known(substance: str, numbers: list[int], ticket: Ticket) -> bool:
    """Whether the ticket's department has given nearly this answer to another matter; `numbers` are its sketch."""
    if not numbers:
        return False
    # The numbers stand for the department too. Which matter they are of is asked of the few that are found: one matter
    # may have ten thousand that are alike.
    found = Answer.objects.filter(sketch__overlap=numbers).exclude(ticket=ticket.pk).order_by()
    few = found.values_list("text", "department", "ticket__matter")[:COMPARED]
    mine = _fours(substance)
    return any(
        department == ticket.department_id
        and (matter is None or matter != ticket.matter_id)
        and _alike(mine, _fours(evasive.substance_of(text)))
        for text, department, matter in few
    )


def _alike(one: set[str], other: set[str]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)
