"""What a pair of characters is worth, by how many of the tickets of late have it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ORDINARY = Path(__file__).parent.parent / "data" / "ordinary.txt"
PRIOR = 300  # texts of ordinary language that are thought of beside those that are stored


class Rarity:
    """What a pair of characters or a word is worth, by how many of the tickets of late have it."""

    def __init__(self, looked_at: int = 0, having: Mapping[str, int] | None = None) -> None:
        self.looked_at, self._having = looked_at, {} if having is None else having
        self._known: dict[str, float] = {}

    def __call__(self, piece: str) -> float:
        weight = self._known.get(piece)
        if weight is None:
            expected = self._having.get(piece, 0) + PRIOR * ordinary().get(piece, 0.0)
            weight = self._known[piece] = max(0.0, math.log((self.looked_at + PRIOR) / (expected + 0.7)))
        return weight

    def share(self, piece: str) -> float:
        """The share of tickets that have it."""
        return self._having.get(piece, 0) / (self.looked_at + PRIOR)

    def forget(self) -> None:
        """Has what was worked out done again: how many have a piece has changed."""
        self._known.clear()


@cache
def ordinary() -> dict[str, float]:
    """The share of ordinary texts that have a pair of characters, where it is not next to nothing."""
    shares = {}
    for line in ORDINARY.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            share, pieces = line.split("\t")
            shares.update({pieces[i : i + 2]: float(share) for i in range(0, len(pieces), 2)})
    return shares
