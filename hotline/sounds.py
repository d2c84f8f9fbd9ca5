"""How Chinese text sounds: the pinyin of its characters, by which entries of a list are found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

HAN = re.compile(r"[\u3400-\u9fff]+")
LETTERS = re.compile(r"[a-z]{1,40}")


def syllables_of(text: str) -> list[str]:
    """The pinyin of every Chinese character of a text, in its order; words decide how a character is read."""
    from pypinyin import lazy_pinyin  # its tables take a while to load, and most processes need none

    return [one for run in HAN.findall(text) for one in lazy_pinyin(run) if one.isascii()]


@lru_cache(maxsize=100_000)
def sounds_of(*names: str) -> str:
    """The pinyin of each run of Chinese characters in these names, as static/pick.js and `is_heard` compare it."""
    runs = (run for name in names for run in HAN.findall(name))
    return ";".join(" ".join(syllables_of(run)) for run in runs)


def is_heard(typed: str, syllables: Sequence[str], at: int = 0) -> bool:
    """Whether letters stand for the syllables from `at` on, each of them whole or by its beginning: fhtxc, fenghtxc."""
    if not typed:
        return True
    if at == len(syllables):
        return False
    one = syllables[at]
    return any(
        typed.startswith(one[:length]) and is_heard(typed[length:], syllables, at + 1)
        for length in range(min(len(one), len(typed)), 0, -1)
    )
