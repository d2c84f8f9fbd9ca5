import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dispatch.sheets import tables
from dispatch.sheets.grids import Unreadable
from dispatch.sheets.tables import Columns
from hotline.accounts.models import Region
from tickets.models import Ticket
from tickets.places import book

COLUMNS = Columns(
    {"text": ("写法", "地址", "诉求地址", "address"), "region": ("区划", "街道", "属地", "region")}, ("text", "region")
)


class Command(BaseCommand):
    help = (
        "Measures how addresses are placed by the place book: those of a file (address and region; empty: none is to "
        "be taken), or of the latest tickets. Prints JSON."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="a workbook or a CSV file; else tickets are looked at")
        parser.add_argument("--tickets", type=int, default=10_000, help="how many of the latest tickets")

    def handle(self, *args: Any, file: Path | None, tickets: int, **options: Any) -> None:
        try:
            asked = list(_of_file(file) if file else _of_tickets(tickets))
        except Unreadable as error:
            raise CommandError(str(error), returncode=2) from error
        names = {one.pk: one for one in Region.objects.select_related("parent")}
        known = book.read()
        outcome: Counter[str] = Counter()
        took = []
        for texts, expected in asked:
            started = time.perf_counter()
            taken = known.place_of(*texts).taken
            took.append((time.perf_counter() - started) * 1000)
            if taken is None:
                outcome["rightly_unknown" if not expected else "unknown"] += 1
            else:
                region = names[taken.region]
                outcome["right" if expected in (region.name, region.full_name) else "wrong"] += 1
        placeable = sum(bool(expected) for _texts, expected in asked)
        result = {
            "asked": len(asked), **{name: outcome[name] for name in ("right", "wrong", "unknown", "rightly_unknown")},
            "placed": round(outcome["right"] / placeable, 4) if placeable else None,
            "wrong_share": round(outcome["wrong"] / len(asked), 4) if asked else None,
            "median_ms": round(statistics.median(took), 3) if took else None,
            "p95_ms": round(sorted(took)[int(len(took) * 0.95)], 3) if took else None,
        }  # fmt: skip
        self.stdout.write(json.dumps(result))


def _of_file(file: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    for row in tables.read_file(file, COLUMNS).rows:
        yield (row.values["text"],), row.values["region"].strip()


def _of_tickets(count: int) -> Iterator[tuple[tuple[str, ...], str]]:
    rows = Ticket.objects.select_related("region__parent").order_by("-registered_at", "-pk")[:count]
    for ticket in rows:
        yield (ticket.address, ticket.description), ticket.region.full_name
