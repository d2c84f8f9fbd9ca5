"""What people sent and what they were told: the one side of every comparison that is made afterwards."""

from __future__ import annotations

import re
import statistics
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import Any

MARK = "〔{:06d}〕"  # stands in the words of everything that is written, by which it is found again
MARKED = re.compile(r"〔\d{6}〕")


class Told(Enum):
    """What came of something that was sent."""

    ACKNOWLEDGED = "acknowledged"  # it was said to be done
    REFUSED = "refused"  # it was said not to be possible
    UNKNOWN = "unknown"  # no answer, or only that it should be tried again


@dataclass
class Write:
    """One thing that somebody sent, however often. `mark` is empty where the action takes no words."""

    who: str
    action: str
    number: str  # of the ticket; empty for a call, which gets one
    mark: str = ""
    told: Told = Told.UNKNOWN
    tries: int = 0


@dataclass
class Answer:
    """How long somebody waited for what, and with which status it ended; 0 where nobody answered."""

    at: float  # of the monotonic clock
    what: str
    seconds: float
    status: int


@dataclass
class Journal:
    """Everything that was sent; many write into it at once."""

    writes: list[Write] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)  # answers with 500: our own faults
    _marks: Any = field(default_factory=lambda: count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, who: str, action: str, number: str = "", *, marked: bool = True) -> Write:
        """Notes what is about to be sent."""
        with self._lock:
            one = Write(who, action, number, MARK.format(next(self._marks)) if marked else "")
            self.writes.append(one)
        return one

    def answered(self, what: str, begun: float, status: int) -> None:
        with self._lock:
            self.answers.append(Answer(begun, what, time.monotonic() - begun, status))
            if status == 500:
                self.broken.append(what)

    def counted(self) -> dict[str, int]:
        """How many writes there were by what was told of them."""
        found = Counter(one.told.value for one in self.writes)
        return {told.value: found[told.value] for told in Told}

    def milliseconds(self, begin: float, end: float, but: str = "") -> dict[str, Any]:
        """Of what was asked in a stretch of time, `but` for one thing: how many, how long half and 95 of 100 waited."""
        asked = [one for one in list(self.answers) if begin <= one.at < end and one.what != but]
        took = sorted(one.seconds * 1000 for one in asked if 0 < one.status < 500)
        refused = len(asked) - len(took)
        if len(took) < 2:
            return {"answered": len(took), "not_served": refused}
        return {
            "answered": len(took), "not_served": refused, "median_ms": round(statistics.median(took), 1),
            "p95_ms": round(statistics.quantiles(took, n=20, method="inclusive")[-1], 1),
        }  # fmt: skip

    def by_action(self) -> dict[str, int]:
        """How many writes of each kind were acknowledged."""
        found: dict[str, int] = defaultdict(int)
        for one in self.writes:
            found[one.action] += one.told is Told.ACKNOWLEDGED
        return dict(sorted(found.items()))
