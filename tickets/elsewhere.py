"""Whose a call is when it is not the city's: 110, courts, the discipline commission …, from its words (不予受理).

The table is the city's (set-up pages); tickets/data/elsewhere.csv is what it begins with. Measured on sentences that
were written before the table (tests/tickets/elsewhere.csv, docs/decisions/0061).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from hotline.remembered import Remembered
from tickets import facts
from tickets.models import Elsewhere

DEFAULT_TABLE = Path(__file__).parent / "data" / "elsewhere.csv"
SECONDS = 30  # for which another process may still go by the table as it was
SENTENCE = re.compile("[。！？!?;；\n]")
SHOWN = 2
EARLIER = re.compile("上个?月|上个?(?:周|星期|礼拜)|去年|前年|以前|之前|曾经|昨天|昨日|昨晚|前天|[天月年]前")


@dataclass(frozen=True)
class _Line:
    row: Elsewhere
    cues: tuple[tuple[str, ...], ...]
    unless: tuple[str, ...]

    def speaks(self, sentence: str) -> bool:
        return any(all(word in sentence for word in cue) for cue in self.cues) and not any(
            word in sentence for word in self.unless
        )


def _read() -> list[_Line]:
    return [
        _Line(row, tuple(tuple(cue.split("+")) for cue in row.cues.split()), tuple(row.unless.split()))
        for row in Elsewhere.objects.filter(is_used=True)
    ]


lines = Remembered(_read, seconds=SECONDS)


def whose(text: str, at: datetime | None = None) -> list[Elsewhere]:
    """The lines that speak of what is said in a call that came `at`, emergencies first; at most two.

    What happened on an earlier day is no emergency any more.
    """
    said = facts.folded(text)
    sentences = [one for one in SENTENCE.split(said) if one.strip()]
    found = [line.row for line in lines() if any(line.speaks(sentence) for sentence in sentences)]
    if any(row.is_emergency for row in found) and _is_over(said, timezone.localtime(at)):
        found = [row for row in found if not row.is_emergency]
    return found[:SHOWN]


def _is_over(said: str, now: datetime) -> bool:
    happened = facts.happened(said, now)
    return bool(EARLIER.search(said)) or ("" < happened[:10] < f"{now:%Y-%m-%d}")


def lay_in(model: Any = Elsewhere) -> None:
    """Writes the table that a city begins with; lines that are there already stay."""
    with DEFAULT_TABLE.open(encoding="utf-8", newline="") as file:
        rows = [model(**row | {"is_emergency": bool(row["is_emergency"])}) for row in csv.DictReader(file)]
    model.objects.bulk_create(rows, ignore_conflicts=True)


for _signal in (post_save, post_delete):
    _signal.connect(lines.forget, sender=Elsewhere)
