"""What a text may hold: the characters that people write, and none that a file or a database breaks on.

Every text is cleaned once, where it enters (hotline.incoming for pages and the API, the readers of files and the
commands for theirs), and once more by whoever writes it into a file, since old rows hold what was taken in before.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Joins the parts of one sign in an emoji and in some scripts; anywhere else nobody sees it and no search finds it.
JOINER = "\u200d"
LOOSE_JOINER = re.compile(
    rf"(?<![\U0001f000-\U0001faff\u2190-\u2bff\ufe0f]){JOINER}|{JOINER}(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)
UNSEEN = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # control characters; tab and line feed stay
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0"  # soft hyphen, fillers and other blanks of no width
    "\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # no width, or turning the direction
    "\ud800-\udfff"  # halves of a character
    "\ufdd0-\ufdef" + "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
    + "\U000e0000-\U000e00ff"  # tags; the selectors behind them choose the form of a character in a name and stay
    "]"
)  # fmt: skip
HALVES = re.compile("[\ud800-\udfff]")
REPLACED = "\ufffd"  # what stands for a character that cannot be kept


def clean(text: str) -> str:
    """`text` as it is kept: composed (NFC), lines ended by a line feed, without what nobody can see.

    Width and spelling stay as they were written; only a search folds them (tickets.search).
    """
    if text.isascii() and text.isprintable():
        return text
    kept = UNSEEN.sub("", LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", LOOSE_JOINER.sub("", kept))


def one_line(text: str) -> str:
    """`text` cleaned, on one line, its blanks single."""
    return " ".join(clean(text).split())


def clean_within(value: Any) -> Any:
    """`value`, as JSON holds it, with every text in it cleaned, names of members too."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list | tuple):
        return [clean_within(one) for one in value]
    if isinstance(value, dict):
        return {clean_within(name): clean_within(one) for name, one in value.items()}
    return value


def as_typed(secret: str) -> str:
    """A password: every character counts, save those that cannot be written down at all."""
    return HALVES.sub(REPLACED, secret)
