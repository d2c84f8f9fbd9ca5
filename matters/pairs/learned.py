"""How much each measure adds to how likely two calls are about one matter: numbers in a file, no code."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from matters.pairs.measures import MEASURES

DEFAULT = Path(__file__).parent.parent / "data" / "pairs.json"
KNOTS = (0.0, 0.2, 0.5, 1.0)  # where the line of a measure may bend


@dataclass(frozen=True)
class Learned:
    """How much each measure adds: its heights at the knots, and what all begin with. Numbers and words, no code."""

    base: float
    heights: Mapping[str, tuple[float, ...]]
    about: Mapping[str, Any] = field(default_factory=dict)

    def probability(self, measures: Mapping[str, float]) -> float:
        total = self.base
        for name, heights in self.heights.items():
            total += _height(heights, measures[name])
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))

    def as_json(self) -> str:
        kept = {
            "about": self.about, "base": round(self.base, 4), "knots": KNOTS,
            "heights": {name: [round(height, 4) for height in heights] for name, heights in self.heights.items()},
        }  # fmt: skip
        lines = json.dumps(kept, ensure_ascii=False, indent=1)
        return re.sub(r"\[\s+([-\d.,\s]+?)\s+\]", lambda list_: f"[{' '.join(list_[1].split())}]", lines) + "\n"

    @classmethod
    def read(cls, written: str | bytes) -> Learned:
        """What was kept. Raises ValueError where it is nothing of this version."""
        try:
            kept = json.loads(written)
            heights = {name: tuple(map(float, kept["heights"][name])) for name in MEASURES}
            if tuple(kept["knots"]) != KNOTS or any(len(one) != len(KNOTS) for one in heights.values()):
                raise ValueError("other bends than these")
            return cls(float(kept["base"]), heights, kept["about"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no pair decision: {error}") from error


def _height(heights: Sequence[float], value: float) -> float:
    """The height of a line with bends at the knots."""
    if value <= 0:
        return heights[0]
    for k in range(1, len(KNOTS)):
        if value <= KNOTS[k]:
            share = (value - KNOTS[k - 1]) / (KNOTS[k] - KNOTS[k - 1])
            return heights[k - 1] + share * (heights[k] - heights[k - 1])
    return heights[-1]


@cache
def default() -> Learned:
    return Learned.read(DEFAULT.read_bytes())
