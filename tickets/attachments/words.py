"""How a file is refused: in words that say what to do."""

from __future__ import annotations

from typing import Any


class Unfit(Exception):
    """A file that cannot be attached; `reason` is for the person who chose it."""

    def __init__(self, reason: Any) -> None:
        super().__init__(str(reason))
        self.reason = reason
