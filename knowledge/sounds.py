"""What a question sounds like: its pinyin and its initials, and which of both somebody typed."""

from __future__ import annotations

import re
from functools import cache

from hotline import sounds
from tickets.search import fold

LETTERS = re.compile(r"[a-z][a-z ']{0,59}")  # what may be pinyin: of a longer one nobody waits for the cutting
LONGEST = 6  # letters of a syllable: zhuang


@cache
def _syllables() -> frozenset[str]:
    """Every syllable that a common character is read as, without tones."""
    from pypinyin import lazy_pinyin  # as in hotline.sounds: its tables take a while to load
    from pypinyin.constants import PINYIN_DICT

    common = "".join(chr(code) for code in PINYIN_DICT if 0x4E00 <= code <= 0x9FA5)
    return frozenset(one for one in lazy_pinyin(list(common)) if one.isascii() and one.isalpha())


def syllables_of(question: str) -> list[str]:
    """The pinyin of every Chinese character of a text, in its order, in whatever script it is written."""
    return sounds.syllables_of(fold(question))


def cut(typed: str) -> list[str]:
    """`yibaobaoxiao` → yi, bao, bao, xiao; empty where it is no row of syllables. The fewest syllables win."""
    letters = re.sub(r"[ ']", "", typed)
    best: list[list[str] | None] = [[]] + [None] * len(letters)
    for end in range(1, len(letters) + 1):
        for begin in range(max(0, end - LONGEST), end):
            before, piece = best[begin], letters[begin:end]
            if before is not None and piece in _syllables():
                now = best[end]
                if now is None or len(before) + 1 < len(now):
                    best[end] = [*before, piece]
    return best[-1] or []
