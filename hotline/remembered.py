"""What is set up rarely and asked often: read from the database once, and again after a while.

A change is seen at once by the process that made it, which calls `forget`, and by the others within `seconds`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, Self, TypeVar

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """Calls `read` at most every `seconds`; in between the last answer is given."""

    def __init__(self, read: Callable[[], Value], *, seconds: float) -> None:
        self._read, self._seconds = read, seconds
        self._kept: tuple[float, Value] | None = None

    def __call__(self) -> Value:
        if self._kept is None or time.monotonic() - self._kept[0] > self._seconds:
            self._kept = (time.monotonic(), self._read())
        return self._kept[1]

    def __deepcopy__(self, memo: object) -> Self:
        return self  # filters and forms copy what they are made of; a copy would remember for itself

    def forget(self, **kwargs: object) -> None:
        """Has the next call read again; takes what a signal sends."""
        self._kept = None
