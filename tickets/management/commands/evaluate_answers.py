"""How well the check of answers tells which of them say nothing, on real replies that people have labelled."""

from __future__ import annotations

import csv
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.answers.checking import Code, check
from tickets.models import Ticket


class Command(BaseCommand):
    help = (
        "Measures the check of answers on a CSV file of replies (message_id, title, body, reply) with labels"
        " (message_id, set, evasive): precision and recall of each set, what else is found, and milliseconds a check."
        " Compares with no other answers, and touches no database row."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--replies", type=Path, required=True)
        parser.add_argument("--labels", type=Path, required=True)

    def handle(self, *args: Any, replies: Path, labels: Path, **options: Any) -> None:
        rows = {row["message_id"]: row for row in _rows(replies)}
        found, times = dict[str, set[str]](), list[float]()
        check("读一遍。", None)  # what is laid in once a process is laid in
        for key, row in rows.items():
            ticket = Ticket(title=row["title"], description=row["body"])
            began = time.perf_counter()
            found[key] = {finding.code.value for finding in check(row["reply"], ticket, compared=False)}
            times.append(1000 * (time.perf_counter() - began))
        sets: dict[str, list[tuple[bool, bool]]] = {}
        for label in _rows(labels):
            if label["message_id"] not in rows:
                raise CommandError(f"There is no reply {label['message_id']} in {replies}.")
            pair = (Code.EVASIVE.value in found[label["message_id"]], label["evasive"] == "1")
            sets.setdefault(label["set"], []).append(pair)
        told = {
            "sets": {name: _measures(pairs) for name, pairs in sets.items()},
            "replies": len(rows),
            "found": dict(Counter(code for codes in found.values() for code in codes).most_common()),
            "ms_mean": round(sum(times) / len(times), 2),
            "ms_most": round(max(times), 2),
        }
        self.stdout.write(json.dumps(told, indent=1))


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise CommandError(str(error)) from None


def _measures(pairs: list[tuple[bool, bool]]) -> dict[str, float | int | None]:
    """Of pairs of what was found and what a person said."""
    right = sum(found and said for found, said in pairs)
    called, are = sum(found for found, _said in pairs), sum(said for _found, said in pairs)
    return {
        "n": len(pairs),
        "evasive": are,
        "found": called,
        "right": right,
        "precision": round(right / called, 3) if called else None,
        "recall": round(right / are, 3) if are else None,
    }
