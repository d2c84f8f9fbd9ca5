"""Finding what is encrypted: a keyed digest stands beside it, and who looks makes the same digest of what is asked.

It tells that two rows have the same number, and not which. While keys are being changed some rows bear the digest of
one key and some that of another, so every key of the ring is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable

from hotline.vault import keys

WHOLE = 16  # bytes of the digest of a whole value, by which a row is unique
WORD = 6  # bytes of the digest of a word of a search; two of ten million are seldom the same


def mark(value: str, purpose: str) -> bytes | None:
    """The digest that stands beside an encrypted `value`; None of nothing."""
    return _digest(keys.usable()[0], value, purpose) if value else None


def marks(value: str, purpose: str) -> list[bytes]:
    """The digests that may stand beside `value`, by every key."""
    return [_digest(key, value, purpose) for key in keys.usable()]


def _digest(key: keys.Key, value: str, purpose: str) -> bytes:
    return key.suite.digest(key.index, f"{purpose}\0{value}".encode())[:WHOLE]


def entries(words: Iterable[str]) -> list[str]:
    """What stands in a search vector in place of `words`, with the name of the key that made it; nothing of nothing."""
    key = keys.usable()[0]
    hidden = sorted({_word(key, word) for word in words})
    return [name_entry(key), *hidden] if hidden else []


def asked(word: str) -> list[str]:
    """What may stand in a search vector in place of `word`, by every key."""
    return [_word(key, word) for key in keys.usable()]


def name_entry(key: keys.Key) -> str:
    """The entry that says by which key a search vector was made; no digest is so long."""
    return f"key-{key.name.hex()}"


def _word(key: keys.Key, word: str) -> str:
    return key.suite.digest(key.index, f"word\0{word}".encode())[:WORD].hex()
