"""Hiding names and numbers that nobody knows any more, in texts that can never be changed.

Of each word that stands in such a text a salted digest is kept with its length, and every stretch of a text that is as
long is compared with it. That tells nothing that the text itself does not: a mark is only made where the word stands.
The salt is the ticket's own and lies encrypted with the marks, so that a change of keys needs not know the words.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from hotline import telephone

PUT = "***"
SALT = 16  # bytes
WIDTH = 16  # hexadecimal digits of a mark
GAP = 3  # signs between two digits of a number, as telephone.without has it
BETWEEN = frozenset(f"{telephone.DASHES}一./·•()（）[]")
PERHAPS_A_DASH = "一"  # or the digit
Span = tuple[int, int]


def made(names: Iterable[str], numbers: Iterable[str]) -> dict[str, Any]:
    """The marks of these words; nothing of nothing."""
    salt = os.urandom(SALT).hex()
    told = {"names": names, "numbers": [one for number in numbers for one in _spelt(number)]}
    marks: dict[str, Any] = {kind: _by_length(salt, words) for kind, words in told.items()}
    return {"salt": salt, **marks} if any(marks.values()) else {}


def covered(written: str, marks: dict[str, Any]) -> str:
    """`written` without the words that `marks` were made of, in whatever spelling of a number."""
    spans = sorted({*_names(written, marks), *_numbers(written, marks)})
    parts, end = [], 0
    for begin, stop in spans:
        if begin >= end:
            parts += [written[end:begin], PUT]
        end = max(end, stop)
    return "".join([*parts, written[end:]])


def _spelt(number: str) -> Iterator[str]:
    """The digits of a number, and those of a landline without its area code."""
    read = telephone.read_or_none(number)
    digits = re.sub(r"\D", "", read.digits if read else number)
    if len(digits) >= telephone.FEWEST:
        yield digits
    if landline := telephone.LANDLINE.fullmatch(digits):
        yield landline["local"]


def _by_length(salt: str, words: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for word in sorted(set(words) - {""}):
        found[str(len(word))].append(_mark(salt, word))
    return dict(found)


def _mark(salt: str, word: str) -> str:
    return hashlib.sha256(f"{salt}\0{word}".encode()).hexdigest()[:WIDTH]


def _names(written: str, marks: dict[str, Any]) -> Iterator[Span]:
    """A name also where blanks stand in it."""
    if marks["names"]:
        yield from _marked([(at, sign) for at, sign in enumerate(written) if not sign.isspace()], "names", marks)


def _numbers(written: str, marks: dict[str, Any]) -> Iterator[Span]:
    if marks["numbers"]:
        for run in (*_runs(written, dashes=""), *_runs(written, dashes=PERHAPS_A_DASH)):
            yield from _marked(run, "numbers", marks)


def _runs(written: str, *, dashes: str) -> Iterator[list[tuple[int, str]]]:
    """Digits that follow each other, parted by little, each with where it stands."""
    run: list[tuple[int, str]] = []
    for at, sign in enumerate(written):
        digit = "" if sign in dashes else _digit(sign)
        if digit and run and at - run[-1][0] > GAP + 1:
            yield run
            run = []
        if digit:
            run.append((at, digit))
        elif run and not (sign.isspace() or sign in BETWEEN):
            yield run
            run = []
    yield run


def _digit(sign: str) -> str:
    return str(unicodedata.decimal(sign)) if sign.isdecimal() else telephone.NUMERALS.get(ord(sign), "")


def _marked(signs: list[tuple[int, str]], kind: str, marks: dict[str, Any]) -> Iterator[Span]:
    """Where stretches of these signs stand that bear one of the marks, as places in the text that they are from."""
    joined = "".join(sign for _at, sign in signs)
    for length, known in marks[kind].items():
        for at in range(len(joined) - int(length) + 1):
            if _mark(marks["salt"], joined[at : at + int(length)]) in known:
                yield signs[at][0], signs[at + int(length) - 1][0] + 1
