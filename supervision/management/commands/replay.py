import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dispatch import importing
from dispatch.sheets.grids import Unreadable
from supervision.clocks import replaying

MOST_HOURS = 24 * 365


class Command(BaseCommand):
    help = "Tells how many recorded messages would have been flagged, when and by which flag. Keeps nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="messages with their replies, as import_tickets reads them")
        parser.add_argument(
            "--accepts-after", type=float, metavar="HOURS",
            help="take each to have been accepted so many hours after it was written; else acceptance plays no part",
        )  # fmt: skip

    def handle(self, *args: Any, file: Path, accepts_after: float | None = None, **options: Any) -> None:
        if accepts_after is not None and not 0 <= accepts_after <= MOST_HOURS:
            raise CommandError(
                f"--accepts-after: {accepts_after:g} is not between 0 and {MOST_HOURS} hours", returncode=2
            )
        started, now = time.perf_counter(), timezone.now()
        try:
            rows = importing.read(file).rows
        except Unreadable as error:
            raise CommandError(str(error), returncode=2) from error
        messages, refused = [], 0
        for row in rows:
            try:
                messages.append(importing.parse(row, now))
            except ValueError:
                refused += 1
        try:
            accepts = None if accepts_after is None else timedelta(hours=accepts_after)
            found = replaying.replay(messages, until=now, accepts=accepts)
        except LookupError as error:
            raise CommandError(str(error), returncode=2) from error
        result = found.as_dict() | {"rejected": refused, "seconds": round(time.perf_counter() - started, 1)}
        self.stdout.write(json.dumps(result, ensure_ascii=False, indent=2))
